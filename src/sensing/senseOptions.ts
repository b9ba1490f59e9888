/** What may be asked of `sense`, and what it returns. */
import type { Matrix } from 'ml-matrix'
import type { Blackbox } from '../blackbox/blackbox.ts'
import { type MatrixLike, toSizedMatrix } from '../linalg/dense.ts'
import type { Pattern } from '../linalg/pattern.ts'
import type { Ties } from '../linalg/ties.ts'
import type { KnownEntry, Tied } from './family.ts'
import type { MeasureOptions } from './measure.ts'
import type { Plan } from './plan.ts'
import type { PrepareOptions, SensingStructure } from './prepareSensing.ts'
import type { Quality } from './quality.ts'
import type { Symmetry } from './symmetricBlocks.ts'

export interface SenseOptions extends MeasureOptions, PrepareOptions {
  /**
   * Standard deviation of the noise in a value, of all outputs or of each [m]; 'estimate': find it first; 'none': there is none.
   * Default: it is looked for where half of the rows fail the certificate, with methods 'auto' and 'rainbow'; 'suspect': where any row
   * fails. Under noise the step is chosen anew (unless `step` is given), all colors move in every call, and `tolerance` is by default
   * 0.05, for 'suspect' that of the step.
   */
  readonly noise?: number | ArrayLike<number> | 'estimate' | 'suspect' | 'none' | undefined
  /** Step under noise: 'auto' finds it; default: `step` where it is given, else 'auto'. */
  readonly noisyStep?: number | 'auto' | undefined
  /** true: some values are grossly wrong, or NaN. Default: looked for together with noise. */
  readonly robust?: boolean | undefined
  readonly structure?:
    | {
        /** Superset of the nonzeros, [m × n], or 'detect' to find it first, from random directions (detectBySensing.ts). */
        readonly sparsity?: Pattern | 'detect' | undefined
        /** true: probe the given superset first and keep only the entries that stand out. */
        readonly refine?: boolean | undefined
        /** What is known to be symmetric, see SensingStructure; checked like all else by the held-out directions. */
        readonly symmetric?: Symmetry | undefined
        /** Entries whose values are known, and entries that share parameters; see SensingStructure. */
        readonly known?: readonly KnownEntry[] | undefined
        readonly tied?: Tied | undefined
        /** Rows that share their entries, see Blackbox; default: the blackbox's. */
        readonly rowGroups?: readonly (readonly number[])[] | undefined
        /** Columns and rows that follow from others. Dropped, and all measured, where the certificate shows that they do not hold. */
        readonly ties?: Ties | undefined
      }
    | undefined
  /** false: rows that fail the certificate are only reported, not measured again. Default true. */
  readonly repair?: boolean | undefined
  /**
   * A guess of J, [m × n], such as that of a point near by. Where maxCalls is too little for exact recovery, the estimate is the one
   * nearest to it that the differences allow, entries moving in proportion to their size. Default: zero.
   */
  readonly prior?: MatrixLike | undefined
  /** A plan of an earlier result, to be used again: saves coloring. Structure and preparing options are then those of the plan. */
  readonly plan?: Plan | undefined
}

export interface SenseResult {
  readonly result: 'certified' | 'uncertified'
  readonly J: Matrix // [m × n], outputs per input
  readonly quality: Quality
  readonly plan: Plan // fits other points of the same blackbox
  readonly pattern: Pattern | null // the one found, where detection or refinement ran
}

/** What preparing wants to know of the problem. */
export function structureOf(
  { inputs, outputs, inputGroups, rowGroups: ofBlackbox }: Blackbox,
  { symmetric, ties, known, tied, rowGroups = ofBlackbox }: NonNullable<SenseOptions['structure']>,
  sparsity: Pattern | undefined,
): SensingStructure {
  return { inputs, outputs, sparsity, symmetric, ties, known, tied, inputGroups, rowGroups }
}

/** The prior as measurements hold it. */
export function priorOf({ inputs: n, outputs: m }: Blackbox, { prior }: SenseOptions): { prior?: number[] } {
  if (prior === undefined) return {}
  return { prior: toSizedMatrix(prior, 'sense', 'prior', { rows: m, columns: n, symbols: 'm × n' }).to1DArray() }
}

/** The result with J as a flat array: a matrix of it would be another copy for who only takes blocks. */
export interface SensedValues extends Omit<SenseResult, 'J'> {
  readonly values: Float64Array // [m × n], row-major
}

export function resultOf(plan: Plan, values: Float64Array, quality: Quality, pattern: Pattern | null): SensedValues {
  return { result: quality.certified ? 'certified' : 'uncertified', values, quality, plan, pattern }
}
