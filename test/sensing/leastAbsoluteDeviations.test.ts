import fc from 'fast-check'
import { Matrix, solve as leastSquares } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { random, type Random } from '../../src/linalg/random.ts'
import { leastAbsoluteDeviations } from '../../src/sensing/leastAbsoluteDeviations.ts'
import { leastAbsoluteByHighs } from '../oracle/highs.ts'

const normals = (source: Random, k: number, n: number) =>
  Array.from({ length: k }, () => Array.from({ length: n }, () => source.normal()))
const times = (A: readonly (readonly number[])[], x: ArrayLike<number>) =>
  A.map((row) => row.reduce((sum, a, j) => sum + a * x[j]!, 0))
const column = (y: readonly number[]) => y.map((value) => [value])
const largest = (values: Iterable<number>) => Math.max(0, ...[...values].map(Math.abs))

/** The proof, checked from its definition: objective, |λ| ≤ w, Aᵀλ = 0 and −yᵀλ no more than gap below. */
function expectProof(
  A: readonly (readonly number[])[],
  y: readonly number[],
  solution: ReturnType<typeof leastAbsoluteDeviations>[number],
  weights: readonly number[] = y.map(() => 1),
) {
  expectDualBound(A, y, solution, weights)
  const size = y.reduce((sum, value, t) => sum + weights[t]! * Math.abs(value), 1e-300)
  expect(Math.abs(solution.gap)).toBeLessThanOrEqual(1e-10 * size)
}

/** As expectProof, whatever the gap. */
function expectDualBound(
  A: readonly (readonly number[])[],
  y: readonly number[],
  solution: ReturnType<typeof leastAbsoluteDeviations>[number],
  weights: readonly number[] = y.map(() => 1),
) {
  const { x, objective, gap, multipliers } = solution
  const size = y.reduce((sum, value, t) => sum + weights[t]! * Math.abs(value), 1e-300)
  const fitted = times(A, x)
  const actual = y.reduce((sum, value, t) => sum + weights[t]! * Math.abs(fitted[t]! - value), 0)
  expect(Math.abs(objective - actual)).toBeLessThanOrEqual(1e-12 * size)
  multipliers.forEach((multiplier, t) => {
    expect(Math.abs(multiplier)).toBeLessThanOrEqual(weights[t]! * (1 + 1e-12))
  })
  for (let j = 0; j < x.length; j++) {
    const terms = A.map((row, t) => row[j]! * multipliers[t]!)
    const scale = terms.reduce((sum, term) => sum + Math.abs(term), 0)
    expect(Math.abs(terms.reduce((sum, term) => sum + term, 0))).toBeLessThanOrEqual(1e-8 * scale)
  }
  const bound = -y.reduce((sum, value, t) => sum + value * multipliers[t]!, 0)
  expect(Math.abs(objective - gap - bound)).toBeLessThanOrEqual(1e-12 * size)
}

describe('leastAbsoluteDeviations', () => {
  it('equals HiGHS to 1e-9 on 200 random problems', () => {
    const source = random(11)
    for (let trial = 0; trial < 200; trial++) {
      const n = 1 + source.integer(12)
      const k = n + source.integer(40)
      const A = normals(source, k, n).map((row) => row.map((a) => (trial % 4 === 3 && source.uniform() < 0.7 ? 0 : a)))
      for (let j = 0; j < n; j++) A[j]![j]! += trial % 4 === 3 ? 2 : 0 // full rank, though sparse
      const x = Array.from({ length: n }, () => source.normal())
      const y = times(A, x).map((value) => {
        if (trial % 4 === 0) return source.normal()
        return value + 0.01 * source.normal() + (source.uniform() < 0.2 ? 50 * source.normal() : 0)
      })
      const weights = trial % 2 === 0 ? y.map(() => 1) : y.map(() => 0.1 + 3 * source.uniform())
      const solution = leastAbsoluteDeviations(A, column(y), { weights })[0]!
      const oracle = leastAbsoluteByHighs(A, y, weights)
      expect(solution.result).toBe('optimal')
      expect(Math.abs(solution.objective - oracle.objective)).toBeLessThanOrEqual(1e-9 * Math.max(1, oracle.objective))
      expectProof(A, y, solution, weights)
      if (!solution.isUnique) continue
      const size = Math.max(1, largest(oracle.x))
      for (let j = 0; j < n; j++) expect(Math.abs(solution.x[j]! - oracle.x[j]!)).toBeLessThanOrEqual(1e-9 * size)
    }
  })

  it('recovers exactly from 20 % gross errors at ten equations an unknown, in 100 of 100 seeds', () => {
    for (let seed = 0; seed < 100; seed++) {
      const source = random(seed, 1)
      const n = 8
      const A = normals(source, 10 * n, n)
      const x = Array.from({ length: n }, () => source.normal())
      const y = times(A, x)
      // exactly 20 % of the equations, anywhere
      const keys = y.map(() => source.uniform())
      const places = Array.from(y, (_, t) => t).sort((a, b) => keys[a]! - keys[b]!)
      for (const t of places.slice(0, y.length / 5)) y[t]! += 50 * source.normal()
      const solution = leastAbsoluteDeviations(A, column(y))[0]!
      expect(solution.result).toBe('optimal')
      expect(largest(x.map((value, j) => value - solution.x[j]!))).toBeLessThan(1e-11)
      const byLeastSquares = leastSquares(new Matrix(A), Matrix.columnVector(y)).getColumn(0)
      expect(largest(x.map((value, j) => value - byLeastSquares[j]!))).toBeGreaterThan(0.1)
    }
  })

  it('the same for 100 right-hand sides at once, of 160 equations for 16 unknowns', () => {
    const source = random(15)
    const [k, n, count] = [160, 16, 100]
    const A = normals(source, k, n)
    const truth = Array.from({ length: count }, () => Array.from({ length: n }, () => source.normal()))
    const Y = A.map((row) => truth.map((x) => times([row], x)[0]!))
    for (let c = 0; c < count; c++) {
      const keys = A.map(() => source.uniform())
      const places = Array.from(A, (_, t) => t).sort((a, b) => keys[a]! - keys[b]!)
      for (const t of places.slice(0, k / 5)) Y[t]![c]! += 50 * source.normal()
    }
    leastAbsoluteDeviations(A, Y).forEach(({ result, isUnique, x }, c) => {
      expect({ result, isUnique }).toEqual({ result: 'optimal', isUnique: true })
      expect(largest(truth[c]!.map((value, j) => value - x[j]!))).toBeLessThan(1e-11)
    })
  })

  it('proves its answers where many residuals vanish, and for whole numbers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 20 }), fc.integer(), (n, more, seed) => {
        const source = random(seed)
        const A = Array.from({ length: n + more }, () => Array.from({ length: n }, () => source.integer(5) - 2))
        const y = A.map(() => source.integer(5) - 2)
        const solution = leastAbsoluteDeviations(A, column(y))[0]!
        expect(solution.result).not.toBe('max-pivots')
        expectProof(A, y, solution)
      }),
      { numRuns: 300, seed: 5 },
    )
  })

  it('is never worse than least squares', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 0, max: 30 }), fc.integer(), (n, more, seed) => {
        const source = random(seed)
        const A = normals(source, n + more, n)
        const y = A.map(() => source.normal() / (source.uniform() + 1e-3))
        const { objective } = leastAbsoluteDeviations(A, column(y))[0]!
        const x = leastSquares(new Matrix(A), Matrix.columnVector(y), true).getColumn(0)
        const other = times(A, x).reduce((sum, value, t) => sum + Math.abs(value - y[t]!), 0)
        expect(objective).toBeLessThanOrEqual(other * (1 + 1e-9) + 1e-12)
      }),
      { numRuns: 200, seed: 6 },
    )
  })

  it('is equivariant: A(x + b), scaled right-hand sides and scaled columns give the solution they should', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 12 }), fc.integer(), (n, more, seed) => {
        const source = random(seed)
        const A = normals(source, n + more, n)
        const y = A.map(() => source.normal())
        const b = Array.from({ length: n }, () => source.normal())
        const factors = Array.from({ length: n }, () => 10 ** (12 * source.uniform() - 6))
        const plain = leastAbsoluteDeviations(A, column(y))[0]!
        fc.pre(plain.isUnique)
        const shift = times(A, b)
        const moved = leastAbsoluteDeviations(A, column(y.map((value, t) => 1e6 * (value + shift[t]!))))[0]!
        const scaled = leastAbsoluteDeviations(
          A.map((row) => row.map((a, j) => a * factors[j]!)),
          column(y),
        )[0]!
        const size = 1 + largest(plain.x)
        for (let j = 0; j < n; j++) {
          expect(Math.abs(moved.x[j]! / 1e6 - plain.x[j]! - b[j]!)).toBeLessThan(1e-8 * size)
          expect(Math.abs(scaled.x[j]! * factors[j]! - plain.x[j]!)).toBeLessThan(1e-8 * size)
        }
      }),
      { numRuns: 100, seed: 7 },
    )
  })

  it('with one unknown is the weighted median: fewer than half of the equations cannot move it, half can', () => {
    const ones = (count: number) => Array.from({ length: count }, () => [1])
    const median = (y: number[], weights?: number[]) =>
      leastAbsoluteDeviations(ones(y.length), column(y), { weights })[0]!
    expect(median([5, 1, 3]).x[0]).toBe(3)
    expect(median([2, 2, 2, 1e9, 1e9]).x[0]).toBe(2)
    expect(median([2, 2, 1e9, 1e9, 1e9]).x[0]).toBe(1e9)
    expect(median([0, 10], [1, 1.5]).x[0]).toBe(10)
    expect(median([0, 10, 11], [3, 1, 1]).x[0]).toBe(0)
    // a weight of zero leaves an equation out
    expect(median([7, 8, 9, 1e12], [1, 1, 1, 0]).x[0]).toBe(8)
    const between = median([0, 10])
    expect(between).toMatchObject({ result: 'optimal', objective: 10, isUnique: false })
    expect(median([5, 1, 3])).toMatchObject({ isUnique: true, fitted: [2] })
  })

  it('reports columns that depend on others, and proves its objective all the same', () => {
    const source = random(3)
    const A = normals(source, 20, 3).map(([a, b, c]) => [a!, b!, a! + 2 * b!, c!, 0])
    const y = A.map(() => source.normal())
    const solution = leastAbsoluteDeviations(A, column(y))[0]!
    expect(solution.result).toBe('rank-deficient')
    expect(solution.dependentColumns).toHaveLength(2)
    expect(solution.dependentColumns).toContain(4)
    for (const j of solution.dependentColumns) expect(solution.x[j]).toBe(0)
    expect(solution.fitted).toHaveLength(3)
    expect(solution.isUnique).toBe(false)
    expectProof(A, y, solution)
    expect(solution.objective).toBeCloseTo(leastAbsoluteByHighs(A, y).objective, 9)
  })

  it('keeps its place among many right-hand sides, and the same bits alone as among others', () => {
    const source = random(8)
    const A = normals(source, 30, 5)
    const Y = normals(source, 30, 7)
    const together = leastAbsoluteDeviations(new Matrix(A), new Matrix(Y))
    for (let c = 0; c < 7; c++) {
      const alone = leastAbsoluteDeviations(A, column(Y.map((row) => row[c]!)))[0]!
      expect(together[c]).toEqual(alone)
    }
  })

  it('the same with unknowns enough that right-hand sides are computed together, exact, noisy and both', () => {
    const source = random(12)
    const [k, n] = [61, 15]
    const A = normals(source, k, n)
    const Y = A.map(() => new Array<number>(22))
    const truth = Array.from({ length: 22 }, () => Array.from({ length: n }, () => source.normal()))
    for (let c = 0; c < 22; c++)
      times(A, truth[c]!).forEach((value, t) => {
        const gross = c % 4 > 0 && source.uniform() < 0.1 ? 50 * source.normal() : 0
        Y[t]![c] = value + gross + [0, 0, 1e-3, 1][c % 4]! * source.normal()
      })
    const together = leastAbsoluteDeviations(A, Y)
    for (let c = 0; c < 22; c++) {
      const y = Y.map((row) => row[c]!)
      expect(together[c]).toEqual(leastAbsoluteDeviations(A, column(y))[0])
      expect(together[c]!.result).toBe('optimal')
      expectProof(A, y, together[c]!)
      if (c % 4 > 1) continue
      expect(together[c]!.isUnique).toBe(true)
      expect(largest(truth[c]!.map((value, j) => value - together[c]!.x[j]!))).toBeLessThan(1e-12)
    }
  })

  it('equals HiGHS where 54 unknowns share 108 equations, a share of them grossly wrong, with noise and without', () => {
    const source = random(13)
    const [k, n, kinds] = [108, 54, [0, 0.05, 0.1, 0.2].flatMap((share) => [0, 1e-3].map((noise) => [share, noise]))]
    const A = normals(source, k, n)
    const Y = A.map(() => new Array<number>(kinds.length))
    kinds.forEach(([share, noise], c) => {
      const x = Array.from({ length: n }, () => source.normal())
      times(A, x).forEach((value, t) => {
        Y[t]![c] = value + noise! * source.normal() + (source.uniform() < share! ? 50 * source.normal() : 0)
      })
    })
    const solutions = leastAbsoluteDeviations(A, Y)
    for (const [c, solution] of solutions.entries()) {
      const y = Y.map((row) => row[c]!)
      expect(solution.result).toBe('optimal')
      expectProof(A, y, solution)
      const { objective } = leastAbsoluteByHighs(A, y)
      expect(Math.abs(solution.objective - objective)).toBeLessThanOrEqual(1e-9 * Math.max(1, objective))
    }
  })

  it('with one unknown is the same as with a second that nothing depends on but itself', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer(), (k, seed) => {
        const source = random(seed)
        const a = Array.from({ length: k }, () => (source.uniform() < 0.5 ? source.normal() : source.integer(5) - 2))
        fc.pre(largest(a) > 0)
        const y = a.map((value) => (source.uniform() < 0.5 ? 2 * value : source.integer(7) - 3))
        const A = column(a)
        const one = leastAbsoluteDeviations(A, column(y))[0]!
        const two = leastAbsoluteDeviations([...a.map((value) => [value, 0]), [0, 1]], column([...y, 0]))[0]!
        expect(one.result).toBe('optimal')
        expectProof(A, y, one)
        expect(Math.abs(one.objective - two.objective)).toBeLessThan(1e-12 * (1 + one.objective))
        if (one.isUnique) expect(Math.abs(one.x[0]! - two.x[0]!)).toBeLessThan(1e-12 * (1 + Math.abs(one.x[0]!)))
      }),
      { numRuns: 300, seed: 14 },
    )
  })

  it('tells when it was stopped early, and how far it may be off', () => {
    const source = random(9)
    const A = normals(source, 60, 20)
    const y = A.map(() => source.normal() / (source.uniform() + 1e-3))
    const [stopped] = leastAbsoluteDeviations(A, column(y), { maxPivots: 1 })
    const [finished] = leastAbsoluteDeviations(A, column(y))
    expect(finished!.result).toBe('optimal')
    expect(finished!.pivots).toBeGreaterThan(1)
    expect(stopped!.result).toBe('max-pivots')
    expect(stopped!.objective).toBeGreaterThan(finished!.objective * (1 + 1e-6))
    expectDualBound(A, y, stopped!)
    expect(stopped!.objective - stopped!.gap).toBeLessThanOrEqual(finished!.objective)
  })

  it('does not go round where a vertex has many descriptions', () => {
    // every difference of two unknowns, all right-hand sides equal but for a few: nearly all residuals vanish at once
    for (let seed = 0; seed < 20; seed++) {
      const source = random(seed, 4)
      const n = 12
      const A: number[][] = []
      for (let i = 0; i < n; i++)
        for (let j = 0; j < i; j++) A.push(Array.from({ length: n }, (_, l) => (l === i ? 1 : l === j ? -1 : 0)))
      A.push(...A.map((row) => row.map((a, l) => (l === 0 ? 1 : a))))
      const y = A.map(() => (source.uniform() < 0.3 ? source.integer(3) - 1 : 0))
      const solution = leastAbsoluteDeviations(A, column(y))[0]!
      expect(solution.result).toBe('optimal')
      expectProof(A, y, solution)
    }
  })

  it('takes the smallest cases: nothing to solve, as many equations as unknowns, right-hand sides of zeros', () => {
    expect(leastAbsoluteDeviations([[1], [2]], new Matrix(2, 0))).toEqual([])
    const [none] = leastAbsoluteDeviations(new Matrix(2, 0), [[1], [-2]])
    expect(none).toMatchObject({ result: 'optimal', objective: 3, gap: 0 })
    const [square] = leastAbsoluteDeviations(
      [
        [2, 0],
        [0, 4],
      ],
      [[2], [2]],
    )
    expect(Array.from(square!.x)).toEqual([1, 0.5])
    const [zero] = leastAbsoluteDeviations(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [[0], [0], [0]],
    )
    expect(zero).toMatchObject({ result: 'optimal', objective: 0 })
    expect(Array.from(zero!.x, Math.abs)).toEqual([0, 0])
    const [empty] = leastAbsoluteDeviations([[0], [0]], [[1], [2]])
    expect(empty).toMatchObject({ result: 'rank-deficient', objective: 3, dependentColumns: [0] })
  })

  it.each([
    ['another number of equations', [[1], [2]], [[1]], {}, 'Y must have a row for each of the 2 rows of A, got 1'],
    ['too few equations', [[1, 2]], [[1]], {}, 'A must have at least as many rows as columns, got [1 × 2]'],
    ['a failed measurement', [[1]], [[Number.NaN]], {}, 'Y[0][0] is NaN'],
    ['too few weights', [[1], [2]], [[1], [2]], { weights: [1] }, 'weights must have 2 entries'],
    ['a negative weight', [[1]], [[1]], { weights: [-1] }, 'weights[0] is -1'],
    ['half a pivot', [[1]], [[1]], { maxPivots: 0.5 }, 'maxPivots must be an integer ≥ 0, got 0.5'],
  ])('refuses %s', (_, A, Y, options, message) => {
    expect(() => leastAbsoluteDeviations(A, Y, options)).toThrow(`leastAbsoluteDeviations: ${message}`)
  })
})
