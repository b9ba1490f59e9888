/**
 * How noisy is a function? The standard deviation of its values' noise, from seven of them on a line: ECNoise (Moré and Wild 2011,
 * Estimating computational noise, doi:10.1137/100786125, §3). High differences of a smooth function vanish; those of noise do not.
 * Differs from the paper in: spacings are tried until one fits, up to the given number of tries.
 */
import type { Blackbox } from '../blackbox/blackbox.ts'
import { random } from '../linalg/random.ts'
import { heldOutDirections } from './heldOutDirections.ts'
import { checkVector, resolveScale } from './steps.ts'

const POINTS = 7
const LARGE_RANGE = 0.1 // of the values: the spacing shows the function, not its noise
const AGREE = 4 // factor within which three consecutive estimates must lie
const STREAM = 4 // of the seed

/** What seven equispaced values show. */
export type NoiseReading =
  | { readonly result: 'found'; readonly sigma: number }
  | { readonly result: 'spacing-too-large' } // values differ by more than noise
  | { readonly result: 'spacing-too-small' } // half of them do not differ at all
  | { readonly result: 'unclear' } // no three estimates agree

/** The noise in equispaced values of a smooth function. Throws RangeError with fewer than five values or one that is not finite. */
export function noiseOfValues(values: ArrayLike<number>): NoiseReading {
  const n = values.length
  if (n < 5) throw new RangeError(`noiseOfValues: at least 5 values are needed, got ${n}`)
  checkVector('noiseOfValues', 'values', values, n)
  const difference = Float64Array.from(values)
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of difference) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  const largest = Math.max(Math.abs(low), Math.abs(high))
  if (largest > 0 && (high - low) / largest > LARGE_RANGE) return { result: 'spacing-too-large' }

  const sigma: number[] = []
  const changesSign: boolean[] = []
  let gamma = 1
  for (let j = 1; j < n; j++) {
    let equal = 0
    for (let k = 0; k < n - j; k++) {
      difference[k] = difference[k + 1]! - difference[k]!
      if (j === 1 && difference[k] === 0) equal++
    }
    if (j === 1 && equal >= n / 2) return { result: 'spacing-too-small' }
    gamma *= (0.5 * j) / (2 * j - 1)
    let square = 0
    let least = Number.POSITIVE_INFINITY
    let most = Number.NEGATIVE_INFINITY
    for (let k = 0; k < n - j; k++) {
      square += difference[k]! ** 2
      least = Math.min(least, difference[k]!)
      most = Math.max(most, difference[k]!)
    }
    sigma.push(Math.sqrt((gamma * square) / (n - j)))
    changesSign.push(least * most < 0)
  }
  for (let j = 0; j + 2 < sigma.length; j++) {
    const three = sigma.slice(j, j + 3)
    if (Math.max(...three) <= AGREE * Math.min(...three) && changesSign[j]) return { result: 'found', sigma: sigma[j]! }
  }
  return { result: 'unclear' }
}

export interface NoiseLevel {
  /** Standard deviation of each output's noise, [m]; rounding of the output where its values show no noise. */
  readonly sigma: Float64Array
  /** Outputs whose noise could not be told from the function at any spacing: sigma is then an upper bound from the last one. */
  readonly unclear: readonly number[]
  readonly calls: number
}

export interface EstimateNoiseOptions {
  readonly spacing?: number | undefined // first tried, relative to the inputs' typical magnitudes; default 1e-6
  readonly tries?: number | undefined // spacings at most, default 6: 7 calls each
  readonly seed?: number | undefined // of the direction, default 1
  readonly signal?: AbortSignal | undefined
}

/**
 * The noise level of every output of a blackbox near a point, along one random direction. Calls: 7 for each spacing tried. Throws
 * RangeError on sizes that do not fit or values that are not finite.
 */
export async function estimateNoise(
  blackbox: Blackbox,
  at: ArrayLike<number>, // [n]
  options: EstimateNoiseOptions = {},
): Promise<NoiseLevel> {
  const { inputs: n, outputs: m } = blackbox
  const { tries = 6, seed = 1, signal } = options
  checkVector('estimateNoise', 'at', at, n)
  const scale = resolveScale('estimateNoise', at, blackbox.scale)
  const direction = heldOutDirections(random(seed, STREAM), n, 1)
  const sigma = new Float64Array(m)
  let spacing = options.spacing ?? 1e-6
  if (!(spacing > 0 && Number.isFinite(spacing)))
    throw new RangeError(`estimateNoise: spacing must be a finite number > 0, got ${spacing}`)
  let open = Array.from({ length: m }, (_, i) => i)
  const quiet = new Uint8Array(m) // no noise at a smaller spacing
  let calls = 0
  for (let attempt = 0; attempt < tries && open.length > 0; attempt++) {
    const Y = new Float64Array(POINTS * m)
    const z = new Float64Array(n)
    for (let p = 0; p < POINTS; p++) {
      signal?.throwIfAborted()
      const t = (p - (POINTS - 1) / 2) * spacing
      for (let j = 0; j < n; j++) z[j] = at[j]! + t * scale[j]! * direction[j]!
      blackbox.evaluate(z, Y.subarray(p * m, (p + 1) * m))
      calls++
    }
    let large = 0
    let small = 0
    open = open.filter((i) => {
      const values = Array.from({ length: POINTS }, (_, p) => Y[p * m + i]!)
      const reading = noiseOfValues(values)
      const magnitude = Math.max(...values.map(Math.abs))
      if (reading.result === 'found') {
        sigma[i] = Math.max(reading.sigma, Number.EPSILON * magnitude * 0.25)
        return false
      }
      sigma[i] = highDifference(values)
      if (reading.result === 'spacing-too-large') large++
      if (reading.result === 'spacing-too-small') {
        quiet[i] = 1
        sigma[i] = Number.EPSILON * magnitude
        small++
      }
      // values that do not change at all have no noise beyond their rounding
      return !(reading.result === 'spacing-too-small' && attempt > 0 && values.every((value) => value === values[0]))
    })
    spacing *= large >= small ? 0.01 : 100
  }
  return { sigma, unclear: open.filter((i) => quiet[i] === 0), calls }
}

/** The estimate of the highest difference alone: too large where the function still shows. */
export function highDifference(values: ArrayLike<number>): number {
  let differences = Array.from(values)
  let gamma = 1
  for (let j = 1; j < values.length; j++) {
    differences = differences.slice(1).map((value, k) => value - differences[k]!)
    gamma *= (0.5 * j) / (2 * j - 1)
  }
  return Math.sqrt(gamma) * Math.abs(differences[0]!)
}
