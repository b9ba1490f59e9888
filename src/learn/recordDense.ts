/** What passes through dense layers while a gradient is taken: inputs of every use, and gradients at outputs before the activation. */
import * as tf from '@tensorflow/tfjs'

/** All uses of a layer on the way to the loss, one below the other. */
export interface DenseRecord {
  readonly A: Float64Array // [r × p]: inputs, and a column of ones where the layer has a bias
  readonly D: Float64Array // [r × q]
  readonly rows: number
  readonly hasBias: boolean
}

interface Use {
  readonly inputs: Float32Array // [rows × columns]
  readonly columns: number
  errors: Float32Array | null // null until the gradient gets there
}

/** The parts of a dense layer that TypeScript hides. */
interface DenseParts {
  activation: { getClassName(): string; apply(z: tf.Tensor): tf.Tensor } | null
  readonly bias: unknown
  readonly units: number
  _callHook: Parameters<tf.layers.Layer['setCallHook']>[0] | null
}

/** Throws TypeError unless it is one. */
export function checkDense(layer: tf.layers.Layer, caller: string): void {
  if (!(layer instanceof tf.layers.Layer) || layer.getClassName() !== 'Dense')
    throw new TypeError(
      `${caller}: takes dense layers; '${layer?.name ?? String(layer)}' is ${layer?.getClassName?.() ?? 'no layer'}`,
    )
}

/**
 * The value of `run`, which takes a gradient of `f`, and what it left in each layer; the layers are then as they were. What layers do
 * after `f`, in gradients that the backward pass takes for itself, is no use of them in the loss.
 */
export function recordDense<F, T>(
  layers: readonly tf.layers.Layer[],
  f: () => F,
  run: (f: () => F) => T,
): { value: T; records: DenseRecord[] } {
  const uses = layers.map(() => [] as Use[])
  const restore: (() => void)[] = []
  const phase = { isForward: false }
  try {
    for (const [k, layer] of layers.entries()) restore.push(listen(layer, uses[k]!, phase))
    const value = run(() => {
      phase.isForward = true
      try {
        return f()
      } finally {
        phase.isForward = false
      }
    })
    return { value, records: layers.map((layer, k) => stacked(layer, uses[k]!)) }
  } finally {
    for (const one of restore) one()
  }
}

/** Has the uses of a layer in the forward pass noted from now on; the function returned ends it. */
function listen(layer: tf.layers.Layer, uses: Use[], phase: { readonly isForward: boolean }): () => void {
  const parts = layer as unknown as DenseParts
  const { activation, _callHook: hook } = parts
  layer.setCallHook((inputs, kwargs) => {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs
    if (phase.isForward) uses.push({ inputs: Float32Array.from(x.dataSync()), columns: x.shape.at(-1)!, errors: null })
    hook?.(inputs, kwargs)
  })
  // a class name that is not among the fused ones, so that the layer calls `apply` on its outputs before the activation
  parts.activation = {
    getClassName: () => 'recorded',
    apply(z) {
      if (!phase.isForward) return activation === null ? z : activation.apply(z)
      const use = uses.at(-1)!
      const tap = tf.customGrad((given) => ({
        value: tf.clone(given as tf.Tensor),
        gradFunc(dz: tf.Tensor) {
          use.errors = Float32Array.from(dz.dataSync())
          return [tf.clone(dz)]
        },
      }))
      const tapped = tap(z)
      return activation === null ? tapped : activation.apply(tapped)
    },
  }
  return () => {
    parts.activation = activation
    if (hook) layer.setCallHook(hook)
    else layer.clearCallHook()
  }
}

function stacked(layer: tf.layers.Layer, uses: readonly Use[]): DenseRecord {
  const { bias, units: q } = layer as unknown as DenseParts
  const hasBias = bias !== null && bias !== undefined
  const felt = uses.filter(({ errors }) => errors !== null) // others did not lead to the loss
  const columns = felt[0]?.columns ?? 0
  const p = columns + (hasBias ? 1 : 0)
  const rows = felt.reduce((sum, { errors }) => sum + errors!.length / q, 0)
  const A = new Float64Array(rows * p).fill(1)
  const D = new Float64Array(rows * q)
  let row = 0
  for (const { inputs, errors } of felt) {
    D.set(errors!, row * q)
    for (let from = 0; from < inputs.length; from += columns) A.set(inputs.subarray(from, from + columns), row++ * p)
  }
  return { A, D, rows, hasBias }
}
