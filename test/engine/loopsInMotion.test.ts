import { describe, expect, test } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { mujocoEngine } from '../../src/engine/mujoco/mujocoEngine.ts'
import { bentStates } from '../../src/experiment/bentStates.ts'
import { random as seeded } from '../../src/linalg/random.ts'
import { compareLinearizations } from '../../src/linearization/compareLinearizations.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { parseScene } from '../../src/scene/parseScene.ts'
import type { Scene } from '../../src/scene/scene.ts'
import { fiveBars, hingeOfTwoPoints } from '../fixtures/loops.ts'
import { closedLoopOracle } from '../oracle/closedLoops.ts'

const minitaur = await loadScene('minitaur')
const aloft: Scene = { ...minitaur, environment: [] }
const untouched = (scene: Scene): Scene => ({
  ...scene,
  contact: { ...scene.contact, enabled: false },
  joints: scene.joints.map((joint) => ({ ...joint, limits: null })),
})

/** First entries in x of the free joints of a scene that has no other joints before them in their trees. */
function freeJoints({ layout }: Engine): { q: number; v: number }[] {
  const v = new Map(layout.x.map(({ name }, k) => [name, k]))
  return layout.x.flatMap(({ name }, k) => (name.endsWith('.x') ? [{ q: k, v: v.get(name.replace(/x$/, 'vx'))! }] : []))
}

/** The same state in a frame that is turned about z and moves. */
function seenFrom(engine: Engine, x: Float64Array, angle: number, boost: readonly number[]): Float64Array {
  const out = x.slice()
  const [c, s] = [Math.cos(angle), Math.sin(angle)]
  const [w, d] = [Math.cos(angle / 2), Math.sin(angle / 2)]
  for (const { q, v } of freeJoints(engine)) {
    const [px, py, qw, qx, qy, qz] = [x[q]!, x[q + 1]!, x[q + 3]!, x[q + 4]!, x[q + 5]!, x[q + 6]!]
    out.set([c * px - s * py, s * px + c * py], q)
    out.set([w * qw - d * qz, w * qx - d * qy, w * qy + d * qx, w * qz + d * qw], q + 3)
    const [vx, vy] = [x[v]!, x[v + 1]!]
    out.set([c * vx - s * vy + boost[0]!, s * vx + c * vy + boost[1]!, x[v + 2]! + boost[2]!], v)
  }
  return out
}

/** x with every coordinate moved and every rate set at random. */
function thrown(engine: Engine, uniform: () => number, size: number, speed: number): Float64Array {
  const { nx, nq, ndx } = engine.layout
  const x = engine.home.x.slice()
  const dx = Float64Array.from({ length: ndx }, () => size * (2 * uniform() - 1))
  engine.integrate(x, dx, x)
  for (let i = nq; i < nx; i++) x[i] = speed * (2 * uniform() - 1)
  return x
}

describe('a step is the same wherever it is seen from', () => {
  test('minitaur in flight, spinning at up to 12 rad/s, its motors at work, for 20 steps', () => {
    const engine = cannonEngine(untouched(minitaur))
    const { nq, nu } = engine.layout
    const { uniform } = seeded(5)
    for (const [spin, torque] of [
      [0, 0.2],
      [3, 0.05],
      [7, 0],
      [12, 0.1],
    ] as const) {
      const x = engine.home.x.slice()
      for (let c = 0; c < 3; c++) x[nq + 3 + c] = spin * (uniform() < 0.5 ? -1 : 1) * (0.3 + 0.7 * uniform())
      const u = Float64Array.from({ length: nu }, () => torque * (2 * uniform() - 1))
      const [angle, boost] = [0.7 + spin, [3, -2, 1]]
      const other = seenFrom(engine, x, angle, boost)
      for (let step = 0; step < 20; step++) {
        engine.step(x, u, x)
        engine.step(other, u, other)
      }
      const here = seenFrom(engine, x, angle, boost)
      const rates = Math.max(...here.subarray(nq).map(Math.abs))
      expect(rates).toBeGreaterThan(Math.max(2, spin / 2))
      expect(rates).toBeLessThan(100)
      // poses are where the moving frame has carried them
      for (let k = 0; k < 3; k++) other[k]! -= 20 * engine.dt * boost[k]!
      here.forEach((value, k) => {
        expect(Math.abs(value - other[k]!), engine.layout.x[k]!.name).toBeLessThan(1e-10)
      })
    }
  })

  test.each([
    ['legs in planes of their own', fiveBars({ legs: 3 })],
    ['a hinge of two points', hingeOfTwoPoints()],
    ['minitaur', untouched(minitaur)],
  ])('%s, torn open, coordinates and rates at random', (_, scene) => {
    const engine = cannonEngine(scene)
    const { uniform } = seeded(8)
    for (const size of [1e-6, 1e-4, 1e-2, 0.2]) {
      const x = thrown(engine, uniform, size, 4)
      const boost = [1, 2, -1]
      const other = seenFrom(engine, x, 2.1, boost)
      engine.step(x, engine.home.u, x)
      engine.step(other, engine.home.u, other)
      const here = seenFrom(engine, x, 2.1, boost)
      for (const { q } of freeJoints(engine)) for (let k = 0; k < 3; k++) other[q + k]! -= engine.dt * boost[k]!
      here.forEach((value, k) => {
        expect(Math.abs(value - other[k]!), `${size}: ${engine.layout.x[k]!.name}`).toBeLessThan(1e-10)
      })
    }
  })
})

describe('momentum', () => {
  test('none comes from closing a gap, however wide, from rest', async () => {
    for (const scene of [fiveBars({ legs: 3 }), hingeOfTwoPoints()].map((one) => ({
      ...one,
      gravity: [0, 0, 0] as const,
    }))) {
      const engine = cannonEngine(scene)
      const oracle = await closedLoopOracle(scene)
      const { nq } = engine.layout
      const { uniform } = seeded(4)
      const x = thrown(engine, uniform, 0.1, 0)
      const xNext = new Float64Array(x.length)
      engine.step(x, engine.home.u, xNext)
      const closing = x.slice()
      closing.set(xNext.subarray(nq), nq) // v⁺ where the impulses acted
      expect(Math.max(...closing.subarray(nq).map(Math.abs))).toBeGreaterThan(1)
      const { linear, angular } = oracle.momenta(closing)
      for (const value of [...linear, ...angular]) expect(Math.abs(value)).toBeLessThan(1e-12)
      oracle.dispose()
    }
  })

  test('of a tumbling minitaur drifts no more than the order of the step says: half as much for half the step', async () => {
    const drifts: { linear: number; angular: number }[] = []
    for (const substeps of [2, 4, 8]) {
      const { engines } = minitaur
      const scene = untouched({
        ...minitaur,
        gravity: [0, 0, 0],
        engines: { ...engines, cannon: { ...engines.cannon, substeps } },
      })
      const engine = cannonEngine(scene)
      const oracle = await closedLoopOracle(scene)
      const { nq, nu } = engine.layout
      const x = engine.home.x.slice()
      x.set([0.3, -0.2, 0.1, 2, -3, 4], nq)
      const before = oracle.momenta(x)
      for (let step = 0; step < 30; step++) engine.step(x, new Float64Array(nu), x)
      const after = oracle.momenta(x)
      const drift = (kind: 'linear' | 'angular') =>
        Math.hypot(...after[kind].map((value, c) => value - before[kind][c]!)) / Math.hypot(...before[kind])
      drifts.push({ linear: drift('linear'), angular: drift('angular') })
      oracle.dispose()
    }
    for (const kind of ['linear', 'angular'] as const) {
      const [coarse, medium, fine] = drifts.map((drift) => drift[kind])
      expect(coarse).toBeLessThan(0.05)
      expect(medium! / coarse!, kind).toBeCloseTo(0.5, 1)
      expect(fine! / medium!, kind).toBeCloseTo(0.5, 1)
    }
  })
})

/** Positions and rates of a leg of minitaur that is closed: a kite of half angle delta about the direction m. */
function closedLeg(m: number, delta: number, mRate: number, rate: number): Record<string, readonly [number, number]> {
  const [upper, lower] = [0.115, 0.2]
  const fold = (upper * Math.sin(delta)) / lower
  const knee = delta + Math.asin(fold)
  const kneeRate = rate * (1 + (upper * Math.cos(delta)) / (lower * Math.sqrt(1 - fold * fold)))
  return {
    motor_fore: [m - delta, mRate - rate],
    knee_fore: [knee, kneeRate],
    motor_aft: [m + delta, mRate + rate],
    knee_aft: [-knee, -kneeRate],
  }
}

describe('accelerations', () => {
  test('of minitaur with its loops closed are those with G a = −Ġ v, M from MuJoCo', async () => {
    const scene = untouched(minitaur)
    const engine = cannonEngine(scene)
    const oracle = await closedLoopOracle(scene)
    const { layout } = engine
    const { nq, nv, nu } = layout
    const { uniform } = seeded(6)
    const within = (low: number, high: number) => low + (high - low) * uniform()
    for (let trial = 0; trial < 4; trial++) {
      const x = engine.home.x.slice()
      engine.integrate(
        x,
        Float64Array.from({ length: layout.ndx }, (_, k) => (k < 6 ? within(-2, 2) : 0)),
        x,
      )
      for (let k = 0; k < 6; k++) x[nq + k] = within(-6, 6)
      for (const side of ['front_left', 'front_right', 'back_left', 'back_right']) {
        const leg = closedLeg(within(-0.7, 0.7), within(0.5, 1.6), within(-8, 8), within(-8, 8))
        for (const [part, values] of Object.entries(leg)) {
          const [name, end] = part.split('_')
          for (const [k, word] of ['angle', 'velocity'].entries())
            x[layout.x.findIndex((entry) => entry.name === `${name}_${side}_${end}.${word}`)] = values[k]!
        }
      }
      const u = Float64Array.from({ length: nu }, () => within(-3, 3))
      const tau = new Float64Array(nv)
      scene.actuators.forEach(({ joint, gear }, k) => {
        tau[layout.dx.findIndex(({ name }) => name === `${scene.joints[joint]!.name}.angle`)] = gear * u[k]!
      })
      const xNext = new Float64Array(layout.nx)
      engine.step(x, u, xNext)
      const expected = oracle.velocity(x, tau)
      const gained = expected.map((value, k) => (value - x[nq + k]!) / engine.dt)
      const largest = Math.max(...gained.map(Math.abs))
      expect(largest).toBeGreaterThan(100)
      gained.forEach((value, k) => {
        const own = (xNext[nq + k]! - x[nq + k]!) / engine.dt
        expect(Math.abs(own - value) / largest, layout.x[nq + k]!.name).toBeLessThan(1e-8)
      })
    }
    oracle.dispose()
  })

  test('of a hinge made of two points, off it too, come nearest to what its six rows ask for', async () => {
    const scene = hingeOfTwoPoints()
    const engine = cannonEngine(scene)
    const oracle = await closedLoopOracle(scene)
    const { nq, nv } = engine.layout
    const { uniform } = seeded(7)
    for (let trial = 0; trial < 6; trial++) {
      const x = thrown(engine, uniform, trial % 2 === 0 ? 0.02 : 0.2, 3)
      const xNext = new Float64Array(x.length)
      engine.step(x, engine.home.u, xNext)
      const expected = oracle.velocity(x, new Float64Array(nv))
      const largest = Math.max(...expected.map(Math.abs))
      expected.forEach((value, k) => {
        expect(Math.abs(value - xNext[nq + k]!) / largest, engine.layout.x[nq + k]!.name).toBeLessThan(1e-8)
      })
    }
    oracle.dispose()
  })

  test('of a pendulum are its own where a closure holds what its hinge holds already', () => {
    const pendulum = (closed: boolean) =>
      cannonEngine(
        parseScene({
          name: 'held-twice',
          bodies: [{ name: 'rod', mass: 0.7, com: [0.1, 0.2, -0.3], inertia: [0.01, 0.02, 0.015] }],
          joints: [
            {
              name: 'pin',
              type: 'hinge',
              parent: 'world',
              child: 'rod',
              axis: [0.6, 0.8, 0],
              anchors: { parent: [1, 2, 3] },
            },
          ],
          closures: closed
            ? [
                {
                  name: 'c',
                  bodies: ['rod', 'world'],
                  anchors: [
                    [0, 0, 0],
                    [1, 2, 3],
                  ],
                },
              ]
            : [],
        }),
      )
    const [free, held] = [pendulum(false), pendulum(true)]
    const [x, y] = [Float64Array.of(0.8, -3), Float64Array.of(0.8, -3)]
    for (let step = 0; step < 50; step++) {
      free.step(x, free.home.u, x)
      held.step(y, held.home.u, y)
    }
    expect(y[0]).toBeCloseTo(x[0]!, 11)
    expect(Math.abs(x[0]! - 0.8)).toBeGreaterThan(0.1)
  })
})

describe('A and B', () => {
  test('of minitaur at bent, moving states in flight are certified, the same for steps from 1e-3 to 1e-7', async () => {
    const engine = cannonEngine(aloft)
    const { nx, ndx } = engine.layout
    for (const { x, u } of bentStates(aloft, engine, { count: 2, seed: 3 })) {
      const { A, quality } = await linearize(engine, { x, u })
      expect(quality.certified, quality.notes.join()).toBe(true)
      const largest = Math.max(...A.to1DArray().map(Math.abs))
      const sides = [new Float64Array(nx), new Float64Array(nx)] as const
      const apart = new Float64Array(ndx)
      for (const h of [1e-3, 1e-4, 1e-5, 1e-6, 1e-7])
        for (let j = 0; j < ndx; j++) {
          sides.forEach((side, s) => {
            engine.integrate(
              x,
              Float64Array.from({ length: ndx }, (_, i) => (i === j ? (s === 0 ? h : -h) : 0)),
              side,
            )
            engine.step(side, u, side)
          })
          engine.difference(sides[0], sides[1], apart)
          let worst = 0
          for (let i = 0; i < ndx; i++) worst = Math.max(worst, Math.abs(apart[i]! / (2 * h) - A.get(i, j)))
          expect(worst / largest, `${engine.layout.dx[j]!.name}, h = ${h}`).toBeLessThan(1e-6)
        }
    }
  })

  test('of a hinge of two points, torn a little, are certified', async () => {
    const engine = cannonEngine(hingeOfTwoPoints())
    const { uniform } = seeded(2)
    for (let trial = 0; trial < 3; trial++) {
      const { quality } = await linearize(engine, { x: thrown(engine, uniform, 0.01, 3), u: engine.home.u })
      expect(quality.certified, quality.notes.join()).toBe(true)
    }
  })

  test('of the arena’s twenty robots in flight are certified', async () => {
    const scene = { ...(await loadScene('arena')), environment: [] }
    const engine = cannonEngine(scene)
    const [point] = bentStates(scene, engine, { count: 1, seed: 3 })
    const { quality } = await linearize(engine, point)
    expect([quality.certified, quality.method], quality.notes.join()).toEqual([true, 'colored'])
  })
})

describe('MuJoCo’s law of closures', () => {
  /** Minitaur at home, thrown off with a spin of 3.6 rad/s. */
  const spinning = async (dt: number) => {
    const scene = untouched({ ...minitaur, dt })
    const [cannon, mujoco] = [cannonEngine(scene), await mujocoEngine(scene)]
    const x = cannon.home.x.slice()
    x.set([2, -3], cannon.layout.nq + 3)
    const u = cannon.home.u.map((value) => 0.02 * value)
    return { cannon, mujoco, x, u }
  }
  const apart = (a: Float64Array, b: Float64Array) => Math.max(...a.map((value, k) => Math.abs(value - b[k]!)))

  test('is all but hard: where loops are closed, x⁺ and B are ours to 1e-5', async () => {
    const { cannon, mujoco, x, u } = await spinning(0.01)
    const steps = [cannon, mujoco].map((engine) => {
      const xNext = new Float64Array(x.length)
      engine.step(x, u, xNext)
      return xNext
    })
    expect(apart(steps[0]!, steps[1]!) / apart(steps[0]!, x)).toBeLessThan(2e-5)
    const { relativeB } = compareLinearizations(await linearize(cannon, { x, u }), await linearize(mujoco, { x, u }))
    expect(relativeB).toBeLessThan(2e-5)
    mujoco.dispose()
  })

  test('differs where loops open, by an order of the step: runs and A come together as it is refined', async () => {
    const runs: number[] = []
    const slopes: number[] = []
    for (const dt of [0.01, 0.0025]) {
      const { cannon, mujoco, x, u } = await spinning(dt)
      const { relativeA } = compareLinearizations(await linearize(cannon, { x, u }), await linearize(mujoco, { x, u }))
      slopes.push(relativeA)
      const ends = [cannon, mujoco].map((engine) => {
        const end = x.slice()
        for (let step = 0; step < Math.round(0.2 / dt); step++) engine.step(end, u, end)
        return end
      })
      runs.push(apart(ends[0]!, ends[1]!))
      mujoco.dispose()
    }
    expect(slopes[1]! / slopes[0]!).toBeCloseTo(1 / 4, 1)
    expect(runs[1]! / runs[0]!).toBeLessThan(1 / 4)
    expect(runs[1]).toBeLessThan(1e-3)
  })
})
