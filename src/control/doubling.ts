/**
 * The structure-preserving doubling algorithm for P = Q + AᵀP(I + GP)⁻¹A, G = BR⁻¹Bᵀ. Source: E. K.-W. Chu, H.-Y. Fan, W.-W. Lin,
 * C.-S. Wang, "Structure-preserving algorithms for periodic discrete-time algebraic Riccati equations", Int. J. Control
 * 77(8), 2004. Each iteration doubles the horizon: H_k is the cost-to-go of 2ᵏ steps with no cost at the end, A_k the
 * transition over them.
 */
import type { Matrix } from 'ml-matrix'
import { fromFlat, toFlat } from '../linalg/dense.ts'
import { norm2, symmetrizeInPlace, transposeInto } from '../linalg/flat.ts'
import { productInto } from '../linalg/product.ts'
import { solveMany } from '../linalg/solveMany.ts'

/**
 * Iterates A ← A W⁻¹A, G ← G + A W⁻¹G Aᵀ, H ← H + Aᵀ H W⁻¹A with W = I + GH from H = Q until H settles.
 * Null when W is singular, the iterates overflow or H does not settle. All matrices [n × n]; G, Q symmetric.
 */
export function doubling(
  A0: Matrix,
  G0: Matrix,
  Q: Matrix,
  maxIterations: number,
): { P: Matrix; iterations: number } | null {
  const n = A0.rows
  const square = () => new Float64Array(n * n)
  const [At, W, WinvA, WinvG, product, increment] = [square(), square(), square(), square(), square(), square()]
  const G = toFlat(G0)
  const H = toFlat(Q)
  let A = toFlat(A0)
  let next: Float64Array = square()
  const both = new Float64Array(2 * n * n) // [A G], then W⁻¹[A G]
  let lastChange = Number.POSITIVE_INFINITY
  for (let iterations = 1; iterations <= maxIterations; iterations++) {
    productInto(W, G, H, n, n, n)
    for (let i = 0; i < n; i++) {
      W[i * n + i]! += 1
      both.set(A.subarray(i * n, (i + 1) * n), 2 * i * n)
      both.set(G.subarray(i * n, (i + 1) * n), (2 * i + 1) * n)
    }
    if (!solveMany(W, both, n, 2 * n)) return null
    for (let i = 0; i < n; i++) {
      WinvA.set(both.subarray(2 * i * n, (2 * i + 1) * n), i * n)
      WinvG.set(both.subarray((2 * i + 1) * n, (2 * i + 2) * n), i * n)
    }
    transposeInto(At, A, n, n)

    productInto(product, H, WinvA, n, n, n)
    productInto(increment, At, product, n, n, n)
    symmetrizeInPlace(increment, n)
    const change = norm2(increment)
    for (let k = 0; k < H.length; k++) H[k]! += increment[k]!
    const size = norm2(H)
    if (!Number.isFinite(size) || !Number.isFinite(change)) return null
    // Settled to rounding, or, beside modes on the unit circle, as far as rounding lets it: small and no longer falling.
    if (change <= 2 * Number.EPSILON * size || (change <= 1e-12 * size && change >= lastChange / 2))
      return { P: fromFlat(H, n, n), iterations }
    lastChange = change

    productInto(product, A, WinvG, n, n, n)
    productInto(increment, product, At, n, n, n)
    symmetrizeInPlace(increment, n)
    for (let k = 0; k < G.length; k++) G[k]! += increment[k]!
    productInto(next, A, WinvA, n, n, n)
    ;[A, next] = [next, A]
  }
  return null
}
