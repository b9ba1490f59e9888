import fc from 'fast-check'
import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { BlackboxError } from '../../src/blackbox/blackboxError.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { type ReferenceModel, referenceEngine } from '../../src/engine/reference/referenceEngine.ts'
import { densePattern, patternFromEntries } from '../../src/linalg/pattern.ts'
import { compareLinearizations } from '../../src/linearization/compareLinearizations.ts'
import { linearize } from '../../src/linearization/linearize.ts'

const PENDULUM: ReferenceModel = { type: 'pendulum', mass: 0.7, inertia: 0.02, length: 0.4, damping: 0.05 }
const CART_POLE: ReferenceModel = { type: 'cart-pole', cartMass: 1, poleMass: 0.1, poleInertia: 0.003, length: 0.3 }
const DRONES: ReferenceModel = {
  type: 'free-bodies',
  bodies: [0, 1, 2, 3].map((k) => ({ mass: 1 + k, inertia: [0.01, 0.02, 0.03] as const })),
  thrusters: [0, 1, 2, 3].map((body) => ({ body, position: [0.1, 0.2, 0], direction: [0, 0, 1] as const })),
}

/** The engine with its steps counted, and without what is listed. */
function counting(engine: Engine, without: readonly ('structure' | 'derivatives')[] = []) {
  const count = { steps: 0 }
  const counted: Engine = {
    ...engine,
    step(x, u, xNext) {
      count.steps++
      engine.step(x, u, xNext)
    },
  }
  for (const name of without) delete counted[name]
  return { engine: counted, count }
}

function exactOf(engine: Engine, x: Float64Array, u: Float64Array) {
  const { ndx, nu } = engine.layout
  const [A, B] = [new Float64Array(ndx * ndx), new Float64Array(ndx * nu)]
  engine.derivatives!(x, u, A, B)
  return { A: Matrix.from1DArray(ndx, ndx, A), B: Matrix.from1DArray(ndx, nu, B) }
}

function moved(engine: Engine, amount: number) {
  const { ndx, nu } = engine.layout
  const x = engine.home.x.slice()
  engine.integrate(
    x,
    Float64Array.from({ length: ndx }, (_, k) => amount * Math.sin(k + 1)),
    x,
  )
  return { x, u: Float64Array.from({ length: nu }, (_, k) => amount * Math.cos(3 * k)) }
}

describe.each([
  ['pendulum', PENDULUM],
  ['cart-pole', CART_POLE],
  ['four drones', DRONES],
] as const)('linearize: %s', (_, model) => {
  const reference = referenceEngine(model, { dt: 0.01, substeps: 2 })
  const point = moved(reference, 0.7)
  const exact = exactOf(reference, point.x, point.u)

  test.each([
    ['dense', 'central', 1e-8],
    ['dense', 'forward', 1e-5],
    ['colored', 'central', 1e-8],
    ['colored', 'forward', 1e-5],
    ['native', 'central', 0],
    ['auto', 'central', 1e-8],
  ] as const)(
    '%s, %s: A and B are the closed form, certified, and every engine step is counted',
    async (method, scheme, error) => {
      const { engine, count } = counting(reference)
      const lin = await linearize(engine, point, { method, scheme })
      const { relativeA, relativeB } = compareLinearizations(lin, exact)
      expect(relativeA).toBeLessThanOrEqual(error)
      expect(relativeB).toBeLessThanOrEqual(error)
      // Forward steps leave thrust's effect on the heavy drones' attitudes to a few hundredths of itself: it is looked at farther out.
      const isHidden = scheme === 'forward' && model === DRONES
      expect(lin.quality.unresolvedRows).toEqual([])
      expect(lin.quality.certified).toBe(true)
      expect(lin.quality.callsFor.repair > 0).toBe(isHidden)
      if (isHidden)
        for (const row of [11, 17, 23])
          for (let k = 0; k < engine.layout.nu; k++) {
            const entry = exact.B.get(row, k)
            if (entry !== 0) expect(Math.abs(lin.B.get(row, k) / entry - 1)).toBeLessThan(0.02)
          }
      const { base, directions, heldOut, detection, repair, fallback } = lin.quality.callsFor
      // the step at the point is the base of forward differences, and what left and right are compared with in central ones
      expect(base).toBe(scheme === 'forward' ? 1 : 0)
      const perDirection = scheme === 'central' ? 2 : 1
      if (method === 'dense') expect(directions).toBe(perDirection * (engine.layout.ndx + engine.layout.nu))
      if (method === 'colored') expect(directions).toBe(perDirection * lin.quality.colors!)
      if (method === 'native') expect(directions).toBe(0)
      expect(heldOut).toBe(perDirection * 2 + (scheme === 'central' ? 1 : 0))
      expect(base + directions + heldOut + detection + repair + fallback).toBe(lin.quality.calls)
      expect(count.steps).toBe(lin.quality.calls)
    },
  )
})

describe('linearize', () => {
  const engine = referenceEngine(CART_POLE, { dt: 0.01 })

  test('does not certify what the engine itself does not trust', async () => {
    let steps = 0
    const troubled: Engine = {
      ...engine,
      step(x, u, xNext) {
        steps++
        engine.step(x, u, xNext)
      },
      trouble: () => (steps === 7 ? 'contact impulses did not converge' : null),
    }
    const { quality } = await linearize(troubled, troubled.home, { method: 'dense' })
    expect(quality.certified).toBe(false)
    expect(quality.notes.join(' ')).toContain('the engine says of a step: contact impulses did not converge')
  })

  test('separate bodies share colors: four drones need no more directions than one', async () => {
    const drones = referenceEngine(DRONES, { dt: 0.01 })
    const lin = await linearize(drones, drones.home, { method: 'colored' })
    const alone = referenceEngine(
      { ...DRONES, bodies: DRONES.bodies.slice(0, 1), thrusters: DRONES.thrusters!.slice(0, 1) },
      { dt: 0.01 },
    )
    const one = await linearize(alone, alone.home, { method: 'colored' })
    expect(lin.quality.colors).toBe(one.quality.colors)
    expect(lin.quality.colors!).toBeLessThan(13)
  })

  test('c is the drift at xBar, zero at an equilibrium, or the defect from a given next state', async () => {
    const still = await linearize(engine)
    expect(Array.from(still.c)).toEqual([0, 0, 0, 0])
    const { x, u } = moved(engine, 0.4)
    const lin = await linearize(engine, { x, u })
    const next = new Float64Array(4)
    engine.step(x, u, next)
    for (let k = 0; k < 4; k++) expect(lin.c[k]).toBe(next[k]! - x[k]!)
    const along = await linearize(engine, { x, u }, { xBarNext: next })
    expect(Array.from(along.c)).toEqual([0, 0, 0, 0])
    expect(along.xBarNext).toEqual(next)
  })

  test('predicts the step to second order: halving the move quarters the error', async () => {
    const { x, u } = moved(engine, 0.5)
    const { A, B, c } = await linearize(engine, { x, u })
    const errorAt = (size: number) => {
      const dx = Float64Array.of(0.3, -0.8, 0.5, 1).map((value) => size * value)
      const [moved1, next, actual] = [new Float64Array(4), new Float64Array(4), new Float64Array(4)]
      engine.integrate(x, dx, moved1)
      engine.step(moved1, Float64Array.of(u[0]! + size), next)
      engine.difference(next, x, actual)
      const predicted = A.mmul(Matrix.columnVector(dx)).add(Matrix.mul(B, size)).to1DArray()
      return Math.hypot(...actual.map((value, k) => value - predicted[k]! - c[k]!))
    }
    expect(errorAt(0.1) / errorAt(0.05)).toBeCloseTo(4, 0)
  })

  test('a plan that misses entries is caught and repaired, or says so', async () => {
    const { x, u } = moved(engine, 0.6)
    const missing = patternFromEntries(4, 5, [
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
      [0, 2],
      [1, 3],
      [2, 4],
      [3, 4],
      [0, 4],
      [1, 4],
    ])
    const exact = exactOf(engine, x, u)
    const lin = await linearize(engine, { x, u }, { method: 'colored', structure: { sparsity: missing } })
    expect(lin.quality.repairedRows.length + lin.quality.failedRows.length).toBeGreaterThan(0)
    if (lin.quality.certified) expect(compareLinearizations(lin, exact).relativeA).toBeLessThan(1e-6)
  })

  test('native derivatives that are wrong fail their certificate, naming the rows', async () => {
    const liar: Engine = {
      ...engine,
      derivatives(x, u, A, B) {
        engine.derivatives!(x, u, A, B)
        A[3 * 4 + 1]! *= 1.01
      },
    }
    const lin = await linearize(liar, engine.home, { method: 'native' })
    expect(lin.quality.certified).toBe(false)
    expect(lin.quality.failedRows).toEqual([3])
    expect(lin.quality.notes.join()).toContain('pole.velocity')
  })

  test('without structure and derivatives auto is dense, and a given pattern is taken', async () => {
    const bare = counting(engine, ['structure', 'derivatives']).engine
    expect((await linearize(bare)).quality.method).toBe('dense')
    const given = await linearize(bare, bare.home, { method: 'colored', structure: { sparsity: densePattern(4, 5) } })
    expect(given.quality.colors).toBe(5)
    expect((await linearize(engine)).quality.method).toBe('native')
  })

  test('the same seed gives the same bits', async () => {
    const { x, u } = moved(engine, 0.3)
    const [a, b] = [await linearize(engine, { x, u }, { seed: 5 }), await linearize(engine, { x, u }, { seed: 5 })]
    expect(a).toEqual(b)
  })

  test('NaN from the engine is reported with the coordinate', async () => {
    const at = (when: number): Engine => {
      let steps = 0
      return {
        ...counting(engine, ['derivatives']).engine,
        step(x, u, xNext) {
          engine.step(x, u, xNext)
          if (steps++ === when) xNext[3] = Number.NaN
        },
      }
    }
    for (const when of [0, 4]) {
      const failed = await linearize(at(when)).catch((error: unknown) => error)
      expect(failed).toBeInstanceOf(BlackboxError)
      expect((failed as Error).message).toContain('pole.velocity')
    }
  })

  test('misuse throws by name, before the engine is stepped', async () => {
    const { engine: counted, count } = counting(engine, ['derivatives'])
    const { x, u } = engine.home
    await expect(linearize(counted, { x: new Float64Array(3), u })).rejects.toThrow('x must have nx = 4 entries, got 3')
    await expect(linearize(counted, { x, u: new Float64Array(2) })).rejects.toThrow('u must have nu = 1 entries, got 2')
    await expect(linearize(counted, { x: Float64Array.of(0, Number.NaN, 0, 0), u })).rejects.toThrow(
      'x[1] (pole.angle) is NaN',
    )
    await expect(linearize(counted, { x, u }, { method: 'native' })).rejects.toThrow('no derivatives')
    await expect(linearize(counted, { x, u }, { xBarNext: new Float64Array(1) })).rejects.toThrow('xBarNext must have')
    await expect(linearize(counted, { x, u }, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop')
    expect(count.steps).toBe(0)
  })

  test('reports progress up to the number of calls', async () => {
    const seen: [number, number][] = []
    const lin = await linearize(engine, engine.home, {
      method: 'dense',
      onProgress: (done, total) => seen.push([done, total]),
    })
    expect(seen.at(-1)).toEqual([lin.quality.calls, lin.quality.calls])
  })
})

describe('compareLinearizations', () => {
  const { layout } = referenceEngine(PENDULUM, { dt: 0.01 })
  const reference = {
    A: new Matrix([
      [1, 0.01],
      [-0.2, 0.9],
    ]),
    B: new Matrix([[0.001], [0.1]]),
  }

  test('finds the entry that was changed, by name, and its relative size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 }), fc.double({ min: 1e-6, max: 1, noNaN: true }), (entry, change) => {
        const [A, B] = [reference.A.clone(), reference.B.clone()]
        const [i, j] = [Math.floor(entry / 3), entry % 3]
        if (j < 2) A.set(i, j, A.get(i, j) + change)
        else B.set(i, 0, B.get(i, 0) + change)
        const found = compareLinearizations({ A, B, layout }, reference)
        const sizeA = Math.hypot(0.01, 0.2, 0.1)
        expect(found.relativeA).toBeCloseTo(j < 2 ? change / sizeA : 0, 9)
        expect(found.relativeB).toBeCloseTo(j < 2 ? 0 : change / Math.hypot(0.001, 0.1), 9)
        const worst = found.worst.reduce((a, b) => (b.difference > a.difference ? b : a))
        expect(worst.row).toBe(['pendulum.angle', 'pendulum.velocity'][i])
        expect(worst.column).toBe(['pendulum.angle', 'pendulum.velocity', 'motor'][j])
        expect(worst.difference).toBeCloseTo(change, 9)
        expect(found.worst).toHaveLength(6)
      }),
      { seed: 1, numRuns: 60 },
    )
  })

  test('refuses other sizes', () => {
    expect(() => compareLinearizations({ A: Matrix.eye(3, 3), B: reference.B, layout }, reference)).toThrow(
      'A is [3 × 3]',
    )
  })
})
