/** Training in which dense layers hand proximal gradients, in the place of gradients, to any first-order optimizer of TensorFlow.js. */
import * as tf from '@tensorflow/tfjs'
import { type ProximalOptions, type ProximalResult, proximalGradient, proximalSettings } from './proximalGradient.ts'
import { checkDense, type DenseRecord, recordDense } from './recordDense.ts'

export interface ProximalOptimizerOptions extends Omit<ProximalOptions, 'penalty'> {
  /** The layers that hand proximal gradients: dense ones of the model, by name; default all. Other weights keep their gradients. */
  readonly layers?: readonly string[] | undefined
}

/** How the last step of one layer went. */
export interface ProximalReport {
  readonly layer: string
  readonly rows: number // samples, summed over all uses of the layer in the loss
  readonly result: ProximalResult | 'unused' // where there is no direction, the gradient is handed on
  readonly iterations: number // of conjugate gradients
  readonly residual: number
}

type NamedTensor = Parameters<tf.Optimizer['setWeights']>[0][number]

/** Made by `proximalOptimizer`. */
export class ProximalOptimizer extends tf.Optimizer {
  static readonly className: string = 'JacsenseProximalOptimizer'
  readonly #inner: tf.Optimizer
  readonly #layers: readonly tf.layers.Layer[]
  readonly #options: Omit<ProximalOptions, 'penalty'>
  #last: ProximalReport[] = []

  constructor(inner: tf.Optimizer, layers: readonly tf.layers.Layer[], options: Omit<ProximalOptions, 'penalty'> = {}) {
    super()
    if (!(inner instanceof tf.Optimizer))
      throw new TypeError('proximalOptimizer: inner must be an optimizer of TensorFlow.js, such as tf.train.sgd(1)')
    for (const layer of layers) checkDense(layer, 'proximalOptimizer')
    this.#options = proximalSettings('proximalOptimizer', options)
    this.#inner = inner
    this.#layers = layers
  }

  /** One report for each proximal layer; none before the first step. */
  get lastStep(): readonly ProximalReport[] {
    return this.#last
  }

  override computeGradients(
    f: () => tf.Scalar,
    varList?: tf.Variable[],
  ): { value: tf.Scalar; grads: tf.NamedTensorMap } {
    const { value: found, records } = recordDense(this.#layers, f, (recorded) => tf.variableGrads(recorded, varList))
    this.#last = this.#layers.map((layer, k) => this.#replace(layer, records[k]!, found.grads))
    return { value: found.value, grads: found.grads }
  }

  override applyGradients(variableGradients: tf.NamedTensorMap | NamedTensor[]): void {
    this.#inner.applyGradients(variableGradients as tf.NamedTensorMap)
    this.incrementIterations()
  }

  override async saveIterations(): Promise<NamedTensor> {
    return this.#inner.saveIterations()
  }

  override async getWeights(): Promise<NamedTensor[]> {
    return this.#inner.getWeights()
  }

  override async setWeights(weightValues: NamedTensor[]): Promise<void> {
    await this.#inner.setWeights(weightValues)
  }

  override dispose(): void {
    this.#inner.dispose()
  }

  override getConfig(): tf.serialization.ConfigDict {
    throw new Error(
      'proximalOptimizer: is not saved with a model; save without includeOptimizer, and compile the loaded model with a new one',
    )
  }

  /** Puts the proximal gradients of one layer in the place of its gradients. */
  #replace(layer: tf.layers.Layer, record: DenseRecord, grads: tf.NamedTensorMap): ProximalReport {
    const { A, D, rows, hasBias } = record
    const nameOf = (k: number) => (layer.trainableWeights[k]?.read() as tf.Variable | undefined)?.name ?? ''
    const names = [nameOf(0), ...(hasBias ? [nameOf(1)] : [])]
    if (rows === 0 || !names.every((name) => name in grads))
      return { layer: layer.name, rows, result: 'unused', iterations: 0, residual: 1 }

    const q = D.length / rows
    const penalty = penalized(layer) ? penaltyOf(record, names, grads) : undefined
    const told = proximalGradient(A, D, rows, { ...this.#options, penalty })
    const { direction, result, iterations, residual } = told
    if (direction !== null) {
      const kernel = direction.length - (hasBias ? q : 0)
      const parts = [direction.subarray(0, kernel), direction.subarray(kernel)]
      for (const [k, name] of names.entries()) {
        const { shape } = grads[name]!
        grads[name]!.dispose()
        grads[name] = tf.tensor(Float32Array.from(parts[k]!), shape)
      }
    }
    return { layer: layer.name, rows, result, iterations, residual }
  }
}

/** Whether the loss has terms of the weights themselves. */
function penalized(layer: tf.layers.Layer): boolean {
  const { kernelRegularizer, biasRegularizer } = layer as unknown as Record<string, unknown>
  return Boolean(kernelRegularizer ?? biasRegularizer)
}

/** The gradient that was found less AᵀD. */
function penaltyOf({ A, D, rows }: DenseRecord, names: readonly string[], grads: tf.NamedTensorMap): Float64Array {
  const [p, q] = [A.length / rows, D.length / rows]
  const penalty = Float64Array.from(names.flatMap((name) => [...grads[name]!.dataSync()]))
  for (let k = 0; k < rows; k++)
    for (let i = 0; i < p; i++) for (let j = 0; j < q; j++) penalty[i * q + j]! -= A[k * p + i]! * D[k * q + j]!
  return penalty
}

/**
 * An optimizer for `model.compile` or `minimize`: takes the gradients of a loss, puts θ_old − θ⁺ of the layer's proximal problem (see
 * `proximalGradient`) in the place of the gradients of dense layers, and has `inner` apply them: with `tf.train.sgd(1)` proximal
 * steps as they are, with `tf.train.adam()` others by them. The backward pass itself is the ordinary one. A layer that is used more
 * than once in the loss, as a policy unrolled over time, has the inputs of all its uses stacked: one step for the total gradient.
 * Throws TypeError or RangeError on options that do not fit, and on names that the model does not have.
 */
export function proximalOptimizer(
  inner: tf.Optimizer,
  model: tf.LayersModel,
  { layers, ...options }: ProximalOptimizerOptions = {},
): ProximalOptimizer {
  const dense = model.layers.filter((layer) => layer.getClassName() === 'Dense')
  const chosen = layers?.map((name) => model.getLayer(name)) ?? dense
  if (chosen.length === 0) throw new RangeError('proximalOptimizer: the model has no dense layer')
  return new ProximalOptimizer(inner, chosen, options)
}
