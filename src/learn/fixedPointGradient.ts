/** Gradients through a fixed point u* = R(u*; d): exact, by a Neumann series, or without its Jacobian. */
import { norm2 } from '../linalg/flat.ts'
import { luInPlace } from '../linalg/lu.ts'
import type { FixedPointMap } from './fixedPoint.ts'

/** In the order of their cost: no product with (∂R/∂u)ᵀ, k of them, n of them and a factorization. */
export const FIXED_POINT_METHODS = ['jacobian-free', 'neumann', 'exact'] as const
export type FixedPointMethod = (typeof FIXED_POINT_METHODS)[number]

export interface FixedPointGradientOptions {
  readonly method?: FixedPointMethod | undefined // default 'jacobian-free'
  readonly terms?: number | undefined // k of Neumann, default 3
}

export interface FixedPointGradient {
  readonly result: 'solved' | 'singular' // singular: I − ∂R/∂u has no inverse, so that u* has no derivative; the gradient is zeros
  readonly gradient: Float64Array // [p] of L by d
  readonly adjoint: Float64Array // v [n]
  readonly products: number // with (∂R/∂u)ᵀ
}

/** Throws RangeError or TypeError on options that do not fit. */
export function checkMethod(caller: string, method: unknown, terms: number): void {
  if (!FIXED_POINT_METHODS.includes(method as FixedPointMethod))
    throw new TypeError(`${caller}: method must be ${FIXED_POINT_METHODS.join(', ')}, got ${String(method)}`)
  if (!(Number.isSafeInteger(terms) && terms >= 0))
    throw new RangeError(`${caller}: terms must be an integer ≥ 0, got ${terms}`)
}

/**
 * (∂R/∂d)ᵀ v at a fixed point u, for w = ∂L/∂u. exact: v = (I − ∂R/∂u)⁻ᵀ w, by the implicit function theorem. neumann: v = Σ_{i ≤ k}
 * ((∂R/∂u)ᵀ)ⁱ w, off by ‖∂R/∂u‖^(k+1) of v at most. jacobian-free: v = w; Fung, Heaton, Li, McKenzie, Osher and Yin 2022, "JFB: Jacobian-free
 * backpropagation for implicit networks", arXiv 2103.12803. Throws RangeError or TypeError on options that do not fit.
 */
export function fixedPointGradient(
  map: FixedPointMap,
  { u, d, w }: { readonly u: Float64Array; readonly d: Float64Array; readonly w: Float64Array },
  { method = 'jacobian-free', terms = 3 }: FixedPointGradientOptions = {},
): FixedPointGradient {
  checkMethod('fixedPointGradient', method, terms)
  const { size: n, parameters: p } = map
  for (const [name, given, wanted] of [
    ['u', u, n],
    ['d', d, p],
    ['w', w, n],
  ] as const)
    if (given.length !== wanted)
      throw new RangeError(`fixedPointGradient: ${name} must hold ${wanted} numbers, got ${given.length}`)
  const ofU = new Float64Array(n)
  const gradient = new Float64Array(p)
  const v = w.slice()
  let products = 0
  if (method === 'neumann')
    for (; products < terms; products++) {
      map.pullBack(u, d, v, ofU, gradient)
      for (let i = 0; i < n; i++) v[i] = w[i]! + ofU[i]!
    }
  if (method === 'exact') {
    const rows = new Float64Array(n * n) // row i: (∂R/∂u)ᵀ e_i, which is row i of ∂R/∂u
    const unit = new Float64Array(n)
    for (; products < n; products++) {
      unit[products] = 1
      map.pullBack(u, d, unit, ofU, gradient)
      unit[products] = 0
      rows.set(ofU, products * n)
    }
    if (!solveAdjointInPlace(v, rows, n))
      return { result: 'singular', gradient: new Float64Array(p), adjoint: new Float64Array(n), products }
  }
  map.pullBack(u, d, v, ofU, gradient)
  return { result: 'solved', gradient, adjoint: v, products }
}

/** w becomes (I − J)⁻ᵀ w; J [n × n] is destroyed. False (w is garbage) where I − J has no inverse. */
export function solveAdjointInPlace(w: Float64Array, J: Float64Array, n: number): boolean {
  for (let k = 0; k < n * n; k++) J[k] = -J[k]!
  for (let i = 0; i < n; i++) J[i * n + i]! += 1
  const factors = luInPlace(J, n)
  if (factors === null) return false
  factors.solveTransposedInPlace(w)
  return w.every(Number.isFinite)
}

/** Of the angle between two vectors; 1 where both are 0, 0 where one is. */
export function cosine(a: Float64Array, b: Float64Array): number {
  const [x, y] = [norm2(a), norm2(b)]
  if (x === 0 || y === 0) return x === y ? 1 : 0
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += (a[k]! / x) * (b[k]! / y)
  return sum
}
