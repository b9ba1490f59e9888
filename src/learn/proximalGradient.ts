/** The proximal gradient of a linear layer Z = A θ: (AᵀA + I/τ)⁻¹ G in the place of the gradient G = Aᵀ ∂L/∂Z; in double precision. */
import { choleskyInPlace, choleskySolveInPlace } from '../linalg/cholesky.ts'
import { norm2, transposeInto } from '../linalg/flat.ts'
import { productInto } from '../linalg/product.ts'

export interface ProximalOptions {
  /** τ > 0, the weight of the layer's own problem against staying put. τ → 0 gives τ G, τ → ∞ the least-squares step of the layer. */
  readonly tau?: number | undefined // default 1
  /**
   * How AᵀA grows with the rows: by the `sum` over them (default, the paper's), or by their `mean`, so that a τ means the same for
   * every batch and G may belong to a mean loss: (AᵀA/r + I/τ)⁻¹ G.
   */
  readonly over?: 'sum' | 'mean' | undefined
  /** By Cholesky factors of AᵀA or of AAᵀ, the smaller one (default), or by conjugate gradients from θ on. */
  readonly solve?: 'exact' | 'conjugate-gradients' | undefined
  readonly maxIterations?: number | undefined // of conjugate gradients, default 10
  readonly tolerance?: number | undefined // of conjugate gradients: residual of each output over its first one, default 1e-2
  /** E [p × q]: gradient by θ of what the loss has beside the layer's outputs, such as weight decay; added to AᵀD. */
  readonly penalty?: Float64Array | undefined
}

/**
 * `solved`: to rounding or to the tolerance. `max-iterations`: a descent direction all the same, short of the tolerance.
 * `singular`: AᵀA + I/τ has no Cholesky factor in double precision, as τ‖A‖² is beyond 1e14; no direction. `not-finite`: nor from such numbers.
 */
export type ProximalResult = 'solved' | 'max-iterations' | 'singular' | 'not-finite'

export interface ProximalGradient {
  readonly result: ProximalResult
  readonly direction: Float64Array | null // θ_old − θ⁺ [p × q]
  readonly iterations: number // of conjugate gradients
  readonly residual: number // ‖G − M·direction‖ / ‖G‖
}

/** The same with no option left open, but the penalty. */
export type ProximalSettings = {
  readonly [K in Exclude<keyof ProximalOptions, 'penalty'>]-?: Exclude<ProximalOptions[K], undefined>
}

/** Throws RangeError or TypeError on options that do not fit. */
export function proximalSettings(caller: string, options: ProximalOptions): ProximalSettings {
  const { tau = 1, over = 'sum', solve = 'exact', maxIterations = 10, tolerance = 1e-2 } = options
  if (!(tau > 0 && Number.isFinite(tau))) throw new RangeError(`${caller}: tau must be a finite number > 0, got ${tau}`)
  if (over !== 'sum' && over !== 'mean')
    throw new TypeError(`${caller}: over must be 'sum' or 'mean', got ${String(over)}`)
  if (solve !== 'exact' && solve !== 'conjugate-gradients')
    throw new TypeError(`${caller}: solve must be 'exact' or 'conjugate-gradients', got ${String(solve)}`)
  if (!(Number.isSafeInteger(maxIterations) && maxIterations >= 1))
    throw new RangeError(`${caller}: maxIterations must be an integer ≥ 1, got ${maxIterations}`)
  if (!(tolerance >= 0 && tolerance < 1))
    throw new RangeError(`${caller}: tolerance must be at least 0 and less than 1, got ${tolerance}`)
  return { tau, over, solve, maxIterations, tolerance }
}

/**
 * θ_old − θ⁺ of θ⁺ = argmin ½‖Aθ − (Aθ_old − D)‖² + ‖θ − θ_old‖²/(2τ), D = ∂L/∂Z, which is (AᵀA + I/τ)⁻¹ AᵀD: a descent direction, as
 * the matrix is positive definite. Frerix, Möllenhoff, Moeller and Cremers 2018, "Proximal backpropagation", arXiv 1706.04638. Differs
 * from the paper in: exact steps by the smaller of AᵀA and AAᵀ; conjugate gradients for each output by itself. They start at θ_old,
 * that is at direction 0, with residual G = AᵀD. It takes D, not G: rounding of D is amplified by at most √τ/2, rounding of G by τ. A
 * layer that is used more than once in a loss has the inputs and errors of all its uses in A and D, one below the other.
 * Throws RangeError or TypeError on sizes and options that do not fit.
 */
export function proximalGradient(
  A: Float64Array, // [r × p] row-major: inputs of the layer, a column of ones for a bias
  D: Float64Array, // [r × q] row-major: gradient of the loss by the layer's outputs, before its activation
  rows: number, // r
  options: ProximalOptions = {},
): ProximalGradient {
  const { tau, over, solve, maxIterations, tolerance } = proximalSettings('proximalGradient', options)
  const r = rows
  if (!(Number.isSafeInteger(r) && r >= 1 && A.length % r === 0 && D.length % r === 0 && A.length > 0))
    throw new RangeError(
      `proximalGradient: A [r × p] and D [r × q] must hold multiples of r = ${r} numbers, got ${A.length} and ${D.length}`,
    )
  const [p, q] = [A.length / r, D.length / r]
  const { penalty } = options
  if (penalty !== undefined && penalty.length !== p * q)
    throw new RangeError(`proximalGradient: penalty must be [p × q] = [${p} × ${q}], got ${penalty.length} numbers`)
  const At = new Float64Array(p * r)
  transposeInto(At, A, r, p)
  const G = new Float64Array(p * q)
  productInto(G, At, D, p, r, q)
  if (penalty !== undefined) for (let k = 0; k < G.length; k++) G[k]! += penalty[k]!
  const size = norm2(G)
  if (!Number.isFinite(size) || !Number.isFinite(norm2(A)))
    return { result: 'not-finite', direction: null, iterations: 0, residual: 1 }

  // (AᵀA + λI) x = s G
  const s = over === 'mean' ? r : 1
  const problem = { A, At, r, p, q, lambda: s / tau }
  const solved =
    solve === 'exact'
      ? exact(problem, D, penalty ?? null, G, s)
      : conjugateGradients(problem, scaled(G, s), maxIterations, tolerance)
  if (solved === null) return { result: 'singular', direction: null, iterations: 0, residual: 1 }
  const { x, iterations, converged } = solved
  const left = times(problem, x)
  for (let k = 0; k < left.length; k++) left[k]! -= s * G[k]!
  const residual = size === 0 ? 0 : norm2(left) / (s * size)
  return { result: converged ? 'solved' : 'max-iterations', direction: x, iterations, residual }
}

interface Problem {
  readonly A: Float64Array
  readonly At: Float64Array
  readonly r: number
  readonly p: number
  readonly q: number
  readonly lambda: number
}

interface Solved {
  readonly x: Float64Array
  readonly iterations: number
  readonly converged: boolean
}

/** (AᵀA + λI) x for x [p × q], without AᵀA. */
function times({ A, At, r, p, q, lambda }: Problem, x: Float64Array): Float64Array {
  const Ax = new Float64Array(r * q)
  const out = new Float64Array(p * q)
  productInto(Ax, A, x, r, p, q)
  productInto(out, At, Ax, p, r, q)
  for (let k = 0; k < out.length; k++) out[k]! += lambda * x[k]!
  return out
}

/**
 * s (AᵀA + λI)⁻¹ (AᵀD + E), where A is wide as s Aᵀ(AAᵀ + λI)⁻¹ (D − AE/λ) + s E/λ: so nothing of AᵀD is divided by λ. Null where there is
 * no factor.
 */
function exact(
  { A, At, r, p, q, lambda }: Problem,
  D: Float64Array,
  E: Float64Array | null,
  G: Float64Array,
  s: number,
): Solved | null {
  const isWide = r < p
  const n = isWide ? r : p
  const M = new Float64Array(n * n)
  productInto(M, isWide ? A : At, isWide ? At : A, n, isWide ? p : r, n)
  for (let i = 0; i < n; i++) M[i * n + i]! += lambda
  if (choleskyInPlace(M, n) !== -1) return null
  if (!isWide) {
    const x = scaled(G, s)
    choleskySolveInPlace(M, x, p, q)
    return { x, iterations: 0, converged: true }
  }
  const y = scaled(D, s)
  if (E !== null) {
    const AE = new Float64Array(r * q)
    productInto(AE, A, E, r, p, q)
    for (let k = 0; k < y.length; k++) y[k]! -= (s * AE[k]!) / lambda
  }
  choleskySolveInPlace(M, y, r, q)
  const x = new Float64Array(p * q)
  productInto(x, At, y, p, r, q)
  if (E !== null) for (let k = 0; k < x.length; k++) x[k]! += (s * E[k]!) / lambda
  return { x, iterations: 0, converged: true }
}

function scaled(X: Float64Array, s: number): Float64Array {
  return X.map((entry) => s * entry)
}

/** Hestenes and Stiefel 1952, all columns of `right` [p × q] at once, each with step lengths of its own. */
function conjugateGradients(problem: Problem, right: Float64Array, maxIterations: number, tolerance: number): Solved {
  const { p, q } = problem
  const x = new Float64Array(p * q)
  const residual = right.slice()
  const search = right.slice()
  const first = columnDots(residual, residual, p, q)
  let rho: Float64Array = first.slice()
  const open = () => rho.some((value, j) => Math.sqrt(value) > tolerance * Math.sqrt(first[j]!))
  let iterations = 0
  for (; iterations < maxIterations && open(); iterations++) {
    const image = times(problem, search)
    const curvature = columnDots(search, image, p, q)
    const step = curvature.map((c, j) => (Math.sqrt(rho[j]!) > tolerance * Math.sqrt(first[j]!) ? rho[j]! / c : 0))
    for (let k = 0; k < x.length; k++) {
      x[k]! += step[k % q]! * search[k]!
      residual[k]! -= step[k % q]! * image[k]!
    }
    const next = columnDots(residual, residual, p, q)
    for (let k = 0; k < x.length; k++) {
      const j = k % q
      if (step[j] !== 0) search[k] = residual[k]! + (next[j]! / rho[j]!) * search[k]!
    }
    rho = next
  }
  return { x, iterations, converged: !open() }
}

function columnDots(X: Float64Array, Y: Float64Array, p: number, q: number): Float64Array {
  const out = new Float64Array(q)
  for (let i = 0; i < p; i++) for (let j = 0; j < q; j++) out[j]! += X[i * q + j]! * Y[i * q + j]!
  return out
}
