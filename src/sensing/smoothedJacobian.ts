/**
 * The Jacobian of a blackbox smoothed by a Gaussian, F(z) = E f(z + δ), δ ~ N(0, diag σ²): what remains of a derivative where contacts
 * open and close. It is the linear regression of f over the cloud (Stein's lemma: E f δ / σ² = ∇F), so that only values of f are
 * needed, and jumps count in full. Known as randomized smoothing, or bundled gradients: Suh, Pang and Tedrake 2022, "Bundled Gradients
 * Through Contact via Randomized Smoothing", arXiv:2109.05143.
 *
 * Here the cloud consists of pairs z̄ ± δ_t. With an intercept, least squares then falls into two parts: the slopes are those of the
 * odd parts o_t = (f(z̄ + δ_t) − f(z̄ − δ_t)) / 2 on δ_t, the intercept F(z̄) is the mean of the even parts. Standard errors: fitCloud.ts.
 *
 * Inputs with σ = 0 are not spread out. Their columns are E ∂f/∂z_j, from one more pair for each: (o(δ_t + p_t) − o(δ_t)) on small p_t,
 * which move columns that share no row together, the others in turn. That is the same derivative where f has kinks, but sees jumps only
 * if others cross them.
 */
import { Matrix } from 'ml-matrix'
import type { Blackbox } from '../blackbox/blackbox.ts'
import type { Pattern } from '../linalg/pattern.ts'
import { checkBlackbox } from './checkBlackbox.ts'
import { columnClasses, drawCloud, moveCloud, offsetsOf, pointsOf, supportsOf } from './cloud.ts'
import { type CloudFit, fitCloud } from './fitCloud.ts'
import { type CloudVerdict, judgeCloud } from './judgeCloud.ts'
import type { Quality } from './quality.ts'
import { openSession } from './session.ts'
import { checkVector, defaultStep, ROUNDING_UNITS, ZERO_UNITS } from './steps.ts'

export interface SmoothedOptions {
  readonly at: ArrayLike<number> // [n], the point z̄
  /** Standard deviation of each input in its own unit, one number for all or [n]; 0: not spread out. */
  readonly deviations: number | ArrayLike<number>
  /**
   * Points in the cloud, rounded up to pairs. Default: 1000, or 20 for each unknown of the widest row, or 100 for each class of columns
   * without deviation that are moved together. Where f jumps by more than it slopes, an entry's relative standard error is about
   * √(2 / samples): 4.5 % for 1000.
   */
  readonly samples?: number | undefined
  readonly structure?:
    | {
        /** Superset of the nonzeros [m × n], over the whole cloud, or at each point z [n] of it: then their union counts. */
        readonly sparsity?: Pattern | ((z: Float64Array) => Pattern) | undefined
      }
    | undefined
  /** Largest standard error of an entry, as a share of its row, that is certified; default 0.05. */
  readonly tolerance?: number | undefined
  /** Difference step of inputs with deviation 0, relative to their typical magnitude; default ∛ε. */
  readonly step?: number | undefined
  readonly base?: ArrayLike<number> | undefined // [m], f(at) where it is known: tells `quality.kinkedRows`
  readonly seed?: number | undefined // default 1
  readonly maxCalls?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

export interface SmoothedResult {
  readonly result: 'certified' | 'uncertified'
  readonly J: Matrix // [m × n], ∇F(at)
  readonly value: Float64Array // [m], F(at)
  readonly standardError: Matrix // [m × n]
  readonly valueStandardError: Float64Array // [m]
  readonly quality: Quality
}

const DEFAULT_SAMPLES = 1000
const SAMPLES_PER_UNKNOWN = 20
const SAMPLES_PER_CLASS = 100
const WHO = 'smoothedJacobian'

/**
 * Calls: `samples`, and as many again where some deviations are 0. The same seed gives the same cloud. Rows with
 * a kink within it are listed in `quality.kinkedRows` where `base` is given. 'uncertified' says that some
 * standard errors are above the tolerance (`quality.failedRows`), and a note about how many samples would do. Throws RangeError on
 * misuse and when maxCalls does not suffice, before anything is called; BlackboxError on values that are not finite, and the signal's
 * reason when aborted.
 */
export async function smoothedJacobian(blackbox: Blackbox, options: SmoothedOptions): Promise<SmoothedResult> {
  checkBlackbox(WHO, blackbox, options)
  const { inputs: n, outputs: m } = blackbox
  const { tolerance = 0.05, step = defaultStep('central'), seed = 1 } = options
  for (const [name, value] of Object.entries({ tolerance, step }))
    if (!(value > 0)) throw new RangeError(`${WHO}: ${name} must be a number > 0, got ${String(value)}`)
  const deviations = resolveDeviations(options.deviations, n)
  const session = openSession(WHO, blackbox, { ...options, scheme: 'central' })
  const { at, scale } = session
  const spread = columnsWhere(deviations, (deviation) => deviation > 0)
  const still = columnsWhere(deviations, (deviation) => deviation === 0)
  const sparsity = options.structure?.sparsity

  const supportsHere = supportsOf(sparsity ? [typeof sparsity === 'function' ? sparsity(at) : sparsity] : null, m, n)
  const needs = (supports: typeof supportsHere) => {
    const classes = columnClasses(supports(still), still)
    return { unknowns: widest(supports(spread)), classes }
  }
  const pairs = Math.ceil(resolveSamples(options.samples, needs(supportsHere)) / 2)
  const cloud = drawCloud(pairs, deviations, scale, seed)
  const supports =
    typeof sparsity === 'function' ? supportsOf(patternsAt(sparsity, pointsOf(cloud, at, scale)), m, n) : supportsHere
  const samples = 2 * pairs
  const { unknowns, classes } = needs(supports)
  checkNumbers(samples, { unknowns, classes }, still.length, session.remaining())
  session.expect(still.length > 0 ? 2 * samples : samples)

  const values = await session.pairs('directions', cloud.D, cloud.steps, pairs)
  const odd = oddParts(values, pairs, m)
  const { value, valueStandardError } = meanOfEvenParts(values, session.outputScale)
  const floor = Float64Array.from(session.outputScale, (magnitude) => ROUNDING_UNITS * Number.EPSILON * magnitude)
  const fit = fitCloud(offsetsOf(cloud, at, scale, spread), odd, pairs, supports(spread), floor)
  if (still.length > 0) {
    const moved = moveCloud(cloud, classes, step, seed)
    const further = oddParts(await session.pairs('directions', moved.D, moved.steps, pairs, 'probing'), pairs, m)
    const apart = further.map((y, k) => y - odd[k]!)
    addFit(fit, fitCloud(offsetsOf(moved, at, scale, still), apart, pairs, supports(still), floor), still)
  }

  const rounding = roundingErrors(fit, supports, session.outputScale, { deviations, scale, step })
  const J = Matrix.from1DArray(m, n, fit.J)
  const standardError = Matrix.from1DArray(
    m,
    n,
    fit.standardError.map((error, k) => Math.hypot(error, rounding[k]!)),
  )
  const verdict = judgeCloud(
    { J, standardError, participation: fit.participation, rounding },
    rootMeanSquare(odd, m),
    deviations.map((deviation, j) => (deviation > 0 ? deviation : scale[j]!)),
    groupsOf(blackbox).map((group) => ({
      spread: group.filter((j) => deviations[j]! > 0),
      still: group.filter((j) => deviations[j] === 0),
    })),
    tolerance,
  )
  const kinkedRows = session.kinkedRows()
  const missing = missingRows(fit.missing, m * n)
  const { calls } = session
  const samplesNeeded = verdict.factor === null ? null : roundUp(samples * verdict.factor)
  const quality: Quality = {
    method: 'smoothed',
    scheme: 'central',
    calls: calls.directions,
    callsFor: { ...calls },
    directions: still.length > 0 ? 2 * pairs : pairs,
    colors: null,
    stepRange: rangeOf([...spread.map((j) => deviations[j]!), ...still.map((j) => step * scale[j]!)]),
    noiseLevel: null,
    grossErrors: null,
    standardError,
    smoothing: {
      deviations,
      samples,
      samplesNeeded,
      valueStandardError,
      relativeStandardError: verdict.relativeStandardError,
    },
    heldOutDirections: 0,
    heldOutResidual: 0,
    heldOutResidualByRow: new Float64Array(m),
    tolerance,
    flatRows: verdict.flatRows,
    unresolvedRows: [],
    kinkedRows,
    failedRows: [...new Set([...verdict.failedRows, ...missing])].sort((p, q) => p - q),
    repairedRows: [],
    fallback: null,
    certified: verdict.failedRows.length + missing.length === 0,
    notes: [],
    seed,
  }
  return {
    result: quality.certified ? 'certified' : 'uncertified',
    J,
    value,
    standardError,
    valueStandardError,
    quality: {
      ...quality,
      notes: notesOf(quality, { still: still.length, verdict, missing, isLocal: typeof sparsity === 'function' }),
    },
  }
}

function notesOf(
  { tolerance, smoothing }: Quality,
  facts: {
    readonly still: number
    readonly verdict: CloudVerdict
    readonly missing: readonly number[]
    readonly isLocal: boolean
  },
): string[] {
  const { still, verdict, missing, isLocal } = facts
  const { samples, samplesNeeded } = smoothing!
  const notes = [`smoothed over ${samples} samples, in pairs`]
  if (still > 0)
    notes.push(
      `inputs without deviation: ${still}; their columns are means of differences over the cloud, which miss jumps that only these inputs cross`,
    )
  if (isLocal) notes.push('entries that the structure excludes at every sample are 0')
  if (verdict.flatRows.length > 0)
    notes.push(
      `flat rows, zero within their standard errors for some inputs without deviation: ${verdict.flatRows.join(', ')}`,
    )
  if (verdict.failedRows.length > 0) {
    const remedy =
      samplesNeeded === null
        ? 'more samples; where an input hardly matters beside the others, take a larger deviation for it, or 0'
        : `about ${samplesNeeded} samples would do`
    notes.push(
      `not certified: standard errors above ${tolerance} of their row in rows ${verdict.failedRows.join(', ')}: ${remedy}`,
    )
  }
  if (verdict.doubtfulRows.length > 0)
    notes.push(
      `not certified: few samples make the standard errors of rows ${verdict.doubtfulRows.join(', ')}, which may be larger`,
    )
  if (missing.length > 0) notes.push(`not certified: the sparsity pattern misses entries of rows ${missing.join(', ')}`)
  return notes
}

function resolveDeviations(given: number | ArrayLike<number>, n: number): Float64Array {
  const list = typeof given === 'number' ? new Float64Array(n).fill(given) : given
  if (typeof list !== 'object' || list === null)
    throw new RangeError(`${WHO}: deviations must be a number or ${n} numbers, got ${String(list)}`)
  checkVector(WHO, 'deviations', list, n)
  const deviations = Float64Array.from(list)
  for (let j = 0; j < n; j++)
    if (!(deviations[j]! >= 0)) throw new RangeError(`${WHO}: deviations[${j}] must be ≥ 0, got ${deviations[j]}`)
  if (n > 0 && deviations.every((deviation) => deviation === 0))
    throw new RangeError(`${WHO}: some deviation must be > 0; without, take sense`)
  return deviations
}

/** What samples are needed for: unknowns of the widest row in a regression, classes of columns that are moved one after the other. */
interface Needs {
  readonly unknowns: number
  readonly classes: readonly (readonly number[])[]
}

function resolveSamples(given: number | undefined, { unknowns, classes }: Needs): number {
  if (given === undefined)
    return Math.max(DEFAULT_SAMPLES, SAMPLES_PER_UNKNOWN * unknowns, SAMPLES_PER_CLASS * classes.length)
  if (!(Number.isSafeInteger(given) && given >= 1))
    throw new RangeError(`${WHO}: samples must be a whole number ≥ 1, got ${String(given)}`)
  return given
}

/** Throws RangeError unless the samples can tell the unknowns of every row, and maxCalls leaves enough evaluations for them. */
function checkNumbers(samples: number, { unknowns, classes }: Needs, numStill: number, remaining: number): void {
  const least = 2 * Math.max(unknowns + 2, 2 * classes.length)
  if (samples < least) {
    const what = `rows of ${unknowns} unknowns${numStill > 0 ? ` and ${classes.length} classes of columns` : ''}`
    throw new RangeError(`${WHO}: ${samples} samples can't tell ${what}; take ${least} at the very least`)
  }
  const calls = numStill > 0 ? 2 * samples : samples
  if (calls > remaining)
    throw new RangeError(
      `${WHO}: ${samples} samples take ${calls} evaluations${numStill > 0 ? ` (${numStill} inputs without deviation double them)` : ''}, ` +
        `maxCalls leaves ${remaining}; raise maxCalls, or give fewer samples`,
    )
}

/** What rounding may do to the entries, [m × n]: ZERO_UNITS · ε of the output and of the row, over what the input is moved by. */
function roundingErrors(
  { J }: CloudFit,
  supports: (columns: readonly number[]) => readonly Int32Array[],
  outputScale: Float64Array, // [m]
  { deviations, scale, step }: { deviations: Float64Array; scale: Float64Array; step: number },
): Float64Array {
  const n = deviations.length
  const moves = deviations.map((deviation, j) => (deviation > 0 ? deviation : step * scale[j]!))
  const errors = new Float64Array(J.length)
  const all = supports(Array.from(deviations.keys()))
  all.forEach((support, i) => {
    let row = 0
    for (const j of support) row += Math.abs(J[i * n + j]! * deviations[j]!)
    const unit = ZERO_UNITS * Number.EPSILON * (outputScale[i]! + row)
    for (const j of support) errors[i * n + j] = unit / moves[j]!
  })
  return errors
}

/** Adds a fit of other columns, in place. */
function addFit(fit: CloudFit, other: CloudFit, columns: readonly number[]): void {
  const m = fit.missing.length
  const n = fit.J.length / m
  for (let i = 0; i < m; i++) {
    fit.missing[i] = Math.max(fit.missing[i]!, other.missing[i]!)
    for (const j of columns)
      for (const part of ['J', 'standardError', 'participation'] as const)
        fit[part][i * n + j] = other[part][i * n + j]!
  }
}

/** (f(z̄ + δ_t) − f(z̄ − δ_t)) / 2, [pairs × m]. */
function oddParts(values: Float64Array, pairs: number, m: number): Float64Array {
  const odd = new Float64Array(pairs * m)
  for (let t = 0; t < pairs; t++)
    for (let i = 0; i < m; i++) odd[t * m + i] = (values[2 * t * m + i]! - values[(2 * t + 1) * m + i]!) / 2
  return odd
}

/** Of each column of Y [N × m]. */
function rootMeanSquare(Y: Float64Array, m: number): Float64Array {
  const square = new Float64Array(m)
  for (let k = 0; k < Y.length; k++) square[k % m]! += Y[k]! ** 2
  return square.map((sum) => Math.sqrt((sum * m) / Math.max(1, Y.length)))
}

/** Mean of (f(z̄ + δ_t) + f(z̄ − δ_t)) / 2 and its standard error, [m]. */
function meanOfEvenParts(values: Float64Array, outputScale: Float64Array) {
  const m = outputScale.length
  const pairs = values.length / (2 * m)
  const value = new Float64Array(m)
  const valueStandardError = new Float64Array(m)
  for (let i = 0; i < m; i++) {
    const even = (t: number) => (values[2 * t * m + i]! + values[(2 * t + 1) * m + i]!) / 2
    const first = even(0)
    let sum = 0
    for (let t = 0; t < pairs; t++) sum += even(t) - first
    const mean = sum / pairs
    let square = 0
    for (let t = 0; t < pairs; t++) square += (even(t) - first - mean) ** 2
    value[i] = first + mean
    const spread = Math.sqrt(square / Math.max(1, pairs - 1) / pairs)
    valueStandardError[i] = Math.hypot(spread, ZERO_UNITS * Number.EPSILON * outputScale[i]!)
  }
  return { value, valueStandardError }
}

/** Rows whose residuals go along with inputs that their pattern excludes, beyond what chance does among so many entries. */
function missingRows(scores: Float64Array, entries: number): number[] {
  const limit = 3 + Math.sqrt(2 * Math.log(Math.max(1, entries)))
  return Array.from(scores.keys()).filter((i) => scores[i]! > limit)
}

/** The groups of inputs; those in none make one of their own. */
function groupsOf({ inputs, inputGroups = [] }: Blackbox): (readonly number[])[] {
  const grouped = new Set(inputGroups.flat())
  const rest = Array.from({ length: inputs }, (_, j) => j).filter((j) => !grouped.has(j))
  return rest.length > 0 ? [...inputGroups, rest] : [...inputGroups]
}

function* patternsAt(sparsity: (z: Float64Array) => Pattern, points: Iterable<Float64Array>): Generator<Pattern> {
  for (const z of points) yield sparsity(z)
}

function columnsWhere(values: Float64Array, holds: (value: number) => boolean): number[] {
  return Array.from(values.keys()).filter((j) => holds(values[j]!))
}

function widest(supports: readonly Int32Array[]): number {
  return supports.reduce((most, { length }) => Math.max(most, length), 0)
}

function rangeOf(values: readonly number[]): [number, number] {
  return values.length === 0 ? [0, 0] : [Math.min(...values), Math.max(...values)]
}

/** To two digits, upwards. */
function roundUp(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1)
  return Math.ceil(value / unit) * unit
}
