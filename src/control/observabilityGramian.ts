/**
 * How much outputs tell: Wo = Σ_{k<N} (Aᵀ)ᵏCᵀCAᵏ of δx⁺ = Aδx, y = Cδx. Let go at δx, the outputs of N steps have the sum of squares
 * Σ yᵀy = δxᵀWoδx; entry (i, j) has the unit of yᵀy per δx_i δx_j. For N = ∞ it solves Wo = AᵀWoA + CᵀC, where A is stable.
 * Source: T. Kailath, Linear Systems, 1980, §9.2.
 */
import type { Matrix } from 'ml-matrix'
import { product } from '../linalg/product.ts'
import { type GramianOptions, gramian } from './gramian.ts'
import { linearSystem } from './linearArguments.ts'
import type { LinearModel } from './lqr.ts'
import { coordinateNames, type Outputs, outputMatrix } from './outputMatrix.ts'

/**
 * Wo [ndx × ndx], symmetric, of outputs by name or C [ny × ndx]; null where it is not finite: for N = ∞ where A is not stable. Misuse
 * throws: sizes, entries that are not finite, outputs that name nothing, steps.
 */
export function observabilityGramian(lin: LinearModel, outputs: Outputs, options: GramianOptions = {}): Matrix | null {
  const caller = 'observabilityGramian'
  const { A } = linearSystem(caller, lin)
  const C = outputMatrix(caller, outputs, coordinateNames(lin, A.rows))
  return gramian(caller, A.transpose(), product(C.transpose(), C), options)
}
