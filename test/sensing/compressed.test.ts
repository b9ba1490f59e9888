import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { patternFromEntries } from '../../src/linalg/pattern.ts'
import { random } from '../../src/linalg/random.ts'
import { basisPursuit } from '../../src/sensing/compressed/basisPursuit.ts'
import { matchingPursuit } from '../../src/sensing/compressed/matchingPursuit.ts'
import { sparsestSolver } from '../../src/sensing/compressed/sparsestSolver.ts'
import { DESIGNS, designRows } from '../../src/sensing/designs.ts'
import { measure } from '../../src/sensing/measure.ts'
import { prepareSensing } from '../../src/sensing/prepareSensing.ts'
import { recoverSparse } from '../../src/sensing/recoverSparse.ts'
import { sense } from '../../src/sensing/sense.ts'

interface SparseMap {
  readonly blackbox: Blackbox
  readonly entries: readonly (readonly (readonly [number, number])[])[] // of each row, places and factors
  readonly at: Float64Array
  /** Its closed-form Jacobian, row by row. */
  row(i: number): Float64Array
}

/** y_i = Σ a_ij sin(z_j) over `sizes[i]` random places. */
function sparseMap(n: number, sizes: readonly number[], seed: number): SparseMap {
  const { integer, normal } = random(seed)
  const entries = sizes.map((s) => {
    const row = new Map<number, number>()
    while (row.size < s) row.set(integer(n), normal())
    return [...row]
  })
  const at = Float64Array.from({ length: n }, (_, j) => Math.sin(j))
  return {
    entries,
    at,
    blackbox: {
      inputs: n,
      outputs: sizes.length,
      evaluate(z, y) {
        for (let i = 0; i < sizes.length; i++) {
          y[i] = 0
          for (const [j, value] of entries[i]!) y[i]! += value * Math.sin(z[j]!)
        }
      },
    },
    row(i) {
      const row = new Float64Array(n)
      for (const [j, value] of entries[i]!) row[j] = value * Math.cos(at[j]!)
      return row
    },
  }
}

const rowsOf = (count: number, s: number) => new Array<number>(count).fill(s)

/** max_j |J_ij − exact_ij| / max_j |exact_ij| */
function rowError(J: { get(i: number, j: number): number }, i: number, exact: Float64Array): number {
  let error = 0
  let size = 0
  for (let j = 0; j < exact.length; j++) {
    error = Math.max(error, Math.abs(J.get(i, j) - exact[j]!))
    size = Math.max(size, Math.abs(exact[j]!))
  }
  return size === 0 ? error : error / size
}

describe('rows of unknown pattern, before any further direction', () => {
  test.each([
    ['rademacher', 5, 37, 0.95],
    ['rademacher', 20, 92, 0.99],
    ['gaussian', 5, 37, 0.95],
    ['gaussian', 20, 92, 0.99],
    ['orthogonal', 5, 37, 0.95],
    ['hadamard', 5, 37, 0.95],
  ] as const)('n = 200, %s, %d entries a row, %d directions: at least %d exact', async (design, s, k, share) => {
    let exact = 0
    let rows = 0
    for (let seed = 1; seed <= 4; seed++) {
      const problem = sparseMap(200, rowsOf(50, s), seed)
      const counted = countCalls(problem.blackbox)
      const { at } = problem
      const { J, quality } = await sense(counted, {
        at,
        method: 'compressed',
        sparsityLevel: s,
        design,
        seed,
        repair: false,
      })
      expect(quality).toMatchObject({ method: 'compressed', directions: k, colors: null, repairedRows: [] })
      expect(counted.calls).toBe(2 * (k + 2))
      expect(quality.calls).toBe(counted.calls)
      for (let i = 0; i < 50; i++) {
        const isExact = rowError(J, i, problem.row(i)) < 1e-8
        // what the certificate passes is right, what is right it passes
        expect(quality.failedRows.includes(i)).toBe(!isExact)
        if (isExact) exact++
        rows++
      }
    }
    expect(exact / rows).toBeGreaterThanOrEqual(share)
  })
})

describe('rows that fail', () => {
  test('a few denser ones take further directions, counted as repair; the others stay as they are', async () => {
    const n = 200
    const sizes = rowsOf(60, 4)
    sizes[7] = 30
    sizes[40] = 25
    const problem = sparseMap(n, sizes, 3)
    const counted = countCalls(problem.blackbox)
    const { result, J, quality } = await sense(counted, { at: problem.at, method: 'compressed', sparsityLevel: 5 })
    expect(result).toBe('certified')
    expect(quality.repairedRows).toEqual([7, 40])
    expect(quality.fallback).toBeNull()
    expect(quality.callsFor).toMatchObject({ base: 0, directions: 74, heldOut: 4, detection: 0, fallback: 0 })
    expect(counted.calls).toBe(78 + quality.callsFor.repair)
    expect(counted.calls).toBeLessThan(2 * n)
    for (let i = 0; i < 60; i++) expect(rowError(J, i, problem.row(i)), `row ${i}`).toBeLessThan(1e-8)
    expect(quality.notes.join()).toMatch(/more entries than 37 directions tell/)
  })

  test('a full row ends in dense differences', async () => {
    const problem = sparseMap(60, [2, 60, 2, 2], 5)
    const counted = countCalls(problem.blackbox)
    const { result, J, quality } = await sense(counted, { at: problem.at, method: 'compressed' })
    expect(result).toBe('certified')
    expect(quality.callsFor.fallback).toBe(2 * 60)
    expect(quality.fallback).toMatch(/row 1 could not be repaired/)
    expect(counted.calls).toBe(quality.calls)
    for (let i = 0; i < 4; i++) expect(rowError(J, i, problem.row(i))).toBeLessThan(1e-8)
  })

  test('without repair, and with too few calls for it, they are named and nothing is certified', async () => {
    const problem = sparseMap(60, [2, 60, 2, 2], 5)
    const { at } = problem
    const plain = await sense(problem.blackbox, { at, method: 'compressed', repair: false })
    expect([plain.result, plain.quality.failedRows]).toEqual(['uncertified', [1]])
    const short = await sense(problem.blackbox, { at, method: 'compressed', maxCalls: plain.quality.calls + 3 })
    expect([short.result, short.quality.failedRows]).toEqual(['uncertified', [1]])
    expect(short.quality.fallback).toMatch(/maxCalls leaves/)
  })
})

describe('the plan', () => {
  test('2 s ln(n/s) directions, all entries within ±1, the same for the same seed', () => {
    for (const design of DESIGNS) {
      const plan = prepareSensing({ inputs: 200, outputs: 3 }, { method: 'compressed', sparsityLevel: 5, design })
      expect(plan.directions).toBe(37)
      expect(plan.D.length).toBe(37 * 200)
      expect(plan.D.every((entry) => Math.abs(entry) <= 1)).toBe(true)
      const again = prepareSensing({ inputs: 200, outputs: 3 }, { method: 'compressed', sparsityLevel: 5, design })
      expect(again).toEqual(plan)
      const other = prepareSensing(
        { inputs: 200, outputs: 3 },
        { method: 'compressed', directions: 37, design, seed: 2 },
      )
      expect(other.fingerprint).not.toBe(plan.fingerprint)
    }
  })

  test('never takes more directions than inputs, and then those of dense differences', async () => {
    const problem = sparseMap(9, [9, 9, 3], 1)
    const { J, quality } = await sense(problem.blackbox, { at: problem.at, method: 'compressed', directions: 50 })
    expect(quality.directions).toBe(9)
    for (let i = 0; i < 3; i++) expect(rowError(J, i, problem.row(i))).toBeLessThan(1e-8)
    expect(quality.notes[0]).toMatch(/too few inputs/)
  })

  test('a known superset narrows the choice: entries outside of it are zero, columns outside are not moved', async () => {
    const n = 100
    const problem = sparseMap(n - 1, rowsOf(30, 6), 8) // of n inputs the last one does nothing
    const { evaluate } = problem.blackbox
    const blackbox = { inputs: n, outputs: 30, evaluate }
    const { integer } = random(2)
    const places = problem.entries.flatMap((row, i) => [
      ...row.map(([j]) => [i, j] as const),
      ...Array.from({ length: 20 }, () => [i, integer(n - 1)] as const),
    ])
    const sparsity = patternFromEntries(30, n, [...new Map(places.map((place) => [place.join(), place])).values()])
    const at = Float64Array.of(...problem.at, 1)
    const options = { at, method: 'compressed', directions: 20, structure: { sparsity } } as const
    const { result, J, quality, plan } = await sense(blackbox, options)
    for (let t = 0; t < 20; t++) expect(plan.D[t * n + 99]).toBe(0)
    expect(result).toBe('certified')
    expect(quality.repairedRows).toEqual([])
    for (let i = 0; i < 30; i++) {
      expect(rowError(J, i, problem.row(i))).toBeLessThan(1e-8)
      expect(J.get(i, n - 1)).toBe(0)
    }
  })

  test('is used again at another point, and refused where options differ', async () => {
    const problem = sparseMap(120, rowsOf(20, 3), 4)
    const { plan } = await sense(problem.blackbox, { at: problem.at, method: 'compressed', directions: 40 })
    const at = new Float64Array(120)
    const again = await sense(problem.blackbox, { at, plan, method: 'compressed', directions: 40 })
    expect(again.result).toBe('certified')
    expect(again.plan).toBe(plan)
    const level = sense(problem.blackbox, { at, plan, sparsityLevel: 3 })
    await expect(level).rejects.toThrow(/directions \(plan: 40, here: 22\)/)
    const refused = sense(problem.blackbox, { at, plan, directions: 41, design: 'gaussian' })
    await expect(refused).rejects.toThrow(
      /directions \(plan: 40, here: 41\), design \(plan: rademacher, here: gaussian\)/,
    )
  })

  test('auto does not choose it', async () => {
    const problem = sparseMap(60, rowsOf(20, 2), 4)
    expect((await sense(problem.blackbox, { at: problem.at })).plan.method).toBe('dense')
  })

  test('ties are not leant on: what they stand for is measured, and a note says so', async () => {
    const problem = sparseMap(60, rowsOf(20, 2), 4)
    const column = problem.entries[0]![0]![0]
    // a tie that does not hold
    const tied = { column, from: [], known: [], reason: 'said to be zero' }
    const ties = { rows: 20, cols: 60, tiedRows: [], tiedColumns: [tied] }
    const wrong = { at: problem.at, method: 'compressed', structure: { ties } } as const
    const { result, J, quality } = await sense(problem.blackbox, wrong)
    expect(result).toBe('certified')
    expect(quality.notes.join()).toMatch(/known beforehand are measured like all others/)
    for (let i = 0; i < 20; i++) expect(rowError(J, i, problem.row(i))).toBeLessThan(1e-8)
  })

  test.each([
    ['sparsityLevel', { sparsityLevel: 0 }, /sparsityLevel must be an integer ≥ 1, got 0/],
    [
      'sparsityLevel of another method',
      { method: 'dense', sparsityLevel: 3 },
      /for method 'compressed', got method 'dense'/,
    ],
    ['design with auto', { method: 'auto', design: 'gaussian' }, /design is for method 'compressed'/],
    ['directions', { directions: 2.5 }, /directions must be an integer ≥ 1, got 2.5/],
    ['both', { directions: 20, sparsityLevel: 3 }, /not both/],
    ['design', { design: 'circulant' as never }, /design must be one of gaussian, .*got circulant/],
  ] as const)('misuse: %s', async (_, options, message) => {
    const counted = countCalls(sparseMap(30, [2, 2], 1).blackbox)
    await expect(sense(counted, { at: new Float64Array(30), method: 'compressed', ...options })).rejects.toThrow(
      message,
    )
    expect(counted.calls).toBe(0)
  })

  test('it has no pattern for recoverSparse', async () => {
    const problem = sparseMap(30, [2, 2], 1)
    const plan = prepareSensing({ inputs: 30, outputs: 2 }, { method: 'compressed' })
    const measured = await measure(problem.blackbox, plan, { at: problem.at })
    expect(() => recoverSparse(plan, measured)).toThrow(/compressed plan has no sparsity pattern/)
  })
})

describe('solvers', () => {
  test('matching pursuit takes orthogonal columns in the order of their parts', () => {
    const A = designRows('orthogonal', 8, 8, 3)
    const y = new Float64Array(8)
    const x = [0, 3, 0, -5, 0, 0, 1, 0]
    for (let e = 0; e < 8; e++) for (let j = 0; j < 8; j++) y[e]! += A[e * 8 + j]! * x[j]!
    expect(matchingPursuit(A, 8, 8)(y, 1e-9, 8, null)).toMatchObject({ support: [3, 1, 6], reached: true })
    expect(matchingPursuit(A, 8, 8)(y, 1e-9, 2, null)).toEqual({ support: [3, 1], reached: false })
    expect(matchingPursuit(A, 8, 8)(y, 1e-9, 8, [1, 2]).support[0]).toBe(1)
  })

  test('basis pursuit of one equation puts all on the largest coefficient', () => {
    const pursuit = basisPursuit(Float64Array.of(1, -4, 2), 1, 3)!
    pursuit.begin(Float64Array.of(8))
    const z = pursuit.run(new Float64Array(3).fill(1), 500)
    expect(z[0]).toBe(0)
    expect(z[1]).toBeCloseTo(-2, 9)
    expect(z[2]).toBe(0)
    expect(basisPursuit(Float64Array.of(1, 2, 2, 4), 2, 2)).toBeNull()
  })

  test('whatever is called explained fits every equation within its accuracy, and scales with y', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 0, max: 14 }), (seed, s) => {
        const [q, n] = [20, 60]
        const A = designRows('gaussian', q, n, seed)
        const source = random(seed)
        const x = new Float64Array(n)
        for (let c = 0; c < s; c++) x[source.integer(n)] = source.normal()
        const y = new Float64Array(q)
        for (let e = 0; e < q; e++) for (let j = 0; j < n; j++) y[e]! += A[e * n + j]! * x[j]!
        const accuracy = new Float64Array(q).fill(1e-9)
        const found = sparsestSolver(A, q, n).solve(y, accuracy, null)
        const scaled = sparsestSolver(A, q, n).solve(
          y.map((value) => 1024 * value),
          accuracy.map((value) => 1024 * value),
          null,
        )
        expect(scaled.isExplained).toBe(found.isExplained)
        if (s <= 2) expect(found.isExplained).toBe(true)
        if (!found.isExplained) return
        expect(found.x.filter((value) => value !== 0).length).toBeLessThanOrEqual(0.6 * q)
        for (let j = 0; j < n; j++) expect(scaled.x[j]! / 1024).toBeCloseTo(found.x[j]!, 9)
        for (let e = 0; e < q; e++) {
          let rest = y[e]!
          for (let j = 0; j < n; j++) rest -= A[e * n + j]! * found.x[j]!
          expect(Math.abs(rest)).toBeLessThanOrEqual(1.001e-9)
        }
      }),
      { numRuns: 60, seed: 1 },
    )
  })

  test('signs of equal size, where matching pursuit is misled, are found by l1', () => {
    const [q, n, s] = [37, 200, 5]
    const A = designRows('gaussian', q, n, 7)
    const pursue = matchingPursuit(A, q, n)
    const solver = sparsestSolver(A, q, n)
    const source = random(7)
    let misled = 0
    for (let i = 0; i < 60; i++) {
      const places = new Set<number>()
      while (places.size < s) places.add(source.integer(n))
      const y = new Float64Array(q)
      const x = new Float64Array(n)
      for (const j of places) x[j] = source.rademacher()
      for (let e = 0; e < q; e++) for (let j = 0; j < n; j++) y[e]! += A[e * n + j]! * x[j]!
      if (!pursue(y, 1e-8, 22, null).reached) misled++
      const found = solver.solve(y, new Float64Array(q).fill(1e-8), null)
      expect(found.isExplained).toBe(true)
      for (let j = 0; j < n; j++) expect(found.x[j]).toBeCloseTo(x[j]!, 8)
    }
    expect(misled).toBeGreaterThan(0)
  })
})
