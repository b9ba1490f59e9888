import fc from 'fast-check'
import { Matrix, QrDecomposition } from 'ml-matrix'
import { expect, test } from 'vitest'
import { maxAbs } from '../../src/linalg/dense.ts'
import { orthogonalComplement, reducedColumns } from '../../src/linalg/subspace.ts'
import { gaussianMatrix } from '../control/riccatiOracle.ts'

const sizes = fc
  .record({ n: fc.integer({ min: 1, max: 12 }), share: fc.double({ min: 0, max: 1, noNaN: true }), seed: fc.nat(1e6) })
  .map(({ n, share, seed }) => ({ n, k: Math.max(1, Math.round(share * n)), seed }))
const orthonormal = (n: number, k: number, seed: number) =>
  new QrDecomposition(gaussianMatrix(n, k, seed + 1, 1)).orthogonalMatrix.subMatrix(0, n - 1, 0, k - 1)

test('V and its complement together are an orthogonal matrix', () => {
  fc.assert(
    fc.property(sizes, ({ n, k, seed }) => {
      const V = orthonormal(n, k, seed)
      const T = orthogonalComplement(V)
      expect([T.rows, T.columns]).toEqual([n, n - k])
      const sum = Matrix.add(V.mmul(V.transpose()), k === n ? Matrix.zeros(n, n) : T.mmul(T.transpose()))
      expect(maxAbs(Matrix.sub(sum, Matrix.eye(n, n)))).toBeLessThan(1e-12)
    }),
    { seed: 1, numRuns: 60 },
  )
})

test('the complement of unit vectors is unit vectors', () => {
  const T = orthogonalComplement(new Matrix([[0], [1], [0]]))
  expect(T.to2DArray()).toEqual([
    [1, 0],
    [0, 0],
    [0, 1],
  ])
  expect(orthogonalComplement(Matrix.zeros(2, 0)).to2DArray()).toEqual([
    [1, 0],
    [0, 1],
  ])
})

test('reduced columns span the same space, each alone in its row', () => {
  fc.assert(
    fc.property(sizes, ({ n, k, seed }) => {
      const V = orthonormal(n, k, seed)
      const W = reducedColumns(V)
      expect(maxAbs(Matrix.sub(V.mmul(V.transpose()).mmul(W), W))).toBeLessThan(1e-9 * Math.max(1, maxAbs(W)))
      const alone = W.to2DArray().filter((row) => row.filter((entry) => Math.abs(entry) > 1e-9).length === 1)
      expect(alone.length).toBeGreaterThanOrEqual(k)
    }),
    { seed: 2, numRuns: 60 },
  )
})

test('a rotated basis of two coordinates gives the coordinates back', () => {
  const [c, s] = [Math.cos(1), Math.sin(1)]
  const W = reducedColumns(
    new Matrix([
      [c, -s],
      [0, 0],
      [s, c],
    ]),
  )
  const unit = new Matrix([
    [1, 0],
    [0, 0],
    [0, 1],
  ])
  expect(maxAbs(Matrix.sub(W, unit))).toBeLessThan(1e-15)
})
