/**
 * The held-out certificate: does a Jacobian predict differences along random directions it was not made from? Row by row,
 *
 *     residual_i = |Δ_i − Σ_j J_ij span_j| / (size_i + floor_i / tolerance),
 *
 * the worst over the directions. size_i is the difference to expect along such a direction from the row's norm, or |Δ_i| where
 * that is larger (so a row recovered as zero that isn't has residual 1); floor_i is what rounding alone may do: ROUNDING_UNITS · ε
 * times the typical magnitude of output i. A row passes when its residual is at most the tolerance, that is when the misfit is at
 * most tolerance · size_i + floor_i: rows are held against their own scale, however small beside others, and a zero row of an
 * output of size 1 may show rounding dirt.
 *
 * What it can't see: entries below the tolerance's share of their row, and, with central differences, whatever is even about the
 * point, such as a kink of |z| at exactly z = 0.
 */

import { spanInto } from './perturb.ts'
import type { Scheme } from './plan.ts'
import { ROUNDING_UNITS } from './steps.ts'

/** Differences along held-out directions at one point. */
export interface HeldOut {
  readonly at: ArrayLike<number> // [n]
  readonly scale: ArrayLike<number> // [n]
  readonly scheme: Scheme
  readonly D: ArrayLike<number> // [h × n]
  readonly steps: ArrayLike<number> // [h]
  readonly Y: ArrayLike<number> // [h × m]
}

/** Misfit of a Jacobian along each held-out direction, in units of the outputs. */
export interface Misfit {
  readonly count: number // h
  readonly misfit: Float64Array // [h × m], Δ_i − Σ_j J_ij span_j
  readonly size: Float64Array // [h × m]
}

/** Misfits of a row-major J [m × n] along held-out directions. */
export function misfitOf(J: Float64Array, outputs: number, heldOut: HeldOut): Misfit {
  const { at, scale, scheme, D, steps, Y } = heldOut
  const m = outputs
  const n = at.length
  const count = steps.length
  const misfit = new Float64Array(count * m)
  const size = new Float64Array(count * m)
  const span = new Float64Array(n)
  const sides = scheme === 'central' ? 2 : 1
  for (let t = 0; t < count; t++) {
    spanInto(span, at, scale, D, t * n, steps[t]!, scheme)
    let square = 0
    for (let j = 0; j < n; j++) square += D[t * n + j]! ** 2
    const rms = Math.sqrt(square / Math.max(1, n))
    for (let i = 0; i < m; i++) {
      let predicted = 0
      let norm = 0
      for (let j = 0; j < n; j++) {
        const entry = J[i * n + j]!
        predicted += entry * span[j]!
        norm += (entry * scale[j]!) ** 2
      }
      const Delta = Y[t * m + i]!
      misfit[t * m + i] = Delta - predicted
      size[t * m + i] = Math.max(Math.abs(Delta), sides * steps[t]! * rms * Math.sqrt(norm))
    }
  }
  return { count, misfit, size }
}

/** What rounding may do to a difference of each output, [m]. */
export function roundingFloor(outputScale: ArrayLike<number>): Float64Array {
  return Float64Array.from(outputScale, (magnitude) => ROUNDING_UNITS * Number.EPSILON * magnitude)
}

/** Residual of row i, the worst of the directions from … to − 1. */
export function rowResidual(
  { misfit, size, count }: Misfit,
  i: number,
  floor: Float64Array, // [m]
  tolerance: number,
  from = 0,
  to = count,
): number {
  const m = floor.length
  let worst = 0
  for (let t = from; t < to; t++) {
    const error = Math.abs(misfit[t * m + i]!)
    if (error > 0) worst = Math.max(worst, error / (size[t * m + i]! + floor[i]! / tolerance))
  }
  return worst
}

/** Residuals of all rows, [m]. */
export function rowResiduals(misfits: Misfit, floor: Float64Array, tolerance: number): Float64Array {
  return Float64Array.from(floor, (_, i) => rowResidual(misfits, i, floor, tolerance))
}
