/**
 * Steps of a model whose blackboxes evaluate their batches in parallel, asynchronously, though TensorFlow.js itself is synchronous: the
 * step is run until a blackbox layer needs values; they are evaluated, forward and backward ones together, as neither depend on
 * the gradient; and the step is run again from its start, until it gets through.
 */
import * as tf from '@tensorflow/tfjs'
import { BlackboxLayer } from './blackboxLayer.ts'
import { Suspended } from './suspended.ts'

export interface AheadOptions {
  /** What to evaluate: 'both' (default) for a step that takes gradients, else 'forward'. */
  readonly what?: 'forward' | 'both' | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs `step`, which calls the model, once more than blackboxes are called in it, and returns what it returns; only the last run
 * gets through, so what it changes it changes once. Layers before a blackbox must give the same values in each run: no dropout there.
 * Throws RangeError on a model without blackbox layers, Error where values differ, the signal's reason, and what blackboxes throw.
 */
export async function runAhead<T>(
  model: tf.LayersModel,
  step: () => T | Promise<T>,
  { what = 'both', signal }: AheadOptions = {},
): Promise<T> {
  const layers = blackboxLayersIn(model)
  if (layers.length === 0) throw new RangeError('runAhead: the model has no blackbox layer')
  const begun: BlackboxLayer[] = []
  try {
    for (const layer of layers) {
      layer.beginAhead(what)
      begun.push(layer)
    }
    for (;;) {
      signal?.throwIfAborted()
      for (const layer of layers) layer.rewindAhead()
      try {
        return await step()
      } catch (error) {
        releaseTape()
        if (!(error instanceof Suspended)) throw error
        await error.evaluate(signal)
      }
    }
  } finally {
    for (const layer of begun) layer.endAhead()
  }
}

/** `model.trainOnBatch` with blackboxes evaluated in parallel: the loss, or a list of the loss and the metrics. */
export async function trainBatch(
  model: tf.LayersModel,
  x: tf.Tensor,
  y: tf.Tensor,
  { signal }: Pick<AheadOptions, 'signal'> = {},
): Promise<number | number[]> {
  return runAhead(model, () => model.trainOnBatch(x, y), { signal })
}

/** `model.predictOnBatch` with blackboxes evaluated in parallel. */
export async function predictBatch(
  model: tf.LayersModel,
  x: tf.Tensor,
  { signal }: Pick<AheadOptions, 'signal'> = {},
): Promise<tf.Tensor | tf.Tensor[]> {
  return runAhead(model, () => model.predictOnBatch(x), { what: 'forward', signal })
}

/** Frees what an interrupted step has saved for its gradient: TensorFlow.js does that at the end of gradients only. */
function releaseTape(): void {
  const { state } = tf.engine()
  if (state.gradientDepth > 0 || !Array.isArray(state.activeTape)) return // someone else's gradient
  for (const { saved } of state.activeTape) tf.dispose(saved ?? [])
  state.activeTape = null!
}

/** All blackbox layers of a model, those of models and wrappers in it too; each once. */
function blackboxLayersIn(model: tf.LayersModel): BlackboxLayer[] {
  const found = new Set<BlackboxLayer>()
  const visit = (layer: tf.layers.Layer): void => {
    if (layer instanceof BlackboxLayer) found.add(layer)
    const { layers = [], layer: inner } = layer as { layers?: tf.layers.Layer[]; layer?: tf.layers.Layer }
    for (const one of layers) visit(one)
    if (inner !== undefined) visit(inner)
  }
  visit(model)
  return [...found]
}
