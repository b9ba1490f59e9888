/** Trains a small network through a blackbox; the same in a page and in Node. */
import * as tf from '@tensorflow/tfjs'
import { blackboxLayer, trainBatch } from 'jacsense/tfjs'

export interface Learned {
  readonly backend: string
  readonly losses: number[]
  readonly weights: number[]
  readonly calls: number
}

export async function learn(): Promise<Learned> {
  await tf.ready()
  const n = 4
  const layer = blackboxLayer({
    inputs: n,
    outputs: n,
    evaluate(z, y) {
      for (let j = 0; j < n; j++) y[j] = Math.sin(z[j]! + z[(j + 1) % n]!)
    },
    async evaluateBatch(Z, Y, count) {
      await Promise.resolve()
      for (let p = 0; p < count; p++) this.evaluate(Z.subarray(p * n, (p + 1) * n), Y.subarray(p * n, (p + 1) * n))
    },
  })
  const ramp = (rows: number, columns: number) =>
    tf.tensor2d(
      Float32Array.from({ length: rows * columns }, (_, k) => Math.sin(k + 1)),
      [rows, columns],
    )
  const front = tf.layers.dense({ units: n, inputShape: [3], weights: [ramp(3, n), tf.zeros([n])] })
  const back = tf.layers.dense({ units: 2, weights: [ramp(n, 2), tf.zeros([2])] })
  const model = tf.sequential({ layers: [front, layer, back] })
  model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' })
  const [x, y] = [ramp(6, 3), ramp(6, 2)]
  const losses: number[] = []
  for (let step = 0; step < 4; step++)
    losses.push((step % 2 === 0 ? await model.trainOnBatch(x, y) : await trainBatch(model, x, y)) as number)
  const weights = model.getWeights().flatMap((weight) => [...weight.dataSync()])
  return { backend: tf.getBackend(), losses, weights, calls: layer.calls }
}
