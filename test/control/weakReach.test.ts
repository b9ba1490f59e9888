import fc from 'fast-check'
import { Matrix, QrDecomposition } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { dare } from '../../src/control/dare.ts'
import { maxAbs } from '../../src/linalg/dense.ts'
import { gaussianMatrix, riccatiDefect } from './riccatiOracle.ts'

const problems = fc.record({
  n: fc.integer({ min: 1, max: 30 }),
  m: fc.integer({ min: 1, max: 5 }),
  seed: fc.integer({ min: 1, max: 1e6 }),
})

describe('dare, modes that control hardly reaches', () => {
  test('are solved with as small a residual as rounding allows', () => {
    fc.assert(
      fc.property(problems, fc.double({ min: -4, max: -1, noNaN: true }), ({ n, m, seed }, power) => {
        // In coordinates that mix the mode with all others P is as large as 1/reach² in every entry.
        const size = n + 1
        const A = Matrix.zeros(size, size)
        A.setSubMatrix(gaussianMatrix(n, n, seed, 0.8 / Math.sqrt(n)), 0, 0)
        A.set(n, n, 1.1)
        const B = gaussianMatrix(size, m, seed + 1, 1)
        const reach = 10 ** power
        B.mulRow(n, reach)
        const { orthogonalMatrix: T } = new QrDecomposition(gaussianMatrix(size, size, seed + 2, 1))
        const problem = {
          A: T.mmul(A).mmul(T.transpose()),
          B: T.mmul(B),
          Q: Matrix.eye(size, size),
          R: Matrix.eye(m, m),
          S: Matrix.zeros(size, m),
        }
        const { result, P, K } = dare(problem.A, problem.B, problem.Q, problem.R)
        expect(result).toBe('solved')
        // What changing each entry of P by one bit leaves in the equation: |A − BK|ᵀ|P||A − BK|, relative to P.
        const closed = Matrix.sub(problem.A, problem.B.mmul(K!)).abs()
        const rounding = 1e-16 * (maxAbs(closed.transpose().mmul(P!.clone().abs()).mmul(closed)) / maxAbs(P!))
        expect(riccatiDefect(problem, P!, K!)).toBeLessThan(Math.max(1e-11, 30 * rounding))
      }),
      { seed: 5, numRuns: 150 },
    )
  })

  test('are named where rounding hides the solution: positive weights are not blamed', () => {
    // One control on n unstable modes that are alike: a gain must tell 1.10 from 1.09, and n of them from each other.
    const alike = (n: number) =>
      dare(Matrix.diag(Array.from({ length: n }, (_, i) => 1.05 + 0.01 * i)), Matrix.ones(n, 1), Matrix.eye(n, n), [
        [1],
      ])
    expect(alike(4).result).toBe('solved')
    for (const n of [6, 7]) {
      const { result, message, K, leastReached } = alike(n)
      expect([result, K, leastReached!.every(({ magnitude }) => magnitude > 1)]).toEqual(['inaccurate', null, true])
      expect(message).toMatch(/^rounding hides the stabilizing solution; least in reach of control: λ = 1\.1/)
    }
  })
})
