/**
 * The structure-preserving doubling algorithm for P = Q + AᵀP(I + GP)⁻¹A, G = BR⁻¹Bᵀ. Source: E. K.-W. Chu, H.-Y. Fan, W.-W. Lin,
 * C.-S. Wang, "Structure-preserving algorithms for periodic discrete-time algebraic Riccati equations", Int. J. Control
 * 77(8), 2004. Each iteration doubles the horizon: H_k is the cost-to-go of 2ᵏ steps with no cost at the end, A_k the
 * transition over them.
 */
import { Matrix } from 'ml-matrix'
import { frobenius, solveLinear, symmetrized } from '../linalg/dense.ts'

/**
 * Iterates A ← A W⁻¹A, G ← G + A W⁻¹G Aᵀ, H ← H + Aᵀ H W⁻¹A with W = I + GH from H = Q until H settles.
 * Null when W is singular, the iterates overflow or H does not settle. All matrices [n × n]; G, Q symmetric.
 */
export function doubling(
  A: Matrix,
  G: Matrix,
  Q: Matrix,
  maxIterations: number,
): { P: Matrix; iterations: number } | null {
  const n = A.rows
  const I = Matrix.eye(n, n)
  let H = Q
  let lastChange = Number.POSITIVE_INFINITY
  for (let iterations = 1; iterations <= maxIterations; iterations++) {
    const W = Matrix.add(I, G.mmul(H))
    const solved = solveLinear(W, sideBySide(A, G)) // W⁻¹[A G]
    if (!solved) return null
    const WinvA = solved.subMatrix(0, n - 1, 0, n - 1)
    const WinvG = solved.subMatrix(0, n - 1, n, 2 * n - 1)
    const At = A.transpose()
    const increment = symmetrized(At.mmul(H).mmul(WinvA))
    H = Matrix.add(H, increment)
    G = Matrix.add(G, symmetrized(A.mmul(WinvG).mmul(At)))
    A = A.mmul(WinvA)
    const size = frobenius(H)
    const change = frobenius(increment)
    if (!Number.isFinite(size) || !Number.isFinite(change)) return null
    // Settled to rounding, or, beside modes on the unit circle, as far as rounding lets it: small and no longer falling.
    if (change <= 2 * Number.EPSILON * size || (change <= 1e-12 * size && change >= lastChange / 2))
      return { P: H, iterations }
    lastChange = change
    if (!Number.isFinite(frobenius(A)) || !Number.isFinite(frobenius(G))) return null
  }
  return null
}

function sideBySide(X: Matrix, Y: Matrix): Matrix {
  const M = Matrix.zeros(X.rows, X.columns + Y.columns)
  M.setSubMatrix(X, 0, 0)
  M.setSubMatrix(Y, 0, X.columns)
  return M
}
