/**
 * What of a stable system matters from controls to outputs: √λ(Wc Wo), whatever the units of the states. States beyond the k-th may be
 * left out at an error of twice the sum of the values left out. Source: K. Glover, "All optimal Hankel-norm approximations of linear
 * multivariable systems and their L∞-error bounds", Int. J. Control 39(6), 1984.
 */
import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from 'ml-matrix'
import { product } from '../linalg/product.ts'
import { controllabilityGramian } from './controllabilityGramian.ts'
import type { GramianOptions } from './gramian.ts'
import type { LinearModel } from './lqr.ts'
import { observabilityGramian } from './observabilityGramian.ts'
import type { Outputs } from './outputMatrix.ts'

/**
 * [ndx], descending, in units of output per control; null where a Gramian is not finite (an unstable A and N = ∞; with finite `steps`
 * the values are those of the horizon). Throws what the Gramians throw.
 */
export function hankelSingularValues(
  lin: LinearModel,
  outputs: Outputs,
  options: GramianOptions = {},
): Float64Array | null {
  const Wc = controllabilityGramian(lin, options)
  const Wo = observabilityGramian(lin, outputs, options)
  if (!Wc || !Wo) return null
  // Singular values of FᵀG with Wc = FFᵀ, Wo = GGᵀ: no eigenvalue of a product that rounding has made unsymmetric.
  const { diagonal } = new SingularValueDecomposition(product(root(Wc).transpose(), root(Wo)))
  return Float64Array.from(diagonal)
}

/** F with FFᵀ = W, W [n × n] symmetric and positive semidefinite. */
function root(W: Matrix): Matrix {
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(W, { assumeSymmetric: true })
  const sizes = realEigenvalues.map((value) => Math.sqrt(Math.max(0, value)))
  return product(eigenvectorMatrix, Matrix.diag(sizes))
}
