/**
 * The left action g = Jᵀw of a blackbox's Jacobian from few calls, their number independent of the number of outputs: along random
 * directions s_i, y_i = ⟨w, f(z + h s_i) − f(z − h s_i)⟩ / 2h ≈ ⟨s_i, g⟩, and ĝ = (1/k) Σ y_i s_i. With ‖s_i‖² = n its relative mean
 * squared error is (n + 1)/k for Gaussian, (n − 1)/k for Rademacher, n/k − 1 for orthogonal directions (k ≤ n): exact at k = n.
 */
import type { Blackbox } from '../blackbox/blackbox.ts'
import { type Design, designRows } from './designs.ts'
import { checkVector, defaultStep, resolveScale } from './steps.ts'

export interface VjpOptions {
  readonly directions?: number | undefined // k, default n
  readonly design?: Design | undefined // default 'hadamard'
  /** 'central' (antithetic pairs, 2k calls, default) or 'forward' (k + 1 calls). */
  readonly scheme?: 'central' | 'forward' | undefined
  readonly step?: number | undefined // per coordinate, relative to its typical magnitude; default ∛ε central, √ε forward
  /** Leave out directions whose answer lies further than 6 robust standard deviations from the others. Default false. */
  readonly robust?: boolean | undefined
  readonly base?: ArrayLike<number> | undefined // [m], f(z) where it is known: saves a call in forward differences
  readonly seed?: number | undefined // default 1
  readonly signal?: AbortSignal | undefined
}

export interface Vjp {
  readonly g: Float64Array // [n], estimate of Jᵀw
  /** Standard deviation of each entry of g, from the spread of the answers; the same for all entries, in units of the inputs. */
  readonly standardError: Float64Array // [n]
  readonly calls: number // blackbox evaluations
  readonly directions: number // used
  readonly dropped: number // directions left out: an answer that was not finite, or an outlier
}

const OUTLIER = 6 // robust standard deviations
const MAD_TO_SIGMA = 1.4826 // of a normal distribution

/**
 * Jᵀw at z, w [m]. A direction one of whose calls gives NaN or Infinity is left out with its antithetic partner. Throws RangeError
 * on sizes that do not fit and when no direction is left.
 */
export async function vjp(
  blackbox: Blackbox,
  z: ArrayLike<number>, // [n]
  w: ArrayLike<number>, // [m]
  options: VjpOptions = {},
): Promise<Vjp> {
  const { inputs: n, outputs: m } = blackbox
  const { directions: k = n, design = 'hadamard', scheme = 'central', robust = false, seed = 1, signal } = options
  checkVector('vjp', 'z', z, n)
  checkVector('vjp', 'w', w, m)
  if (!(Number.isSafeInteger(k) && k >= 1))
    throw new RangeError(`vjp: directions must be an integer ≥ 1, got ${String(k)}`)
  if (scheme !== 'central' && scheme !== 'forward')
    throw new RangeError(`vjp: scheme must be 'forward' or 'central', got ${String(scheme)}`)
  const step = options.step ?? defaultStep(scheme)
  if (!(step > 0 && Number.isFinite(step))) throw new RangeError(`vjp: step must be a finite number > 0, got ${step}`)
  if (options.base !== undefined) checkVector('vjp', 'base', options.base, m)
  const scale = resolveScale('vjp', Float64Array.from(z), blackbox.scale)
  const S = designRows(design, k, n, seed)

  const sides = scheme === 'central' ? 2 : 1
  const takesBase = scheme === 'forward' && options.base === undefined
  const count = sides * k + (takesBase ? 1 : 0)
  const Z = new Float64Array(count * n)
  for (let p = 0; p < count; p++) {
    const i = Math.floor(p / sides)
    const signed = p % sides === 0 ? step : -step
    for (let j = 0; j < n; j++) Z[p * n + j] = z[j]! + (p < sides * k ? signed * scale[j]! * S[i * n + j]! : 0)
  }
  const values = await evaluateAll(blackbox, Z, count, signal)

  const project = (p: number): number => {
    let sum = 0
    for (let o = 0; o < m; o++) sum += w[o]! * values[p * m + o]!
    return sum
  }
  let base = 0
  if (scheme === 'forward') {
    if (takesBase) base = project(count - 1)
    else for (let o = 0; o < m; o++) base += w[o]! * options.base![o]!
  }
  const answers: [direction: number, value: number][] = []
  for (let i = 0; i < k; i++) {
    const y = scheme === 'central' ? (project(2 * i) - project(2 * i + 1)) / (2 * step) : (project(i) - base) / step
    if (Number.isFinite(y)) answers.push([i, y])
  }
  const used = robust ? withoutOutliers(answers) : answers
  if (used.length === 0) throw new RangeError(`vjp: none of the ${k} directions gave a finite answer`)

  // in units where each input has magnitude one, then back
  const g = new Float64Array(n)
  let square = 0
  for (const [i, y] of used) {
    square += y * y
    for (let j = 0; j < n; j++) g[j]! += (y * S[i * n + j]!) / used.length
  }
  const spread = Math.sqrt(((square / used.length) * errorFactor(design, used.length, n)) / n)
  for (let j = 0; j < n; j++) g[j]! /= scale[j]!
  return {
    g,
    standardError: Float64Array.from(scale, (size) => spread / size),
    calls: count,
    directions: used.length,
    dropped: k - used.length,
  }
}

/** Relative mean squared error of ĝ: E‖ĝ − g‖² / ‖g‖². */
function errorFactor(design: Design, k: number, n: number): number {
  if (design === 'gaussian') return (n + 1) / k
  if (design === 'rademacher') return (n - 1) / k
  // blocks of n orthogonal rows are exact; the last one, of k mod n rows, is not
  const rest = k % n
  return rest === 0 ? 0 : (n / rest - 1) * (rest / k) ** 2
}

function withoutOutliers(answers: readonly [number, number][]): [number, number][] {
  const values = answers.map(([, y]) => y)
  const centre = median(values)
  const sigma = MAD_TO_SIGMA * median(values.map((y) => Math.abs(y - centre)))
  return answers.filter(([, y]) => Math.abs(y - centre) <= OUTLIER * sigma)
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

async function evaluateAll(
  blackbox: Blackbox,
  Z: Float64Array,
  count: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const { inputs: n, outputs: m } = blackbox
  const Y = new Float64Array(count * m)
  signal?.throwIfAborted()
  if (blackbox.evaluateBatch) await blackbox.evaluateBatch(Z, Y, count)
  else
    for (let p = 0; p < count; p++) {
      signal?.throwIfAborted()
      blackbox.evaluate(Z.subarray(p * n, (p + 1) * n), Y.subarray(p * m, (p + 1) * m))
    }
  return Y
}
