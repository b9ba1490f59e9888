/** u* = R(u*; d) of a map that is contractive, or nearly, by iteration; no gradients are taken on the way. */
import { norm2 } from '../linalg/flat.ts'

/** R: (u, d) ↦ u, with its products Jᵀw. In double precision, of one sample. */
export interface FixedPointMap {
  readonly size: number // n
  readonly parameters: number // p
  /** uOut = R(u; d); uOut is another array than u. */
  apply(u: Float64Array, d: Float64Array, uOut: Float64Array): void
  /** ofU [n] = (∂R/∂u)ᵀ w and ofD [p] = (∂R/∂d)ᵀ w, both overwritten. */
  pullBack(u: Float64Array, d: Float64Array, w: Float64Array, ofU: Float64Array, ofD: Float64Array): void
}

export interface SolveFixedPointOptions {
  readonly start?: ArrayLike<number> | undefined // [n], default zeros
  readonly tolerance?: number | undefined // ‖R(u) − u‖ ≤ tolerance · (1 + ‖u‖), default 1e-10
  readonly maxIterations?: number | undefined // applications of R, default 1000
}

export interface FixedPoint {
  readonly result: 'solved' | 'max-iterations' | 'not-finite'
  readonly u: Float64Array // [n], the last one that is finite
  readonly residual: number // ‖R(u) − u‖ / (1 + ‖u‖)
  readonly iterations: number // applications of R
}

/** u ← R(u; d) until it stays. Throws RangeError on sizes and options that do not fit. */
export function solveFixedPoint(
  map: FixedPointMap,
  d: Float64Array,
  { start, tolerance = 1e-10, maxIterations = 1000 }: SolveFixedPointOptions = {},
): FixedPoint {
  const { size: n, parameters: p } = map
  if (d.length !== p) throw new RangeError(`solveFixedPoint: d must be [p] = [${p}], got ${d.length} numbers`)
  if (start !== undefined && start.length !== n)
    throw new RangeError(`solveFixedPoint: start must be [n] = [${n}], got ${start.length} numbers`)
  if (!(tolerance > 0)) throw new RangeError(`solveFixedPoint: tolerance must be > 0, got ${tolerance}`)
  if (!(Number.isSafeInteger(maxIterations) && maxIterations >= 1))
    throw new RangeError(`solveFixedPoint: maxIterations must be an integer ≥ 1, got ${maxIterations}`)
  let u = start === undefined ? new Float64Array(n) : Float64Array.from(start)
  let next = new Float64Array(n)
  const difference = new Float64Array(n)
  let residual = Number.POSITIVE_INFINITY
  for (let iterations = 1; iterations <= maxIterations; iterations++) {
    map.apply(u, d, next)
    for (let i = 0; i < n; i++) difference[i] = next[i]! - u[i]!
    const size = norm2(difference)
    if (!Number.isFinite(size)) return { result: 'not-finite', u, residual, iterations }
    residual = size / (1 + norm2(u))
    if (residual <= tolerance) return { result: 'solved', u, residual, iterations }
    const kept = u
    u = next
    next = kept
  }
  return { result: 'max-iterations', u, residual, iterations: maxIterations }
}
