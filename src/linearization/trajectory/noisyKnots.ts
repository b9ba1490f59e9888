/**
 * A and B along a trajectory where steps carry noise or gross errors: they change little from knot to knot, so that the differences of
 * knots near each other tell those of each (smoothedFit.ts). All columns move in every call, by steps as large as curvature allows; one
 * direction of each knot is held out and chooses how smooth they are taken to be. Of pairs of steps that contradict each other, the one that agrees with the others is taken.
 */
import type { Engine } from '../../engine/engine.ts'
import { random } from '../../linalg/random.ts'
import { expandTies } from '../../linalg/ties.ts'
import { defaultStep } from '../../sensing/steps.ts'
import { callsPerDirection, stencilOf } from '../../sensing/stencil.ts'
import { orthogonalDirections, weigh } from '../../sensing/weighing.ts'
import type { Dynamics } from './dynamics.ts'
import { grossPairs } from './grossPairs.ts'
import { knotDifferences } from './knotDifferences.ts'
import type { KnotMotions } from './knotMotions.ts'
import type { KnotPlan, KnotPlans } from './knotPlans.ts'
import { smoothedFit } from './smoothedFit.ts'

export interface NoisyOptions {
  readonly motions: KnotMotions
  readonly plans: KnotPlans
  readonly noise: number | ArrayLike<number> | undefined
  readonly robust: boolean
  readonly directions: number | undefined
  readonly seed: number
  readonly step: number | undefined
}

/** No step is larger, relative to the inputs' typical magnitudes. */
const LARGEST_STEP = 0.1
/** All columns move at once, and knots share what they tell: smaller steps than for one column alone. */
const SMALLER = 0.5
/** Penalties on bends that are tried. */
const PENALTIES = [1e-4, 1e-2, 1, 100]
const SMOOTH = 1 // penalty at which a wrong difference can't bend J to itself
const STREAM = 17 // of the seed, and up
/** Standard deviations that a held-out misfit may have, and a difference that is kept. */
const ALLOWED = 5
const KEPT = 8
const TRIMMED = 0.05 // of the misfits
const CLEARLY = 0.25 // of the other side's misfit: this one is right
const ONE_SIDED = 0.25 // weight of a difference from one side, which curvature bends
const ROUNDING = 64 * Number.EPSILON

export function noisyKnots(engine: Engine, options: NoisyOptions): Dynamics['linearizeInto'] {
  const { motions, plans, robust, seed } = options
  const { ndx, nu } = engine.layout
  const n = ndx + nu
  const count = options.directions ?? n
  if (!(Number.isSafeInteger(count) && count >= 2))
    throw new RangeError(`sensedDynamics: directions must be an integer ≥ 2, got ${count}`)
  const sigma = noiseOf(options.noise ?? 0, ndx)
  const scheme = 'central'
  const { reach, noise: ofStencil } = stencilOf(scheme)
  const suited = SMALLER * Math.cbrt(3 * Math.max(...sigma)) // balances curvature of size one against noise
  const step = options.step ?? Math.min(LARGEST_STEP, Math.max(defaultStep(scheme), suited))
  const differences = knotDifferences(engine, motions, scheme, step)
  const perDirection = callsPerDirection(scheme)
  const floors = Float64Array.from(sigma, (one) => KEPT * ofStencil * one + ROUNDING)
  let pass = 0

  return async (A, B, knots, signal) => {
    const { N } = knots
    const { plan, ties } = plans.common(knots)
    const columns = Array.from({ length: n }, (_, j) => j).filter((j) => plan.colors[j]! >= 0)
    const known = Array.from({ length: n }, (_, j) => j).filter((j) => plan.colors[j]! < 0)
    const { D, owners } = directionsFor(N, count, n, columns, seed, pass++)
    const { Y, S } = await differences.along(knots, owners, D, { signal, allowsMissing: robust })
    const spans = new Float64Array(N * count * n)
    const units = new Float64Array(n)
    for (let k = 0; k < N; k++) {
      const scale = differences.scaleAt(knots, k)
      for (let j = 0; j < n; j++) units[j]! += (reach * step * scale[j]!) / N
      for (let t = 0; t < count; t++)
        for (let j = 0; j < n; j++)
          spans[(k * count + t) * n + j] = reach * step * scale[j]! * D[(k * count + t) * n + j]!
    }
    const marks = robust ? grossPairs(S, { N, count, ndx, floors }) : new Uint8Array(N * count)
    const weights = new Float64Array(N * count) // of the fit
    const isHeldOut = (p: number) => p % count === count - 1
    for (let p = 0; p < N * count; p++) weights[p] = isHeldOut(p) || marks[p] === 1 ? 0 : 1

    const fit = smoothedFit({ N, n, ndx, count, spans, Y, units, supports: supportsOf(plan, ndx, n) })
    const J = new Float64Array(N * ndx * n)
    const predictions = new Float64Array(N * count * ndx)
    const misfits = new Float64Array(N * count * ndx)
    const attempt = (rho: number): boolean => {
      if (!fit.fitInto(J, weights, rho)) return false
      if (ties) for (let k = 0; k < N; k++) expandTies(J.subarray(k * ndx * n, (k + 1) * ndx * n), ties)
      for (let p = 0; p < N * count; p++) {
        const k = Math.floor(p / count)
        for (let i = 0; i < ndx; i++) {
          let sum = 0
          for (let j = 0; j < n; j++) sum += J[(k * ndx + i) * n + j]! * spans[p * n + j]!
          predictions[p * ndx + i] = sum
          misfits[p * ndx + i] = Math.abs(Y[p * ndx + i]! - sum)
        }
      }
      return true
    }
    /** Root mean square of held-out misfits but for the largest, [ndx]. */
    const heldOutMisfits = () =>
      Array.from({ length: ndx }, (_, i) => {
        const some: number[] = []
        for (let p = count - 1; p < N * count; p += count) if (marks[p] === 0) some.push(misfits[p * ndx + i]!)
        return trimmed(some)
      })

    /** Puts the side of a pair that agrees with J in the difference's place; the weight it may have. */
    const takeBetterSide = (p: number): number => {
      let [plus, minus] = [0, 0] // misfits beside typical ones
      for (let i = 0; i < ndx; i++) {
        const [y, sum] = [Y[p * ndx + i]!, S[p * ndx + i]!]
        const predicted = predictions[p * ndx + i]!
        const typical = KEPT * deviation[i]! + floors[i]!
        plus = Math.max(plus, Math.abs(y + sum - predicted) / typical)
        minus = Math.max(minus, Math.abs(y - sum - predicted) / typical)
      }
      if (!(Math.min(plus, minus) <= Math.max(1, CLEARLY * Math.max(plus, minus)))) return 0
      for (let i = 0; i < ndx; i++) Y[p * ndx + i]! += (plus <= minus ? 1 : -1) * S[p * ndx + i]!
      return ONE_SIDED
    }

    const scores: { readonly rho: number; readonly rows: readonly number[] }[] = []
    for (const rho of PENALTIES) {
      signal?.throwIfAborted()
      if (attempt(rho)) scores.push({ rho, rows: heldOutMisfits() })
    }
    const rho = leastOf(scores)
    if (rho === null)
      throw new RangeError(
        `sensedDynamics: ${count} directions a knot do not tell ${columns.length} columns on ${N} knots; give more directions`,
      )
    attempt(rho)
    let deviation = heldOutMisfits()
    if (robust) {
      // two errors of one pair may cancel in its sum, but stand out from what smoother Jacobians predict
      attempt(Math.max(rho, SMOOTH))
      const more = grossPairs(misfits, { N, count, ndx, floors })
      for (let p = 0; p < N * count; p++) {
        if (more[p] === 0 || marks[p] === 1) continue
        marks[p] = 1
        weights[p] = 0
      }
      attempt(rho)
      deviation = heldOutMisfits()
      for (let p = 0; p < N * count; p++) if (marks[p] === 1 && !isHeldOut(p)) weights[p] = takeBetterSide(p)
      attempt(rho)
      deviation = heldOutMisfits()
    }
    let certified = 0
    for (let k = 0; k < N; k++) {
      const p = (k + 1) * count - 1
      const isWithin = (i: number) => misfits[p * ndx + i]! <= ALLOWED * deviation[i]! + ROUNDING
      const fits = Array.from({ length: ndx }, (_, i) => isWithin(i)).every(Boolean)
      if (fits) certified++
      // what was held out adds to what is told, unless it is grossly wrong; columns known beforehand are taken out of it
      if (marks[p] === 1 || (robust && !fits)) continue
      weights[p] = 1
      for (const j of known)
        for (let i = 0; i < ndx; i++) Y[p * ndx + i]! -= J[(k * ndx + i) * n + j]! * spans[p * n + j]!
    }
    attempt(rho)
    for (let k = 0; k < N; k++)
      for (let i = 0; i < ndx; i++) {
        const row = (k * ndx + i) * n
        for (let j = 0; j < ndx; j++) A[(k * ndx + i) * ndx + j] = J[row + j]!
        for (let a = 0; a < nu; a++) B[(k * ndx + i) * nu + a] = J[row + ndx + a]!
      }
    const numGross = marks.reduce((sum, mark) => sum + mark, 0)
    return {
      calls: N * count * perDirection,
      callsFor: { directions: N * (count - 1) * perDirection, heldOut: N * perDirection, repair: 0 },
      denseCalls: N * n * perDirection,
      measured: N,
      interpolated: 0,
      checked: N,
      certified,
      worstResidual: Math.max(...deviation) / (reach * step),
      isRandom: true,
      notes: [
        `step ${step.toPrecision(2)}, penalty on bends ${rho}`,
        ...(robust ? [`${numGross} of ${N * count} pairs of steps hold gross errors`] : []),
        ...motions.troubles(),
      ],
    }
  }
}

/** One orthogonal design after the other, so that knots near each other tell all columns; the last direction of each is random. */
function directionsFor(N: number, count: number, n: number, columns: readonly number[], seed: number, pass: number) {
  const source = random(seed, STREAM + pass)
  const classes = Array.from({ length: n }, (_, j) => columns.indexOf(j))
  const rows = orthogonalDirections(1, columns.length)
  const fitted = count - 1
  const W: number[] = []
  while (rows > 0 && W.length < N * fitted * n)
    for (const entry of weigh('multiplexed', rows, classes, columns.length, source)) W.push(entry)
  const D = new Float64Array(N * count * n)
  const owners = new Int32Array(N * count)
  for (let k = 0; k < N; k++)
    for (let t = 0; t < count; t++) {
      const p = k * count + t
      owners[p] = k
      if (t < fitted) for (let j = 0; j < n; j++) D[p * n + j] = W[(k * fitted + t) * n + j] ?? 0
      else for (let j = 0; j < n; j++) D[p * n + j] = source.rademacher() * (0.5 + 0.5 * source.uniform())
    }
  return { D, owners }
}

/** The penalty with the least misfits, all rows counting alike; null without any. */
function leastOf(scores: readonly { readonly rho: number; readonly rows: readonly number[] }[]): number | null {
  let best: number | null = null
  let least = Number.POSITIVE_INFINITY
  for (const { rho, rows } of scores) {
    let sum = 0
    for (const [i, value] of rows.entries()) {
      const smallest = Math.min(...scores.map((one) => one.rows[i]!))
      if (smallest > 0) sum += value / smallest
    }
    if (sum < least) {
      least = sum
      best = rho
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

function noiseOf(noise: number | ArrayLike<number>, ndx: number): Float64Array {
  const sigma = typeof noise === 'number' ? new Float64Array(ndx).fill(noise) : Float64Array.from(noise)
  if (sigma.length !== ndx)
    throw new RangeError(`sensedDynamics: noise must be a number or have ndx = ${ndx} entries, got ${sigma.length}`)
  for (const value of sigma)
    if (!(Number.isFinite(value) && value >= 0))
      throw new RangeError(`sensedDynamics: noise must be finite and ≥ 0, got ${value}`)
  return sigma
}

/** Root mean square of those that are numbers, the largest twentieth left out; 0 without any. */
function trimmed(values: readonly number[]): number {
  const sorted = Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort()
  const kept = sorted.subarray(0, Math.ceil((1 - TRIMMED) * sorted.length))
  return kept.length === 0 ? 0 : Math.sqrt(kept.reduce((sum, value) => sum + value * value, 0) / kept.length)
}
