/**
 * Gradients of a cost from its values alone, for parameters that are moved at random: antithetic pairs along orthogonal directions
 * (Choromanski et al., ICML 2018), and regression on such values by ridge, lasso or least absolute deviations (an LP), which may use
 * values of earlier parameters near by again (Choromanski et al., "Provably robust blackbox optimization", CoRL 2019).
 */
import { choleskyInPlace, choleskySolveInPlace } from '../../linalg/cholesky.ts'
import { designRows } from '../../sensing/designs.ts'
import { leastAbsoluteDeviations } from '../../sensing/leastAbsoluteDeviations.ts'

export type Decoder = 'antithetic' | 'ridge' | 'lasso' | 'lp'

export interface PerturbedOptions {
  readonly decoder?: Decoder | undefined // default 'antithetic'
  readonly directions?: number | undefined // values taken: 2 each for 'antithetic', 1 each else; default p and at least p + 1
  readonly sigma?: number | undefined // standard deviation of a parameter, default 0.05
  readonly penalty?: number | undefined // of ridge and lasso, relative; default 1e-3
  /** Values of earlier calls within so many sigma √p of the parameters are used again; default 0: none. Not with 'antithetic'. */
  readonly reuse?: number | undefined
  readonly seed?: number | undefined
}

export interface PerturbedGradient {
  /** Writes the gradient at theta [p]; `value` may be Infinity or NaN where a run failed: such values are left out. Returns values taken. */
  estimate(theta: Float64Array, value: (theta: Float64Array) => number, gradient: Float64Array): number
}

interface Sample {
  readonly at: Float64Array // parameters
  readonly value: number
}

const MEMORY = 8 // calls whose values are kept

/** Throws RangeError on options that do not fit. */
export function perturbedGradient(parameters: number, options: PerturbedOptions = {}): PerturbedGradient {
  const { decoder = 'antithetic', sigma = 0.05, penalty = 1e-3, reuse = 0, seed = 1 } = options
  const { directions = decoder === 'antithetic' ? parameters : parameters + 1 } = options
  if (!['antithetic', 'ridge', 'lasso', 'lp'].includes(decoder))
    throw new RangeError(
      `perturbedGradient: decoder must be 'antithetic', 'ridge', 'lasso' or 'lp', got ${String(decoder)}`,
    )
  if (!(Number.isSafeInteger(directions) && directions >= 1))
    throw new RangeError(`perturbedGradient: directions must be an integer ≥ 1, got ${directions}`)
  if (!(sigma > 0 && Number.isFinite(sigma)))
    throw new RangeError(`perturbedGradient: sigma must be a finite number > 0, got ${sigma}`)
  if (!(reuse >= 0 && penalty >= 0)) throw new RangeError('perturbedGradient: reuse and penalty must be numbers ≥ 0')
  const p = parameters
  let calls = 0
  let memory: Sample[] = []

  return {
    estimate(theta, value, gradient) {
      const S = designRows('orthogonal', directions, p, seed + calls++)
      const moved = (d: number, sign: number) =>
        Float64Array.from({ length: p }, (_, j) => theta[j]! + sign * sigma * S[d * p + j]!)
      gradient.fill(0)
      if (decoder === 'antithetic') {
        let kept = 0
        for (let d = 0; d < directions; d++) {
          const slope = (value(moved(d, 1)) - value(moved(d, -1))) / (2 * sigma)
          if (!Number.isFinite(slope)) continue
          kept++
          for (let j = 0; j < p; j++) gradient[j]! += slope * S[d * p + j]!
        }
        for (let j = 0; j < p; j++) gradient[j]! /= Math.max(1, kept)
        return 2 * directions
      }
      const near = ({ at }: Sample) => distance(at, theta) <= reuse * sigma * Math.sqrt(p)
      const fresh = Array.from({ length: directions }, (_, d) => moved(d, d % 2 === 0 ? 1 : -1)).map((at) => ({
        at,
        value: value(at),
      }))
      const here = { at: theta.slice(), value: value(theta) }
      memory = [...(reuse > 0 ? memory.filter(near) : []), ...fresh].filter((one) => Number.isFinite(one.value))
      if (Number.isFinite(here.value)) regress(memory, here, sigma, { decoder, penalty }, gradient)
      memory = memory.slice(-MEMORY * directions)
      return directions + 1
    },
  }
}

/** value − here ≈ ⟨g, at − theta⟩, in units of sigma. */
function regress(
  samples: readonly Sample[],
  here: Sample,
  sigma: number,
  { decoder, penalty }: { readonly decoder: Decoder; readonly penalty: number },
  gradient: Float64Array,
): void {
  const p = gradient.length
  const k = samples.length
  if (k === 0) return
  const rows = samples.map(({ at }) => Float64Array.from(at, (value, j) => (value - here.at[j]!) / sigma))
  const y = Float64Array.from(samples, ({ value }) => value - here.value)
  const found =
    decoder === 'lp' && k >= p
      ? leastAbsoluteDeviations(
          rows.map((row) => [...row]),
          Array.from(y, (value) => [value]),
        )[0]!.x
      : decoder === 'lasso'
        ? lasso(rows, y, penalty)
        : ridge(rows, y, penalty)
  for (let j = 0; j < p; j++) gradient[j] = found[j]! / sigma
}

/** min ½|Sg − y|² + ½ penalty k |g|². */
function ridge(rows: readonly Float64Array[], y: Float64Array, penalty: number): Float64Array {
  const p = rows[0]!.length
  const M = new Float64Array(p * p)
  const g = new Float64Array(p)
  for (const [k, row] of rows.entries())
    for (let i = 0; i < p; i++) {
      g[i]! += row[i]! * y[k]!
      for (let j = 0; j < p; j++) M[i * p + j]! += row[i]! * row[j]!
    }
  const least = Math.max(penalty, 1e-9) * rows.length
  for (let i = 0; i < p; i++) M[i * p + i]! += least
  choleskyInPlace(M, p)
  choleskySolveInPlace(M, g, p, 1)
  return g
}

const SWEEPS = 100

/** min ½|Sg − y|² + penalty max|Sᵀy| |g|₁, by coordinates. */
function lasso(rows: readonly Float64Array[], y: Float64Array, penalty: number): Float64Array {
  const p = rows[0]!.length
  const g = new Float64Array(p)
  const left = y.slice()
  const squares = Float64Array.from({ length: p }, (_, j) => rows.reduce((sum, row) => sum + row[j]! ** 2, 0))
  const along = (j: number) => rows.reduce((sum, row, k) => sum + row[j]! * left[k]!, 0)
  let most = 0
  for (let j = 0; j < p; j++) most = Math.max(most, Math.abs(along(j)))
  const threshold = penalty * most
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let change = 0
    for (let j = 0; j < p; j++) {
      if (squares[j] === 0) continue
      const pull = along(j) + squares[j]! * g[j]!
      const next = (Math.sign(pull) * Math.max(0, Math.abs(pull) - threshold)) / squares[j]!
      const step = next - g[j]!
      if (step === 0) continue
      for (const [k, row] of rows.entries()) left[k]! -= step * row[j]!
      g[j] = next
      change = Math.max(change, Math.abs(step))
    }
    if (change <= 1e-10 * most) break
  }
  return g
}

function distance(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let j = 0; j < a.length; j++) sum += (a[j]! - b[j]!) ** 2
  return Math.sqrt(sum)
}
