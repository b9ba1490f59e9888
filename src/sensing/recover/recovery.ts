import type { Pattern } from '../../linalg/pattern.ts'
import type { Reading } from '../chooseColoring.ts'
import type { Design as RowDesign } from '../designs.ts'
import type { KnownEntry, Tied } from '../family.ts'
import type { Decoder, Plan, PlanMethod } from '../plan.ts'
import type { Decoding } from '../rainbow/solveEquations.ts'
import type { Symmetry } from '../symmetricBlocks.ts'
import type { Weighing } from '../weighing.ts'

/** What is known of the Jacobian before measuring. */
export interface Problem {
  readonly inputs: number // n
  readonly outputs: number // m
  readonly sparsity: Pattern | null // superset of the nonzeros, [m × n]; null: unknown
  readonly symmetric: Symmetry | null // blocks known to be symmetric
  readonly reading: Reading // how entries of symmetric blocks may be read
  readonly known?: readonly KnownEntry[] | undefined
  readonly tied?: Tied | undefined
  readonly rowGroups?: readonly (readonly number[])[] | undefined // rows said to share their entries
  readonly random?: RandomDirections | undefined // for compressed sensing and rainbow
}

/** Random directions as asked for; see PrepareOptions. */
export interface RandomDirections {
  readonly sparsityLevel?: number | undefined // s
  readonly directions?: number | undefined // k
  readonly repeats?: number | undefined // R
  readonly weighing?: Weighing | undefined
  readonly together?: number | undefined
  readonly decoding?: Decoding | undefined
  readonly design?: RowDesign | undefined
  readonly seed?: number | undefined
}

/** What a recovery chooses for a problem. */
export interface Design {
  readonly directions: number // k
  readonly D: number[] // [k × n], see Plan
  readonly decoder: Decoder
  readonly notes: readonly string[]
}

/** Measurements as a recovery reads them. */
export interface Answers {
  readonly Y: ArrayLike<number> // [k × m], differences
  /** The values that they are made of, [k × sides × m], each nearly f(z̄) + offsets[s]·J·p; null where differences have to do. */
  readonly values: ArrayLike<number> | null
  readonly offsets: readonly number[] // of the stencil, [sides]
  readonly floor: Float64Array // [m], what rounding may do to them
  readonly noise: Float64Array | null // [m], standard deviation that noise gives to them, where it is known
  readonly noiseFreedom: number // behind it; Infinity: known exactly
  readonly share: number // of a difference's variance, that all differences of a row have in common: that of f(z̄)
  readonly prior: ArrayLike<number> | null // [m × n], a guess of J
  /** Hears sentences for people on how rows were told. */
  explain?(note: string): void
  /** Writes the exact distance between the points of direction t, entry by entry. */
  spanInto(span: Float64Array, t: number): void // [n]
  /** The same for one side of the stencil, from z̄. */
  sideInto(span: Float64Array, t: number, offset: number): void // [n]
}

/** What more differences than unknowns tell of their errors. */
export interface Statistics {
  /** Standard deviation of a difference of each row: of noise where it is known, else from what the fit leaves; NaN: unknown. */
  readonly deviation: Float64Array // [m]
  readonly freedom: Float64Array // [m], equations less unknowns behind it; Infinity where noise was known
  readonly undeterminedRows: readonly number[] // with entries that the differences do not tell, or contradict
  readonly grossShare: number // of the differences, left out as grossly wrong or missing
  /** Variance of the error of J_i · span, [n]; NaN: unknown. */
  variance(i: number, span: ArrayLike<number>): number
}

/** A way to find a Jacobian from directional differences. */
export interface Recovery {
  readonly method: PlanMethod
  /** Throws RangeError when the method cannot serve the problem. */
  design(problem: Problem): Design
  /** Writes all of J; row-major. Returns what it knows of errors, null where every difference was needed. */
  decodeInto(J: Float64Array, plan: Plan, answers: Answers): Statistics | null // [m × n]
  /** Recoveries of a pattern: writes its entries, in the order of rowIdx. Memory proportional to directions and entries. */
  valuesInto?(values: Float64Array, plan: Plan, answers: Answers): void // [nnz]
}
