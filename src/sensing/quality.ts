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
  readonly heldOutDirections: number
  readonly heldOutResidual: number // relative residual on held-out random directions, the worst row but for flat ones
  readonly heldOutResidualByRow: Float64Array // [m]
  readonly tolerance: number // what the residual is held against
  /**
   * Rows that fail or cannot be told by their held-out differences, and were accepted as zero: differences with other steps show
   * nothing but curvature or rounding. What J holds there is dirt.
   */
  readonly flatRows: readonly number[]
  /** Rows within the tolerance only by what rounding may do, which is not small beside them: a coarser step would tell. */
  readonly unresolvedRows: readonly number[]
  /** Rows where left and right differences disagree: a contact or limit may switch within the step. null where not compared. */
  readonly kinkedRows: readonly number[] | null
  readonly failedRows: readonly number[] // rows above tolerance in the returned J
  readonly repairedRows: readonly number[] // rows that failed first and were measured again
  readonly fallback: string | null // why the dense fallback ran, null where it did not
  readonly certified: boolean // no row failed, is unresolved or kinked, and some direction was held out
  readonly notes: readonly string[] // sentences for people: choices made, warnings
  readonly seed: number
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
