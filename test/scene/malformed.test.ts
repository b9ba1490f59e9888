import { describe, expect, test } from 'vitest'
import { InputError } from '../../src/scene/inputError.ts'
import { parseScene } from '../../src/scene/parseScene.ts'
import { minimalScene, withValue } from './minimal.ts'

/** What is broken, where, and the error it has to give: path, part of the expectation, part of the finding. */
type Case = [title: string, value: unknown, path: string, expected: string, found: string]

const at = (path: string, value: unknown) => withValue(minimalScene(), path, value)
const second = (list: 'bodies' | 'joints', entry: object) => {
  const scene = minimalScene() as unknown as Record<string, object[]>
  return { ...scene, [list]: [...scene[list]!, entry] }
}
const arm = { name: 'arm', mass: 1, inertia: [1, 1, 1] }

const CASES: Case[] = [
  ['no object', [1, 2], '', 'a scene {', '[1,2]'],
  ['null', null, '', 'a scene {', 'null'],
  ['missing name', at('name', undefined), 'name', 'a name of letters', 'nothing'],
  ['a name with a dot', at('bodies[0].name', 'a.b'), 'bodies[0].name', 'a name of letters', '"a.b"'],
  ['a name of JavaScript', at('joints[1].name', 'constructor'), 'joints[1].name', 'JavaScript', '"constructor"'],
  ['no bodies', { ...minimalScene(), bodies: [] }, 'bodies', 'a list of bodies, 1 at least', '[]'],
  ['bodies is no list', at('bodies', 3), 'bodies', 'a list of bodies', '3'],
  ['mass as text', at('bodies[1].mass', '1 kg'), 'bodies[1].mass', 'a number > 0 (kg)', '"1 kg"'],
  ['negative mass', at('bodies[1].mass', -1), 'bodies[1].mass', 'a number > 0 (kg)', '-1'],
  ['zero mass', at('bodies[1].mass', 0), 'bodies[1].mass', 'a number > 0 (kg)', '0'],
  ['NaN mass', at('bodies[1].mass', Number.NaN), 'bodies[1].mass', 'a number > 0 (kg)', 'NaN'],
  ['infinite mass', at('bodies[1].mass', Infinity), 'bodies[1].mass', 'a number > 0 (kg)', 'Infinity'],
  ['missing mass', at('bodies[0].mass', undefined), 'bodies[0].mass', 'a number > 0 (kg)', 'nothing'],
  ['misspelt mass', second('bodies', { name: 'x', masss: 1 }), 'bodies[3].masss', 'mass', 'did you mean "mass"'],
  ['unknown key', at('gravitation', 3), 'gravitation', 'one of the keys $schema, name', '"gravitation"'],
  ['misspelt key', at('gravty', 3), 'gravty', 'gravity', 'did you mean "gravity"'],
  ['gravity of two numbers', at('gravity', [0, -9.81]), 'gravity', 'three numbers [x, y, z] (m/s²)', '[0,-9.81]'],
  ['com with a text', at('bodies[1].com', [0, '0', 0]), 'bodies[1].com[1]', 'a number (m)', '"0"'],
  ['dt of zero', at('dt', 0), 'dt', 'a number > 0 (s)', '0'],
  ['inertia of four numbers', at('bodies[0].inertia', [1, 1, 1, 0]), 'bodies[0].inertia', 'kg·m²', '[1,1,1,0]'],
  ['a negative inertia', at('bodies[0].inertia', [1, 1, -1]), 'bodies[0].inertia', '> 0 (kg·m²)', '-1, 1, 1'],
  [
    'an indefinite inertia',
    at('bodies[0].inertia', [1, 1, 1, 2, 0, 0]),
    'bodies[0].inertia',
    '> 0 (kg·m²)',
    '-1, 1, 3',
  ],
  ['no triangle', at('bodies[0].inertia', [1, 1, 2.1]), 'bodies[0].inertia', 'sum of the others', 'exceeds the sum'],
  ['neither inertia nor shapes', at('bodies[0].inertia', undefined), 'bodies[0].inertia', 'or shapes', 'neither'],
  ['unknown shape', at('bodies[2].shapes[0].type', 'boxx'), 'bodies[2].shapes[0].type', '"box"', 'did you mean "box"'],
  ['a plane on a body', at('bodies[2].shapes[0].type', 'plane'), 'bodies[2].shapes[0].type', 'environment', '"plane"'],
  ['a flat box', at('bodies[2].shapes[0].size', [1, 1, 0]), 'bodies[2].shapes[0].size[2]', 'a number > 0 (m)', '0'],
  [
    'a sphere with a size',
    at('environment[0]', { type: 'sphere', size: 1 }),
    'environment[0].size',
    'radius',
    '"size"',
  ],
  ['a bad color', at('environment[0].color', '#12'), 'environment[0].color', '#rrggbb', '"#12"'],
  ['a color that is none', at('environment[0].color', 'gren'), 'environment[0].color', 'CSS name', '"gren"'],
  ['a control that does nothing', at('actuators[0].gear', 0), 'actuators[0].gear', 'a number other than 0', '0'],
  ['a thruster without thrust', at('thrusters[0].gear', 0), 'thrusters[0].gear', 'other than 0 (N per unit', '0'],
  ['an age of a control period', at('dt', 11), 'dt', 'a number ≤ 10 (s)', '11'],
  ['an age of a run', at('task.duration', 1e7), 'task.duration', 'a number ≤ 1000000 (s)', '10000000'],
  [
    'a million substeps',
    at('engines.cannon.substeps', 1e6),
    'engines.cannon.substeps',
    'a whole number ≤ 1000 (',
    '1000000',
  ],
  ['twin bodies', at('bodies[1].name', 'cart'), 'bodies[1].name', 'no other body', 'bodies[0]'],
  ['twin joints', at('joints[1].name', 'slide'), 'joints[1].name', 'no other joint', 'joints[0]'],
  ['twin controls', at('thrusters[0].name', 'motor'), 'thrusters[0].name', 'no other control', 'actuators[0]'],
  ['a body called world', at('bodies[1].name', 'world'), 'bodies[1].name', 'other than "world"', '"world"'],
  ['unknown joint type', at('joints[1].type', 'hing'), 'joints[1].type', '"hinge"', 'did you mean "hinge"'],
  ['unknown parent', at('joints[1].parent', 'crat'), 'joints[1].parent', '"world", "cart"', 'did you mean "cart"'],
  [
    'no child as its own parent',
    at('joints[1].parent', 'x'),
    'joints[1].parent',
    'world, one of "world", "cart"',
    '"x"',
  ],
  ['unknown child', at('joints[1].child', 'poles'), 'joints[1].child', '"pole"', 'did you mean "pole"'],
  ['the world as child', at('joints[1].child', 'world'), 'joints[1].child', 'the name of a body', '"world"'],
  ['two joints, one child', at('joints[1].child', 'cart'), 'joints[1].child', 'no other joint', 'joint "slide"'],
  ['a loop', at('joints[0].parent', 'pole'), 'joints[0].parent', 'form a tree', 'cart → pole → cart'],
  ['its own parent', at('joints[1].parent', 'pole'), 'joints[1].parent', 'form a tree', 'pole → pole'],
  ['no joint', second('bodies', arm), 'bodies[3]', 'a joint with this body as child', 'no joint for body "arm"'],
  ['a free joint on a body', at('joints[2].parent', 'cart'), 'joints[2].parent', '"world"', '"cart"'],
  ['a free joint with an axis', at('joints[2].axis', [0, 0, 1]), 'joints[2].axis', 'no axis', '[0,0,1]'],
  ['a free joint with anchors', at('joints[2].anchors.child', [0, 0, 1]), 'joints[2].anchors', 'nothing', 'child'],
  ['a damped free joint', at('joints[2].damping', 1), 'joints[2].damping', 'no damping', '1'],
  ['no axis', at('joints[1].axis', undefined), 'joints[1].axis', 'axis [x, y, z] of the hinge', 'nothing'],
  ['a zero axis', at('joints[1].axis', [0, 0, 0]), 'joints[1].axis', 'length > 0', '[0,0,0]'],
  ['negative damping', at('joints[1].damping', -1), 'joints[1].damping', '≥ 0 (N·m·s/rad', '-1'],
  ['reversed limits', at('joints[0].limits', [2, -2]), 'joints[0].limits', 'low < high (m)', '[2,-2]'],
  ['limits on a free joint', at('joints[2].limits', [0, 1]), 'joints[2].limits', 'no limits', '[0,1]'],
  ['home beyond the limits', at('home.positions.slide', 3), 'home.positions.slide', 'from -2 to 2 (m)', '3'],
  ['home left out of limits', at('joints[1].limits', [1, 2]), 'home.positions.hinge', 'from 1 to 2 (rad)', 'means 0'],
  ['an actuator on nothing', at('actuators[0].joint', 'slde'), 'actuators[0].joint', '"slide"', 'did you mean "slide"'],
  [
    'an actuator on a free joint',
    at('actuators[0].joint', 'flight'),
    'actuators[0].joint',
    'hinge or slider',
    'a free',
  ],
  ['a reversed range', at('actuators[0].range', [1, -1]), 'actuators[0].range', 'low < high', '[1,-1]'],
  ['a thruster on nothing', at('thrusters[0].body', 'dron'), 'thrusters[0].body', '"drone"', 'did you mean "drone"'],
  ['a thruster to nowhere', at('thrusters[0].direction', [0, 0, 0]), 'thrusters[0].direction', 'length', '[0,0,0]'],
  ['home of no joint', at('home.positions.pole', 0), 'home.positions.pole', '"slide", "hinge"', '"pole"'],
  [
    'home too short',
    at('home.positions.flight', [0, 0, 1]),
    'home.positions.flight',
    '7 numbers [x, y, z, qw',
    '[0,0,1]',
  ],
  ['a list for a hinge', at('home.positions.hinge', [1, 2]), 'home.positions.hinge', 'one number', '[1,2]'],
  ['velocity too long', at('home.velocities.hinge', [0, 0]), 'home.velocities.hinge', 'one number', '[0,0]'],
  ['NaN at home', at('home.positions.slide', Number.NaN), 'home.positions.slide', 'a number', 'NaN'],
  [
    'a zero quaternion',
    at('home.positions.flight', [0, 0, 1, 0, 0, 0, 0]),
    'home.positions.flight',
    'other than zero',
    '[0,0,0,0]',
  ],
  ['a control of no name', at('home.controls.roter', 1), 'home.controls.roter', '"rotor"', 'did you mean "rotor"'],
  ['a control out of range', at('home.controls.rotor', -1), 'home.controls.rotor', 'from 0 to Infinity', '-1'],
  ['a control left out of range', at('actuators[0].range', [1, 2]), 'home.controls.motor', 'from 1 to 2', 'means 0'],
  ['a weight of nothing', at('task.Q', { 'pole.angle': 1 }), 'task.Q["pole.angle"]', '"hinge.angle"', '"pole.angle"'],
  ['a negative weight', at('task.Q', { 'hinge.angle': -1 }), 'task.Q["hinge.angle"]', 'a weight ≥ 0', '-1'],
  ['too few weights', at('task.Q', [1, 2, 3]), 'task.Q', '16 weights', 'a list of 3'],
  ['a weight too many', at('task.R', Array(9).fill(1)), 'task.R', 'one for each of "motor"', 'a list of 9'],
  ['a weight of no control', at('task.R', { motr: 1 }), 'task.R.motr', '"motor"', 'did you mean "motor"'],
  ['a task start beyond limits', at('task.initial.positions.slide', 9), 'task.initial.positions.slide', 'from -2', '9'],
  ['a task without an end', at('task.duration', undefined), 'task.duration', 'a number > 0 (s)', 'nothing'],
  ['an unknown engine', at('engines.bullet', {}), 'engines.bullet', 'the keys cannon', '"bullet"'],
  ['an unknown engine option', at('engines.cannon.substep', 2), 'engines.cannon.substep', 'substeps', 'did you mean'],
  ['half a substep', at('engines.cannon.substeps', 0.5), 'engines.cannon.substeps', 'a whole number ≥ 1', '0.5'],
  ['too much bounce', at('contact.restitution', 2), 'contact.restitution', 'a number from 0 to 1', '2'],
]

describe('a malformed scene gives one error that names the file, the path, the expectation and the finding', () => {
  test.each(CASES)('%s', (_, value, path, expected, found) => {
    const error = thrownBy(() => parseScene(value, { file: 'robot.json' }))
    expect(error).toBeInstanceOf(InputError)
    const input = error as InputError
    expect({ file: input.file, path: input.path }).toEqual({ file: 'robot.json', path })
    expect(input.expected).toContain(expected)
    expect(input.found).toContain(found)
    expect(input.message).toBe(
      `robot.json: ${path === '' ? '' : `${path}: `}expected ${input.expected}, found ${input.found}`,
    )
    expect(input.message).not.toContain('\n')
  })
})

test('the scene that all cases break is valid itself', () => {
  expect(parseScene(minimalScene()).bodies.map(({ name }) => name)).toEqual(['cart', 'pole', 'drone'])
})

test('values that JSON has no words for are named, not shown as objects', () => {
  const cyclic: Record<string, unknown> = minimalScene()
  cyclic.bodies = cyclic
  expect(thrownBy(() => parseScene(cyclic))).toMatchObject({ path: 'bodies', found: 'an object that refers to itself' })
  expect(thrownBy(() => parseScene(withValue(minimalScene(), 'dt', 3n)))).toMatchObject({ path: 'dt', found: '3' })
  expect(thrownBy(() => parseScene(undefined))).toMatchObject({ path: '', found: 'nothing' })
})

function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return null
}
