/** Step one of sensing: chooses directions, steps and a decoder for all Jacobians of one structure. Calls nothing. */

import { checkPattern } from '../linalg/checkPattern.ts'
import { type Pattern, patternFromEntries } from '../linalg/pattern.ts'
import { random } from '../linalg/random.ts'
import { checkTies, type Ties } from '../linalg/ties.ts'
import { checkRowGroups } from './checkRowGroups.ts'
import type { Reading } from './chooseColoring.ts'
import type { Design as RowDesign } from './designs.ts'
import type { KnownEntry, Tied } from './family.ts'
import { fingerprint } from './fingerprint.ts'
import { heldOutDirections } from './heldOutDirections.ts'
import type { Plan, PlanMethod } from './plan.ts'
import { checkScheme, type Scheme } from './stencil.ts'
import type { Decoding } from './rainbow/solveEquations.ts'
import { recoveries } from './recover/recoveries.ts'
import type { Design, Problem, RandomDirections } from './recover/recovery.ts'
import { restrictPattern } from './restrictPattern.ts'
import { checkStep, defaultStep, defaultTolerance } from './steps.ts'
import { findTwins, type Symmetry } from './symmetricBlocks.ts'
import type { Weighing } from './weighing.ts'

/** What is known before measuring. Sizes may be left out where a pattern gives them. */
export interface SensingStructure {
  readonly inputs?: number | undefined // n
  readonly outputs?: number | undefined // m
  readonly sparsity?: Pattern | undefined // superset of the nonzeros, [m × n]
  /**
   * What is known to be symmetric: true for all of a square Jacobian, or blocks J[rows, columns] of it, in outputs per input. Saves
   * directions together with sparsity only: a dense symmetric Jacobian has as many directions as inputs.
   */
  readonly symmetric?: Symmetry | undefined
  /** Columns and rows that follow from others: they are neither perturbed nor decoded. Symmetric blocks lie outside of them. */
  readonly ties?: Ties | undefined
  /** Entries whose values are known, such as the ones of an integrator. Used by method 'rainbow'. */
  readonly known?: readonly KnownEntry[] | undefined
  /** Entries that share parameters: J = J₀ + Σ θ_l B_l. Used by method 'rainbow'. */
  readonly tied?: Tied | undefined
  /** Inputs whose entries are certified at a scale of their own, see Blackbox. */
  readonly inputGroups?: readonly (readonly number[])[] | undefined
  /** Outputs whose rows share their entries, see Blackbox. Used by method 'compressed'. */
  readonly rowGroups?: readonly (readonly number[])[] | undefined
}

export interface PrepareOptions {
  readonly method?: PlanMethod | 'auto' | undefined // default 'auto'
  /**
   * How coloring may read the entries of symmetric blocks: 'direct', each alone in a difference; 'substitution', the fewest
   * directions, errors adding up along chains of entries; 'auto' (default), the latter while chains are short.
   */
  readonly reading?: Reading | undefined
  readonly scheme?: Scheme | undefined // default 'central'
  readonly step?: number | undefined // relative to the inputs' typical magnitudes; default ∛ε central, √ε forward
  readonly heldOut?: number | undefined // held-out directions, default 2; 0 gives no certificate
  readonly tolerance?: number | undefined // of the certificate; default: see defaultTolerance in steps.ts
  readonly seed?: number | undefined // default 1
  /** Of 'compressed' only: entries that a row may have, for which 2 s ln(n/s) directions are taken. */
  readonly sparsityLevel?: number | undefined // s
  /**
   * Of 'compressed', instead of `sparsityLevel`: directions to begin with, default 8 + 2 log₂(n + 1). Of 'rainbow': directions, default
   * the fewest that tell all parameters, and four times as many and more for decoding 'least-absolute'.
   */
  readonly directions?: number | undefined // k
  /** Of 'rainbow' only, instead of `directions`: how often each color is measured, default 1. */
  readonly repeats?: number | undefined // R
  /**
   * Of 'rainbow' only: how colors share the directions. Default 'repeated', with 'least-absolute' 'multiplexed'; 'random' where entries are
   * tied.
   */
  readonly weighing?: Weighing | undefined
  /**
   * Of 'rainbow' with multiplexed colors only: how many of them move in one call, default all. Fewer allow for larger steps where
   * curvature adds up.
   */
  readonly together?: number | undefined
  /** Of 'rainbow' only: 'least-squares' (default, noise), 'least-absolute' (gross errors) or 'sparsest' (unknown support). */
  readonly decoding?: Decoding | undefined
  /** Of 'compressed' only: how the directions are drawn, default 'rademacher' (all inputs move by a full step, up or down). */
  readonly design?: RowDesign | undefined
}

const READINGS: readonly Reading[] = ['auto', 'direct', 'substitution']

/** 'auto' takes the coloring when it needs at most this share of the dense directions. */
export const WORTHWHILE = 0.9

/**
 * The plan for Jacobians of the given structure. `method: 'auto'` colors when a pattern is given and its colors are clearly
 * fewer than the columns, else takes dense differences; `plan.notes` says why. Throws RangeError on misuse.
 */
export function prepareSensing(structure: SensingStructure, options: PrepareOptions = {}): Plan {
  const { method = 'auto', scheme = 'central', heldOut = 2, seed = 1 } = options
  checkScheme('sensing', scheme)
  const step = positive('step', options.step ?? defaultStep(scheme))
  const tolerance = positive('tolerance', options.tolerance ?? defaultTolerance(scheme, step))
  checkStep('sensing', scheme, step, tolerance)
  if (!(Number.isSafeInteger(heldOut) && heldOut >= 0))
    throw new RangeError(`sensing: heldOut must be an integer ≥ 0, got ${heldOut}`)
  const problem = { ...resolveProblem(structure, options.reading ?? 'auto'), random: randomOf(options, method, seed) }
  const { inputs: n, outputs: m } = problem
  const groups = checkGroups(structure.inputGroups ?? [], n)

  const { method: chosen, design, ties, notes } = chooseDesign(problem, structure.ties ?? null, method)
  const { directions, D, decoder } = design
  const support = 'colPtr' in decoder ? decoder : decoder.method === 'compressed' ? decoder.superset : null
  const steps = new Array<number>(directions).fill(step)
  const heldOutD = heldOutDirections(random(seed), n, heldOut, groups, scheme === 'forward')
  const heldOutSteps = new Array<number>(heldOut).fill(step)
  return {
    inputs: n,
    outputs: m,
    method: chosen,
    scheme,
    directions,
    D,
    steps,
    heldOutDirections: heldOut,
    heldOut: heldOutD,
    heldOutSteps,
    decoder,
    ties,
    tolerance,
    seed,
    notes,
    fingerprint: fingerprint(
      `${chosen} ${scheme}`,
      [n, m, directions, heldOut, tolerance, seed],
      D,
      steps,
      heldOutD,
      heldOutSteps,
      ...(support === null ? [[], []] : [support.colPtr, support.rowIdx]),
      decoder.method === 'colored' && decoder.elimination !== null ? decoder.elimination.twin : [],
      ...(decoder.method === 'rainbow' ? [JSON.stringify(decoder)] : []),
      ...(decoder.method === 'compressed' && decoder.groups.length > 0 ? [JSON.stringify(decoder.groups)] : []),
      ties === null ? '' : JSON.stringify(ties),
    ),
  }
}

/** Throws RangeError where another method would overhear what is said of random directions. */
function randomOf(options: PrepareOptions, method: PlanMethod | 'auto', seed: number): RandomDirections {
  const { sparsityLevel, directions, design, repeats, weighing, together, decoding } = options
  const only = (methods: readonly string[], given: Record<string, unknown>) => {
    for (const [name, value] of Object.entries(given))
      if (value !== undefined && !methods.includes(method))
        throw new RangeError(
          `sensing: ${name} is for method ${methods.map((one) => `'${one}'`).join(' and ')}, got method '${String(method)}'`,
        )
  }
  only(['compressed'], { sparsityLevel, design })
  only(['rainbow'], { repeats, weighing, together, decoding })
  only(['compressed', 'rainbow'], { directions })
  return { sparsityLevel, directions, design, repeats, weighing, together, decoding, seed }
}

interface Choice {
  readonly method: PlanMethod
  readonly design: Design
  readonly ties: Ties | null
  readonly notes: readonly string[]
}

function chooseDesign(whole: Problem, given: Ties | null, method: PlanMethod | 'auto'): Choice {
  const { inputs: n, outputs: m } = whole
  if (given !== null) checkTies('sensing', given, m, n)
  // plain dense differences lean on nothing, and compressed sensing tells a wrong tie from a dense row only by measuring both
  const hasFamily = whole.tied !== undefined || (whole.known ?? []).length > 0
  const ties = method === 'dense' || method === 'compressed' || hasFamily ? null : given
  const problem = ties === null ? whole : { ...whole, sparsity: restrictPattern(whole.sparsity, ties) }
  if (method !== 'auto') {
    const recovery = Object.hasOwn(recoveries, method) ? recoveries[method] : undefined
    if (recovery === undefined) {
      const names = [...Object.keys(recoveries), 'auto'].join(', ')
      throw new RangeError(`sensing: method must be one of ${names}; got ${String(method)}`)
    }
    const design = recovery.design(problem)
    return { method, design, ties, notes: [...tiesNote(ties, n), ...design.notes, ...unused(method, given, hasFamily)] }
  }
  if (hasFamily) {
    const design = recoveries.rainbow.design(problem)
    if (design.directions <= WORTHWHILE * n)
      return { method: 'rainbow', design, ties, notes: [`auto took rainbow: ${design.notes.join('; ')}`] }
    const note = `auto took dense differences: what is known of entries does not pay (${design.notes.join('; ')})`
    return { method: 'dense', design: recoveries.dense.design(whole), ties: null, notes: [note] }
  }
  if (problem.sparsity === null) {
    const note = 'auto took dense differences: no sparsity pattern was given'
    return { method: 'dense', design: recoveries.dense.design(whole), ties: null, notes: [note] }
  }
  const design = recoveries.colored.design(problem)
  const colors = design.notes.join('; ')
  if (design.directions <= WORTHWHILE * n)
    return { method: 'colored', design, ties, notes: [...tiesNote(ties, n), `auto took coloring: ${colors}`] }
  const note = `auto took dense differences: coloring does not pay (${colors})`
  return { method: 'dense', design: recoveries.dense.design(whole), ties: null, notes: [note] }
}

function unused(method: PlanMethod, given: Ties | null, hasFamily: boolean): string[] {
  const notes: string[] = []
  if (given !== null && (method === 'compressed' || (method === 'rainbow' && hasFamily)))
    notes.push('rows and columns known beforehand are measured like all others')
  if (hasFamily && method !== 'rainbow') notes.push('known and tied entries are not used by this method')
  return notes
}

function tiesNote(ties: Ties | null, n: number): string[] {
  if (ties === null || ties.tiedColumns.length + ties.tiedRows.length === 0) return []
  const reasons = [...new Set([...ties.tiedColumns, ...ties.tiedRows].map(({ reason }) => reason))]
  return [
    `known beforehand: ${ties.tiedColumns.length} of ${n} columns, ${ties.tiedRows.length} rows (${reasons.join('; ')})`,
  ]
}

function resolveProblem(structure: SensingStructure, reading: Reading): Problem {
  const { inputs, outputs, sparsity, symmetric, known, tied } = structure
  const n = size('inputs', inputs ?? sparsity?.cols)
  const m = size('outputs', outputs ?? sparsity?.rows)
  if (sparsity !== undefined) checkPattern('sensing', sparsity, m, n)
  if (!READINGS.includes(reading))
    throw new RangeError(`sensing: reading must be one of ${READINGS.join(', ')}; got ${String(reading)}`)
  // Without a pattern no coloring will look at the blocks.
  if (symmetric !== undefined && sparsity === undefined) findTwins('sensing', patternFromEntries(m, n, []), symmetric)
  const rowGroups = checkRowGroups('sensing', structure.rowGroups ?? [], m)
  return {
    inputs: n,
    outputs: m,
    sparsity: sparsity ?? null,
    symmetric: symmetric ?? null,
    known,
    tied,
    rowGroups,
    reading,
  }
}

/** Throws RangeError unless the groups hold inputs, each at most once. */
function checkGroups(groups: readonly (readonly number[])[], n: number): readonly (readonly number[])[] {
  const seen = new Set<number>()
  for (const j of groups.flat()) {
    if (!(Number.isSafeInteger(j) && j >= 0 && j < n))
      throw new RangeError(`sensing: inputGroups must hold inputs from 0 to ${n - 1}, got ${j}`)
    if (seen.has(j)) throw new RangeError(`sensing: inputGroups hold input ${j} twice`)
    seen.add(j)
  }
  return groups.filter((inputs) => inputs.length > 0)
}

function size(name: string, value: number | undefined): number {
  if (value === undefined) throw new RangeError(`sensing: structure needs ${name}, or a sparsity pattern that gives it`)
  if (!(Number.isSafeInteger(value) && value >= 0))
    throw new RangeError(`sensing: ${name} must be an integer ≥ 0, got ${value}`)
  return value
}

function positive(name: string, value: number): number {
  if (!(Number.isFinite(value) && value > 0))
    throw new RangeError(`sensing: ${name} must be a finite number > 0, got ${value}`)
  return value
}
