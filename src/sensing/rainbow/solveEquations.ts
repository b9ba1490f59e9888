/** Solves one set of equations of a component for many right-hand sides, as errors of their kind want it. */
import { sparsestSolver } from '../compressed/sparsestSolver.ts'
import { leastAbsoluteDeviations } from '../leastAbsoluteDeviations.ts'
import { decorrelate } from './commonError.ts'
import { type LeastSquares, leastSquares } from './leastSquares.ts'
import { nearest } from './nearest.ts'

/**
 * 'least-squares': errors are noise. 'least-absolute': some differences are grossly wrong; these are found by least absolute deviations,
 * left out, and the others fitted by least squares. 'sparsest': most parameters are zero, nobody knows which. 'nearest': there are fewer
 * differences than parameters; of the solutions, the one nearest to a guess.
 */
export type Decoding = 'least-squares' | 'least-absolute' | 'sparsest' | 'nearest'

/** 'absolute': least absolute deviations alone; what is far from them is marked, but has its say. */
export type Solving = Decoding | 'absolute'

export const DECODINGS: readonly Decoding[] = ['least-squares', 'least-absolute', 'sparsest', 'nearest']

export interface Solution {
  readonly x: Float64Array // [width]
  readonly residual: Float64Array // [q], with independent errors; NaN where left out
  readonly fit: LeastSquares // of the equations that were kept
  readonly support: readonly number[] | null // the columns of `fit` where it has not all
  readonly isExplained: boolean // 'sparsest' only: the residuals are within the accuracy
  /** Variance of the error of c · x, c [width], where it is not that of `fit`: of solutions near a guess. */
  readonly variance: ((c: ArrayLike<number>) => number) | null
}

export interface RightHandSide {
  readonly y: Float64Array // [q]
  readonly deviation: number
  readonly accuracy: Float64Array // [q]
  readonly guess: Float64Array | null // [width], for 'nearest' (null: zero) and 'least-absolute' (null: it finds its own)
}

/** Of the variance of the errors, `share` is common to all equations of a row, `rows` [q] naming it; null: all are of one row. */
export interface CommonError {
  readonly rows?: Int32Array | null
  readonly share?: number
}

/** Differences further than so many standard deviations from the fit are gross errors. */
const GROSS = 6
const MAD_TO_SIGMA = 1.4826 // of a normal distribution
const REFITS = 4

/**
 * One solution for each right-hand side y [q]; NaN in y: the call failed, the equation is left out. `deviation`: standard deviation of
 * the errors where it is known, else NaN. `accuracy` [q]: what else, of curvature and rounding, is no gross error.
 */
export function solveEquations(
  A: Float64Array, // [q × width]
  q: number,
  width: number,
  right: readonly RightHandSide[],
  decoding: Solving,
  { rows = null, share = 0 }: CommonError = {},
): Solution[] {
  const isFitted = decoding === 'least-squares' || decoding === 'least-absolute'
  const common = { rows, share: isFitted ? share : 0 }
  const all = Array.from({ length: q }, (_, e) => e)
  const whole = leastSquares(keptRows(A, all, width, common), q, width)
  if (decoding === 'sparsest') {
    const solver = sparsestSolver(A, q, width)
    return right.map(({ y, accuracy }) => {
      const { x, isExplained } = solver.solve(y, accuracy, null)
      const support = Array.from(x.keys()).filter((l) => x[l] !== 0)
      const fit = leastSquares(columnsOf(A, q, width, support), q, support.length)
      return { x, residual: residualOf(A, q, width, x, y), fit, support, isExplained, variance: null }
    })
  }
  if (decoding === 'nearest' && whole.rank < width) return nearestSolutions(A, q, width, right, whole)
  if (decoding === 'absolute' && q > width)
    return absoluteSolutions(A, q, width, right).map((x, g) => {
      const { y, deviation, accuracy } = right[g]!
      const left = residualOf(A, q, width, x, y)
      const isOut = new Uint8Array(q)
      markGross(isOut, left, width, deviation, accuracy)
      const residual = left.map((value, e) => (isOut[e] === 1 ? Number.NaN : value))
      return { x, residual, fit: whole, support: null, isExplained: true, variance: null }
    })
  const isGiven = right.every(({ guess }) => guess !== null)
  const start =
    decoding !== 'least-absolute' || q <= width
      ? null
      : isGiven
        ? right.map(({ guess }) => guess!)
        : absoluteSolutions(A, q, width, right)
  return right.map(({ y, deviation, accuracy }, g) => {
    const isOut = Uint8Array.from(y, (value) => (Number.isNaN(value) ? 1 : 0))
    if (start !== null) markGross(isOut, residualOf(A, q, width, start[g]!, y), width, deviation, accuracy)
    for (let round = 0; ; round++) {
      const { x, fit, left } = fitKept(A, width, y, isOut, whole, common)
      const before = isOut.slice()
      if (start !== null && round < REFITS) markGross(isOut, residualOf(A, q, width, x, y), width, deviation, accuracy)
      if (before.every((out, e) => out === isOut[e])) {
        let next = 0
        const residual = Float64Array.from(isOut, (out) => (out === 1 ? Number.NaN : left[next++]!))
        return { x, residual, fit, support: null, isExplained: true, variance: null }
      }
    }
  })
}

/** Room of an entry that the guess has as zero, as a share of the largest; Infinity: the same for all. */
const ROOMS = [0.03, 0.3, Number.POSITIVE_INFINITY]

/**
 * Entries have room to differ from the guess in proportion to it and, more or less, all alike, as makes the equations most probable;
 * in units of how far each is moved.
 */
function nearestSolutions(
  A: Float64Array,
  q: number,
  width: number,
  right: readonly RightHandSide[],
  whole: LeastSquares,
): Solution[] {
  const moved = new Float64Array(width)
  for (let e = 0; e < q; e++)
    for (let l = 0; l < width; l++) moved[l] = Math.max(moved[l]!, Math.abs(A[e * width + l]!))
  const solver = sparsestSolver(A, q, width)
  return right.map(({ y, deviation, accuracy, guess }) => {
    const about = guess ?? new Float64Array(width)
    // few entries that differ from the guess are told exactly
    if (!y.some(Number.isNaN)) {
      const rest = residualOf(A, q, width, about, y)
      const share = Math.min(1, largestOf(rest) / (largestOf(y) || 1)) // what curvature may do is small beside small changes
      const { x: change, isExplained } = solver.solve(
        rest,
        accuracy.map((value) => share * value),
        null,
      )
      if (isExplained) {
        const x = change.map((value, l) => value + about[l]!)
        const support = Array.from(x.keys()).filter((l) => change[l] !== 0)
        const fit = leastSquares(columnsOf(A, q, width, support), q, support.length)
        return { x, residual: residualOf(A, q, width, x, y), fit, support, isExplained, variance: null }
      }
    }
    let largest = 0
    for (let l = 0; l < width; l++) largest = Math.max(largest, Math.abs(about[l]! * moved[l]!))
    const solutions = (largest > 0 ? ROOMS : [Number.POSITIVE_INFINITY]).map((least) => {
      const room = Float64Array.from(about, (value, l) => {
        const unit = moved[l]! > 0 ? moved[l]! : 1
        return (least < Number.POSITIVE_INFINITY ? Math.abs(value * unit) + least * largest : 1) / unit
      })
      return nearest(A, width, y, about, room, Number.isNaN(deviation) ? 0 : deviation)
    })
    const { x, variance } = solutions.reduce((best, other) => (other.evidence > best.evidence ? other : best))
    return { x, residual: residualOf(A, q, width, x, y), fit: whole, support: null, isExplained: true, variance }
  })
}

function largestOf(values: Float64Array): number {
  let largest = 0
  for (const value of values) largest = Math.max(largest, Math.abs(value))
  return largest
}

/** Least absolute deviations: all right-hand sides at once that miss the same equations. Zero where too few are left. */
function absoluteSolutions(
  A: Float64Array,
  q: number,
  width: number,
  right: readonly { readonly y: Float64Array }[],
): Float64Array[] {
  const alike = new Map<string, number[]>()
  for (const [g, { y }] of right.entries()) {
    let key = ''
    for (let e = 0; e < q; e++) key += Number.isNaN(y[e]!) ? '-' : '+'
    const others = alike.get(key)
    if (others === undefined) alike.set(key, [g])
    else others.push(g)
  }
  const solutions: Float64Array[] = right.map(() => new Float64Array(width))
  for (const [key, members] of alike) {
    const kept = Array.from(key, (mark, e) => (mark === '+' ? e : -1)).filter((e) => e >= 0)
    if (kept.length <= width) continue
    const rows = kept.map((e) => Array.from(A.subarray(e * width, (e + 1) * width)))
    const values = kept.map((e) => members.map((g) => right[g]!.y[e]!))
    for (const [r, { x }] of leastAbsoluteDeviations(rows, values).entries()) solutions[members[r]!] = x
  }
  return solutions
}

/** Marks equations that are left by more than noise, curvature and rounding can do; all others are taken (back) in. */
function markGross(
  isOut: Uint8Array,
  residual: Float64Array,
  width: number,
  deviation: number,
  accuracy: Float64Array,
): void {
  let sigma = deviation
  if (Number.isNaN(sigma)) {
    // as many residuals as parameters are zero after least absolute deviations, and say nothing
    const sizes = residual
      .filter((value) => !Number.isNaN(value))
      .map(Math.abs)
      .sort()
    const said = sizes.subarray(Math.min(width, Math.max(0, sizes.length - 1)))
    sigma = said.length === 0 ? 0 : MAD_TO_SIGMA * said[said.length >> 1]!
  }
  for (let e = 0; e < residual.length; e++) isOut[e] = Math.abs(residual[e]!) <= GROSS * sigma + accuracy[e]! ? 0 : 1
}

/** Least squares of the equations that are not out; `left`: their residuals. */
function fitKept(
  A: Float64Array,
  width: number,
  y: Float64Array,
  isOut: Uint8Array,
  whole: LeastSquares,
  common: Required<CommonError>,
): { x: Float64Array; fit: LeastSquares; left: Float64Array } {
  const kept = Array.from(isOut.keys()).filter((e) => isOut[e] === 0)
  const fit = kept.length === y.length ? whole : leastSquares(keptRows(A, kept, width, common), kept.length, width)
  const { x, residual } = fit.solve(keptRows(y, kept, 1, common))
  return { x, fit, left: residual }
}

/** Rows of A [q × width], with independent errors. */
function keptRows(
  A: Float64Array,
  kept: readonly number[],
  width: number,
  { rows, share }: Required<CommonError>,
): Float64Array {
  const out = new Float64Array(kept.length * width)
  kept.forEach((e, r) => {
    out.set(A.subarray(e * width, (e + 1) * width), r * width)
  })
  decorrelate(out, kept.length, width, rows === null ? null : Int32Array.from(kept, (e) => rows[e]!), share)
  return out
}

function residualOf(A: Float64Array, q: number, width: number, x: Float64Array, y: Float64Array): Float64Array {
  const residual = y.slice()
  for (let e = 0; e < q; e++) for (let l = 0; l < width; l++) residual[e]! -= A[e * width + l]! * x[l]!
  return residual
}

function columnsOf(A: Float64Array, q: number, width: number, columns: readonly number[]): Float64Array {
  const out = new Float64Array(q * columns.length)
  for (let e = 0; e < q; e++) for (const [c, l] of columns.entries()) out[e * columns.length + c] = A[e * width + l]!
  return out
}
