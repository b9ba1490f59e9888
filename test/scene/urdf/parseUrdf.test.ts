import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bodyPoses } from '../../../src/scene/bodyPoses.ts'
import { InputError } from '../../../src/scene/inputError.ts'
import { loadScene } from '../../../src/scene/loadScene.ts'
import { parseJson } from '../../../src/scene/parseJson.ts'
import { parseScene } from '../../../src/scene/parseScene.ts'
import { parseUrdf } from '../../../src/scene/parseUrdf.ts'
import { ARM, armWith } from './arm.ts'

const files = new Map([['arm.urdf', ARM]])
const include = (robot: object, rest: object = {}) =>
  parseScene({ name: 'scene', robots: [{ urdf: 'arm.urdf', ...robot }], ...rest }, { file: 'lab/scene.json', files })

describe('a URDF file as a scene', () => {
  test('has the defaults that the page promises', () => {
    const scene = parseUrdf(ARM, { file: 'robots/my arm.urdf' })
    expect([scene.name, scene.file]).toEqual(['my_arm', 'robots/my arm.urdf'])
    expect([scene.gravity, scene.dt, scene.environment, scene.closures]).toEqual([[0, 0, -9.81], 0.01, [], []])
    expect(
      scene.joints.map(({ name, type, parent, limits, damping }) => [name, type, parent, limits, damping]),
    ).toEqual([
      ['shoulder', 'hinge', -1, [-1, 2], 0.1],
      ['elbow', 'hinge', 0, null, 0],
    ])
    expect(scene.actuators.map(({ name, gear, range }) => [name, gear, ...range])).toEqual([
      ['shoulder', 1, -30, 30],
      ['elbow', 1, -Infinity, Infinity],
    ])
    expect(scene.home.positions).toEqual({ shoulder: [0], elbow: [0] })
    const [upper] = scene.bodies
    expect(upper!.shapes).toEqual([
      {
        type: 'cylinder',
        radius: 0.03,
        length: 0.4,
        position: [0, 0, 0.2],
        rotation: [1, 0, 0, 0],
        color: '#ff0000',
        collide: true,
        friction: 0.5,
      },
    ])
  })

  test('joints whose range leaves 0 out stand in its middle', () => {
    const at = (lower: number, upper: number) =>
      parseUrdf(armWith('lower="-1" upper="2"', `lower="${lower}" upper="${upper}"`)).home.positions.shoulder![0]
    expect([at(-1, 2), at(1, 2), at(-3, -1), at(0, 0.4)]).toEqual([0, 1.5, -2, 0.2])
  })

  test('an effort of 0 is no motor; a list of joints drives those alone', () => {
    expect(parseUrdf(armWith('effort="30"', 'effort="0"')).actuators.map(({ name }) => name)).toEqual(['elbow'])
    expect(parseUrdf(ARM, { actuators: ['shoulder'] }).actuators.map(({ name }) => name)).toEqual(['shoulder'])
    expect(parseUrdf(ARM, { actuators: 'none' }).actuators).toEqual([])
  })

  test('a free base moves from where it is put; a floating joint does from its origin', () => {
    const heavy = armWith(
      '<link name="base"/>',
      '<link name="base"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1"/></inertial></link>',
    )
    const free = parseUrdf(heavy, { base: 'free', position: [1, 2, 3] })
    expect(free.joints.map(({ name, type }) => [name, type])).toEqual([
      ['base', 'free'],
      ['shoulder', 'hinge'],
      ['elbow', 'hinge'],
    ])
    expect(free.home.positions.base).toEqual([1, 2, 3, 1, 0, 0, 0])
    const floating = parseUrdf(armWith('type="revolute"', 'type="floating"'))
    expect(floating.joints.map(({ type }) => type)).toEqual(['free', 'hinge'])
    expect(floating.home.positions.shoulder!.slice(0, 3)).toEqual([0, 0, 1])
    expect(floating.home.positions.shoulder![5]).toBeCloseTo(Math.sin(0.25), 15)
  })

  test('what is fixed to the world is a body where it can be hit, and needs no mass; else it is drawn', () => {
    const box = (kind: string) => `<link name="base"><${kind}><geometry><box size="1 1 1"/></geometry></${kind}></link>`
    const solid = parseUrdf(armWith('<link name="base"/>', box('collision')))
    expect(solid.joints.map(({ name, type, parent }) => [name, type, parent])).toEqual([
      ['base', 'fixed', -1],
      ['shoulder', 'hinge', 0],
      ['elbow', 'hinge', 1],
    ])
    const drawn = parseUrdf(armWith('<link name="base"/>', box('visual')), { position: [0, 0, 5] })
    expect(drawn.joints).toHaveLength(2)
    expect(drawn.environment.map(({ type, position, collide }) => [type, position, collide])).toEqual([
      ['box', [0, 0, 5], false],
    ])
    expect(drawn.joints[0]!.parentAnchor).toEqual([0, 0, 6])
  })

  test('names become names of scenes', () => {
    const scene = parseUrdf(
      ARM.replaceAll('"upper"', '"1/upper arm"').replaceAll('"shoulder"', '"world"').replaceAll('"lower"', '"world"'),
    )
    expect(scene.bodies.map(({ name }) => name)).toEqual(['link_1_upper_arm', 'link_world'])
    expect(scene.joints.map(({ name }) => name)).toEqual(['joint_world', 'elbow'])
  })

  test('placeholder inertias are recomputed on request, about the centre of mass of the file or of the shapes', () => {
    const ones = armWith('ixx="0.03" ixy="0" ixz="0" iyy="0.03" iyz="0" izz="0.001"', 'ixx="1" iyy="1" izz="1"')
    const moved = ones
      .replace('<origin xyz="0 0 0.2" rpy="0 0 0"/>', '')
      .replace(
        '<link name="lower">',
        '<link name="lower"><collision><geometry><sphere radius="0.1"/></geometry></collision>',
      )
    const [across, along] = [(2 / 12) * (3 * 0.03 ** 2 + 0.4 ** 2), 0.5 * 2 * 0.03 ** 2]
    const upper = (inertia: 'file' | 'recompute' | 'shapes') => parseUrdf(moved, { inertia }).bodies[0]!
    expect(upper('file').inertia).toEqual([1, 1, 1, 0, 0, 0])
    expect(upper('recompute').com).toEqual([0, 0, 0])
    expect(upper('recompute').inertia[0]).toBeCloseTo(across + 2 * 0.2 ** 2, 15)
    expect(upper('shapes').com).toEqual([0, 0, 0.2])
    expect(upper('shapes').inertia[0]).toBeCloseTo(across, 15)
    expect(upper('shapes').inertia[2]).toBeCloseTo(along, 15)
  })

  test('meshes and dry friction are left out on request', () => {
    const text = armWith('<cylinder radius="0.03" length="0.4"/>', '<mesh filename="a.stl"/>').replace(
      'damping="0.1"',
      'friction="2"',
    )
    const scene = parseUrdf(text, { ignore: ['meshes', 'friction'] })
    expect(scene.bodies[0]!.shapes).toEqual([])
    expect(scene.joints[0]!.damping).toBe(0)
  })
})

describe('robots in a scene file', () => {
  test('the same robot stands twice, with prefixes', () => {
    const scene = parseScene(
      {
        name: 'two',
        robots: [
          { urdf: 'arm.urdf', prefix: 'left-', position: [0, 1, 0] },
          { urdf: 'arm.urdf', prefix: 'right-', position: [0, -1, 0], rpy: [0, 0, Math.PI] },
        ],
        home: { positions: { 'right-elbow': 0.3 }, controls: { 'left-shoulder': 1 } },
      },
      { files },
    )
    expect(scene.joints.map(({ name }) => name)).toEqual([
      'left-shoulder',
      'left-elbow',
      'right-shoulder',
      'right-elbow',
    ])
    expect(scene.home.positions['right-elbow']).toEqual([0.3])
    const [left, , right] = bodyPoses(scene, {})
    expect(left!.position).toEqual([0, 1, 1])
    // turned by half a turn, the right arm leans to the other side
    const lean = ([w, x, y, z]: readonly number[]) => 2 * (x! * z! + w! * y!)
    expect(lean(left!.rotation)).toBeCloseTo(Math.sin(0.5), 12)
    expect(lean(right!.rotation)).toBeCloseTo(-Math.sin(0.5), 12)
  })

  test('joints, thrusters and closures of the scene take links by name, those too that are fixed to others', () => {
    const tool = armWith(
      '</robot>',
      `<link name="tool"/><joint name="t" type="fixed"><parent link="lower"/><child link="tool"/><origin xyz="0 0 0.3" rpy="0 1.5707963267948966 0"/></joint></robot>`,
    )
    const scene = parseScene(
      {
        name: 'scene',
        robots: [{ urdf: 'arm.urdf' }],
        bodies: [{ name: 'load', mass: 1, inertia: [1, 1, 1] }],
        joints: [
          {
            name: 'grip',
            type: 'hinge',
            parent: 'tool',
            child: 'load',
            anchors: { parent: [0.1, 0, 0] },
            axis: [1, 0, 0],
          },
        ],
        thrusters: [{ name: 'jet', body: 'tool', position: [0.1, 0, 0] }],
        closures: [
          {
            name: 'hold',
            bodies: ['world', 'tool'],
            anchors: [
              [Math.sin(0.5) * 0.7, 0, 1 + Math.cos(0.5) * 0.7],
              [0, 0, 0],
            ],
          },
        ],
      },
      { files: new Map([['arm.urdf', tool]]) },
    )
    const lower = scene.bodies.findIndex(({ name }) => name === 'lower')
    const grip = scene.joints.find(({ name }) => name === 'grip')!
    expect(grip.parent).toBe(lower)
    grip.parentAnchor.forEach((value, k) => {
      expect(value).toBeCloseTo([0, 0, 0.2][k]!, 12)
    })
    expect(scene.thrusters[0]!.body).toBe(lower)
    scene.thrusters[0]!.direction.forEach((value, k) => {
      expect(value).toBeCloseTo([1, 0, 0][k]!, 12)
    })
    expect(scene.closures[0]!.bodies).toEqual([lower, -1])
    expect(scene.closures[0]!.anchors[0]).toEqual([0, 0, 0.3])
  })

  test.each<[string, object, object, string, string]>([
    [
      'names that stand twice',
      {},
      {
        bodies: [{ name: 'upper', mass: 1, inertia: [1, 1, 1] }],
        joints: [{ name: 'f', type: 'free', parent: 'world', child: 'upper' }],
      },
      'robots[0]',
      'the body "upper" a second time',
    ],
    [
      'controls that stand twice',
      {},
      { actuators: [{ name: 'elbow', joint: 'elbow' }] },
      'robots[0]',
      'the control "elbow" a second time',
    ],
    [
      'a second joint above a link',
      {},
      { joints: [{ name: 'f', type: 'free', parent: 'world', child: 'lower' }] },
      'joints[0].child',
      '"lower", a link of robots[0]',
    ],
    ['an unknown key', { bse: 'free' }, {}, 'robots[0].bse', 'did you mean "base"'],
    ['an unknown base', { base: 'float' }, {}, 'robots[0].base', '"float"'],
    ['an unknown word to ignore', { ignore: ['mimic'] }, {}, 'robots[0].ignore[0]', '"mimic"'],
    [
      'an actuator on nothing',
      { actuators: ['elbw'] },
      {},
      'actuators[0] of the robot arm.urdf',
      'did you mean "elbow"',
    ],
    ['an actuator twice', { actuators: ['elbow', 'elbow'] }, {}, 'actuators[1] of the robot arm.urdf', 'a second time'],
    ['a thruster on the world', {}, { thrusters: [{ name: 'jet', body: 'base' }] }, 'thrusters[0].body', '"base"'],
    ['a file that is not given', { urdf: 'leg.urdf' }, {}, 'robots[0].urdf', '"leg.urdf"'],
    ['a free base without mass', { base: 'free' }, {}, 'line 4, link "base"', 'none'],
    [
      'a closure on nothing',
      {},
      {
        closures: [
          {
            name: 'c',
            bodies: ['uper', 'world'],
            anchors: [
              [0, 0, 0],
              [0, 0, 0],
            ],
          },
        ],
      },
      'closures[0].bodies[0]',
      'did you mean "upper"',
    ],
    [
      'a closure within one body',
      {},
      {
        closures: [
          {
            name: 'c',
            bodies: ['upper', 'upper'],
            anchors: [
              [0, 0, 0],
              [0, 0, 0],
            ],
          },
        ],
      },
      'closures[0].bodies',
      '"upper" and "upper"',
    ],
    [
      'an open closure',
      {},
      {
        closures: [
          {
            name: 'c',
            bodies: ['upper', 'world'],
            anchors: [
              [0, 0, 0],
              [0, 0, 1.25],
            ],
          },
        ],
      },
      'closures[0].anchors',
      'a gap of 0.25 m between "upper" and "world"',
    ],
  ])('%s: refused by name', (_, robot, rest, path, found) => {
    const error = thrownBy(() => include(robot, rest))
    expect(error).toBeInstanceOf(InputError)
    expect((error as InputError).path).toBe(path)
    expect((error as InputError).found).toContain(found)
    expect((error as InputError).file).toMatch(/^lab\/(scene\.json|arm\.urdf)$/)
  })

  test('the example of the page is a scene', async () => {
    const page = await readFile(new URL('../../../docs/urdf.md', import.meta.url), 'utf8')
    const [, example] = /```json\n([\s\S]*?)```/.exec(page)!
    const solid = armWith(
      '<link name="lower">',
      '<link name="lower"><collision><geometry><sphere radius="0.1"/></geometry></collision>',
    )
    expect(parseScene(parseJson(example!), { files: new Map([['arm.urdf', solid]]) }).actuators).toHaveLength(3)
  })
})

describe('loadScene and URDF files', () => {
  let folder = ''
  const write = (name: string, text: string) => writeFile(join(folder, name), text)
  const scene = (urdf: string) => JSON.stringify({ name: 'lab', robots: [{ urdf }] })
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jacsense-urdf-'))
    await mkdir(join(folder, 'lab', 'parts'), { recursive: true })
    await write('outside.urdf', ARM)
    await write('lab/parts/arm.urdf', ARM)
    await write('lab/arm.URDF', ARM)
    await symlink(join(folder, 'outside.urdf'), join(folder, 'lab', 'link.urdf'))
    await write('lab/huge.urdf', '')
    await truncate(join(folder, 'lab/huge.urdf'), 17 * 2 ** 20)
    for (const [name, urdf] of Object.entries({
      good: 'parts/arm.urdf',
      up: '../outside.urdf',
      round: '../lab/parts/arm.urdf',
      absolute: join(folder, 'outside.urdf'),
      linked: 'link.urdf',
      drive: 'C:\\arm.urdf',
      missing: 'leg.urdf',
      huge: 'huge.urdf',
    }))
      await write(`lab/${name}.json`, scene(urdf))
    await write('lab/broken.json', JSON.stringify({ name: 'x', robots: [3, { urdf: 4 }] }))
  })
  afterAll(() => rm(folder, { recursive: true }))
  const load = (name: string, options = {}) => loadScene(join(folder, 'lab', name), options)

  test('a file opens directly, and from a scene, inside its folder', async () => {
    expect((await load('arm.URDF')).name).toBe('arm')
    expect((await load('good.json')).joints).toEqual((await load('arm.URDF')).joints)
    expect((await load('round.json')).joints).toHaveLength(2)
  })

  test('paths that leave the folder are refused, unless the user names a wider one', async () => {
    for (const name of ['up.json', 'absolute.json', 'linked.json', 'drive.json'])
      await expect(load(name), name).rejects.toThrow(
        /robots\[0\]\.urdf: expected a path inside the folder of the scene/,
      )
    expect((await load('up.json', { folder })).joints).toHaveLength(2)
    expect((await load('linked.json', { folder })).joints).toHaveLength(2)
    await expect(load('absolute.json', { folder })).rejects.toThrow('expected a path inside the folder')
    await expect(load('good.json', { folder: join(folder, 'lab', 'parts') })).resolves.toBeDefined()
  })

  test('missing and oversized files, and what is no path, give one error each', async () => {
    await expect(load('missing.json')).rejects.toThrow('robots[0].urdf: expected a URDF file, found no file "leg.urdf"')
    await expect(load('huge.json')).rejects.toThrow('expected at most 16 MB, found 17.0 MB')
    await expect(load('broken.json')).rejects.toThrow('robots[0]: expected a robot { "urdf": … }, found 3')
  })
})

function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return null
}
