/** The matrix [A − λI; C] of the rank test, A [n × n], C [p × n], λ = a + ib: its singular vectors, and a quick look at its rank. */
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { toFlat } from '../linalg/dense.ts'
import { product } from '../linalg/product.ts'
import { solveMany } from '../linalg/solveMany.ts'
import { triangularFactor } from '../linalg/triangularFactor.ts'

export interface Lambda {
  readonly re: number
  readonly im: number // ≥ 0
}

/** Singular values, descending, and right vectors; for complex λ of the real matrix of twice the size. */
export function pencilVectors(A: Matrix, C: Matrix, { re: a, im: b }: Lambda): { sigmas: number[]; V: Matrix } {
  const n = A.rows
  const p = C.rows
  const blocks = b === 0 ? 1 : 2
  const M = Matrix.zeros(blocks * (n + p), blocks * n) // [[Re, −Im], [Im, Re]]
  for (let block = 0; block < blocks; block++) {
    const row = block * (n + p)
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < n; i++) M.set(row + i, block * n + j, A.get(i, j) - (i === j ? a : 0))
      for (let i = 0; i < p; i++) M.set(row + n + i, block * n + j, C.get(i, j))
      if (blocks === 2) M.set(row + j, (1 - block) * n + j, block === 0 ? b : -b)
    }
  }
  const tall = M.rows >= 1.5 * M.columns // then the decomposition costs less than half after a triangular one
  const svd = new SingularValueDecomposition(tall ? triangularFactor(M) : M, { computeLeftSingularVectors: false })
  return { sigmas: svd.diagonal, V: svd.rightSingularVectors }
}

const PROBES = 8

/**
 * λ → about the smallest singular value, at a fraction of the price: how far the inverse of MᴴM stretches the longest of eight fixed
 * vectors. Never below the true value but for rounding (√ε ‖M‖), seldom far above; 0 where MᴴM is singular.
 */
export function roughlySmallest(A: Matrix, C: Matrix): (lambda: Lambda) => number {
  const n = A.rows
  const At = A.transpose()
  const N = toFlat(product(At, A).add(product(C.transpose(), C)))
  const [sum, difference] = [toFlat(Matrix.add(A, At)), toFlat(Matrix.sub(A, At))]
  return ({ re: a, im: b }) => {
    const size = (b === 0 ? 1 : 2) * n
    const G = new Float64Array(size * size)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const k = i * n + j
        const real = N[k]! - a * sum[k]! + (i === j ? a * a + b * b : 0)
        G[i * size + j] = real
        if (b === 0) continue
        const imaginary = b * difference[k]!
        G[(n + i) * size + n + j] = real
        G[(n + i) * size + j] = imaginary
        G[i * size + n + j] = -imaginary
      }
    const X = new Float64Array(size * PROBES)
    for (let i = 0; i < size; i++)
      for (let k = 0; k < PROBES; k++) X[i * PROBES + k] = Math.cos(7 * (i + k) * (i + 3 * k) + i) // no pattern that a mode could be orthogonal to
    const before = columnNorms(X)
    if (!solveMany(G, X, size, PROBES)) return 0
    const growth = columnNorms(X).reduce((most, norm, k) => Math.max(most, norm / before[k]!), 0)
    return Number.isFinite(growth) ? Math.sqrt(1 / growth) : 0
  }
}

function columnNorms(X: Float64Array): Float64Array {
  const squares = new Float64Array(PROBES)
  for (let k = 0; k < X.length; k++) squares[k % PROBES]! += X[k]! * X[k]!
  return squares.map(Math.sqrt)
}
