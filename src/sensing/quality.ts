import type { Matrix } from 'ml-matrix'
import type { Scheme } from './stencil.ts'

/** What a sensed Jacobian cost and how far it can be trusted. Comes with every Jacobian, certified or not. */
export interface Quality {
  readonly method: 'dense' | 'colored' | 'newsam-ramsdell' | 'rainbow' | 'compressed' | 'smoothed' | 'native' // the one that ran
  readonly scheme: Scheme
  readonly calls: number // blackbox evaluations in all
  readonly callsFor: CallCounts // the same, by purpose; their sum is `calls`
  readonly directions: number // directions measured for the recovery
  readonly colors: number | null // classes of the coloring, null for methods without one
  readonly stepRange: readonly [number, number] // smallest and largest difference step used, in units of the inputs
  readonly noiseLevel: number | null // standard deviation of one value of the noisiest output, null where not estimated
  /** Standard deviation of the error that noise leaves in each entry, [m × n], outputs per input; null where not estimated. */
  readonly standardError: Matrix | null
  readonly grossErrors: number | null // share of the differences left out as grossly wrong, null where none was looked for
  readonly smoothing?: Smoothing // of method 'smoothed' only
  readonly heldOutDirections: number
  readonly heldOutResidual: number // relative residual on held-out random directions, the worst row but for flat ones
  readonly heldOutResidualByRow: Float64Array // [m]
  readonly tolerance: number // what the residual is held against
  /**
   * Rows that fail or cannot be told by their held-out differences, and were accepted as zero: differences with other steps show
   * nothing but curvature or rounding. What J holds there is dirt. Of method 'smoothed': rows whose means over the cloud, by a group of
   * inputs without deviation, are zero within their standard errors.
   */
  readonly flatRows: readonly number[]
  /** Rows within the tolerance only by what rounding may do, which is not small beside them: a coarser step would tell. */
  readonly unresolvedRows: readonly number[]
  /**
   * Rows where left and right differences disagree: a contact or limit may switch within the step. null where not compared, as with
   * forward differences. Of method 'smoothed': within the cloud, which is what it is for and does not stand against `certified`.
   */
  readonly kinkedRows: readonly number[] | null
  readonly failedRows: readonly number[] // rows above tolerance in the returned J
  readonly repairedRows: readonly number[] // rows that failed first and were measured again
  readonly fallback: string | null // why the dense fallback ran, null where it did not
  /**
   * Contacts and limits near by that the engine names: open at the point, or within a hair of it, and within reach of the next
   * period. The Jacobian holds until they close. Does not stand against `certified`. Absent where the engine can't tell.
   */
  readonly nearSwitches?: readonly string[]
  /**
   * No row failed, is unresolved or kinked, and some direction was held out. Of method 'smoothed': the standard errors of each row
   * are within the tolerance.
   */
  readonly certified: boolean
  readonly notes: readonly string[] // sentences for people: choices made, warnings
  readonly seed: number
}

/** The cloud of a smoothed Jacobian, and how well it tells it. */
export interface Smoothing {
  readonly deviations: Float64Array // [n], standard deviation of each input, in its unit; 0: differences, averaged over the cloud
  readonly samples: number // points of the cloud, two to a pair
  /** About how many would bring the standard errors within the tolerance; null where they are, or some are not told from zero. */
  readonly samplesNeeded: number | null
  readonly valueStandardError: Float64Array // [m], of the smoothed value
  /**
   * [m × groups of inputs]: the largest standard error of a row's entries of the group, each times its input's deviation, beside the
   * norm of those entries: what `tolerance` is held against. Infinity: not told from zero.
   */
  readonly relativeStandardError: Matrix
}

/** Blackbox evaluations by purpose. */
export interface CallCounts {
  readonly base: number // f(z̄) itself: 1 for forward differences
  readonly directions: number // C forward, 2C central
  readonly heldOut: number // and, for central differences, f(z̄) itself where it was taken to compare left and right
  readonly detection: number // finding the pattern
  readonly repair: number // further directions for failing rows
  readonly fallback: number // dense fallback
}

/** The quality with calls of an attempt that did not serve counted as detection, and a note on it. */
export function withDetection(quality: Quality, calls: number, note: string): Quality {
  return {
    ...quality,
    calls: quality.calls + calls,
    callsFor: { ...quality.callsFor, detection: quality.callsFor.detection + calls },
    notes: [...quality.notes, note],
  }
}
