/** What a blackbox layer may be told, and what follows from it. */
import type { Blackbox } from '../blackbox/blackbox.ts'
import { checkIsBlackbox } from '../sensing/checkBlackbox.ts'
import { checkMatch } from '../sensing/checkMatch.ts'
import { checkPlan } from '../sensing/checkPlan.ts'
import { leftAction, type LeftActionOptions } from '../sensing/leftAction.ts'
import { decodingOf, type Plan } from '../sensing/plan.ts'
import { jacobianPullback, leftActionPullback, type Pullback } from './pullback.ts'

/** How the backward pass is sensed: by random directions, whose options are those of `vjp`, or by a plan for sparse Jacobians. */
export interface BlackboxLayerOptions extends LeftActionOptions {
  /** Of `prepareSensing`, in the place of all options for random directions. */
  readonly plan?: Plan | undefined
  /** Evaluations at the sample itself, default 1, with robust decoding 9; the layer's output is made of them. */
  readonly repeats?: number | undefined
  /** How: by the mean (default) or, with robust decoding the default, by the median of each output. */
  readonly combine?: 'mean' | 'median' | undefined
  /**
   * Initial values of the blackbox's own parameters, which are its last inputs: weights of the layer, shared by all samples, trained with
   * the others.
   */
  readonly parameters?: readonly number[] | undefined // [p]
  readonly seed?: number | undefined // of the directions, default 1
  /** Names the blackbox in saved models, see registerBlackbox. Without one the layer can't be saved. */
  readonly key?: string | undefined
  readonly name?: string | undefined // of the layer, default blackbox_layer_<n>
  readonly inputShape?: readonly (number | null)[] | undefined // of one sample, where the layer is the first of a model
  readonly trainable?: boolean | undefined // of the parameters, default true
}

/** What a layer runs on. */
export interface LayerWorks {
  readonly pullback: Pullback
  readonly repeats: number
  readonly combine: 'mean' | 'median' // of the repeats
  readonly parameters: readonly number[]
}

const WHO = 'blackboxLayer'
const ROBUST_REPEATS = 9 // five of them wrong, to one side, is rare at one wrong call in five
const OF_DIRECTIONS = ['directions', 'design', 'scheme', 'step', 'decoding', 'noise'] as const

/** Throws TypeError or RangeError on what does not fit. */
export function layerWorks(blackbox: Blackbox, options: BlackboxLayerOptions): LayerWorks {
  checkIsBlackbox(WHO, blackbox)
  const { inputs: n, outputs: m } = blackbox
  const { plan, parameters = [], seed = 1 } = options
  for (const [name, size] of Object.entries({ inputs: n, outputs: m }))
    if (size < 1) throw new RangeError(`${WHO}: the blackbox must have ${name}, got ${size}`)
  if (parameters.length >= n)
    throw new RangeError(
      `${WHO}: ${parameters.length} parameters leave none of the blackbox's ${n} inputs to the samples`,
    )
  for (const [l, value] of parameters.entries())
    if (!Number.isFinite(value)) throw new RangeError(`${WHO}: parameters[${l}] must be finite, got ${value}`)

  const isRobust =
    plan === undefined ? (options.decoding ?? 'average') !== 'average' : decodingOf(plan) === 'least-absolute'
  const repeats = options.repeats ?? (isRobust ? ROBUST_REPEATS : 1)
  if (!(Number.isSafeInteger(repeats) && repeats >= 1))
    throw new RangeError(`${WHO}: repeats must be an integer ≥ 1, got ${String(repeats)}`)
  const combine = options.combine ?? (isRobust ? 'median' : 'mean')
  if (combine !== 'mean' && combine !== 'median')
    throw new RangeError(`${WHO}: combine must be 'mean' or 'median', got ${String(combine)}`)
  return {
    pullback: plan === undefined ? leftActionPullback(blackbox, leftAction(WHO, n, options), seed) : planned(),
    repeats,
    combine,
    parameters,
  }

  function planned(): Pullback {
    const given = OF_DIRECTIONS.filter((name) => options[name] !== undefined)
    if (given.length > 0)
      throw new RangeError(`${WHO}: ${given.join(', ')}: of random directions, or a plan, which has its own; not both`)
    checkMatch(WHO, [
      { name: 'inputs', planned: plan!.inputs, actual: n },
      { name: 'outputs', planned: plan!.outputs, actual: m },
    ])
    checkPlan(WHO, plan!)
    return jacobianPullback(blackbox, plan!)
  }
}
