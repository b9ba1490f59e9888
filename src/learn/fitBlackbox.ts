import * as tf from '@tensorflow/tfjs'
import { random } from '../linalg/random.ts'
import { BlackboxLayerError } from './blackboxLayerError.ts'
import { trainBatch } from './runAhead.ts'

export interface FitOptions {
  readonly epochs?: number | undefined // default 1
  readonly batchSize?: number | undefined // default 32
  readonly seed?: number | undefined // of the order of the samples, default 1
  /** After each epoch, with means over the samples it trained on: the loss, and metrics by their names. */
  readonly onEpochEnd?: ((epoch: number, logs: Readonly<Record<string, number>>) => void | Promise<void>) | undefined
  /**
   * Where a blackbox gives values that are not finite, and too many for a gradient: 'stop' (default) throws; 'skip' leaves the batch out, and
   * counts it as `skipped` in the logs.
   */
  readonly onFailure?: 'stop' | 'skip' | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Trains a compiled model in shuffled batches with blackboxes evaluated in parallel (see runAhead), and returns the loss and the metrics
 * of each epoch by name. What `model.fit` has beyond that (validation, callbacks), `onEpochEnd` can do. Throws RangeError on numbers
 * that do not fit; Error where a blackbox fails, with epoch, batch, layer, sample and call, the BlackboxLayerError as its cause: weights
 * are those of the batch before. With 'skip' it does so after an epoch of which no batch was left.
 */
export async function fitBlackbox(
  model: tf.LayersModel,
  x: tf.Tensor, // [samples, …]
  y: tf.Tensor, // [samples, …]
  { epochs = 1, batchSize = 32, seed = 1, onEpochEnd, onFailure = 'stop', signal }: FitOptions = {},
): Promise<Record<string, number[]>> {
  for (const [name, value] of Object.entries({ epochs, batchSize }))
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw new RangeError(`fitBlackbox: ${name} must be an integer ≥ 1, got ${String(value)}`)
  const samples = x.shape[0] ?? 0
  if (samples === 0 || y.shape[0] !== samples)
    throw new RangeError(
      `fitBlackbox: x and y must hold the same samples, at least one; got ${samples} and ${y.shape[0]}`,
    )
  if (onFailure !== 'stop' && onFailure !== 'skip')
    throw new RangeError(`fitBlackbox: onFailure must be 'stop' or 'skip', got ${String(onFailure)}`)
  const source = random(seed)
  const order = Int32Array.from({ length: samples }, (_, k) => k)
  const history: Record<string, number[]> = {}
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let k = samples - 1; k > 0; k--) {
      const other = source.integer(k + 1)
      const kept = order[k]!
      order[k] = order[other]!
      order[other] = kept
    }
    const sums: number[] = []
    let [trained, skipped] = [0, 0]
    let failure: Error | null = null
    for (let from = 0; from < samples; from += batchSize) {
      const [xs, ys] = tf.tidy(() => {
        const indices = tf.tensor1d(order.subarray(from, from + batchSize), 'int32')
        return [tf.gather(x, indices), tf.gather(y, indices)] as const
      }) as [tf.Tensor, tf.Tensor]
      try {
        const told = await trainBatch(model, xs, ys, { signal })
        const values = Array.isArray(told) ? told : [told]
        for (const [k, value] of values.entries()) sums[k] = (sums[k] ?? 0) + value * xs.shape[0]!
        trained += xs.shape[0]!
      } catch (error) {
        if (!(error instanceof BlackboxLayerError)) throw error
        const where = `fitBlackbox: epoch ${epoch}, batch ${Math.floor(from / batchSize)}`
        failure = new Error(`${where}: ${error.message}`, { cause: error })
        if (onFailure === 'stop') throw failure
        skipped++
      } finally {
        tf.dispose([xs, ys])
      }
    }
    if (trained === 0 && failure !== null) throw failure
    const logs = Object.fromEntries(sums.map((sum, k) => [model.metricsNames[k] ?? `metric_${k}`, sum / trained]))
    if (onFailure === 'skip') logs.skipped = skipped
    for (const [name, value] of Object.entries(logs)) {
      history[name] ??= []
      history[name].push(value)
    }
    await onEpochEnd?.(epoch, logs)
  }
  return history
}
