import type { Pattern } from '../../linalg/pattern.ts'
import type { Reading } from '../chooseColoring.ts'
import type { Design as RowDesign } from '../designs.ts'
import type { Decoder, Plan, PlanMethod } from '../plan.ts'
import type { Symmetry } from '../symmetricBlocks.ts'

/** What is known of the Jacobian before measuring. */
export interface Problem {
  readonly inputs: number // n
  readonly outputs: number // m
  readonly sparsity: Pattern | null // superset of the nonzeros, [m × n]; null: unknown
  readonly symmetric: Symmetry | null // blocks known to be symmetric
  readonly reading: Reading // how entries of symmetric blocks may be read
  readonly random?: RandomDirections | undefined // for compressed sensing
}

/** Random directions as asked for; see PrepareOptions. */
export interface RandomDirections {
  readonly sparsityLevel?: number | undefined // s
  readonly directions?: number | undefined // k
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
  readonly floor: Float64Array // [m], what rounding may do to them
  /** Writes the exact distance between the points of direction t, entry by entry. */
  spanInto(span: Float64Array, t: number): void // [n]
}

/** A way to find a Jacobian from directional differences. */
export interface Recovery {
  readonly method: PlanMethod
  /** Throws RangeError when the method cannot serve the problem. */
  design(problem: Problem): Design
  /** Writes all of J; row-major. */
  decodeInto(J: Float64Array, plan: Plan, answers: Answers): void // [m × n]
  /** Recoveries of a pattern: writes its entries, in the order of rowIdx. Memory proportional to directions and entries. */
  valuesInto?(values: Float64Array, plan: Plan, answers: Answers): void // [nnz]
}
