/**
 * How often does a closed loop recover? Runs from starts that are uniform in a box around a point of operation, and the share that ends
 * at the point, with its 95 % interval.
 */
import type { Controller } from '../control/controller.ts'
import type { Engine } from '../engine/engine.ts'
import { random } from '../linalg/random.ts'
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import { simulate } from './simulate.ts'
import { wilson } from './wilson.ts'

export interface AttractionOptions {
  /** Entries of dx by name: a number b for −b … b, or [low, high]; the others start at zero. */
  readonly box: Readonly<Record<string, number | readonly [number, number]>>
  readonly duration: number // s, of each run
  /** Largest |δx_i| in the last tenth of a run that recovered: one number for all, or by name (others count for nothing). Default 0.01. */
  readonly within?: number | Readonly<Record<string, number>>
  readonly samples?: number // runs, default 100
  readonly seed?: number // default 1
  readonly xBar?: Float64Array // [nx], default: engine.home.x
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void // runs
}

export interface AttractionRate {
  readonly message: string // one sentence for people
  readonly rate: number // successes / samples
  readonly interval: readonly [number, number] // 95 %, of the rate within the box
  readonly successes: number
  readonly samples: number
  readonly starts: Float64Array // [samples × ndx] row-major, δx
  readonly recovered: Uint8Array // [samples], 1 where the run did
}

/**
 * The same seed gives the same starts. Throws InputError on names that are not there and bounds that are none, and what `simulate` throws.
 */
export async function attractionRate(
  engine: Engine,
  controller: Controller,
  options: AttractionOptions,
): Promise<AttractionRate> {
  const { ndx } = engine.layout
  const { box, duration, within = 0.01, samples = 100, seed = 1, xBar = engine.home.x, signal, onProgress } = options
  if (!(Number.isInteger(samples) && samples >= 1))
    throw new RangeError(`attractionRate: samples must be an integer ≥ 1, got ${samples}`)
  const names = engine.layout.dx.map(({ name }) => name)
  const ranges = Object.entries(box).map(([name, bound]) => {
    const [low, high] = typeof bound === 'number' ? [-bound, bound] : bound
    if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high))
      throw new InputError({
        path: `box.${name}`,
        expected: 'a number ≥ 0 or [low, high]',
        found: JSON.stringify(bound) ?? 'nothing',
      })
    return { index: indexOf('box', name, names), low, high }
  })
  const bounds = new Float64Array(ndx).fill(typeof within === 'number' ? within : Number.POSITIVE_INFINITY)
  for (const [name, bound] of Object.entries(typeof within === 'number' ? {} : within))
    bounds[indexOf('within', name, names)] = bound

  const source = random(seed)
  const starts = new Float64Array(samples * ndx)
  const recovered = new Uint8Array(samples)
  const x0 = new Float64Array(xBar.length)
  for (let sample = 0; sample < samples; sample++) {
    const start = starts.subarray(sample * ndx, (sample + 1) * ndx)
    for (const { index, low, high } of ranges) start[index] = low + (high - low) * source.uniform()
    engine.integrate(xBar, start, x0)
    const { result, dX, steps } = await simulate(engine, controller, { x0, xBar, duration, ...(signal && { signal }) })
    const from = Math.floor(0.9 * steps) * ndx
    recovered[sample] =
      result === 'completed' && dX.subarray(from).every((d, k) => Math.abs(d) <= bounds[k % ndx]!) ? 1 : 0
    onProgress?.(sample + 1, samples)
  }
  const successes = recovered.reduce((sum, one) => sum + one, 0)
  const interval = wilson(successes, samples)
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  return {
    message: `${successes} of ${samples} runs recovered: ${percent(successes / samples)}, 95 % interval ${percent(interval[0])} to ${percent(interval[1])} (seed ${seed}).`,
    rate: successes / samples,
    interval,
    successes,
    samples,
    starts,
    recovered,
  }
}

function indexOf(path: string, name: string, names: readonly string[]): number {
  const index = names.indexOf(name)
  if (index < 0)
    throw new InputError({ path, expected: `one of ${listed(names)}`, found: `"${name}"${suggestion(name, names)}` })
  return index
}
