/**
 * The left action g = Jᵀw from values along random directions s_i, ‖s_i‖² = n: where to evaluate, and how to decode. Calls nothing;
 * `vjp` measures, and layers of neural networks do. With y_i = ⟨w, f(z + h s_i) − f(z − h s_i)⟩ / 2h ≈ ⟨s_i, g⟩, the average
 * ĝ = (1/k) Σ y_i s_i has the relative mean squared error (n + 1)/k for Gaussian, (n − 1)/k for Rademacher, n/k − 1 for orthogonal
 * directions (k ≤ n).
 */
import { type Design, DESIGNS } from './designs.ts'
import { hadamardOrder } from './hadamardMatrix.ts'
import { leastAbsoluteDeviations } from './leastAbsoluteDeviations.ts'
import { defaultStep } from './steps.ts'

/**
 * 'average': the mean of y_i s_i. 'trimmed': the same without directions whose answer lies further than 6 robust standard
 * deviations from the others. 'least-absolute': min Σ |b ± h ⟨s_i, g⟩ − ⟨w, f(z ± h s_i)⟩| over b and g, every value an equation of
 * its own, which a share of grossly wrong calls does not move; takes more directions than inputs.
 */
export type LeftDecoding = 'average' | 'trimmed' | 'least-absolute'

const LEFT_DECODINGS: readonly LeftDecoding[] = ['average', 'trimmed', 'least-absolute']

export interface LeftActionOptions {
  readonly directions?: number | undefined // k, default n, with 'least-absolute' 3 n
  /** Default 'hadamard' where a matrix of order n is known (1, 2, most multiples of four), else 'orthogonal': exact at k = n. With 'least-absolute' 'orthogonal'. */
  readonly design?: Design | undefined
  /** 'central' (antithetic pairs, 2k calls, default) or 'forward' (k + 1 calls). */
  readonly scheme?: 'central' | 'forward' | undefined
  /**
   * Of every coordinate, relative to its typical magnitude. Default ∛ε central, √ε forward; with `noise` ∛(3σ) and 8^¼ √σ, where third and
   * second derivatives in units of the inputs' magnitudes are about 1.
   */
  readonly step?: number | undefined
  readonly decoding?: LeftDecoding | undefined // default 'average'
  readonly noise?: number | undefined // σ, standard deviation of one value of any output, in its unit; default 0
}

/** Options with nothing left open. */
export interface LeftAction {
  readonly inputs: number // n
  readonly directions: number // k
  readonly design: Design
  readonly scheme: 'central' | 'forward'
  readonly sides: 1 | 2 // calls a direction
  readonly step: number // h
  readonly decoding: LeftDecoding
  readonly noise: number // σ
}

export interface LeftEstimate {
  readonly g: Float64Array // [n], estimate of Jᵀw
  /** Standard deviation of each entry of g: from the spread of the answers over random directions, and from `noise`. */
  readonly standardError: Float64Array // [n]
  readonly directions: number // used; with 'least-absolute' all of them
  /** Directions left out, an answer of theirs being not finite or an outlier; with 'least-absolute' single calls outvoted. */
  readonly dropped: number
}

const OUTLIER = 6 // robust standard deviations
const MAD_TO_SIGMA = 1.4826 // of a normal distribution

/** Fills in defaults. Throws RangeError, beginning with `who`, on options that do not fit. */
export function leftAction(who: string, n: number, options: LeftActionOptions): LeftAction {
  const { scheme = 'central', decoding = 'average', noise = 0 } = options
  const oneOf = (name: string, value: string, names: readonly string[]) => {
    if (!names.includes(value))
      throw new RangeError(`${who}: ${name} must be one of ${names.join(', ')}; got ${String(value)}`)
  }
  oneOf('scheme', scheme, ['central', 'forward'])
  oneOf('decoding', decoding, LEFT_DECODINGS)
  const isOrder = n >= 1 && hadamardOrder(n) === n
  const design = options.design ?? (isOrder && decoding !== 'least-absolute' ? 'hadamard' : 'orthogonal')
  oneOf('design', design, DESIGNS)
  const directions = options.directions ?? (decoding === 'least-absolute' ? 3 * n : n)
  if (!(Number.isSafeInteger(directions) && directions >= 1))
    throw new RangeError(`${who}: directions must be an integer ≥ 1, got ${String(directions)}`)
  if (decoding === 'least-absolute' && directions <= n)
    throw new RangeError(
      `${who}: decoding 'least-absolute' needs more directions than the ${n} inputs, got ${directions}; 'trimmed' does with fewer`,
    )
  if (!(noise >= 0 && Number.isFinite(noise)))
    throw new RangeError(`${who}: noise must be a finite number ≥ 0, got ${noise}`)
  const step = options.step ?? Math.max(defaultStep(scheme), stepUnder(noise, scheme))
  if (!(step > 0 && Number.isFinite(step)))
    throw new RangeError(`${who}: step must be a finite number > 0, got ${step}`)
  return { inputs: n, directions, design, scheme, sides: scheme === 'central' ? 2 : 1, step, decoding, noise }
}

/** Steps that balance noise against curvature of size 1: central (3ε/|f‴|)^⅓, forward 8^¼ √(ε/|f″|) (Moré and Wild 2012). */
function stepUnder(noise: number, scheme: 'central' | 'forward'): number {
  return scheme === 'central' ? Math.cbrt(3 * noise) : 8 ** 0.25 * Math.sqrt(noise)
}

/** Z [sides k × n]: the points of direction 0, plus side and then minus side where there are two, and so on. */
export function leftActionPointsInto(
  Z: Float64Array,
  { inputs: n, directions: k, sides, step }: LeftAction,
  S: Float64Array, // [k × n]
  z: ArrayLike<number>, // [n]
  scale: ArrayLike<number>, // [n]
): void {
  for (let p = 0; p < sides * k; p++) {
    const i = Math.floor(p / sides)
    const signed = p % sides === 0 ? step : -step
    for (let j = 0; j < n; j++) Z[p * n + j] = z[j]! + signed * scale[j]! * S[i * n + j]!
  }
}

/** What one point answered, contracted with w. */
export interface Projected {
  readonly values: Float64Array // [sides k], ⟨w, f⟩ at each point; a failed call is NaN
  readonly base: number // ⟨w, f(z)⟩; used by forward averages only
  readonly norm: number // ‖w‖
  readonly scale: ArrayLike<number> // [n]
}

/** ⟨w, f⟩ at each of the points whose values are laid end to end; NaN where a value is not finite, even one that has no weight. */
export function project(values: Float64Array, w: ArrayLike<number>): Float64Array {
  const m = w.length
  return Float64Array.from({ length: m === 0 ? 0 : values.length / m }, (_, p) => {
    let sum = 0
    for (let o = 0; o < m; o++) sum += w[o]! * values[p * m + o]!
    return Number.isFinite(sum) ? sum : Number.NaN
  })
}

/**
 * One estimate for each of `all`, which were measured along the same directions; several at once take one factorization with
 * 'least-absolute'. Throws RangeError, beginning with `who`, where fewer calls are finite than it takes.
 */
export function decodeLeftAction(
  who: string,
  how: LeftAction,
  S: Float64Array, // [k × n]
  all: readonly Projected[],
): LeftEstimate[] {
  return how.decoding === 'least-absolute'
    ? leastAbsolute(who, how, S, all)
    : all.map((one) => average(who, how, S, one))
}

function average(who: string, how: LeftAction, S: Float64Array, { values, base, norm, scale }: Projected) {
  const { inputs: n, directions: k, design, sides, step, noise } = how
  const answers: [direction: number, value: number][] = []
  for (let i = 0; i < k; i++) {
    const y = sides === 2 ? (values[2 * i]! - values[2 * i + 1]!) / (2 * step) : (values[i]! - base) / step
    if (Number.isFinite(y)) answers.push([i, y])
  }
  const used = how.decoding === 'trimmed' ? withoutOutliers(answers) : answers
  if (used.length === 0) throw new RangeError(`${who}: none of the ${k} directions gave a finite answer`)

  // in units where each input has magnitude one, then back
  const g = new Float64Array(n)
  let square = 0
  for (const [i, y] of used) {
    square += y * y
    for (let j = 0; j < n; j++) g[j]! += (y * S[i * n + j]!) / used.length
  }
  const ofCall = ((noise * norm) / step) ** 2 // variance that noise of one call leaves in an answer
  const fromNoise = ofCall / sides // of the calls that it does not share with others
  const signal = Math.max(0, square / used.length - (sides === 2 ? fromNoise : 2 * fromNoise))
  const complete = used.length === k || design === 'gaussian' ? design : 'rademacher' // gaps leave no block whole
  const common = (signal * errorFactor(complete, used.length, n)) / n + fromNoise / used.length
  const standardError = Float64Array.from(scale, (size, j) => {
    if (sides === 2) return Math.sqrt(common) / size
    const mean = used.reduce((sum, [i]) => sum + S[i * n + j]!, 0) / used.length // what the base has in this entry
    return Math.sqrt(common + mean ** 2 * ofCall) / size
  })
  for (let j = 0; j < n; j++) g[j]! /= scale[j]!
  return {
    g,
    standardError,
    directions: used.length,
    dropped: k - used.length,
  }
}

/** Relative mean squared error of ĝ: E‖ĝ − g‖² / ‖g‖². */
function errorFactor(design: Design, k: number, n: number): number {
  if (design === 'gaussian') return (n + 1) / k
  if (design === 'rademacher') return (n - 1) / k
  // blocks of `size` rows are exact; the last one, of k mod `size` rows, is not, and Hadamard's are cropped to n columns
  const size = design === 'hadamard' ? hadamardOrder(n) : n
  const rest = k % size
  if (rest === 0) return 0
  const cropped = size === n ? 1 : (n - 1) / (size - 1)
  return cropped * (size / rest - 1) * (rest / k) ** 2
}

function withoutOutliers(answers: readonly [number, number][]): [number, number][] {
  const values = answers.map(([, y]) => y)
  const centre = median(values)
  const sigma = MAD_TO_SIGMA * median(values.map((y) => Math.abs(y - centre)))
  return answers.filter(([, y]) => Math.abs(y - centre) <= OUTLIER * sigma)
}

/** Of at least one number. */
export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort()
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

function leastAbsolute(who: string, how: LeftAction, S: Float64Array, all: readonly Projected[]): LeftEstimate[] {
  const { inputs: n, directions: k, sides, step, noise } = how
  const count = sides * k
  const A: number[][] = []
  for (let p = 0; p < count; p++) {
    const i = Math.floor(p / sides)
    const sign = p % sides === 0 ? 1 : -1
    A.push([1, ...Array.from(S.subarray(i * n, (i + 1) * n), (s) => sign * s)])
  }
  // A failed call is one more gross error: the median stands for it.
  const columns = all.map(({ values }) => {
    const finite = values.filter(Number.isFinite)
    if (finite.length <= n)
      throw new RangeError(`${who}: ${finite.length} of ${count} calls gave finite values, more than ${n} are needed`)
    const stand = median(finite)
    return Array.from(values, (value) => (Number.isFinite(value) ? value : stand))
  })
  const Y = A.map((_, p) => columns.map((column) => column[p]!))
  return leastAbsoluteDeviations(A, Y).map(({ x, result }, s) => {
    if (result === 'rank-deficient')
      throw new RangeError(`${who}: the ${k} directions do not span the ${n} inputs; take more`)
    const { scale, norm, values } = all[s]!
    const residuals = columns[s]!.map((value, p) =>
      Math.abs(value - A[p]!.reduce((sum, entry, j) => sum + entry * x[j]!, 0)),
    )
    // n + 1 residuals are zero by construction: the median of the others
    const others = residuals.toSorted((a, b) => a - b).slice(n + 1)
    const seen = others.length === 0 ? 0 : MAD_TO_SIGMA * median(others)
    const sigma = Math.max(noise * norm, seen)
    // asymptotic efficiency 2/π under normal errors (Koenker and Bassett 1978)
    const spread = Math.sqrt(Math.PI / 2 / count) * (sigma / step)
    const dropped = residuals.filter((size, p) => !Number.isFinite(values[p]!) || size > OUTLIER * sigma).length
    return {
      g: Float64Array.from(scale, (size, j) => x[j + 1]! / (step * size)),
      standardError: Float64Array.from(scale, (size) => spread / size),
      directions: k,
      dropped,
    }
  })
}
