/** One sweep of projected Gauss–Seidel over contact impulses, with or without friction, as a map with a fixed point, and its derivative. */
import { choleskyInPlace } from '../linalg/cholesky.ts'
import { type MatrixLike, toFlat, toSymmetricMatrix } from '../linalg/dense.ts'
import { type ContactFriction, contactSteps, pullBackStep, type Sweep, takeStep } from './contactSteps.ts'
import type { FixedPointMap } from './fixedPoint.ts'

export interface ContactSweepOptions {
  readonly lower?: ArrayLike<number> | undefined // [n], default zeros; of tangents not used
  readonly upper?: ArrayLike<number> | undefined // [n], default infinity; of tangents not used
  /** Coulomb friction: which rows are tangents of which normal. Default: none. */
  readonly friction?: readonly ContactFriction[] | undefined
  /** With two tangents: ‖λ_t‖ ≤ μ λ_n ('circular', default), or |λ_t| ≤ μ λ_n for each of them ('box'). */
  readonly cone?: 'circular' | 'box' | undefined
  /**
   * What d is: the velocities b [n] (default); b and after it the matrix A [n + n²] row-major, both of its triangles by themselves; or b and
   * after it the coefficients of friction [n + contacts].
   */
  readonly parameters?: 'velocities' | 'velocities-and-matrix' | 'velocities-and-friction' | undefined
}

const PARAMETERS = ['velocities', 'velocities-and-matrix', 'velocities-and-friction']

/**
 * R(λ; b): λ_i ← clamp(λ_i − (A_i λ + b_i)/A_ii) for i = 0 … n − 1, one after the other, with A = J M⁻¹ Jᵀ [n × n] of the contacts, b
 * their velocities before the impulses, and bounds lower ≤ λ ≤ upper: 0 and infinity for a contact that only pushes. Tangents are bounded by
 * the normal impulse of the moment; two of them move together, by a common step, and are brought back to the circle of μ λ_n. At its fixed
 * point Aλ + b ≥ 0 where λ is at the lower bound, = 0 between, ≤ 0 at the upper, and a contact that slips is slowed by μ λ_n against its
 * slip. The derivative is that of the sweep, with bounds as they were met on the way; where an impulse is on a bound just so, it is
 * one-sided. Slow, and its derivative stiff, where A is ill-conditioned: stacks, and large ratios of masses. Throws RangeError on a matrix
 * that is not positive definite and on sizes and rows that do not fit.
 */
export function contactSweep(
  A: MatrixLike, // [n × n] symmetric
  { lower, upper, friction = [], cone = 'circular', parameters = 'velocities' }: ContactSweepOptions = {},
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
  if (!PARAMETERS.includes(parameters))
    throw new RangeError(`contactSweep: parameters must be one of ${PARAMETERS.join(', ')}; got ${String(parameters)}`)
  const steps = contactSteps(n, friction, cone)
  const coefficients = Float64Array.from(friction, ({ coefficient }) => coefficient)
  const hasMatrix = parameters === 'velocities-and-matrix'
  const hasFriction = parameters === 'velocities-and-friction'

  const sweep: Sweep = {
    n,
    lambda: new Float64Array(n),
    sums: new Float64Array(n),
    wanted: new Float64Array(n),
    low,
    high,
    b: new Float64Array(0),
    M: given,
    mu: coefficients,
  }
  const begin = (u: Float64Array, d: Float64Array) => {
    sweep.lambda.set(u)
    sweep.b = d.subarray(0, n)
    if (hasMatrix) sweep.M = d.subarray(n)
    if (hasFriction) sweep.mu = d.subarray(n)
    for (const step of steps) takeStep(sweep, step)
  }
  return {
    size: n,
    parameters: n + (hasMatrix ? n * n : 0) + (hasFriction ? friction.length : 0),
    apply(u, d, uOut) {
      begin(u, d)
      uOut.set(sweep.lambda)
    },
    pullBack(u, d, w, ofU, ofD) {
      begin(u, d)
      ofU.set(w)
      ofD.fill(0)
      const gradient = {
        ofU,
        ofB: ofD.subarray(0, n),
        ofM: hasMatrix ? ofD.subarray(n) : null,
        ofMu: hasFriction ? ofD.subarray(n) : null,
      }
      // backwards: λ holds the new values of the steps before, and the old ones from this step on
      for (let k = steps.length - 1; k >= 0; k--) {
        for (const row of steps[k]!.rows) sweep.lambda[row] = u[row]!
        pullBackStep(sweep, steps[k]!, gradient)
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
