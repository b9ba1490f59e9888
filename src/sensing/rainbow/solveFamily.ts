/** The member of a family that explains differences along many directions, jointly, component by component; and how sure it is. */
import type { Family } from '../family.ts'
import { type Component, componentsOf, entriesByRow } from './components.ts'
import { equationsOf, lessKnown, type Spans } from './equations.ts'
import { type Decoding, type Solution, solveEquations } from './solveEquations.ts'

export interface FamilyDifferences extends Spans {
  readonly D: ArrayLike<number> // [k × n], nonzero where a direction moves an input
  /** Standard deviation that noise gives to a difference of each row; null where it is not known. */
  readonly noise: ArrayLike<number> | null // [m]
  readonly noiseFreedom: number // values it was estimated from, less what they were fitted with; Infinity: known
  readonly floor: ArrayLike<number> // [m], what rounding may do to a difference
  readonly tolerance: number // what curvature may do, relative to the largest difference
  readonly prior: ArrayLike<number> | null // [m × n], a guess of J for decoding 'nearest'
}

export interface FamilyFit {
  readonly theta: Float64Array // [d]
  readonly undetermined: readonly number[] // parameters that the differences do not tell; their theta is 0 or a guess
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

/** Throws RangeError where a component is too large for a dense solution. */
export function solveFamily(family: Family, decoding: Decoding, given: FamilyDifferences): FamilyFit {
  const { rows: m, parameters: d, parameter, factor, termPtr } = family
  const { count: k, noise, noiseFreedom, floor, tolerance } = given
  const byRow = entriesByRow(family)
  const components = componentsOf(family, given.D, k)
  checkSizes(components, k)
  const Y = lessKnown(family, given)
  const about = given.prior === null ? null : parametersOf(family, given.prior)
  const theta = new Float64Array(d)
  const isKnown = new Uint8Array(d)
  const square = new Float64Array(m) // of residuals
  const freedom = new Float64Array(m)
  const solved: {
    readonly component: Component
    readonly solution: Solution
    readonly weights: Float64Array | null
  }[] = []
  const solvedIn = new Int32Array(d).fill(-1) // where in `solved` each parameter is
  const place = new Int32Array(d) // and its place there
  const current = new Int32Array(d).fill(-1)
  let leftOut = 0
  let used = 0

  for (const group of grouped(components)) {
    const [first] = group as [Component, ...Component[]]
    const width = first.parameters.length
    const weights = first.rows.length > 1 && noise !== null ? weightsOf(first.rows, noise, floor, m) : null
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
      const guess = about === null ? null : Float64Array.from(component.parameters, (p) => about[p]!)
      return { y, deviation, accuracy, guess }
    })
    const solutions = solveEquations(A, q, width, right, decoding)
    for (const [g, component] of group.entries()) {
      const solution = solutions[g]!
      const { x, residual, fit, support, isExplained, variance } = solution
      for (const [l, p] of component.parameters.entries()) {
        theta[p] = x[l]!
        const isTold =
          support !== null ? isExplained : variance !== null || fit.variances[l]! < Number.POSITIVE_INFINITY
        if (isTold) isKnown[p] = 1
      }
      let kept = 0
      for (let e = 0; e < q; e++) if (!Number.isNaN(residual[e]!)) kept++
      used += q
      leftOut += q - kept
      // each equation bears its share of the parameters
      for (let e = 0; e < q; e++) {
        if (Number.isNaN(residual[e]!)) continue
        const i = group.length > 1 ? component.rows[0]! : rows[e]!
        square[i]! += (residual[e]! / (weights === null ? 1 : weights[i]!)) ** 2
        freedom[i]! += 1 - fit.rank / kept
      }
      const number = solved.push({ component, solution, weights }) - 1
      for (const [l, p] of component.parameters.entries()) {
        solvedIn[p] = number
        place[p] = l
      }
    }
  }

  const deviation = new Float64Array(m)
  for (let i = 0; i < m; i++) {
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
  return {
    theta,
    undetermined: Array.from(isKnown.keys()).filter((p) => isKnown[p] === 0),
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
            c = new Float64Array(solved[number]!.component.parameters.length)
            touched.set(number, c)
          }
          c[place[p]!]! += factor[s]! * moved
        }
      }
      let sum = 0
      for (const [number, c] of touched) {
        const { component, solution, weights } = solved[number]!
        const { fit, support, variance } = solution
        sum +=
          variance !== null
            ? variance(c)
            : meanSquare(component.rows, deviation, weights) *
              fit.variance(support === null ? c : support.map((l) => c[l]!))
      }
      return sum
    },
  }
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

/** One over the noise of each row, the quietest weighing most: errors of weighted equations have variance one. */
function weightsOf(
  rows: readonly number[],
  noise: ArrayLike<number>,
  floor: ArrayLike<number>,
  m: number,
): Float64Array {
  const weights = new Float64Array(m)
  for (const i of rows) weights[i] = 1 / Math.max(noise[i]!, floor[i]!, 1e-300)
  return weights
}

/** Of the errors of equations, weighted where weights are given. */
function meanSquare(rows: readonly number[], deviation: Float64Array, weights: Float64Array | null): number {
  let sum = 0
  for (const i of rows) sum += (deviation[i]! * (weights === null ? 1 : weights[i]!)) ** 2
  return sum / rows.length
}

/** A difference of middling size, which gross errors do not make large. */
function medianSize(y: Float64Array): number {
  const sizes = y
    .filter((value) => !Number.isNaN(value))
    .map(Math.abs)
    .sort()
  return sizes.length === 0 ? 0 : sizes[sizes.length >> 1]!
}
