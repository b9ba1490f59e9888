import { describe, expect, test } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { mujocoEngine } from '../../src/engine/mujoco/mujocoEngine.ts'
import { referenceFromScene } from '../../src/engine/reference/referenceFromScene.ts'
import { random as seeded } from '../../src/linalg/random.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { bodyPoses } from '../../src/scene/bodyPoses.ts'
import { parseScene } from '../../src/scene/parseScene.ts'
import { placedPoint } from '../../src/scene/pose.ts'
import type { Scene } from '../../src/scene/scene.ts'
import { JOINT_COORDINATES } from '../../src/scene/layout.ts'
import { fiveBars, parallelogram } from '../fixtures/loops.ts'
import { closedLoopOracle } from '../oracle/closedLoops.ts'

/** Distances between the two ends of each closure, in joint coordinates. */
function gaps(scene: Scene, x: Float64Array): number[] {
  let at = 0
  const positions = Object.fromEntries(
    scene.joints.map(({ name, type }) => {
      const size = JOINT_COORDINATES[type].positions.length
      at += size
      return [name, Array.from(x.subarray(at - size, at))]
    }),
  )
  const poses = bodyPoses(scene, positions)
  return scene.closures.map(({ bodies, anchors }) => {
    const [p, q] = bodies.map((body, e) => (body < 0 ? anchors[e]! : placedPoint(poses[body]!, anchors[e]!)))
    return Math.hypot(p![0] - q![0], p![1] - q![1], p![2] - q![2])
  })
}

describe('a parallelogram is a pendulum', () => {
  test('a step is the closed form: v⁺ = ω − h k sin θ for both cranks, and the coupler does not turn', () => {
    for (const [angle, speed] of [
      [0, 0],
      [0.5, 1.3],
      [-1.2, -4],
      [2.5, 0.1],
    ] as const) {
      const { scene, k } = parallelogram({ angle })
      const engine = cannonEngine(scene)
      const x = engine.home.x.slice()
      x.set([speed, -speed, speed], 3)
      const xNext = new Float64Array(6)
      engine.step(x, engine.home.u, xNext)
      const rate = speed - 0.01 * k * Math.sin(angle)
      ;[angle + 0.01 * rate, -angle - 0.01 * rate, angle + 0.01 * rate, rate, -rate, rate].forEach((expected, i) => {
        expect(xNext[i]).toBeCloseTo(expected, 12)
      })
    }
  })

  test('A and B along its motion are those of the pendulum, at rest and on the move', async () => {
    for (const [angle, speed] of [
      [0, 0],
      [0.8, 2],
    ] as const) {
      const { scene, k } = parallelogram({ angle })
      const engine = cannonEngine(scene)
      const x = engine.home.x.slice()
      x.set([speed, -speed, speed], 3)
      const { A, B, quality } = await linearize(engine, { x, u: engine.home.u })
      expect(quality.certified).toBe(true)
      const h = 0.01
      const d = [1, -1, 1]
      const along = (from: number) =>
        A.to2DArray().map((row) => d.reduce((sum, entry, j) => sum + entry * row[from + j]!, 0))
      const slope = -h * k * Math.cos(angle)
      const expected = [...d.map((entry) => entry * (1 + h * slope)), ...d.map((entry) => entry * slope)]
      along(0).forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i]!, 7)
      })
      ;[...d.map((entry) => h * entry), ...d].forEach((value, i) => {
        expect(along(3)[i]).toBeCloseTo(value, 7)
      })
      const mobility = (k / (9.81 * 0.8 * 0.4)) * h // 1 over the inertia of the pendulum, times h
      ;[...d.map((entry) => h * entry * mobility), ...d.map((entry) => entry * mobility)].forEach((value, i) => {
        expect(B.get(i, 0)).toBeCloseTo(value, 7)
      })
    }
  })
})

const SCENES: [string, Scene][] = [
  ['a parallelogram between two trees', parallelogram({ angle: 0.4 }).scene],
  ['a free body with three legs', fiveBars({ legs: 3 })],
  ['a body on a ball joint with two legs', fiveBars({ base: 'ball' })],
]

describe.each(SCENES)('%s', (_, scene) => {
  test('steps as the equations of motion with multipliers, from MuJoCo’s matrices, on and off the closed loops', async () => {
    const engine = cannonEngine(scene)
    const { nx, nq, nv, ndx, nu } = engine.layout
    const oracle = await closedLoopOracle(scene)
    const { uniform } = seeded(3)
    for (let trial = 0; trial < 12; trial++) {
      const x = engine.home.x.slice()
      const size = trial % 2 === 0 ? 0.02 : 0.3
      engine.integrate(
        x,
        Float64Array.from({ length: ndx }, () => size * (2 * uniform() - 1)),
        x,
      )
      for (let i = nq; i < nx; i++) x[i] = 3 * (2 * uniform() - 1)
      const u = Float64Array.from({ length: nu }, () => 2 * uniform() - 1)
      const tau = new Float64Array(nv)
      let at = 0
      scene.joints.forEach(({ type }, i) => {
        scene.actuators.forEach(({ joint, gear }, a) => {
          if (joint === i) tau[at] = gear * u[a]!
        })
        at += JOINT_COORDINATES[type].velocities.length
      })
      const xNext = new Float64Array(nx)
      engine.step(x, u, xNext)
      const expected = oracle.velocity(x, tau)
      const largest = Math.max(...expected.map(Math.abs))
      for (let i = 0; i < nv; i++)
        expect(Math.abs(xNext[nq + i]! - expected[i]!) / largest, engine.layout.x[nq + i]!.name).toBeLessThan(1e-8)
    }
    oracle.dispose()
  })

  test('loops that start closed stay closed, and gaps close by a fifth a step', () => {
    const engine = cannonEngine({ ...scene, gravity: [0, 0, 0] })
    const x = engine.home.x.slice()
    engine.step(x, engine.home.u, x)
    expect(Math.max(...gaps(scene, x))).toBeLessThan(1e-12)
    engine.integrate(
      x,
      Float64Array.from(x, (_, i) => (i === engine.layout.nv - 1 ? 1e-5 : 0)),
      x,
    )
    let before = gaps(scene, x)
    expect(Math.max(...before)).toBeGreaterThan(1e-7)
    for (let step = 0; step < 5; step++) {
      engine.step(x, engine.home.u, x)
      const after = gaps(scene, x)
      expect(Math.max(...after) / Math.max(...before)).toBeCloseTo(0.8, 3)
      before = after
    }
  })

  test('driven for 0.2 s, its loops stay closed', () => {
    const engine = cannonEngine(scene)
    const x = engine.home.x.slice()
    const u = Float64Array.from(engine.home.u, () => 0.2)
    let widest = 0
    for (let t = 0; t < 0.2; t += scene.dt) {
      engine.step(x, u, x)
      widest = Math.max(widest, ...gaps(scene, x))
    }
    expect(widest).toBeLessThan(1e-3)
    expect(Math.max(...x.subarray(engine.layout.nq).map(Math.abs))).toBeGreaterThan(0.5)
  })
})

test('cannon-es’ own constraints (maximal coordinates) and MuJoCo’s soft ones swing alike', async () => {
  const { scene } = parallelogram({ angle: 0.4, dt: 0.002 })
  const swing = (engine: Engine) => {
    const x = engine.home.x.slice()
    for (let step = 0; step < 150; step++) engine.step(x, engine.home.u, x)
    return x
  }
  const reduced = swing(cannonEngine(scene))
  const mujoco = swing(await mujocoEngine(scene))
  expect(Math.abs(reduced[0]! - 0.4)).toBeGreaterThan(0.3)
  expect(mujoco[0]).toBeCloseTo(reduced[0]!, 2)
  const maximal = swing(
    cannonEngine({
      ...scene,
      engines: { ...scene.engines, cannon: { ...scene.engines.cannon, coordinates: 'maximal', iterations: 400 } },
    }),
  )
  // the left crank's quaternion (w, x, y, z): half its angle about y
  expect(2 * Math.asin(maximal[5]!)).toBeCloseTo(reduced[0]!, 2)
})

test('bodies that a closure joins don’t collide, whatever engine', async () => {
  const parts = (closed: boolean) =>
    parseScene({
      name: 'two-balls',
      gravity: [0, 0, 0],
      bodies: ['a', 'b'].map((name) => ({ name, mass: 1, shapes: [{ type: 'sphere', radius: 0.2 }] })),
      joints: ['a', 'b'].map((name) => ({ name, type: 'free', parent: 'world', child: name })),
      closures: closed
        ? [
            {
              name: 'c',
              bodies: ['a', 'b'],
              anchors: [
                [0.05, 0, 0],
                [-0.05, 0, 0],
              ],
            },
          ]
        : [],
      home: { positions: { b: [0.1, 0, 0, 1, 0, 0, 0] } },
    })
  for (const make of [
    (scene: Scene) => cannonEngine(scene),
    (scene: Scene) => cannonEngine(scene, { coordinates: 'maximal' }),
    (scene: Scene) => mujocoEngine(scene),
  ]) {
    const moved = async (closed: boolean) => {
      const engine = await make(parts(closed))
      const xNext = new Float64Array(engine.layout.nx)
      engine.step(engine.home.x, engine.home.u, xNext)
      return Math.max(...xNext.map((value, i) => Math.abs(value - engine.home.x[i]!)))
    }
    expect(await moved(true)).toBeLessThan(1e-9)
    expect(await moved(false)).toBeGreaterThan(1e-4)
  }
})

test('trees that closures join stand together, whatever stands between them in the file', () => {
  const names = ['a', 'between', 'b', 'after', 'c']
  const scene = parseScene({
    name: 'order',
    bodies: names.map((name) => ({ name, mass: 1, inertia: [1, 1, 1] })),
    joints: names.map((name) => ({ name, type: 'free', parent: 'world', child: name })),
    closures: [
      { name: 'one', bodies: ['b', 'c'], anchors: Array(2).fill([0, 0, 0]) },
      { name: 'two', bodies: ['c', 'a'], anchors: Array(2).fill([0, 0, 0]) },
    ],
  })
  expect(scene.bodies.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'between', 'after'])
  expect(scene.closures.map(({ bodies }) => bodies)).toEqual([
    [1, 2],
    [2, 0],
  ])
})

test('the reference engine refuses closures by name', () => {
  expect(() => referenceFromScene(parallelogram().scene)).toThrow('closures[0]: expected no closures')
})
