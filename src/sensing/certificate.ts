/**
 * The held-out certificate: does a Jacobian predict differences along random directions it was not made from? Row by row,
 *
 *     residual_i = |Δ_i − Σ_j J_ij span_j| / (size_i + floor_i / tolerance),
 *
 * the worst over the directions. size_i is the difference to expect along such a direction from the norm of the row's entries that
 * it moves, or |Δ_i| where that is larger (so a row recovered as zero that isn't has residual 1); floor_i is what rounding alone
 * may do: ROUNDING_UNITS · ε times the typical magnitude of output i. A residual above the tolerance, that is a misfit above
 * tolerance · size_i + floor_i, fails. Where directions move one group of inputs each, such as states and controls, each block of
 * a row is held against its own scale.
 *
 * A row that does not fail may still be unresolved: passing by the floor alone says nothing where the floor is not small beside
 * the row. Its resolution is max(misfit, ε · magnitude) / size_i; it must be within the tolerance, except that
 * - a row is zero within rounding where size_i is at most ZERO_UNITS · ε · magnitude, while another row is resolved;
 * - a block that is small beside its row need only be resolved to the square root of the tolerance, and within the tolerance of the
 *   whole row.
 *
 * What it can't see: entries below the tolerance's share of their block, and, with central differences, whatever is even about the
 * point, such as a kink of |z| at exactly z = 0: that is what comparing left and right is for (kinks.ts).
 */

import { spanInto } from './perturb.ts'
import { type Scheme, stencilOf } from './stencil.ts'
import { ROUNDING_UNITS, ZERO_UNITS } from './steps.ts'

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
  readonly size: Float64Array // [h × m], of the entries that the direction moves
  readonly whole: Float64Array // [h × m], of all entries of the row, had the direction moved all inputs as far
}

/** Misfits of a row-major J [m × n] along held-out directions. */
export function misfitOf(J: Float64Array, outputs: number, heldOut: HeldOut): Misfit {
  const { at, scale, scheme, D, steps, Y } = heldOut
  const m = outputs
  const n = at.length
  const count = steps.length
  const misfit = new Float64Array(count * m)
  const size = new Float64Array(count * m)
  const whole = new Float64Array(count * m)
  const spans = new Float64Array(count * n)
  const reach = new Float64Array(count)
  for (let t = 0; t < count; t++) {
    spanInto(spans.subarray(t * n, (t + 1) * n), at, scale, D, t * n, steps[t]!, scheme)
    reach[t] = reachOf(heldOut, t)
  }
  const columns = new Int32Array(n) // of a row's entries other than zero: few, in large systems
  for (let i = 0; i < m; i++) {
    let entries = 0
    let all = 0
    for (let j = 0; j < n; j++) {
      const entry = J[i * n + j]!
      if (entry === 0) continue
      columns[entries++] = j
      all += (entry * scale[j]!) ** 2
    }
    for (let t = 0; t < count; t++) {
      let predicted = 0
      let moved = 0
      for (let k = 0; k < entries; k++) {
        const j = columns[k]!
        const entry = J[i * n + j]!
        predicted += entry * spans[t * n + j]!
        if (D[t * n + j] !== 0) moved += (entry * scale[j]!) ** 2
      }
      const Delta = Y[t * m + i]!
      misfit[t * m + i] = Delta - predicted
      size[t * m + i] = Math.max(Math.abs(Delta), reach[t]! * Math.sqrt(moved))
      whole[t * m + i] = Math.max(Math.abs(Delta), reach[t]! * Math.sqrt(all))
    }
  }
  return { count, misfit, size, whole }
}

/** Root mean square distance between the points of direction t, over the inputs it moves, in units of their scales. */
export function reachOf({ at, scheme, D, steps }: HeldOut, t: number): number {
  const n = at.length
  let square = 0
  let moved = 0
  for (let j = 0; j < n; j++) {
    const entry = D[t * n + j]!
    square += entry * entry
    if (entry !== 0) moved++
  }
  return stencilOf(scheme).reach * steps[t]! * Math.sqrt(square / Math.max(1, moved))
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

/** A row that passes by the rounding floor alone, and the share of itself to which its differences tell it. */
export interface Unresolved {
  readonly row: number
  readonly resolution: number
}

/** Rows that do not fail (residual within the tolerance) and yet are unresolved, in ascending order. */
export function unresolvedRows(
  misfits: Misfit,
  residuals: Float64Array, // [m]
  outputScale: ArrayLike<number>, // [m]
  tolerance: number,
): Unresolved[] {
  const { count, size, whole } = misfits
  const m = residuals.length
  const worst = new Float64Array(m)
  for (let t = 0; t < count; t++) {
    let seesSlopes = false
    for (let i = 0; i < m && !seesSlopes; i++) seesSlopes = isResolved(misfits, t, i, outputScale, tolerance)
    for (let i = 0; i < m; i++) {
      if (size[t * m + i] === 0 || isResolved(misfits, t, i, outputScale, tolerance)) continue
      if (seesSlopes && size[t * m + i]! <= ZERO_UNITS * Number.EPSILON * outputScale[i]!) continue
      const doubt = doubtOf(misfits, t, i, outputScale)
      const resolution = doubt / size[t * m + i]!
      if (doubt <= tolerance * whole[t * m + i]! && resolution <= Math.sqrt(tolerance)) continue
      worst[i] = Math.max(worst[i]!, resolution)
    }
  }
  const rows: Unresolved[] = []
  for (let i = 0; i < m; i++)
    if (worst[i]! > 0 && residuals[i]! <= tolerance) rows.push({ row: i, resolution: worst[i]! })
  return rows
}

/** Whether row i is seen along direction t to within the tolerance of its size, the floor left out. */
export function isResolved(
  misfits: Misfit,
  t: number,
  i: number,
  outputScale: ArrayLike<number>, // [m]
  tolerance: number,
): boolean {
  return (
    doubtOf(misfits, t, i, outputScale) <= tolerance * misfits.size[t * outputScale.length + i]! &&
    misfits.size[t * outputScale.length + i]! > 0
  )
}

/** What a difference may be off by: its misfit, and a unit of rounding at least. */
function doubtOf({ misfit }: Misfit, t: number, i: number, outputScale: ArrayLike<number>): number {
  return Math.max(Math.abs(misfit[t * outputScale.length + i]!), Number.EPSILON * outputScale[i]!)
}
