/** The values that pass between the three steps of sensing. All are plain: they survive JSON.stringify and JSON.parse. */

import type { Design } from './designs.ts'
import type { Elimination } from './eliminate.ts'
import type { Family } from './family.ts'
import type { Decoding } from './rainbow/solveEquations.ts'

import type { Ties } from '../linalg/ties.ts'
import { callsPerDirection, type Scheme } from './stencil.ts'
import type { Weighing } from './weighing.ts'

/** Methods with a recovery in recover/recoveries.ts. */
export type PlanMethod = 'dense' | 'colored' | 'newsam-ramsdell' | 'rainbow' | 'compressed'

/** What to perturb and how to decode the answers; prepared once, used at many points. */
export interface Plan {
  readonly inputs: number // n
  readonly outputs: number // m
  readonly method: PlanMethod
  readonly scheme: Scheme
  readonly directions: number // k
  /** Direction t moves input j by steps[t] · scale[j] · D[t·n + j], scale being the typical magnitude of the inputs. */
  readonly D: readonly number[] // [k × n]
  readonly steps: readonly number[] // [k]
  readonly heldOutDirections: number // h
  readonly heldOut: readonly number[] // [h × n], like D, entries within ±1
  readonly heldOutSteps: readonly number[] // [h]
  readonly decoder: Decoder
  readonly ties: Ties | null // columns and rows that follow from those measured
  readonly tolerance: number // what the held-out residual of each row is held against
  readonly seed: number
  readonly notes: readonly string[] // sentences for people: why this method
  readonly fingerprint: string // hash of all of the above but the notes
}

/** What a recovery needs beside the directions. */
export type Decoder =
  | { readonly method: 'dense' }
  | {
      readonly method: 'colored'
      readonly numColors: number
      readonly colors: readonly number[] // [n], the direction that perturbs column j; −1: column known to be zero
      readonly colPtr: readonly number[] // [n + 1], the sparsity pattern as in linalg/pattern.ts
      readonly rowIdx: readonly number[] // [nnz]
      readonly elimination: Elimination | null // null: every entry stands alone in its difference
    }
  | {
      readonly method: 'newsam-ramsdell'
      readonly numColors: number // C: columns of one color move by the same multiples
      readonly colors: readonly number[] // [n]; −1: column known to be zero
      readonly unitOf: readonly number[] // [C], the only direction that moves the color; −1: several do
      readonly condition: number // the worst condition number of a row's equations, in the ∞-norm
      readonly colPtr: readonly number[] // [n + 1]
      readonly rowIdx: readonly number[] // [nnz]
    }
  | {
      readonly method: 'rainbow'
      readonly weighing: Weighing // how classes share the directions
      readonly decoding: Decoding
      readonly numColors: number // C
      readonly colors: readonly number[] // [n]; −1: column without parameters
      readonly family: Family
      /** By how much errors of a parameter exceed those of one alone in its equations, the worst; null: not asked ('sparsest'). */
      readonly amplification: number | null
    }
  | {
      readonly method: 'compressed'
      readonly design: Design // of the random directions
      /** The only entries that may be nonzero; null: any. */
      readonly superset: { readonly colPtr: readonly number[]; readonly rowIdx: readonly number[] } | null
      readonly groups: readonly (readonly number[])[] // rows said to share their entries
    }

/** How a rainbow plan decodes; null for other methods. */
export function decodingOf({ decoder }: Plan): Decoding | null {
  return decoder.method === 'rainbow' ? decoder.decoding : null
}

/** Whether single values are to be outvoted: there are more of them than differences, and fewer are wrong. */
export function wantsValues(plan: Plan): boolean {
  return decodingOf(plan) === 'least-absolute' && callsPerDirection(plan.scheme) > 1
}

/** What the blackbox answered. */
export interface Measurements {
  readonly fingerprint: string // of the plan
  readonly inputs: number // n
  readonly outputs: number // m
  readonly scheme: Scheme
  readonly at: readonly number[] // [n], the point z̄
  readonly scale: readonly number[] // [n], typical magnitude of each input
  readonly outputScale: readonly number[] // [m], typical magnitude of each output
  readonly Y: readonly number[] // [k × m], the differences of the scheme's stencil: f(z̄ + p_t) − f(z̄) forward
  /** The values that Y is made of, in the order of the stencil; where some of them are to be outvoted (decoding 'least-absolute'). */
  readonly values?: readonly number[] | undefined // [k × sides × m]
  readonly heldOutY: readonly number[] // [h × m]
  /** Standard deviation of the noise in one value of each output, where it is known. */
  readonly noise?: readonly number[] | undefined // [m]
  readonly noiseFreedom?: number | undefined // values it was estimated from, less what they were fitted with; default: it is known
  /** A guess of J, for plans with fewer directions than unknowns (decoding 'nearest'). */
  readonly prior?: readonly number[] | undefined // [m × n]
  readonly calls: { readonly base: number; readonly directions: number; readonly heldOut: number }
}
