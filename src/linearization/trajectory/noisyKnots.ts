/**
 * A and B along a trajectory where steps carry noise or gross errors: A_k and B_k change little from knot to knot, so that the
 * differences of several knots together tell those of each (localFit.ts). All columns move in every call, by steps as large as curvature
 * allows; one direction of each knot is held out and chooses how many knots are taken together.
 */
import type { Engine } from '../../engine/engine.ts'
import { random } from '../../linalg/random.ts'
import { expandTies } from '../../linalg/ties.ts'
import { defaultStep } from '../../sensing/steps.ts'
import { callsPerDirection, stencilOf } from '../../sensing/stencil.ts'
import { weigh } from '../../sensing/weighing.ts'
import type { Dynamics } from './dynamics.ts'
import { knotDifferences } from './knotDifferences.ts'
import type { KnotMotions } from './knotMotions.ts'
import type { KnotPlan, KnotPlans } from './knotPlans.ts'
import { createLocalFit, type Equations } from './localFit.ts'

export interface NoisyOptions {
  readonly motions: KnotMotions
  readonly plans: KnotPlans
  readonly noise: number | ArrayLike<number> | undefined
  readonly robust: boolean
  readonly directions: number | undefined
  readonly seed: number
  readonly tolerance: number | undefined
  readonly step: number | undefined
}

/** No step is larger, relative to the inputs' typical magnitudes. */
const LARGEST_STEP = 0.1
/** Knots to each side that are tried. */
const WIDTHS = [0, 1, 2, 3, 5, 8, 12]
/** Equations for each unknown where some may be grossly wrong. */
const ROBUST_RATIO = 4
/** Widths are tried at so many knots. */
const TRIED_AT = 40
const STREAM = 17 // of the seed, and up
/** Standard deviations that a held-out misfit may have. */
const ALLOWED = 5
const FROM_MEDIAN = 1.4826 // of |x|, to the standard deviation of a normal x

export function noisyKnots(engine: Engine, options: NoisyOptions): Dynamics['linearizeInto'] {
  const { motions, plans, robust, seed } = options
  const { ndx, nu } = engine.layout
  const n = ndx + nu
  const count = options.directions ?? n
  if (!(Number.isSafeInteger(count) && count >= 2))
    throw new RangeError(`sensedDynamics: directions must be an integer ≥ 2, got ${count}`)
  const sigma = largestOf(options.noise ?? 0, ndx)
  const scheme = 'central'
  // balances curvature of size one against noise
  const step = options.step ?? Math.min(LARGEST_STEP, Math.max(defaultStep(scheme), Math.cbrt(3 * sigma)))
  const differences = knotDifferences(engine, motions, scheme, step)
  const { reach } = stencilOf(scheme)
  const perDirection = callsPerDirection(scheme)
  const fitted = count - 1
  let pass = 0

  return async (A, B, knots, signal) => {
    const { N } = knots
    const { plan, ties } = plans.common(knots)
    const columns = Array.from({ length: n }, (_, j) => j).filter((j) => plan.colors[j]! >= 0)
    const source = random(seed, STREAM + pass++)
    const classes = Int32Array.from({ length: n }, (_, j) => columns.indexOf(j))
    const W = weigh('multiplexed', N * fitted, Array.from(classes), columns.length, source)
    const D = new Float64Array(N * count * n)
    const owners = new Int32Array(N * count)
    for (let k = 0; k < N; k++)
      for (let t = 0; t < count; t++) {
        owners[k * count + t] = k
        const to = (k * count + t) * n
        if (t < fitted) for (let j = 0; j < n; j++) D[to + j] = W[(k * fitted + t) * n + j]!
        else for (let j = 0; j < n; j++) D[to + j] = source.rademacher() * (0.5 + 0.5 * source.uniform()) // held out
      }
    const Y = await differences.along(knots, owners, D, { signal, allowsMissing: robust })
    const spans = new Float64Array(N * count * n)
    const scales = new Float64Array(N * n)
    for (let k = 0; k < N; k++) {
      const scale = differences.scaleAt(knots, k)
      scales.set(scale, k * n)
      for (let t = 0; t < count; t++)
        for (let j = 0; j < n; j++)
          spans[(k * count + t) * n + j] = reach * step * scale[j]! * D[(k * count + t) * n + j]!
    }
    const supports = supportsOf(plan, ndx, n)
    const equations: Equations = { N, n, ndx, count, fitted, spans, Y, scales, supports }
    const fitInto = createLocalFit(equations, robust)
    const J = new Float64Array(ndx * n)
    const misfit = new Float64Array(ndx)
    const fitAt = (k: number, width: number): boolean => {
      if (!fitInto(J, k, width)) return false
      if (ties) expandTies(J, ties)
      const p = k * count + fitted
      for (let i = 0; i < ndx; i++) {
        let sum = Y[p * ndx + i]!
        for (let j = 0; j < n; j++) sum -= J[i * n + j]! * spans[p * n + j]!
        misfit[i] = sum
      }
      return true
    }
    const unknowns = 2 * Math.max(1, ...supports.map(({ length }) => length))
    const isEnough = (width: number) => (2 * width + 1) * fitted >= (robust ? ROBUST_RATIO * unknowns : 0)
    const widths = WIDTHS.filter((width) => 2 * width < N && isEnough(width))
    const width = await chooseWidth(N, ndx, widths, fitAt, misfit, signal)
    if (width === null)
      throw new RangeError(
        `sensedDynamics: ${fitted} directions a knot do not tell ${columns.length} columns on ${N} knots; give more directions`,
      )
    const misfits = Array.from({ length: ndx }, () => new Float64Array(N))
    for (let k = 0; k < N; k++) {
      fitAt(k, width)
      for (let i = 0; i < ndx; i++) {
        misfits[i]![k] = Math.abs(misfit[i]!)
        for (let j = 0; j < ndx; j++) A[(k * ndx + i) * ndx + j] = J[i * n + j]!
        for (let a = 0; a < nu; a++) B[(k * ndx + i) * nu + a] = J[i * n + ndx + a]!
      }
      if (k % 64 === 63) signal?.throwIfAborted()
    }
    const deviation = misfits.map((row) => FROM_MEDIAN * medianOf(row))
    const least = 64 * Number.EPSILON
    let certified = 0
    for (let k = 0; k < N; k++) if (misfits.every((row, i) => row[k]! <= ALLOWED * deviation[i]! + least)) certified++
    return {
      calls: N * count * perDirection,
      callsFor: { directions: N * fitted * perDirection, heldOut: N * perDirection, repair: 0 },
      denseCalls: N * n * perDirection,
      measured: N,
      interpolated: 0,
      checked: N,
      certified,
      worstResidual: Math.max(...deviation) / (reach * step),
      notes: [`differences of ${2 * width + 1} knots taken together, step ${step.toPrecision(2)}`],
    }
  }
}

/** The width whose predictions of held-out differences are best, over all rows; null where none tells all columns. */
async function chooseWidth(
  N: number,
  ndx: number,
  widths: readonly number[],
  fitAt: (k: number, width: number) => boolean,
  misfit: Float64Array,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  const some = [
    ...new Set(
      Array.from({ length: Math.min(N, TRIED_AT) }, (_, c, all = Math.min(N, TRIED_AT)) =>
        Math.floor(((c + 0.5) * N) / all),
      ),
    ),
  ]
  const scores: { width: number; rows: number[] }[] = []
  for (const width of widths) {
    signal?.throwIfAborted()
    const rows = Array.from({ length: ndx }, () => new Float64Array(some.length))
    let isTold = true
    for (const [c, k] of some.entries()) {
      if (!fitAt(k, width)) {
        isTold = false
        break
      }
      for (let i = 0; i < ndx; i++) rows[i]![c] = Math.abs(misfit[i]!)
    }
    if (isTold) scores.push({ width, rows: rows.map(medianOf) })
  }
  let best: number | null = null
  let least = Number.POSITIVE_INFINITY
  for (const { width, rows } of scores) {
    let sum = 0
    for (const [i, value] of rows.entries()) {
      const smallest = Math.min(...scores.map((one) => one.rows[i]!))
      sum += smallest > 0 ? value / smallest : 0
    }
    if (sum < least) {
      least = sum
      best = width
    }
  }
  return best
}

/** The measured columns that each row depends on. */
function supportsOf({ colors, colPtr, rowIdx }: KnotPlan, ndx: number, n: number): number[][] {
  const supports: number[][] = Array.from({ length: ndx }, () => [])
  for (let j = 0; j < n; j++)
    if (colors[j]! >= 0) for (let e = colPtr[j]!; e < colPtr[j + 1]!; e++) supports[rowIdx[e]!]!.push(j)
  return supports
}

function largestOf(noise: number | ArrayLike<number>, ndx: number): number {
  const all = typeof noise === 'number' ? [noise] : Array.from(noise)
  if (typeof noise !== 'number' && all.length !== ndx)
    throw new RangeError(`sensedDynamics: noise must be a number or have ndx = ${ndx} entries, got ${all.length}`)
  for (const value of all)
    if (!(Number.isFinite(value) && value >= 0))
      throw new RangeError(`sensedDynamics: noise must be finite and ≥ 0, got ${value}`)
  return Math.max(0, ...all)
}

/** The median of those that are numbers; 0 without any. */
function medianOf(values: Float64Array): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort()
  return sorted.length === 0 ? 0 : sorted[sorted.length >> 1]!
}
