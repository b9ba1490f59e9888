import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openSweep } from '../../../src/experiment/sweep/openSweep.ts'
import { InputError } from '../../../src/scene/inputError.ts'
import { invoke } from '../../cli/invoke.ts'
import { withValue } from '../../scene/minimal.ts'

/** What is broken, where, and the error it has to give: path, part of the expectation, part of the finding. */
type Case = [title: string, value: unknown, path: string, expected: string, found: string]

const valid = (): Record<string, unknown> => ({
  format: 'jacsense-sweep',
  version: 1,
  name: 'good',
  seed: 1,
  timeLimit: 10,
  base: {
    scene: 'cartpole',
    duration: 1,
    controller: { type: 'lqr' },
    kicks: [{ time: 0.1, coordinate: 'pole.velocity', amount: 1 }],
  },
  grid: [
    { set: 'controller.R', values: [0.1, 1] },
    { set: 'offset.pole.angle', name: 'angle', range: { from: -1, to: 1, count: 5 } },
  ],
  sample: { count: 2, axes: [{ set: 'plant.mass.pole', name: 'mass', uniform: [0.5, 2] }] },
})
const at = (path: string, value: unknown) => withValue(valid() as never, path, value)
const without = (...keys: string[]) =>
  Object.fromEntries(Object.entries(valid()).filter(([key]) => !keys.includes(key)))
const axis = (value: object) => ({ ...without('sample'), grid: [value] })
const drawn = (value: object) => ({ ...without('grid'), sample: { count: 3, axes: [value] } })
const studies = (...list: object[]) => ({ ...without('grid', 'sample'), studies: list })

const CASES: Case[] = [
  ['a list', [], '', 'a sweep {', '[]'],
  ['null', null, '', 'a sweep {', 'null'],
  ['no format', without('format'), 'format', '"jacsense-sweep"', 'nothing'],
  ['a scene', { name: 'robot', bodies: [] }, 'format', '"jacsense-sweep"', 'nothing'],
  ['a later version', at('version', 2), 'version', '1, the version', '2'],
  ['no name', without('name'), 'name', 'a name of letters', 'nothing'],
  ['a name that leads out of the folder', at('name', '../x'), 'name', 'a name of letters', '"../x"'],
  ['a misspelt key', { ...valid(), gird: [] }, 'gird', 'grid', 'did you mean "grid"'],
  ['half a seed', at('seed', 0.5), 'seed', 'a whole number', '0.5'],
  ['no time at all', at('timeLimit', 0), 'timeLimit', 'a number > 0 (s)', '0'],
  ['no base', without('base'), 'base', 'the settings of a run', 'nothing'],
  ['nothing that varies', without('grid', 'sample'), '', 'a "grid", a "sample" or "studies"', 'none'],
  ['studies beside a grid', { ...valid(), studies: [{ name: 'a', grid: [] }] }, 'grid', 'either studies', 'both'],
  ['a study without axes', studies({ name: 'a' }), 'studies[0]', 'a "grid" or a "sample"', 'neither'],
  [
    'twin studies',
    studies(...['a', 'a'].map((name) => ({ name, grid: [{ set: 'latency', values: [0] }] }))),
    'studies[1].name',
    'no other study',
    'studies[0]',
  ],
  ['an axis that does not vary', axis({ set: 'latency' }), 'grid[0]', 'one of "values", "range"', 'none of them'],
  [
    'an axis that varies twice',
    axis({ set: 'latency', values: [0], range: { from: 0, to: 1, count: 2 } }),
    'grid[0]',
    'one of',
    '"values" and "range"',
  ],
  ['no values', axis({ set: 'latency', values: [] }), 'grid[0].values', 'a list of values, 1 at least', '[]'],
  [
    'a range of none',
    axis({ set: 'latency', range: { from: 0, to: 1, count: 0 } }),
    'grid[0].range.count',
    'from 1',
    '0',
  ],
  [
    'a range to nowhere',
    axis({ set: 'latency', range: { from: 0, count: 2 } }),
    'grid[0].range.to',
    'a number',
    'nothing',
  ],
  [
    'ratios from zero',
    axis({ set: 'latency', logRange: { from: 0, to: 1, count: 2 } }),
    'grid[0].logRange.from',
    '> 0',
    '0',
  ],
  ['a range in the sample', drawn({ set: 'latency', range: {} }), 'sample.axes[0].range', 'uniform', '"range"'],
  ['reversed bounds', drawn({ set: 'latency', uniform: [1, 0] }), 'sample.axes[0].uniform', 'low < high', '[1,0]'],
  ['the logarithm of zero', drawn({ set: 'latency', logUniform: [0, 1] }), 'sample.axes[0].logUniform[0]', '> 0', '0'],
  [
    'a spread of nothing',
    drawn({ set: 'latency', normal: { mean: 0, deviation: 0 } }),
    'sample.axes[0].normal.deviation',
    'a number > 0',
    '0',
  ],
  ['no draws', at('sample.count', 0), 'sample.count', 'from 1 to 1000000', '0'],
  ['too many runs', at('sample.count', 1_000_000), '', 'at most 1000000 runs', 'more'],
  ['no setting', axis({ set: '', values: [1] }), 'grid[0].set', 'a setting such as', '""'],
  ['a setting in no form', axis({ set: 'a..b', values: [1] }), 'grid[0].set', 'a setting such as', '"a..b"'],
  ['the prototype', axis({ set: 'plant.__proto__.x', values: [1] }), 'grid[0].set', 'a setting such as', '__proto__'],
  [
    'a setting that is none',
    axis({ set: 'controler.R', values: [1] }),
    'grid[0].set',
    'keys',
    'did you mean "controller"',
  ],
  ['the same setting twice', at('grid[1].set', 'controller.R'), 'grid[1].set', 'no other axis sets', 'grid[0]'],
  ['the same name twice', at('sample.axes[0].name', 'angle'), 'sample.axes[0].name', 'no other axis', 'grid[1]'],
  [
    'a kick that is not there',
    axis({ set: 'kicks[3].amount', values: [1] }),
    'grid[0].set',
    'an entry of kicks',
    '1 entries',
  ],
  [
    'objects without labels',
    axis({ set: 'controller', values: [{ type: 'lqr' }] }),
    'grid[0].labels',
    'labels',
    'none',
  ],
  [
    'a label too few',
    axis({ set: 'controller', values: [{ type: 'lqr' }, { type: 'none' }], labels: ['a'] }),
    'grid[0].labels',
    '2 labels',
    '1',
  ],
  ['a text for a weight', axis({ set: 'controller.R', values: [1, 'x'] }), 'grid[0].values[1]', 'a weight ≥ 0', '"x"'],
  ['a negative weight', axis({ set: 'controller.R', values: [1, -1] }), 'grid[0].values[1]', 'a weight ≥ 0', '-1'],
  [
    'half a call',
    axis({ set: 'estimator.maxCalls', range: { from: 10, to: 11, count: 3 } }),
    'grid[0].range',
    'a whole number ≥ 1',
    '10.5',
  ],
  [
    'a mass below zero',
    axis({ set: 'plant.mass', range: { from: -1, to: 1, count: 3 } }),
    'grid[0].range',
    '> 0',
    '-1',
  ],
  [
    'a draw below zero',
    drawn({ set: 'latency', uniform: [-1, 1] }),
    'sample.axes[0].uniform',
    'a number ≥ 0 (s)',
    '-0.',
  ],
  ['a scene of no name', at('base.scene', 'cartpol'), 'base.scene', '"cartpole"', 'did you mean "cartpole"'],
  ['a scene that is not there', at('base.scene', './none.json'), 'base.scene', 'a scene file or folder', 'nothing'],
  ['no scene', at('base.scene', undefined), 'base.scene', 'the name or path of a scene', 'nothing'],
  ['a broken scene', at('base.scene', { name: 'x', bodies: 3 }), 'base.scene', 'bodies: a list of bodies', '3'],
  [
    'a scene among others',
    axis({ set: 'scene', values: ['cartpole', 'pendlum'] }),
    'grid[0].values[1]',
    'pendulum',
    'did you',
  ],
  ['an engine of no name', at('base.engine', 'bullet'), 'base.engine', '"cannon"', '"bullet"'],
  [
    'an option of no engine',
    at('base.engineOptions', { substep: 2 }),
    'base.engineOptions.substep',
    'substeps',
    'did you',
  ],
  ['a point of no name', at('base.at', 'hom'), 'base.at', '"home", "equilibrium"', '"hom"'],
  ['a point of no joint', at('base.at', { positions: { pol: 1 } }), 'base.at.positions.pol', '"pole"', 'did you mean'],
  ['a start of no joint', at('base.initial', { velocities: { x: 1 } }), 'base.initial.velocities.x', '"slide"', '"x"'],
  [
    'an offset of nothing',
    at('base.offset', { 'pole.angl': 1 }),
    'base.offset.pole.angl',
    'pole.angle',
    'did you mean',
  ],
  ['a kick of nothing', at('base.kicks[0].coordinate', 'pole'), 'base.kicks[0].coordinate', 'pole.velocity', '"pole"'],
  ['a kick after the end', at('base.kicks[0].time', 3), 'base.kicks[0].time', 'within the run, 0 … 1 s', '3'],
  [
    'a push of nothing',
    at('base.pushes', [{ time: 0, control: 'moter', amount: 1 }]),
    'base.pushes[0].control',
    '"motor"',
    'did you mean',
  ],
  ['an endless run', at('base.duration', 1e9), 'base.duration', 'a number ≤ 1000000 (s)', '1000000000'],
  ['a controller of no type', at('base.controller', { type: 'pid' }), 'base.controller.type', '"lqr"', '"pid"'],
  [
    'a weight of nothing',
    at('base.controller.Q', { 'pole.x': 1 }),
    'base.controller.Q.pole.x',
    'pole.angle',
    '"pole.x"',
  ],
  ['a horizon of LQR', at('base.controller.horizon', 1), 'base.controller.horizon', 'ilqr or mpc', 'lqr'],
  [
    'outputs that are none',
    at('base.controller', { type: 'lqg', outputs: ['pole'] }),
    'base.controller.outputs',
    'some of "slide.position"',
    '"pole"',
  ],
  [
    'derivatives it has not',
    at('base.estimator', { method: 'native' }),
    'base.estimator.method',
    'another one',
    'native',
  ],
  [
    'noise of dense steps',
    at('base.estimator', { method: 'dense', noise: 1 }),
    'base.estimator.method',
    'rainbow',
    'dense',
  ],
  [
    'a share of two',
    at('base.estimator', { corrupt: { share: 2, size: 1 } }),
    'base.estimator.corrupt.share',
    '0 to 1',
    '2',
  ],
  ['the mass of nothing', at('base.plant', { mass: { arm: 2 } }), 'base.plant.mass.arm', '"cart", "pole"', '"arm"'],
  [
    'success of nothing',
    at('base.success', { within: { pole: 1 } }),
    'base.success.within.pole',
    'pole.angle',
    '"pole"',
  ],
]

const folder = mkdtempSync(join(tmpdir(), 'jacsense-malformed-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('a malformed sweep file gives one error that names the file, the path, the expectation and the finding', () => {
  test.each(CASES)('%s', async (_, value, path, expected, found) => {
    const error = await openSweep(value, { file: 'sweep.json', folder: '.' }).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(InputError)
    const input = error as InputError
    expect({ file: input.file, path: input.path }).toEqual({ file: 'sweep.json', path })
    expect(input.expected).toContain(expected)
    expect(input.found).toContain(found)
    expect(input.message).not.toContain('\n')
  })
})

test('there are fifty of them at least, and the one that all break is valid itself', async () => {
  expect(CASES.length).toBeGreaterThanOrEqual(50)
  expect((await openSweep(valid())).expanded.count).toBe(20)
})

test('the command starts and writes nothing, and ends with 2', async () => {
  for (const [k, value] of [
    at('base.kicks[0].coordinate', 'pole'),
    at('grid[0].values', [-1]),
    at('version', 9),
  ].entries()) {
    const file = join(folder, `${k}.json`)
    const out = join(folder, 'out')
    writeFileSync(file, JSON.stringify(value))
    const { code, stdout, stderr } = await invoke('sweep', file, '--out', out)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^error: [^\n]+\n$/)
    expect(stderr).toContain(file)
  }
  writeFileSync(join(folder, 'no.json'), '{ "format": ')
  expect((await invoke('sweep', join(folder, 'no.json'))).stderr).toContain('line 1, column 13')
  expect((await invoke('sweep', 'robustnes')).stderr).toContain('did you mean "robustness"')
  expect((await invoke('sweep', 'robustness')).stderr).toContain('--scene')
  expect(readdirSync(folder).filter((name) => !name.endsWith('.json'))).toEqual([])
})
