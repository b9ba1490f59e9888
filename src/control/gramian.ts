/** Σ_{k<N} AᵏG(Aᵀ)ᵏ, by doubling: S_2k = S_k + AᵏS_k(Aᵀ)ᵏ and S_{k+1} = G + A S_k Aᵀ. */
import { Matrix } from 'ml-matrix'
import { symmetrized } from '../linalg/dense.ts'
import { product } from '../linalg/product.ts'
import { stein } from '../linalg/stein.ts'

export interface GramianOptions {
  readonly steps?: number // N, an integer ≥ 1, or Infinity (default)
}

/** A, G [n × n], G symmetric; null for N = ∞ where the sum does not settle. Throws RangeError, beginning with `caller`, on other steps. */
export function gramian(
  caller: string,
  A: Matrix,
  G: Matrix,
  { steps = Number.POSITIVE_INFINITY }: GramianOptions,
): Matrix | null {
  if (steps === Number.POSITIVE_INFINITY) return stein(A.transpose(), G)
  if (!(Number.isSafeInteger(steps) && steps >= 1))
    throw new RangeError(`${caller}: steps must be an integer ≥ 1 or Infinity, got ${steps}`)
  const onward = (F: Matrix, S: Matrix) => product(F, product(S, F.transpose()))
  let sum = G
  let power = A
  for (const bit of steps.toString(2).slice(1)) {
    sum = symmetrized(Matrix.add(sum, onward(power, sum)))
    power = product(power, power)
    if (bit === '0') continue
    sum = symmetrized(Matrix.add(G, onward(A, sum)))
    power = product(A, power)
  }
  return sum.to1DArray().every(Number.isFinite) ? sum : null
}
