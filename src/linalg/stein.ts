/**
 * The Stein (discrete Lyapunov) equation P = AᵀPA + Q for stable A, by Smith's squared iteration: P ← P + AᵀPA, A ← A².
 * Source: R. A. Smith, "Matrix equation XA + BX = C", SIAM J. Appl. Math. 16(1), 1968. After k steps the sum Σ (Aᵀ)ⁱQAⁱ holds
 * 2ᵏ terms.
 */
import { Matrix } from 'ml-matrix'
import { maxAbs, symmetrized } from './dense.ts'
import { product } from './product.ts'

/** P [n × n] with P = AᵀPA + Q, Q symmetric; null when the sum does not settle (spectral radius of A not below 1). */
export function stein(A: Matrix, Q: Matrix, maxIterations = 60): Matrix | null {
  let P = Q.clone()
  let F = A
  for (let k = 0; k < maxIterations; k++) {
    const increment = symmetrized(product(F.transpose(), product(P, F)))
    const size = maxAbs(P)
    const change = maxAbs(increment)
    if (!Number.isFinite(change) || !Number.isFinite(size)) return null
    P = Matrix.add(P, increment)
    if (change <= 1e-17 * size) return P
    F = product(F, F)
  }
  return null
}
