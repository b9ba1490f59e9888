import fc from 'fast-check'
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { toFlat } from '../../src/linalg/dense.ts'
import { createSemidefiniteSolver } from '../../src/linalg/semidefinite.ts'

const entries = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 72, maxLength: 72 })
const sizes = fc.integer({ min: 1, max: 8 }).chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 0, max: n })))

/** F Fᵀ, F [n × k] with singular values between 0.3 and 1. */
function ofRank(n: number, k: number, a: readonly number[]): { W: Matrix; projector: Matrix } {
  const U = new SingularValueDecomposition(Matrix.from1DArray(n, n, a.slice(0, n * n)).add(Matrix.eye(n, n).mul(n)))
    .leftSingularVectors
  if (k === 0) return { W: Matrix.zeros(n, n), projector: Matrix.zeros(n, n) }
  const basis = U.subMatrix(0, n - 1, 0, k - 1)
  const S = Matrix.diag(Array.from({ length: k }, (_, i) => 0.1 + 0.9 / (i + 1)))
  return { W: basis.mmul(S).mmul(basis.transpose()), projector: basis.mmul(basis.transpose()) }
}

describe('semidefinite systems', () => {
  test('W λ is the projection of r on the range of W, whatever its rank', () => {
    fc.assert(
      fc.property(sizes, entries, ([n, k], a) => {
        const { W, projector } = ofRank(n, k, a)
        const r = Matrix.columnVector(a.slice(-n))
        const solver = createSemidefiniteSolver(n)
        solver.factor(toFlat(W), 1e-10)
        expect(solver.rank()).toBe(k)
        const lambda = Float64Array.from(r.to1DArray())
        solver.solve(lambda, lambda)
        const reached = W.mmul(Matrix.columnVector(Array.from(lambda))).to1DArray()
        const nearest = projector.mmul(r).to1DArray()
        reached.forEach((value, i) => {
          expect(value).toBeCloseTo(nearest[i]!, 12)
        })
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  test('rows told twice and more share what contradicts itself, and NaN is not taken for a pivot', () => {
    const solver = createSemidefiniteSolver(3)
    const lambda = new Float64Array(3)
    solver.factor(Float64Array.of(2, 2, 0, 2, 2, 0, 0, 0, 4), 1e-10)
    solver.solve(lambda, Float64Array.of(1, 3, 4))
    expect(2 * (lambda[0]! + lambda[1]!)).toBeCloseTo(2, 14) // the mean of 1 and 3
    expect(lambda[2]).toBeCloseTo(1, 14)
    solver.factor(new Float64Array(9).fill(Number.NaN), 1e-10)
    expect(solver.rank()).toBe(0)
  })
})
