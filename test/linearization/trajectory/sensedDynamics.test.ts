import { describe, expect, test } from 'vitest'
import { countCalls } from '../../../src/blackbox/countCalls.ts'
import { withCorruption } from '../../../src/blackbox/withCorruption.ts'
import { withNoise } from '../../../src/blackbox/withNoise.ts'
import { createEngine } from '../../../src/engine/createEngine.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { referenceEngine } from '../../../src/engine/reference/referenceEngine.ts'
import { random } from '../../../src/linalg/random.ts'
import { openEnginePool } from '../../../src/experiment/openEnginePool.ts'
import { linearize } from '../../../src/linearization/linearize.ts'
import type { Knots } from '../../../src/linearization/trajectory/dynamics.ts'
import { type SensedDynamicsOptions, sensedDynamics } from '../../../src/linearization/trajectory/sensedDynamics.ts'
import { loadScene } from '../../../src/scene/loadScene.ts'
import { planarChain } from '../../fixtures/scenes.ts'

/** A rollout from near home with gentle random controls. */
function rollout(engine: Engine, N: number, { seed = 1, size = 0.2, push = 0.3 } = {}): Knots {
  const { nx, ndx, nu } = engine.layout
  const source = random(seed)
  const X = new Float64Array((N + 1) * nx)
  const F = new Float64Array(N * nx)
  const U = new Float64Array(N * nu)
  for (let a = 0; a < nu; a++) {
    const [size1, size2, phase] = [push * source.normal(), push * source.normal(), source.uniform()]
    for (let k = 0; k < N; k++)
      U[k * nu + a] = engine.home.u[a]! + size1 * Math.sin(0.05 * k) + size2 * Math.cos(0.03 * k + phase)
  }
  const x = new Float64Array(nx)
  engine.integrate(
    engine.home.x,
    Float64Array.from({ length: ndx }, () => size * source.normal()),
    x,
  )
  X.set(x)
  for (let k = 0; k < N; k++) {
    engine.step(x, U.slice(k * nu, (k + 1) * nu), x)
    F.set(x, k * nx)
    X.set(x, (k + 1) * nx)
  }
  return { N, X, U, F }
}

async function along(engine: Engine, knots: Knots, options: SensedDynamicsOptions) {
  const { ndx, nu } = engine.layout
  const A = new Float64Array(knots.N * ndx * ndx)
  const B = new Float64Array(knots.N * ndx * nu)
  const report = await sensedDynamics(engine, options).linearizeInto(A, B, knots)
  return { A, B, report }
}

const largestGap = (one: Float64Array, other: Float64Array) => {
  let largest = 0
  for (let k = 0; k < one.length; k++) largest = Math.max(largest, Math.abs(one[k]! - other[k]!))
  return largest
}

/** The derivatives by `linearize` with dense central differences, one knot at a time. */
async function oneByOne(engine: Engine, { N, X, U }: Knots) {
  const { nx, ndx, nu } = engine.layout
  const A = new Float64Array(N * ndx * ndx)
  const B = new Float64Array(N * ndx * nu)
  for (let k = 0; k < N; k++) {
    const point = { x: X.slice(k * nx, (k + 1) * nx), u: U.slice(k * nu, (k + 1) * nu) }
    const lin = await linearize(engine, point, { method: 'dense' })
    A.set(lin.A.to1DArray(), k * ndx * ndx)
    B.set(lin.B.to1DArray(), k * ndx * nu)
  }
  return { A, B }
}

describe('against analytic derivatives', () => {
  const engine = referenceEngine(
    { type: 'cart-pole', cartMass: 1, poleMass: 0.2, poleInertia: 0.01, length: 0.4, poleDamping: 0.01 },
    { dt: 0.01 },
  )
  const knots = rollout(engine, 50, { push: 3 })
  const exact = along(engine, knots, { method: 'native' })

  test('native ones are those of the engine, checked for few calls', async () => {
    const { A, B, report } = await exact
    const [one, other] = [new Float64Array(16), new Float64Array(4)]
    engine.derivatives!(knots.X.slice(28, 32), knots.U.slice(7, 8), one, other)
    expect([A.slice(7 * 16, 8 * 16), B.slice(28, 32)]).toEqual([one, other])
    expect([report.calls, report.checked, report.certified]).toEqual([10, 10, 10]) // 4 % of 5 · 50
  })

  test.each([
    ['forward', 1e-7],
    ['central', 1e-10],
  ] as const)('%s differences agree', async (scheme, tolerance) => {
    const { A, B } = await exact
    const found = await along(engine, knots, { method: 'dense', scheme })
    expect(largestGap(found.A, A)).toBeLessThan(tolerance)
    expect(largestGap(found.B, B)).toBeLessThan(tolerance)
    expect(found.report.certified).toBe(found.report.checked)
  })

  test('auto leaves them for columns that move together where that is cheaper', async () => {
    const inertia = [0.1, 0.2, 0.3] as const
    const bodies = referenceEngine(
      { type: 'free-bodies', bodies: [1, 2, 3].map((mass) => ({ mass, inertia })) },
      { dt: 0.01 },
    )
    const flying = rollout(bodies, 10)
    const [found, expected] = [await along(bodies, flying, {}), await along(bodies, flying, { method: 'native' })]
    expect(largestGap(found.A, expected.A)).toBeLessThan(1e-6)
    expect(found.report.callsFor.directions).toBeLessThan(0.4 * found.report.denseCalls)
    expect((await along(engine, knots, {})).report.callsFor.directions).toBe(0)
  })

  test('between knots, where checks in the middle allow it', async () => {
    const { A, B } = await exact
    const found = await along(engine, knots, { method: 'dense', interpolate: { spacing: 4, tolerance: 0.01 } })
    const { measured, interpolated, calls, denseCalls } = found.report
    expect(measured + interpolated).toBe(50)
    expect(calls).toBeLessThan(0.6 * denseCalls)
    const largest = (M: Float64Array) =>
      M.reduce((most, value, k) => Math.max(most, (k % 16) % 5 === 0 ? 0 : Math.abs(value)), 0)
    expect(largestGap(found.A, A)).toBeLessThan(0.02 * largest(A))
    expect(largestGap(found.B, B)).toBeLessThan(1e-3)
    const finer = await along(engine, knots, { method: 'dense', interpolate: { spacing: 4, tolerance: 1e-6 } })
    expect(finer.report.measured).toBeGreaterThan(measured) // halved where that is not enough
    expect(largestGap(finer.A, A)).toBeLessThan(1e-5)
  })
})

describe('in cannon-es, against one knot at a time', () => {
  test.each(['cartpole', 'double-cartpole', 'acrobot', 'quadrotor'])('%s', async (name) => {
    const engine = await createEngine(await loadScene(name))
    const knots = rollout(engine, 12)
    const expected = await oneByOne(engine, knots)
    const found = await along(engine, knots, { scheme: 'central' })
    expect(largestGap(found.A, expected.A)).toBeLessThan(1e-8)
    expect(largestGap(found.B, expected.B)).toBeLessThan(1e-8)
    expect(found.report.certified).toBe(found.report.checked)
  })
})

describe('calls', () => {
  test.each([
    // a full step for each entry of dx and u, but for columns that symmetries give; 4 % of them for checks
    ['pendulum', 3, 3],
    ['acrobot', 5, 5],
    ['cartpole', 3, 5],
    ['double-cartpole', 5, 7],
    ['quadrotor', 10, 16], // a turn about gravity changes from knot to knot: one plan for all measures it
    ['chains', 6, 48],
  ])('%s: %i directions a knot in place of %i, and all calls are counted', async (name, directions, columns) => {
    const engine = await createEngine(await loadScene(name))
    const N = 25
    const knots = rollout(engine, N)
    let counter = { calls: 0 }
    const { report } = await along(engine, knots, {
      wrap: (blackbox) => {
        const counted = countCalls(blackbox)
        counter = counted
        return counted
      },
    })
    const checks = Math.min(N, Math.floor(0.04 * columns * N))
    expect(report.callsFor).toEqual({ directions: directions * N, heldOut: checks, repair: 0 })
    expect([report.calls, report.denseCalls]).toEqual([counter.calls, columns * N])
    expect(report.calls).toBeLessThanOrEqual(1.05 * report.denseCalls)
    expect([report.checked, report.certified]).toEqual([checks, checks])
  })

  test('a wrapper without batches is asked point by point, for the same bits', async () => {
    const engine = await createEngine(await loadScene('cartpole'))
    const knots = rollout(engine, 30)
    let calls = 0
    const wrap: SensedDynamicsOptions['wrap'] = ({ inputs, outputs, evaluate }) => ({
      inputs,
      outputs,
      evaluate(z, y) {
        calls++
        evaluate(z, y)
      },
    })
    const one = await along(engine, knots, { wrap })
    expect([one.A, one.B, calls]).toEqual([
      ...Object.values(await along(engine, knots, {})).slice(0, 2),
      one.report.calls,
    ])
  })

  test('a structure that does not hold is found out, measured without, and not believed again', async () => {
    const true3 = await createEngine(planarChain(3))
    const { ndx, nu } = true3.layout
    const liar: Engine = {
      ...true3,
      ties: () => ({
        rows: ndx,
        cols: ndx + nu,
        tiedRows: [],
        tiedColumns: [0, 1, 2].map((column) => ({
          column,
          from: [],
          known: [{ index: column, value: 1 }],
          reason: 'a lie',
        })),
      }),
    }
    const knots = rollout(true3, 40)
    const expected = await oneByOne(true3, knots)
    const dynamics = sensedDynamics(liar)
    const A = new Float64Array(40 * ndx * ndx)
    const B = new Float64Array(40 * ndx * nu)
    const first = await dynamics.linearizeInto(A, B, knots)
    expect(first.callsFor.repair).toBeGreaterThan(0)
    expect(first.notes.join()).toMatch(/does not hold at knot/)
    const second = await dynamics.linearizeInto(A, B, knots)
    expect(largestGap(A, expected.A)).toBeLessThan(1e-5)
    expect(second.certified).toBe(second.checked)
    expect(first.calls + second.calls).toBeLessThanOrEqual(1.05 * (first.denseCalls + second.denseCalls))
  })
})

test('what the engine itself does not trust is said', async () => {
  const engine = await createEngine(await loadScene('pendulum'))
  const troubled: Engine = { ...engine, trouble: () => 'the sun shines' }
  const knots = rollout(engine, 5)
  expect((await along(troubled, knots, {})).report.notes).toEqual(['the engine says of a step: the sun shines'])
  expect((await along(engine, knots, {})).report.notes).toEqual([])
})

describe('noise and gross errors', () => {
  const tasks: [string, number][] = [
    ['cartpole', 0.02],
    ['acrobot', 0.3], // falls: A changes within few knots
  ]
  test.each(tasks)('%s: as many calls as central differences, and far more accurate', async (name, tolerance) => {
    const engine = await createEngine(await loadScene(name))
    const knots = rollout(engine, 60)
    const exact = await oneByOne(engine, knots)
    const noise = 1e-4
    const noisy: SensedDynamicsOptions['wrap'] = (blackbox) => withNoise(blackbox, { sigma: noise, seed: 3 })
    const spoiled: SensedDynamicsOptions['wrap'] = (blackbox) =>
      withCorruption(withNoise(blackbox, { sigma: noise, seed: 3 }), { fraction: 0.1, size: 1, seed: 4, of: 'calls' })
    for (const [wrap, robust] of [
      [noisy, false],
      [spoiled, true],
    ] as const) {
      const found = await along(engine, knots, { noise, robust, wrap })
      const plain = await along(engine, knots, { method: 'dense', scheme: 'central', checks: 0, wrap })
      expect(found.report.calls).toBe(plain.report.calls)
      expect(largestGap(found.A, exact.A)).toBeLessThan(tolerance)
      expect(largestGap(found.B, exact.B)).toBeLessThan(0.005)
      expect(largestGap(plain.A, exact.A)).toBeGreaterThan(10)
    }
  })

  test('without noise, gross errors leave no trace: steps stay small', async () => {
    const engine = await createEngine(await loadScene('cartpole'))
    const knots = rollout(engine, 40)
    const exact = await oneByOne(engine, knots)
    const found = await along(engine, knots, {
      robust: true,
      wrap: (blackbox) => withCorruption(blackbox, { fraction: 0.1, size: Number.NaN, seed: 4, of: 'calls' }),
    })
    expect(largestGap(found.A, exact.A)).toBeLessThan(0.02) // of taking knots together
  })
})

test('a pool gives the same bits', async () => {
  const scene = await loadScene('double-cartpole')
  const engine = await createEngine(scene)
  const knots = rollout(engine, 30)
  const pool = await openEnginePool(scene, { workers: 2, headStart: 0 })
  try {
    const serial = await along(engine, knots, {})
    const parallel = await along(engine, knots, { pool })
    expect(parallel).toEqual(serial)
  } finally {
    await pool.close()
  }
})

test.each<[string, SensedDynamicsOptions, RegExp]>([
  ['method', { method: 'some' as never }, /method must be 'auto', 'dense' or 'native'/],
  ['native', { method: 'native' }, /engine 'cannon' has no derivatives of its own/],
  ['checks', { checks: 0.1 }, /checks must be between 0 and 0.05, got 0.1/],
  ['spacing', { interpolate: { spacing: 0 } }, /spacing must be an integer ≥ 1, got 0/],
  [
    'noise and interpolation',
    { noise: 1, interpolate: { spacing: 2 } },
    /exclude native derivatives and interpolation/,
  ],
  ['noise of another size', { noise: [1] }, /noise must be a number or have ndx = 4 entries, got 1/],
  ['directions', { noise: 1, directions: 1 }, /directions must be an integer ≥ 2, got 1/],
  ['step', { step: -1 }, /step must be a finite number > 0, got -1/],
])('misuse throws: %s', async (_, options, message) => {
  const engine = await createEngine(await loadScene('cartpole'))
  expect(() => sensedDynamics(engine, options)).toThrow(message)
})
