/** One step of a closed loop as a matrix: of the state, and of what its controller remembers. */
import { Matrix } from 'ml-matrix'
import { toMatrix } from '../linalg/dense.ts'
import type { ControllerDesign } from './controllerDesign.ts'

/**
 * With integrals [A − BK, −BKz; dt·C, I], of (δx, z); with a filter of (δx, δx̂⁻), which predicts with the A and B of the design; else
 * A − BK. `truth` may be another linearization than that of the design. null without a gain.
 */
export function closedLoop(
  design: Pick<ControllerDesign, 'A' | 'B' | 'K' | 'integral' | 'filter'>,
  truth: { readonly A: Matrix; readonly B: Matrix; readonly dt: number },
): Matrix | null {
  if (design.K === null) return null
  const matrix = (rows: number[][]) => toMatrix(rows, 'closedLoop', 'matrix')
  const K = matrix(design.K)
  const { A, B, dt } = truth
  const n = A.rows
  if (design.integral) {
    const [Kz, C] = [matrix(design.integral.Kz), matrix(design.integral.C)]
    const size = n + C.rows
    const M = Matrix.eye(size, size)
    M.setSubMatrix(Matrix.sub(A, B.mmul(K)), 0, 0)
    M.setSubMatrix(B.mmul(Kz).mul(-1), 0, n)
    M.setSubMatrix(Matrix.mul(C, dt), n, 0)
    return M
  }
  if (design.filter) {
    const seen = matrix(design.filter.L).mmul(matrix(design.filter.C)) // LC
    const kept = Matrix.sub(Matrix.eye(n, n), seen) // I − LC
    const predicted = Matrix.sub(matrix(design.A), matrix(design.B).mmul(K))
    const M = Matrix.zeros(2 * n, 2 * n)
    M.setSubMatrix(Matrix.sub(A, B.mmul(K).mmul(seen)), 0, 0)
    M.setSubMatrix(B.mmul(K).mmul(kept).mul(-1), 0, n)
    M.setSubMatrix(predicted.mmul(seen), n, 0)
    M.setSubMatrix(predicted.mmul(kept), n, n)
    return M
  }
  return Matrix.sub(A, B.mmul(K))
}
