import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import { mujocoEngine } from '../../src/engine/mujoco/mujocoEngine.ts'
import { random as seeded } from '../../src/linalg/random.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { bodyPoses } from '../../src/scene/bodyPoses.ts'
import { parseUrdf } from '../../src/scene/parseUrdf.ts'
import { placedPoint, turnedInertia, turnedVector } from '../../src/scene/pose.ts'
import { rotationMatrix } from '../../src/scene/rotation.ts'
import type { Scene } from '../../src/scene/scene.ts'
import { type Carried, type UrdfOracle, urdfOracle } from '../oracle/urdf.ts'
import { ARM } from '../scene/urdf/arm.ts'

const SCENES = new URL('../../scenes/', import.meta.url).pathname
const MODELS = new URL('../../../shared/data/models/', import.meta.url).pathname

/** Everything at once: turned inertia frames, products of inertia, fixed links inside the tree, sliders, odd axes. */
const ODD = `<robot name="odd">
  <link name="world"/>
  <link name="mount"><inertial><mass value="3"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
  <link name="a"><inertial><origin xyz="0.1 -0.2 0.3" rpy="0.4 -0.5 0.6"/><mass value="2"/>
    <inertia ixx="0.05" iyy="0.06" izz="0.03" ixy="0.004" ixz="-0.003" iyz="0.002"/></inertial></link>
  <link name="a1"><inertial><origin xyz="0 0 0.1" rpy="1 0 0"/><mass value="0.5"/>
    <inertia ixx="0.01" iyy="0.012" izz="0.008" ixy="0.001" ixz="0" iyz="0"/></inertial></link>
  <link name="tool"/>
  <link name="b"><inertial><mass value="1"/><inertia ixx="0.02" iyy="0.03" izz="0.04" ixy="0" ixz="0" iyz="0"/></inertial></link>
  <link name="c"><inertial><origin xyz="0 0.1 0"/><mass value="0.7"/><inertia ixx="0.01" iyy="0.01" izz="0.01" ixy="0" ixz="0" iyz="0"/></inertial></link>
  <link name="c1"><inertial><mass value="0.2"/><inertia ixx="0.001" iyy="0.001" izz="0.001" ixy="0" ixz="0" iyz="0"/></inertial></link>
  <joint name="stand" type="fixed"><parent link="world"/><child link="mount"/><origin xyz="1 2 3" rpy="0.1 0.2 0.3"/></joint>
  <joint name="turn" type="continuous"><parent link="mount"/><child link="a"/><origin xyz="0 0.1 0.2" rpy="-0.3 0.2 1"/>
    <axis xyz="1 2 -1"/><dynamics damping="0.3"/></joint>
  <joint name="weld" type="fixed"><parent link="a"/><child link="a1"/><origin xyz="0.2 0 0.1" rpy="0.7 0 -0.4"/></joint>
  <joint name="tip" type="fixed"><parent link="a1"/><child link="tool"/><origin xyz="0 0 0.3" rpy="0 1 0"/></joint>
  <joint name="push" type="prismatic"><parent link="tool"/><child link="b"/><origin xyz="0.1 0 0" rpy="0 0 0.5"/>
    <axis xyz="0 1 1"/><limit lower="-1" upper="1" effort="5" velocity="1"/><dynamics damping="0.2"/></joint>
  <joint name="bend" type="revolute"><parent link="tool"/><child link="c"/><origin xyz="0 0.2 0" rpy="0.2 0 0"/>
    <limit lower="-3" upper="3" effort="5" velocity="1"/></joint>
  <joint name="cap" type="fixed"><parent link="c"/><child link="c1"/><origin xyz="0.1 0.1 0.1"/></joint>
</robot>`

/** Point masses, which neither MuJoCo nor we simulate. */
const REFUSED = ['drake/Pendulum.urdf']

const robots: [string, string][] = [
  ['an arm', ARM],
  ['a robot with everything', ODD],
  ...filesIn(SCENES).map((file): [string, string] => [`scenes/${file}`, readFileSync(SCENES + file, 'utf8')]),
  ...(existsSync(MODELS) ? filesIn(MODELS) : [])
    .filter((file) => !REFUSED.includes(file))
    .map((file): [string, string] => [file, readFileSync(MODELS + file, 'utf8')]),
]

describe.each(robots)('%s, read by us and by MuJoCo', (_, text) => {
  const scene = parseUrdf(text)
  const moving = scene.joints.filter(({ type }) => type !== 'fixed')
  let oracle: UrdfOracle | undefined
  afterAll(() => oracle?.dispose())
  const { uniform } = seeded(5)
  const random = () => moving.map(() => 2 * uniform() - 1)

  test('joints, masses, centres of mass, inertias, axes and frames are the same at 10 configurations', async () => {
    oracle ??= await urdfOracle(text, scene.dt)
    expect(moving.map(({ name }) => name).sort()).toEqual([...oracle.joints].sort())
    for (let trial = 0; trial < 10; trial++) {
      const q = trial === 0 ? moving.map(() => 0) : random()
      const ours = carried(scene, Object.fromEntries(moving.map(({ name }, k) => [name, [q[k]!]])))
      const theirs = oracle.bodies(oracle.joints.map((name) => q[moving.findIndex((joint) => joint.name === name)]!))
      for (const name of oracle.joints)
        for (const [key, expected] of Object.entries(theirs.get(name)!)) {
          const found = [ours.get(name)![key as keyof Carried]].flat()
          ;[expected].flat().forEach((value, k) => {
            expect(Math.abs(found[k]! - value), `${name}: ${key}[${k}]`).toBeLessThan(1e-12)
          })
        }
    }
  })

  test.each(['cannon', 'mujoco'] as const)('%s steps and linearizes it to the same A and B', async (engineName) => {
    oracle ??= await urdfOracle(text, scene.dt)
    const free: Scene = {
      ...scene,
      joints: scene.joints.map((joint) => ({ ...joint, limits: null })),
      actuators: moving.map(({ name, child }) => ({ name, joint: child, gear: 1, range: [-1e9, 1e9] })),
      contact: { ...scene.contact, enabled: false },
    }
    const engine = engineName === 'cannon' ? cannonEngine(free) : await mujocoEngine(free)
    const n = moving.length
    const order = oracle.joints.map((name) => moving.findIndex((joint) => joint.name === name)) // theirs → ours
    const toTheirs = (values: ArrayLike<number>) => order.map((k) => values[k]!)
    for (let trial = 0; trial < 2; trial++) {
      const [q, v, u] = [random(), random().map((value) => 2 * value), random()]
      const x = Float64Array.from([...q, ...v])
      const xNext = new Float64Array(2 * n)
      engine.step(x, Float64Array.from(u), xNext)
      const stepped = oracle.step(toTheirs(q), toTheirs(v), toTheirs(u))
      const spread = Math.max(1, ...stepped.map(Math.abs))
      order.forEach((k, j) => {
        expect(Math.abs(xNext[k]! - stepped[j]!) / spread, `${moving[k]!.name} after a step`).toBeLessThan(1e-10)
        expect(Math.abs(xNext[n + k]! - stepped[n + j]!) / spread, `its rate`).toBeLessThan(1e-10)
      })

      const { A, B, quality } = await linearize(engine, { x, u: Float64Array.from(u) }, { method: 'dense' })
      expect(quality.certified).toBe(true)
      const indices = [...order, ...order.map((k) => n + k)]
      const expected = oracle.transition(toTheirs(q), toTheirs(v), toTheirs(u))
      expect(
        distance(
          indices.flatMap((i, r) => indices.map((j, c) => A.get(i, j) - (r === c ? 1 : 0))),
          minusIdentity(expected, 2 * n),
        ),
      ).toBeLessThan(1e-6)
      const forced = order.map((_, j) => {
        const tau = (sign: number) => toTheirs(u).map((value, k) => (k === j ? value + sign * 1e-4 : value))
        const up = oracle!.step(toTheirs(q), toTheirs(v), tau(1))
        const down = oracle!.step(toTheirs(q), toTheirs(v), tau(-1))
        return up.map((value, k) => (value - down[k]!) / 2e-4)
      })
      expect(
        distance(
          indices.flatMap((i) => order.map((j) => B.get(i, j))),
          indices.flatMap((_, r) => order.map((_, c) => forced[c]![r]!)),
        ),
      ).toBeLessThan(1e-6)
    }
    engine.dispose()
  })
})

test.runIf(existsSync(MODELS)).each(REFUSED)('%s is refused, as MuJoCo refuses it', async (file) => {
  const text = readFileSync(MODELS + file, 'utf8')
  await expect(urdfOracle(text, 0.01)).rejects.toThrow(/inertia/)
  expect(() => parseUrdf(text)).toThrow(/principal moments > 0/)
})

test('inertias of collision shapes are those MuJoCo computes from them, per mass', async () => {
  const shapes: [string, string][] = [
    ['box', '<box size="0.1 0.2 0.3"/>'],
    ['sphere', '<sphere radius="0.2"/>'],
    ['cylinder', '<cylinder radius="0.1" length="0.4"/>'],
    ['capsule', '<capsule radius="0.1" length="0.4"/>'],
  ]
  for (const [name, shape] of shapes) {
    const two = [shape, '<box size="0.1 0.1 0.2"/>'].map(
      (one, k) =>
        `<collision><origin xyz="0.${k} 0.1 ${k}" rpy="0.3 ${k} 0.2"/><geometry>${one}</geometry></collision>`,
    )
    const text = `<robot name="r"><mujoco><compiler inertiafromgeom="true"/></mujoco><link name="base"/><link name="part">${two.join('')}
      <inertial><mass value="3"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
      <joint name="j" type="continuous"><parent link="base"/><child link="part"/></joint></robot>`
    const oracle = await urdfOracle(text, 0.01)
    const theirs = oracle.bodies([0]).get('j')!
    const ours = carried(parseUrdf(text, { inertia: 'shapes' }), {}).get('j')!
    for (let k = 0; k < 3; k++) expect(ours.com[k], name).toBeCloseTo(theirs.com[k]!, 12)
    for (let k = 0; k < 9; k++) expect(ours.inertia[k]! / 3, name).toBeCloseTo(theirs.inertia[k]! / theirs.mass, 12)
    oracle.dispose()
  }
})

function carried(scene: Scene, positions: Record<string, readonly number[]>): Map<string, Carried> {
  const poses = bodyPoses(scene, positions)
  return new Map(
    scene.joints.map(({ name, parent, parentAnchor, axis }, i) => {
      const { mass, com, inertia } = scene.bodies[i]!
      const pose = poses[i]!
      const [xx, yy, zz, xy, xz, yz] = turnedInertia(pose.rotation, inertia)
      const anchor = parent < 0 ? parentAnchor : placedPoint(poses[parent]!, parentAnchor)
      return [
        name,
        {
          mass,
          com: placedPoint(pose, com),
          inertia: [xx, xy, xz, xy, yy, yz, xz, yz, zz],
          position: pose.position,
          rotation: rotationMatrix(pose.rotation).flat(),
          anchor: scene.joints[i]!.type === 'slider' ? pose.position.map((_, k) => anchor[k]!) : anchor,
          axis: turnedVector(pose.rotation, axis),
        },
      ]
    }),
  )
}

function minusIdentity(A: Float64Array, size: number): number[] {
  return Array.from(A, (value, k) => (k % (size + 1) === 0 ? value - 1 : value))
}

/** ‖a − b‖ / ‖b‖, Frobenius. */
function distance(a: readonly number[], b: readonly number[]): number {
  const norm = (values: readonly number[]) => Math.hypot(...values)
  return norm(a.map((value, k) => value - b[k]!)) / norm(b)
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.urdf'))
    .sort()
}
