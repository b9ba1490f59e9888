import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkEngine } from '../../src/engine/checkEngine.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { eigenvalues } from '../../src/linalg/eigenvalues.ts'
import { bodyPoses } from '../../src/scene/bodyPoses.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { placedPoint } from '../../src/scene/pose.ts'
import type { Scene } from '../../src/scene/scene.ts'

const G = 9.81
const ROBOTS = ['minitaur', 'arm7', 'balancer', 'hopper', 'humanoid']

describe.each(ROBOTS)('%s', (name) => {
  test('passes all checks, and is certified with cannon and with MuJoCo at home', async () => {
    const scene = await loadScene(name)
    for (const choice of ['cannon', 'mujoco']) {
      const engine = await createEngine(scene, { engine: choice })
      const { checks } = await checkEngine(engine)
      const failed = checks.filter(({ passed }) => !passed).map((check) => check.name)
      expect([choice, failed]).toEqual([choice, []])
      const { quality } = await linearize(engine)
      expect([choice, quality.certified, quality.notes]).toEqual([choice, true, expect.anything()])
      engine.dispose()
    }
  })
})

describe('minitaur', () => {
  test('has the published dimensions: 6 kg, 8 motors of 3.5 N·m, knees at ∓2.1834 for motors at ±π/2', async () => {
    const { bodies, joints, actuators, home } = await loadScene('minitaur')
    expect(bodies.reduce((sum, { mass }) => sum + mass, 0)).toBeCloseTo(6, 12)
    expect(actuators.map(({ range }) => range[1])).toEqual(Array(8).fill(3.5))
    const knees = joints.filter(({ name }) => name.startsWith('knee'))
    expect(knees.map(({ parentAnchor }) => parentAnchor)).toEqual(Array(8).fill([0, 0, -0.115]))
    for (const { name } of knees) {
      const motor = home.positions[name.replace('knee', 'motor')]![0]!
      expect(Math.abs(motor)).toBe(Math.PI / 2)
      expect(home.positions[name]![0]).toBeCloseTo(-Math.sign(motor) * 2.1834, 4)
    }
  })

  test('motors hold it with the torque of virtual work', async () => {
    const { home } = await loadScene('minitaur')
    const [upper, lower] = [0.115, 0.2]
    // potential energy of a quarter of the robot over the angle α of the upper links from the vertical, the foot standing still
    const V = (alpha: number) => {
      const hip = upper * Math.cos(alpha) + Math.sqrt(lower ** 2 - (upper * Math.sin(alpha)) ** 2)
      const knee = hip - upper * Math.cos(alpha)
      return G * ((5.2 / 4) * hip + 2 * 0.05 * ((hip + knee) / 2) + 2 * 0.05 * (knee / 2))
    }
    const torque = (V(Math.PI / 2 - 1e-5) - V(Math.PI / 2 + 1e-5)) / 2e-5 / 2
    const held = Object.entries(home.controls)
    expect(held).toHaveLength(8)
    for (const [motor, value] of held) expect(value).toBeCloseTo(motor.endsWith('fore') ? torque : -torque, 7)
  })

  test('loses 8 of its 22 degrees of freedom to the loops: so many modes of A close them', async () => {
    const engine = await createEngine(await loadScene('minitaur'))
    expect(engine.layout.nv).toBe(22)
    const { A } = await linearize(engine)
    const { re, im } = eigenvalues(A)
    const closing = Array.from(re).filter((value, k) => Math.hypot(value - 0.8, im[k]!) < 1e-4)
    expect(closing).toHaveLength(8)
  })
})

describe('minitaur’s columns are measured together', () => {
  const colored = async (scene: Scene, at: (x: Float64Array) => void, motors: number) => {
    const engine = await createEngine(scene)
    const x = engine.home.x.slice()
    at(x)
    const { quality } = await linearize(engine, { x, u: engine.home.u.map((value) => motors * value) })
    expect(quality.certified).toBe(true)
    return { columns: engine.layout.ndx + engine.layout.nu, ...quality }
  }

  test('leg by leg on a rack with its motors off: 10 directions for 40', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rack-'))
    const home = new URL('../../scenes/minitaur/', import.meta.url)
    const { $schema: _, ...scene } = JSON.parse(await readFile(new URL('scene.json', home), 'utf8'))
    delete scene.home.positions.chassis
    scene.robots[0] = { ...scene.robots[0], base: 'fixed', position: [0, 0, 1] }
    await copyFile(new URL('minitaur.urdf', home), join(folder, 'minitaur.urdf'))
    await writeFile(join(folder, 'scene.json'), JSON.stringify(scene))
    const { columns, colors } = await colored(await loadScene(folder), () => {}, 0)
    expect([columns, colors]).toEqual([40, 10])
    await rm(folder, { recursive: true })
  })

  test('but for where it is, how it drifts and how it is turned, tumbling in the air: 43 directions for 52', async () => {
    const tumbling = (x: Float64Array) => {
      x[2] = 2
      x.set([1, -2, 0.5, 3, -2, 1], 23)
    }
    const { columns, colors } = await colored(await loadScene('minitaur'), tumbling, 1)
    expect([columns, colors]).toEqual([52, 43])
  })

  test('not where it stands, and it is said', async () => {
    const { method, notes } = await colored(await loadScene('minitaur'), () => {}, 1)
    expect([method, notes.join()]).toEqual(['dense', expect.stringContaining('coloring does not pay')])
  })
})

test('arm7: the torques that hold it at home are those of gravity in MuJoCo too', async () => {
  const engine = await createEngine(await loadScene('arm7'), { engine: 'mujoco' })
  const { c } = await linearize(engine)
  expect(Math.max(...c.map(Math.abs))).toBeLessThan(1e-12)
  engine.dispose()
})

test('balancer: falls as a pendulum on a rolling axle', async () => {
  const engine = await createEngine(await loadScene('balancer'))
  const { A, dt } = await linearize(engine)
  const fastest = Math.max(...eigenvalues(A).re)
  const [body, wheel, radius, arm, damping] = [6, 0.8, 0.1, 0.25, 0.02]
  const spin = 0.5 * 0.8 * 0.1 ** 2
  const tilt = (6 / 12) * (0.12 ** 2 + 0.4 ** 2)
  // M q̈ + D q̇ = K q for q = (x of the axle, tilt)
  const M = [body + 2 * wheel + (2 * spin) / radius ** 2, body * arm, tilt + body * arm ** 2]
  const d = 2 * damping
  const det = (s: number) =>
    (M[0]! * s * s + (d / radius ** 2) * s) * (M[2]! * s * s + d * s - body * G * arm) -
    (M[1]! * s * s - (d / radius) * s) ** 2
  let [low, high] = [1, 20]
  while (high - low > 1e-12) {
    const middle = (low + high) / 2
    if (det(middle) < 0) low = middle
    else high = middle
  }
  expect(Math.log(fastest) / dt / low).toBeCloseTo(1, 2)
})

test('humanoid: 27 degrees of freedom, its centre of mass above the middle of its right foot', async () => {
  const scene = await loadScene('humanoid')
  const engine = await createEngine(scene)
  expect([engine.layout.nv, engine.layout.nu]).toEqual([27, 21])
  const poses = bodyPoses(scene, scene.home.positions)
  const mass = scene.bodies.reduce((sum, body) => sum + body.mass, 0)
  const com = [0, 1].map((k) =>
    scene.bodies.reduce((sum, body, i) => sum + (body.mass / mass) * placedPoint(poses[i]!, body.com)[k]!, 0),
  )
  const soles = ['right_foot', 'left_foot'].map((name) => {
    const foot = scene.bodies.findIndex((body) => body.name === name)
    const corners = scene.bodies[foot]!.shapes.filter(({ type }) => type === 'sphere')
    expect(corners).toHaveLength(4)
    return corners.map(({ position }) => placedPoint(poses[foot]!, position))
  })
  for (const k of [0, 1])
    expect(com[k]).toBeCloseTo(
      soles[0]!.reduce((sum, corner) => sum + corner[k]! / 4, 0),
      9,
    )
  for (const corner of soles[0]!) expect(corner[2]).toBeCloseTo(0.02 - (mass * G) / 4 / 1e5, 9)
  for (const corner of soles[1]!) expect(corner[2]).toBeGreaterThan(0.1)
})

test.each(['cannon', 'mujoco'])(
  'arena: 20 robots that %s linearizes in the colors of its largest, certified',
  async (choice) => {
    const scene = await loadScene('arena')
    const engine = await createEngine(scene, { engine: choice })
    expect([engine.layout.ndx, engine.layout.nu]).toEqual([504, 136])
    const { quality } = await linearize(engine)
    expect([quality.certified, quality.method]).toEqual([true, 'colored'])
    expect(quality.calls).toBeLessThanOrEqual(2 * (54 + 21) + 5) // a humanoid's coordinates, from left and right
    engine.dispose()
  },
)

test('hopper: its leg carries what stands above it', async () => {
  const { home } = await loadScene('hopper')
  expect(Object.keys(home.controls)).toEqual(['leg'])
  expect(home.controls.leg).toBeCloseTo((8 + 0.6 + 1) * G, 8)
})
