import { type Regularization, REGULARIZATIONS } from './backwardPass.ts'
import type { IlqrIteration } from './ilqrResult.ts'

export interface IlqrOptions {
  readonly maxIterations?: number // default 200
  /** Solved where an iteration is expected to lower, or has lowered, the cost by no more than this share of it; default 1e-7. */
  readonly tolerance?: number
  /** Solved where no ∂cost/∂u of a control that may move is larger than this, relative to 1 + |cost|; default 1e-9. */
  readonly gradientTolerance?: number
  readonly regularization?: {
    readonly kind?: Regularization // default 'control'
    readonly initial?: number // μ to begin with, default 0
    readonly smallest?: number // below it μ is 0; default 1e-6
    readonly largest?: number // default 1e9
    readonly factor?: number // > 1, of the first change; grows while changes go the same way; default 2
  }
  readonly lineSearch?: {
    readonly smallest?: number // of the step lengths, which are spaced evenly in their logarithm from 1; default 1e-3
    readonly count?: number // default 10
    readonly pick?: 'first' | 'best' // the first that lowers the merit enough (default), or the best of all
  }
  readonly signal?: AbortSignal | undefined
  /** Hears of each iteration. */
  readonly onProgress?: ((done: number, total: number, last: IlqrIteration) => void) | undefined
}

export interface ResolvedOptions {
  readonly maxIterations: number
  readonly tolerance: number
  readonly gradientTolerance: number
  readonly kind: Regularization
  readonly initial: number
  readonly smallest: number
  readonly largest: number
  readonly factor: number
  readonly stepLengths: Float64Array
  readonly pick: 'first' | 'best'
}

/** Throws RangeError on values that can't be meant. */
export function resolveOptions(who: string, options: IlqrOptions): ResolvedOptions {
  const { regularization = {}, lineSearch = {} } = options
  const { maxIterations = 200, tolerance = 1e-7, gradientTolerance = 1e-9 } = options
  const { kind = 'control', smallest = 1e-6, largest = 1e9, factor = 2, initial = 0 } = regularization
  const { smallest: shortest = 1e-3, count = 10, pick = 'first' } = lineSearch
  if (!(Number.isSafeInteger(maxIterations) && maxIterations >= 0))
    throw new RangeError(`${who}: maxIterations must be an integer ≥ 0, got ${maxIterations}`)
  if (!(Number.isSafeInteger(count) && count >= 1))
    throw new RangeError(`${who}: lineSearch.count must be an integer ≥ 1, got ${count}`)
  if (!REGULARIZATIONS.includes(kind))
    throw new RangeError(
      `${who}: regularization.kind must be one of ${REGULARIZATIONS.join(', ')}; got ${String(kind)}`,
    )
  if (pick !== 'first' && pick !== 'best')
    throw new RangeError(`${who}: lineSearch.pick must be 'first' or 'best', got ${String(pick)}`)
  const within = (name: string, value: number, isWithin: boolean, what: string) => {
    if (!isWithin) throw new RangeError(`${who}: ${name} must be ${what}, got ${value}`)
  }
  within('tolerance', tolerance, tolerance >= 0, '≥ 0')
  within('gradientTolerance', gradientTolerance, gradientTolerance >= 0, '≥ 0')
  within('regularization.smallest', smallest, smallest > 0, '> 0')
  within('regularization.largest', largest, largest >= smallest && Number.isFinite(largest), 'finite and ≥ smallest')
  within('regularization.factor', factor, factor > 1 && Number.isFinite(factor), 'finite and > 1')
  within('regularization.initial', initial, initial >= 0 && initial <= largest, '≥ 0 and ≤ largest')
  within('lineSearch.smallest', shortest, shortest > 0 && shortest <= 1, '> 0 and ≤ 1')
  const stepLengths = Float64Array.from({ length: count }, (_, k) => (k === 0 ? 1 : shortest ** (k / (count - 1))))
  return { maxIterations, tolerance, gradientTolerance, kind, initial, smallest, largest, factor, stepLengths, pick }
}
