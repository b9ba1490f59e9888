/** One sweep of projected Gauss–Seidel over contact impulses, as a map with a fixed point, and its derivative. */
import { choleskyInPlace } from '../linalg/cholesky.ts'
import { type MatrixLike, toFlat, toSymmetricMatrix } from '../linalg/dense.ts'
import type { FixedPointMap } from './fixedPoint.ts'

export interface ContactSweepOptions {
  readonly lower?: ArrayLike<number> | undefined // [n], default zeros
  readonly upper?: ArrayLike<number> | undefined // [n], default infinity
  /** What d is: the velocities b [n] (default), or b and after it the matrix A [n + n²] row-major, both of its triangles by themselves. */
  readonly parameters?: 'velocities' | 'velocities-and-matrix' | undefined
}

/**
 * R(λ; b): λ_i ← clamp(λ_i − (A_i λ + b_i)/A_ii) for i = 0 … n − 1, one after the other, with A = J M⁻¹ Jᵀ [n × n] of the contacts, b
 * their velocities before the impulses, and bounds lower ≤ λ ≤ upper: 0 and infinity for a contact that only pushes. At its fixed
 * point Aλ + b ≥ 0 where λ is at the lower bound, = 0 between, ≤ 0 at the upper. The derivative is that of the sweep, with bounds as they were met
 * on the way; where an impulse is on a bound just so, it is one-sided. Slow, and its derivative stiff, where A is ill-conditioned: stacks, and
 * large ratios of masses. Throws RangeError on a matrix that is not positive definite and on sizes that do not fit.
 */
export function contactSweep(
  A: MatrixLike, // [n × n] symmetric
  { lower, upper, parameters = 'velocities' }: ContactSweepOptions = {},
): FixedPointMap {
  const n = (A as { rows?: number }).rows ?? (A as readonly unknown[]).length
  const given = toFlat(toSymmetricMatrix(A, 'contactSweep', 'A', { rows: n, symbols: 'n × n' }))
  const fault = choleskyInPlace(given.slice(), n)
  if (fault !== -1)
    throw new RangeError(`contactSweep: A is not positive definite (row ${fault}); add compliance to its diagonal`)
  const low = bound('lower', lower, 0, n)
  const high = bound('upper', upper, Number.POSITIVE_INFINITY, n)
  for (let i = 0; i < n; i++)
    if (!(low[i]! <= high[i]!))
      throw new RangeError(`contactSweep: lower[${i}] = ${low[i]} is above upper[${i}] = ${high[i]}`)
  const hasMatrix = parameters === 'velocities-and-matrix'
  const matrixOf = (d: Float64Array) => (hasMatrix ? d.subarray(n) : given)
  const free = new Uint8Array(n) // of the sweep that is differentiated

  /** The sweep in place; `before` keeps what A_i λ + b_i was at each i. */
  const sweep = (lambda: Float64Array, d: Float64Array, before: Float64Array | null): void => {
    const M = matrixOf(d)
    for (let i = 0; i < n; i++) {
      let sum = d[i]!
      for (let j = 0; j < n; j++) sum += M[i * n + j]! * lambda[j]!
      const wanted = lambda[i]! - sum / M[i * n + i]!
      if (before !== null) {
        before[i] = sum
        free[i] = wanted > low[i]! && wanted < high[i]! ? 1 : 0
      }
      lambda[i] = Math.min(high[i]!, Math.max(low[i]!, wanted))
    }
  }

  const lambda = new Float64Array(n)
  const sums = new Float64Array(n)
  return {
    size: n,
    parameters: hasMatrix ? n + n * n : n,
    apply(u, d, uOut) {
      uOut.set(u)
      sweep(uOut, d, null)
    },
    pullBack(u, d, w, ofU, ofD) {
      const M = matrixOf(d)
      lambda.set(u)
      sweep(lambda, d, sums)
      ofU.set(w)
      ofD.fill(0)
      // backwards: at i, lambda holds the new values up to i − 1, and from i + 1 on those from before
      for (let i = n - 1; i >= 0; i--) {
        lambda[i] = u[i]!
        const v = ofU[i]!
        ofU[i] = 0
        if (free[i] === 0) continue
        const diagonal = M[i * n + i]!
        const share = v / diagonal
        ofD[i] = -share
        for (let j = 0; j < n; j++) {
          if (j !== i) ofU[j]! -= share * M[i * n + j]!
          if (hasMatrix) ofD[n + i * n + j] = -share * lambda[j]!
        }
        if (hasMatrix) ofD[n + i * n + i]! += (share * sums[i]!) / diagonal
      }
    },
  }
}

function bound(name: string, values: ArrayLike<number> | undefined, otherwise: number, n: number): Float64Array {
  if (values === undefined) return new Float64Array(n).fill(otherwise)
  if (values.length !== n)
    throw new RangeError(`contactSweep: ${name} must be [n] = [${n}], got ${values.length} numbers`)
  return Float64Array.from(values)
}
