import fc from 'fast-check'
import { Matrix, QrDecomposition } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { dare } from '../../src/control/dare.ts'
import { lqr } from '../../src/control/lqr.ts'
import { maxAbs } from '../../src/linalg/dense.ts'
import { gaussianMatrix } from './riccatiOracle.ts'

/** a⁺ = a, b⁺ = A_b b + A_a a + B_b u in the coordinates x = V [a; b], V orthogonal. */
function system(seed: number, k: number, r: number, m: number) {
  const V = new QrDecomposition(gaussianMatrix(k + r, k + r, seed, 1)).orthogonalMatrix
  const [Ab, Aa, Bb] = [
    gaussianMatrix(r, r, seed + 1, 1.1 / Math.sqrt(r)),
    gaussianMatrix(r, k, seed + 2, 0.3),
    gaussianMatrix(r, m, seed + 3, 1),
  ]
  const [A, B] = [Matrix.eye(k + r, k + r), Matrix.zeros(k + r, m)]
  A.setSubMatrix(Ab, k, k)
  A.setSubMatrix(Aa, k, 0)
  B.setSubMatrix(Bb, k, 0)
  return { V, Ab, Bb, A: V.mmul(A).mmul(V.transpose()), B: V.mmul(B) }
}

describe('lqr with unreached: keep', () => {
  const systems = fc.record({
    seed: fc.integer({ min: 1, max: 1e6 }),
    k: fc.integer({ min: 1, max: 3 }),
    r: fc.integer({ min: 2, max: 9 }),
    m: fc.integer({ min: 1, max: 3 }),
  })

  test('constants stay, the rest comes to rest beside them, under the optimal gain of the rest alone', () => {
    fc.assert(
      fc.property(systems, ({ seed, k, r, m }) => {
        const { V, Ab, Bb, A, B } = system(seed, k, r, m)
        const n = k + r
        const [Q, R] = [Matrix.eye(n, n), Matrix.eye(m, m)]
        expect(lqr({ A, B }, { Q, R }).result).toBe('unstabilizable')
        const { result, K, unreached } = lqr({ A, B }, { Q, R }, { unreached: 'keep' })
        expect(result).toBe('solved')
        expect(unreached).toHaveLength(k)
        const ofRest = V.subMatrix(0, n - 1, k, n - 1)
        const alone = dare(Ab, Bb, Matrix.eye(r, r), R).K!
        expect(maxAbs(Matrix.sub(K!.mmul(ofRest), alone))).toBeLessThan(1e-6 * Math.max(1, maxAbs(alone)))
        let x = gaussianMatrix(n, 1, seed + 4, 1)
        const constants = V.transpose()
          .mmul(x)
          .subMatrix(0, k - 1, 0, 0)
        const closed = Matrix.sub(A, B.mmul(K!))
        for (let t = 0; t < 3000; t++) x = closed.mmul(x)
        const change = Matrix.sub(closed.mmul(x), x)
        expect(maxAbs(change)).toBeLessThan(1e-8 * Math.max(1, maxAbs(x)))
        const after = V.transpose()
          .mmul(x)
          .subMatrix(0, k - 1, 0, 0)
        expect(maxAbs(Matrix.sub(after, constants))).toBeLessThan(1e-8)
      }),
      { seed: 4, numRuns: 40 },
    )
  })

  test('a place that its speed moves on grows: refused', () => {
    const A = [
      [1, 0.1, 0],
      [0, 1, 0],
      [0, 0, 1.2],
    ]
    const found = lqr({ A, B: [[0], [0], [1]] }, { Q: Matrix.eye(3, 3), R: [[1]] }, { unreached: 'keep' })
    expect(found.result).toBe('unstabilizable')
    expect(found.K).toBeNull()
  })

  test('a mode that grows is refused beside one that stays', () => {
    const A = Matrix.diag([1, 1.1, 0.9])
    const found = lqr({ A, B: [[0], [0], [1]] }, { Q: Matrix.eye(3, 3), R: [[1]] }, { unreached: 'keep' })
    expect(found.result).toBe('unstabilizable')
    expect(found.unstabilizable!.map(({ magnitude }) => magnitude)).toContain(1.1)
  })

  test('a constant that nothing can rest beside is refused', () => {
    // b⁺ = b + a: with a ≠ 0, b drifts for ever, and no control acts on it.
    const A = [
      [1, 0, 0],
      [1, 0.5, 0],
      [0, 0, 1.5],
    ]
    const drifts = [
      [1, 0, 0],
      [1, 1, 0],
      [0, 0, 1.5],
    ]
    const [B, cost] = [[[0], [0], [1]], { Q: Matrix.eye(3, 3), R: [[1]] }]
    expect(lqr({ A, B }, cost, { unreached: 'keep' }).result).toBe('solved')
    expect(lqr({ A: drifts, B }, cost, { unreached: 'keep' }).result).toBe('unstabilizable')
  })

  test('misuse is named', () => {
    const unreached = 'drop' as 'keep'
    expect(() => lqr({ A: [[1]], B: [[1]] }, { Q: [[1]], R: [[1]] }, { unreached })).toThrow(
      "lqr: unreached must be 'refuse' or 'keep', got drop",
    )
  })
})
