/** The member of a family that explains differences along many directions, jointly, component by component; and how sure it is. */
import type { Family } from '../family.ts'
import { type Component, componentsOf, entriesByRow } from './components.ts'
import { equationsOf, lessKnown, type Spans } from './equations.ts'
import { shrinkNoise } from './shrinkNoise.ts'
import { type Solution, type Solving, solveEquations } from './solveEquations.ts'

export interface FamilyDifferences extends Spans {
  readonly D: ArrayLike<number> // [k × n], nonzero where a direction moves an input
  /** Standard deviation that noise gives to a difference of each row; null where it is not known. */
  readonly noise: ArrayLike<number> | null // [m]
  readonly noiseFreedom: number // values it was estimated from, less what they were fitted with; Infinity: known
  readonly share: number // of a difference's variance, that all differences of a row have in common
  readonly floor: ArrayLike<number> // [m], what rounding may do to a difference
  readonly tolerance: number // what curvature may do, relative to the largest difference
  readonly prior: ArrayLike<number> | null // [m × n], a guess of J for decoding 'nearest'
  readonly start: Float64Array | null // [d], where decoding 'least-absolute' looks for gross errors first; null: it finds its own
}

export interface FamilyFit {
  readonly theta: Float64Array // [d]
  readonly undetermined: readonly number[] // parameters that the differences do not tell; their theta is 0 or a guess
  /** Rows that the family does not fit: left out too often, or leaving far more than the noise that was told beforehand. */
  readonly misfits: readonly number[]
  readonly solved: Uint8Array // [k × m], 1: the difference tells of parameters
  readonly gross: Uint8Array // [k × m], 1: it was left out
  readonly leftOut: number // equations taken for grossly wrong, or missing
  readonly used: number // equations in all
  /** Standard deviation of a difference of each row: of noise as given, and from what the fit leaves; NaN: nothing tells. */
  readonly deviation: Float64Array // [m]
  readonly freedom: Float64Array // [m], equations less parameters behind it; Infinity where noise is known
  /** Variance of J_i · span, span [n], for the part of J that parameters make; NaN where nothing tells. */
  variance(i: number, span: ArrayLike<number>): number
}

/** Dense matrices of components hold at most so many numbers. */
const MAX_NUMBERS = 4e7
/** What curvature does is taken to be at most this share of what the certificate allows. */
const SHARE = 0.1
/** With so many times more equations, what a fit leaves tells the noise without the estimate that was given. */
const OWN_FREEDOM = 2
/** Residuals of so many times the variance of the noise, as told by some ten values, are of a family that does not hold. */
const ROUGH = 40

/** Throws RangeError where a component is too large for a dense solution. */
export function solveFamily(family: Family, decoding: Solving, given: FamilyDifferences): FamilyFit {
  const { rows: m, parameters: d, parameter, factor, termPtr } = family
  const { count: k, noise, noiseFreedom, share, floor, tolerance } = given
  const isOpen = decoding === 'sparsest' || decoding === 'nearest'
  const byRow = entriesByRow(family)
  const components = componentsOf(family, given.D, k)
  checkSizes(components, k)
  const Y = lessKnown(family, given)
  const about = given.prior === null ? null : parametersOf(family, given.prior)
  const theta = new Float64Array(d)
  const isKnown = new Uint8Array(d)
  const square = new Float64Array(m) // of residuals
  const freedom = new Float64Array(m)
  const fits: {
    readonly component: Component
    readonly solution: Solution
    readonly weighing: RowWeights | null
    readonly keptRows: readonly number[] // of J, of the equations of the fit
  }[] = []
  const solvedIn = new Int32Array(d).fill(-1) // where in `fits` each parameter is
  const place = new Int32Array(d) // and its place there
  const current = new Int32Array(d).fill(-1)
  const equations = new Int32Array(m)
  const outs = new Int32Array(m) // of them, left out
  const solved = new Uint8Array(k * m)
  const gross = new Uint8Array(k * m)
  let leftOut = 0
  let used = 0

  for (const group of grouped(components)) {
    const [first] = group as [Component, ...Component[]]
    const width = first.parameters.length
    const weighing =
      first.rows.length > 1 && noise !== null ? weightsOf(first.rows, noise, noiseFreedom, floor, m) : null
    const weights = weighing?.weights ?? null
    for (const [l, p] of first.parameters.entries()) current[p] = l
    const { A, rows, directions } = equationsOf(family, byRow, first, given, current, weights)
    for (const p of first.parameters) current[p] = -1
    const q = rows.length
    if (q === 0) continue

    const right = group.map((component) => {
      const y = new Float64Array(q)
      const accuracy = new Float64Array(q)
      let largest = 0
      for (let e = 0; e < q; e++) {
        const i = group.length > 1 ? component.rows[0]! : rows[e]!
        y[e] = (weights === null ? 1 : weights[i]!) * Y[directions[e]! * m + i]!
        accuracy[e] = floor[i]! * (weights === null ? 1 : weights[i]!)
        if (Math.abs(y[e]!) > largest) largest = Math.abs(y[e]!)
      }
      const typical = decoding === 'least-absolute' ? medianSize(y) : largest
      for (let e = 0; e < q; e++) accuracy[e]! += SHARE * tolerance * typical
      // an estimate may itself be led astray by gross errors: then what is left of the fit tells
      const isTold = noise !== null && (noiseFreedom === Number.POSITIVE_INFINITY || decoding !== 'least-absolute')
      const deviation = !isTold ? Number.NaN : weights === null ? noise[component.rows[0]!]! : 1
      const near = given.start ?? about
      const guess = near === null ? null : Float64Array.from(component.parameters, (p) => near[p]!)
      return { y, deviation, accuracy, guess }
    })
    const solutions = solveEquations(A, q, width, right, decoding, { rows: group.length > 1 ? null : rows, share })
    for (const [g, component] of group.entries()) {
      const solution = solutions[g]!
      const { x, residual, fit, support, isExplained, variance } = solution
      for (const [l, p] of component.parameters.entries()) {
        theta[p] = x[l]!
        const isTold =
          support !== null ? isExplained : variance !== null || fit.variances[l]! < Number.POSITIVE_INFINITY
        if (isTold) isKnown[p] = 1
      }
      const keptRows: number[] = []
      const leverages = fit.leverages()
      for (let e = 0; e < q; e++) {
        if (Number.isNaN(residual[e]!)) continue
        const i = group.length > 1 ? component.rows[0]! : rows[e]!
        square[i]! += (residual[e]! / (weights === null ? 1 : weights[i]!)) ** 2
        freedom[i]! += 1 - leverages[keptRows.length]!
        keptRows.push(i)
      }
      used += q
      leftOut += q - keptRows.length
      for (let e = 0; e < q; e++) {
        const i = group.length > 1 ? component.rows[0]! : rows[e]!
        equations[i]!++
        solved[directions[e]! * m + i] = 1
        if (!Number.isNaN(residual[e]!)) continue
        outs[i]!++
        gross[directions[e]! * m + i] = 1
      }
      const number = fits.push({ component, solution, weighing, keptRows }) - 1
      for (const [l, p] of component.parameters.entries()) {
        solvedIn[p] = number
        place[p] = l
      }
    }
  }

  const deviation = new Float64Array(m)
  const misfits: number[] = []
  // beside the differences of the row, too: noise may have been taken for too little
  const isLarge = (i: number) => {
    let size = 0
    for (let t = 0; t < k; t++) size += (Y[t * m + i]! || 0) ** 2 / k
    return square[i]! > freedom[i]! * tolerance ** 2 * size
  }
  for (let i = 0; i < m; i++) {
    const expected = noise === null ? Number.NaN : Math.max(noise[i]!, floor[i]!)
    const isRough = freedom[i]! >= 1 && square[i]! > ROUGH * freedom[i]! * expected ** 2 && !isOpen && isLarge(i)
    if (isRough || isLeftOut(outs[i]!, equations[i]!, leftOut / used)) misfits.push(i)
    if (noise !== null && noiseFreedom === Number.POSITIVE_INFINITY) {
      deviation[i] = noise[i]!
      freedom[i] = Number.POSITIVE_INFINITY
      continue
    }
    if (noise !== null && freedom[i]! < OWN_FREEDOM * noiseFreedom) {
      square[i]! += noiseFreedom * noise[i]! ** 2
      freedom[i]! += noiseFreedom
    }
    deviation[i] = freedom[i]! > 0.5 ? Math.sqrt(square[i]! / freedom[i]!) : Number.NaN
  }
  const variances: ((c: ArrayLike<number>) => number)[] = []
  return {
    theta,
    undetermined: Array.from(isKnown.keys()).filter((p) => isKnown[p] === 0),
    misfits,
    solved,
    gross,
    leftOut,
    used,
    deviation,
    freedom,
    variance(i, span) {
      // what the span makes of the parameters of each component that it touches
      const touched = new Map<number, Float64Array>()
      for (let a = byRow.ptr[i]!; a < byRow.ptr[i + 1]!; a++) {
        const moved = span[byRow.column[a]!]!
        if (moved === 0) continue
        const e = byRow.entry[a]!
        for (let s = termPtr[e]!; s < termPtr[e + 1]!; s++) {
          const p = parameter[s]!
          const number = solvedIn[p]!
          if (number < 0) continue
          let c = touched.get(number)
          if (c === undefined) {
            c = new Float64Array(fits[number]!.component.parameters.length)
            touched.set(number, c)
          }
          c[place[p]!]! += factor[s]! * moved
        }
      }
      let sum = 0
      for (const [number, c] of touched) {
        const { component, solution, weighing, keptRows } = fits[number]!
        const { support } = solution
        variances[number] ??= varianceOf(component.rows, solution, weighing, keptRows, deviation, freedom)
        sum += variances[number](support === null ? c : support.map((l) => c[l]!))
      }
      return sum
    },
  }
}

/** Whether so many of a row's equations are out that it is not gross errors: by far more than of all, and most of them. */
function isLeftOut(out: number, equations: number, share: number): boolean {
  if (equations === 0) return false
  const chance = share * equations + 3 * Math.sqrt(share * (1 - share) * equations)
  return out === equations || out > 0.75 * equations || (out > 0.5 * equations && out > chance)
}

/** Components with the same equations together. */
function grouped(components: readonly Component[]): Component[][] {
  const groups = new Map<string, Component[]>()
  const alone: Component[][] = []
  for (const component of components) {
    if (component.key === null) alone.push([component])
    else {
      const group = groups.get(component.key)
      if (group === undefined) groups.set(component.key, [component])
      else group.push(component)
    }
  }
  return [...alone, ...groups.values()]
}

/** The parameters of a given Jacobian, [d]: means over the entries that have them. */
function parametersOf(
  { cols: n, parameters: d, colPtr, rowIdx, known, termPtr, parameter, factor }: Family,
  J: ArrayLike<number>,
): Float64Array {
  const sum = new Float64Array(d)
  const square = new Float64Array(d)
  for (let j = 0; j < n; j++)
    for (let e = colPtr[j]!; e < colPtr[j + 1]!; e++)
      for (let s = termPtr[e]!; s < termPtr[e + 1]!; s++) {
        sum[parameter[s]!]! += factor[s]! * (J[rowIdx[e]! * n + j]! - known[e]!)
        square[parameter[s]!]! += factor[s]! ** 2
      }
  return sum.map((value, p) => (square[p]! > 0 ? value / square[p]! : 0))
}

function checkSizes(components: readonly Component[], k: number): void {
  for (const { rows, parameters } of components)
    if (rows.length * k * parameters.length > MAX_NUMBERS)
      throw new RangeError(
        `sensing: ${parameters.length} parameters are tied across ${rows.length} rows and ${k} directions: too many to be found together; take method 'colored'`,
      )
}

interface RowWeights {
  readonly weights: Float64Array // [m]
  readonly freedom: number // values behind each, in all; Infinity: known
}

/** One over the noise of each row, the quietest weighing most: errors of weighted equations have variance one. */
function weightsOf(
  rows: readonly number[],
  noise: ArrayLike<number>,
  noiseFreedom: number,
  floor: ArrayLike<number>,
  m: number,
): RowWeights {
  const weights = new Float64Array(m)
  for (const i of rows) weights[i] = 1 / Math.max(noise[i]!, floor[i]!, 1e-300)
  const noisy = rows.filter((i) => noise[i]! > floor[i]!)
  const { sigma, freedom } = shrinkNoise(
    noisy.map((i) => noise[i]!),
    noiseFreedom,
  )
  for (const [r, i] of noisy.entries()) weights[i] = 1 / sigma[r]!
  return { weights, freedom }
}

/**
 * Variance of the error of c · x, for the parameters of a component; more where noise is told from few values, so that one and two
 * standard deviations hold as many errors as they do where it is known.
 */
function varianceOf(
  rows: readonly number[],
  { fit, variance }: Solution,
  weighing: RowWeights | null,
  keptRows: readonly number[],
  deviation: Float64Array,
  freedom: Float64Array,
): (c: ArrayLike<number>) => number {
  if (variance !== null) return variance
  const [first] = rows as [number]
  if (rows.length === 1) {
    const square = (deviation[first]! * studentFactor(freedom[first]!)) ** 2
    return (c) => square * fit.variance(c)
  }
  const isTold = rows.filter((i) => !Number.isNaN(deviation[i]!))
  if (isTold.length === 0) return () => Number.NaN
  const pooled = weighing === null ? pooledSquares(isTold, deviation, freedom) : null
  const squareOf = (i: number) => pooled?.[i] ?? (deviation[i]! * weighing!.weights[i]!) ** 2
  let sum = 0
  let spread = 0
  for (const i of isTold) {
    sum += squareOf(i)
    spread += squareOf(i) ** 2 / freedom[i]!
  }
  // Satterthwaite 1946: the freedom of a sum
  const together = spread === 0 ? Number.POSITIVE_INFINITY : sum ** 2 / spread
  const factor = studentFactor(Math.min(together, weighing?.freedom ?? Number.POSITIVE_INFINITY)) ** 2
  const under = fit.varianceUnder(Float64Array.from(keptRows, squareOf))
  return (c) => factor * under(c)
}

/** Squares of deviations that few residuals tell, drawn towards each other; rows that nothing tells get the mean, [m]. */
function pooledSquares(isTold: readonly number[], deviation: Float64Array, freedom: Float64Array): Float64Array {
  const mean = isTold.reduce((sum, i) => sum + freedom[i]!, 0) / isTold.length
  const least = Number.MIN_VALUE ** 0.25
  const { sigma } = shrinkNoise(
    isTold.map((i) => Math.max(deviation[i]!, least)),
    mean,
  )
  const common = sigma.reduce((sum, value) => sum + value * value, 0) / sigma.length
  const squares = new Float64Array(deviation.length).fill(common)
  for (const [r, i] of isTold.entries()) squares[i] = sigma[r]! ** 2
  return squares
}

/**
 * Student's distribution with so many degrees of freedom, in units of a normal one: between the ratios of their quantiles of 68 % and of
 * 95 %, a third of the way, so that both shares are met within three points from four degrees on.
 */
function studentFactor(freedom: number): number {
  const inverse = 1 / freedom
  return 1 + inverse * (0.74 + inverse * (0.63 + 0.43 * inverse))
}

/** A difference of middling size, which gross errors do not make large. */
function medianSize(y: Float64Array): number {
  const sizes = y
    .filter((value) => !Number.isNaN(value))
    .map(Math.abs)
    .sort()
  return sizes.length === 0 ? 0 : sizes[sizes.length >> 1]!
}
