/** Functions known in two ways: as a blackbox, and in TensorFlow.js's own operations, which give the gradients to compare with. */
import * as tf from '@tensorflow/tfjs'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { random } from '../../src/linalg/random.ts'
import { patternFromEntries, type Pattern } from '../../src/linalg/pattern.ts'

export interface Known {
  readonly blackbox: Blackbox & { readonly evaluated: number } // counts by itself
  readonly own: (z: tf.Tensor) => tf.Tensor // [B × n] → [B × m]
  readonly pattern: Pattern
}

/** y = tanh(W z + b), W [m × n] dense, or with a band around the diagonal. */
export function known(n: number, m: number, { seed = 1, band = Math.max(n, m) } = {}): Known {
  const { normal } = random(seed)
  const entries: [number, number][] = []
  const W = Array.from({ length: m }, (_, o) =>
    Array.from({ length: n }, (_, j) => {
      if (Math.abs(o - j) > band) return 0
      entries.push([o, j])
      return Math.fround(normal() / Math.sqrt(Math.min(n, 2 * band + 1)))
    }),
  )
  const b = Array.from({ length: m }, () => Math.fround(normal() / 4))
  let evaluated = 0
  return {
    blackbox: {
      inputs: n,
      outputs: m,
      evaluate(z, y) {
        evaluated++
        for (let o = 0; o < m; o++) y[o] = Math.tanh(W[o]!.reduce((sum, entry, j) => sum + entry * z[j]!, b[o]!))
      },
      get evaluated() {
        return evaluated
      },
    },
    own: (z) => tf.tanh(tf.add(tf.matMul(z, tf.tensor2d(W), false, true), tf.tensor1d(b))),
    pattern: patternFromEntries(m, n, entries),
  }
}

/** A small classifier with the layer in its middle, its weights the same for the same seed. */
export function sandwich(middle: tf.layers.Layer, n: number, seed = 1): tf.Sequential {
  const dense = (units: number, s: number, more: Partial<Parameters<typeof tf.layers.dense>[0]> = {}) =>
    tf.layers.dense({ units, kernelInitializer: tf.initializers.glorotNormal({ seed: s }), ...more })
  return tf.sequential({
    layers: [
      dense(n, seed, { inputShape: [5], activation: 'tanh' }),
      middle,
      dense(3, seed + 1, { activation: 'softmax' }),
    ],
  })
}

/** B samples of 5 inputs and 3 classes. */
export function samples(B: number, seed = 3): { x: tf.Tensor2D; y: tf.Tensor2D } {
  const { normal, integer } = random(seed)
  const x = tf.tensor2d(Array.from({ length: B }, () => Array.from({ length: 5 }, normal)))
  const y = tf.tidy(
    () =>
      tf
        .oneHot(
          tf.tensor1d(
            Array.from({ length: B }, () => integer(3)),
            'int32',
          ),
          3,
        )
        .toFloat() as tf.Tensor2D,
  )
  return { x, y }
}

/** Loss and gradients by all trainable weights, one list for each. */
export function gradientsOf(
  model: tf.Sequential,
  x: tf.Tensor,
  y: tf.Tensor,
  own?: Known['own'],
): { loss: number; grads: Float32Array[] } {
  const [front, middle, back] = model.layers as [tf.layers.Layer, tf.layers.Layer, tf.layers.Layer]
  const loss = () => {
    const z = front.apply(x) as tf.Tensor
    const out = back.apply(own ? own(z) : middle.apply(z)) as tf.Tensor
    return tf.losses.softmaxCrossEntropy(y, tf.log(out)) as tf.Scalar
  }
  return tf.tidy(() => {
    const { value, grads } = tf.variableGrads(loss)
    const weights = model.trainableWeights.map((weight) => (weight.read() as tf.Variable).name)
    return { loss: value.dataSync()[0]!, grads: weights.map((name) => grads[name]!.dataSync() as Float32Array) }
  })
}

/** ‖a − b‖ / ‖b‖ over all lists. */
export function relativeError(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number {
  let difference = 0
  let size = 0
  for (const [k, list] of b.entries())
    for (let e = 0; e < list.length; e++) {
      difference += (a[k]![e]! - list[e]!) ** 2
      size += list[e]! ** 2
    }
  return Math.sqrt(difference / size)
}
