/** The matrix [A − λI; C] of the rank test, A [n × n], C [p × n], λ = a + ib: its singular vectors, and a quick look at its rank. */
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { solveLinear } from '../linalg/dense.ts'

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
  const svd = new SingularValueDecomposition(M, { computeLeftSingularVectors: false })
  return { sigmas: svd.diagonal, V: svd.rightSingularVectors }
}

/**
 * λ → about the smallest singular value, at a fraction of the price: two inverse iterations with MᴴM from a fixed vector.
 * Never below the true value but for rounding (√ε ‖M‖), seldom far above; 0 where MᴴM is singular.
 */
export function roughlySmallest(A: Matrix, C: Matrix): (lambda: Lambda) => number {
  const n = A.rows
  const At = A.transpose()
  const N = At.mmul(A).add(C.transpose().mmul(C))
  return ({ re: a, im: b }) => {
    const blocks = b === 0 ? 1 : 2
    const G = Matrix.zeros(blocks * n, blocks * n)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const real = N.get(i, j) - a * (A.get(i, j) + At.get(i, j)) + (i === j ? a * a + b * b : 0)
        G.set(i, j, real)
        if (blocks === 1) continue
        const imaginary = b * (A.get(i, j) - At.get(i, j))
        G.set(n + i, n + j, real)
        G.set(n + i, j, imaginary)
        G.set(i, n + j, -imaginary)
      }
    let x: Matrix | null = Matrix.zeros(blocks * n, 1)
    for (let i = 0; i < x.rows; i++) x.set(i, 0, 1 + 0.5 * Math.cos(7 * i * i + i)) // no pattern that a mode could be orthogonal to
    let growth = 0
    for (let k = 0; k < 2; k++) {
      const before: number = x.norm()
      x = solveLinear(G, x)
      if (!x) return 0
      growth = x.norm() / before
    }
    return Math.sqrt(1 / growth)
  }
}
