/** Trains a policy on closed-loop runs of a simulator: gradients sensed, or from values alone, into Adam. */
import { random } from '../../linalg/random.ts'
import { type PerturbedOptions, perturbedGradient } from './perturbedGradient.ts'
import type { RolloutCost } from './rolloutTask.ts'

export interface TrainOptions {
  /** 'sensed' (default): backpropagation through time; else from values of the cost alone. */
  readonly gradient?: 'sensed' | PerturbedOptions | undefined
  readonly initial: Float64Array // parameters [p], not changed
  /** Draws a start [nx] from random numbers uniform in 0 … 1. */
  readonly start: (uniform: () => number) => Float64Array
  readonly batch?: number | undefined // starts of an iteration, default 8
  readonly iterations?: number | undefined // default 200
  readonly rate?: number | undefined // of Adam, default 0.02; it falls to a tenth towards the end
  readonly clip?: number | undefined // largest norm of a gradient, default 10
  readonly maxSteps?: number | undefined // of the simulator: no iteration begins beyond
  /** Asked after each iteration, with steps so far: true ends the training. */
  readonly done?: ((theta: Float64Array, steps: number) => boolean | Promise<boolean>) | undefined
  readonly seed?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined // iterations
}

export interface Training {
  readonly result: 'done' | 'iterations' | 'steps' | 'diverged'
  readonly message: string // one sentence for people
  readonly theta: Float64Array // [p], the last
  readonly steps: number // of the simulator, all that were taken
  readonly costs: readonly number[] // of each iteration, on its own starts; Infinity where a run left the numbers
}

const [DECAY, DECAY_OF_SQUARES, SMALL] = [0.9, 0.999, 1e-8] // Kingma and Ba, "Adam", ICLR 2015
const HOPELESS = 20 // iterations in a row without a gradient

/** Rejects with the signal's reason when aborted. */
export async function trainPolicy(task: RolloutCost, options: TrainOptions): Promise<Training> {
  const { gradient: how = 'sensed', batch = 8, iterations = 200, rate = 0.02, clip = 10, seed = 1 } = options
  const { maxSteps = Number.POSITIVE_INFINITY, signal, onProgress } = options
  const p = task.parameters
  if (options.initial.length !== p)
    throw new RangeError(`trainPolicy: initial must hold ${p} parameters, got ${options.initial.length}`)
  const theta = options.initial.slice()
  const source = random(seed)
  const uniform = () => source.uniform()
  const perturbed = how === 'sensed' ? null : perturbedGradient(p, { seed, ...how })
  const g = new Float64Array(p)
  const [mean, square] = [new Float64Array(p), new Float64Array(p)]
  const costs: number[] = []
  let [steps, updates, lost] = [0, 0, 0]
  const end = (result: Training['result'], message: string): Training => ({ result, message, theta, steps, costs })

  for (let k = 0; k < iterations; k++) {
    signal?.throwIfAborted()
    if (steps >= maxSteps) return end('steps', `ended after ${steps} steps of the simulator, ${k} iterations`)
    const starts = Array.from({ length: batch }, () => options.start(uniform))
    let cost: number
    let failed: string | null = null
    if (perturbed) {
      cost = Number.POSITIVE_INFINITY
      perturbed.estimate(
        theta,
        (at) => {
          const one = task.cost(at, starts)
          steps += one.steps
          failed ??= one.failed
          cost = Math.min(cost, one.cost)
          return one.cost
        },
        g,
      )
    } else {
      const found = await task.gradient(theta, starts, g, signal)
      ;({ cost, failed } = found)
      steps += found.steps
    }
    costs.push(cost)
    const norm = Math.sqrt(g.reduce((sum, slope) => sum + slope * slope, 0))
    if (!(norm > 0 && Number.isFinite(norm))) {
      if (++lost >= HOPELESS)
        return end('diverged', `no gradient in ${HOPELESS} iterations: ${failed ?? 'the cost does not change'}`)
    } else {
      lost = 0
      updates++
      const scale = Math.min(1, clip / norm)
      const now = rate * (1 - (0.9 * k) / iterations)
      for (let j = 0; j < p; j++) {
        const slope = scale * g[j]!
        mean[j] = DECAY * mean[j]! + (1 - DECAY) * slope
        square[j] = DECAY_OF_SQUARES * square[j]! + (1 - DECAY_OF_SQUARES) * slope * slope
        const m = mean[j]! / (1 - DECAY ** updates)
        const v = square[j]! / (1 - DECAY_OF_SQUARES ** updates)
        theta[j]! -= (now * m) / (Math.sqrt(v) + SMALL)
      }
    }
    onProgress?.(k + 1, iterations)
    if (await options.done?.(theta, steps))
      return end('done', `trained in ${k + 1} iterations, ${steps} steps of the simulator`)
  }
  return end('iterations', `ended after ${iterations} iterations, ${steps} steps of the simulator`)
}
