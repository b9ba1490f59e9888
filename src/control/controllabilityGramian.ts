/**
 * How far control reaches: Wc = Σ_{k<N} AᵏBBᵀ(Aᵀ)ᵏ of δx⁺ = Aδx + Bδu. From rest, δx is reached in N steps with the effort
 * Σ δuᵀδu = δxᵀWc⁻¹δx, and with no less; entry (i, j) has the unit of δx_i δx_j per unit of effort. For N = ∞ it solves
 * Wc = A Wc Aᵀ + BBᵀ, where A is stable. Source: T. Kailath, Linear Systems, 1980, §9.2.
 */
import type { Matrix } from 'ml-matrix'
import type { MatrixLike } from '../linalg/dense.ts'
import { product } from '../linalg/product.ts'
import { type GramianOptions, gramian } from './gramian.ts'
import { linearSystem } from './linearArguments.ts'

/**
 * Wc [ndx × ndx], symmetric; null where it is not finite: for N = ∞ where A is not stable (spectral radius not below 1). To count the
 * efforts of controls by weights R, give B R^(−1/2). Misuse throws: sizes, entries that are not finite, steps.
 */
export function controllabilityGramian(
  lin: { readonly A: MatrixLike; readonly B: MatrixLike },
  options: GramianOptions = {},
): Matrix | null {
  const { A, B } = linearSystem('controllabilityGramian', lin)
  return gramian('controllabilityGramian', A, product(B, B.transpose()), options)
}
