import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { withCorruption } from '../../src/blackbox/withCorruption.ts'
import { withNoise } from '../../src/blackbox/withNoise.ts'
import { prepareSensing } from '../../src/sensing/prepareSensing.ts'
import { type BlackboxLayerOptions, blackboxLayer } from '../../src/tfjs.ts'
import { gradientsOf, known, relativeError, samples, sandwich } from './known.ts'

const B = 12

beforeAll(() => tf.enableProdMode()) // no greeting

const band = (n: number) => known(n, n, { band: 1 })

describe('gradients', () => {
  it.each<[string, number, number, BlackboxLayerOptions]>([
    ['Hadamard directions, k = n', 8, 6, {}],
    ['orthogonal directions, k = n, no power of two', 7, 9, {}],
    ['Gaussian-sized sets of orthogonal ones, k = 3 n', 7, 9, { directions: 21 }],
    ['forward differences', 8, 6, { scheme: 'forward' }],
    ['least absolute deviations', 6, 4, { decoding: 'least-absolute' }],
    ['least absolute deviations, forward', 6, 4, { decoding: 'least-absolute', scheme: 'forward' }],
    ['a dense plan', 5, 7, { plan: prepareSensing({ inputs: 5, outputs: 7 }) }],
    ['a dense forward plan', 5, 7, { plan: prepareSensing({ inputs: 5, outputs: 7 }, { scheme: 'forward' }) }],
  ])("equal TensorFlow.js's own on a known function to 1e-5: %s", (_, n, m, options) => {
    const { blackbox, own } = known(n, m)
    const model = sandwich(blackboxLayer(blackbox, options), n)
    const { x, y } = samples(B)
    const sensed = gradientsOf(model, x, y)
    const exact = gradientsOf(model, x, y, own)
    expect(Math.abs(sensed.loss / exact.loss - 1)).toBeLessThan(1e-6)
    expect(relativeError(sensed.grads, exact.grads)).toBeLessThan(1e-5)
    for (const [k, grad] of exact.grads.entries()) expect(relativeError([sensed.grads[k]!], [grad])).toBeLessThan(1e-5)
  })

  it('equal them with a sensed sparse Jacobian, for 3 directions instead of 20', () => {
    const n = 20
    const { blackbox, own, pattern } = band(n)
    const plan = prepareSensing({ sparsity: pattern }, { heldOut: 0 })
    const layer = blackboxLayer(blackbox, { plan })
    const model = sandwich(layer, n)
    const { x, y } = samples(B)
    const { grads } = gradientsOf(model, x, y)
    expect(plan.directions).toBe(3)
    expect(layer.calls).toBe(B * (1 + 2 * 3))
    expect(layer.lastBackward).toEqual({
      samples: B,
      calls: B * 6,
      relativeStandardError: null,
      dropped: 0,
      uncertified: 0,
    })
    expect(relativeError(grads, gradientsOf(model, x, y, own).grads)).toBeLessThan(1e-5)
  })

  it('tell by the certificate that a pattern is wrong', () => {
    const { blackbox } = known(6, 6)
    const layer = blackboxLayer(blackbox, { plan: prepareSensing({ sparsity: band(6).pattern }) })
    const { x, y } = samples(B)
    gradientsOf(sandwich(layer, 6), x, y)
    expect(layer.lastBackward?.uncertified).toBe(B)
  })

  it.each<BlackboxLayerOptions>([
    { directions: 4 },
    { directions: 8, design: 'gaussian' },
    { directions: 40, design: 'rademacher', scheme: 'forward' },
  ])('come with a standard error that is right on the average: %o', (options) => {
    const n = 16
    const { blackbox, own } = known(n, 6)
    const z = tf.randomNormal([200, n], 0, 1, 'float32', 4)
    const layer = blackboxLayer(blackbox, options)
    const sensed = tf
      .grad((input) => tf.sum(layer.apply(input) as tf.Tensor))(z)
      .dataSync()
    const exact = tf
      .grad((input) => tf.sum(own(input)))(z)
      .dataSync()
    // ‖ĝ − g‖ against the reported share of ‖ĝ‖
    const size = relativeError([sensed], [exact]) * norm(exact)
    expect(Math.abs(size / norm(sensed) / layer.lastBackward!.relativeStandardError! - 1)).toBeLessThan(0.1)
  })

  it('average to the exact ones: directions are drawn anew for each sample and pass', () => {
    const n = 8
    const { blackbox, own } = known(n, 5)
    const layer = blackboxLayer(blackbox, { directions: 2 })
    const z = tf.ones([4000, n])
    const mean = (t: tf.Tensor) => tf.mean(t, 0).dataSync()
    const exact = mean(tf.grad((input) => tf.sum(own(input)))(z))
    const sensed = mean(tf.grad((input) => tf.sum(layer.apply(input) as tf.Tensor))(z))
    // (n/k − 1) / samples
    expect(relativeError([sensed], [exact])).toBeLessThan(3 * Math.sqrt(3 / 4000))
  })

  it('under known noise take steps to match, and say what is left', () => {
    const sigma = 1e-3
    const n = 8
    const { blackbox, own } = known(n, 6)
    const { x, y } = samples(64)
    const errors = [sigma, undefined].map((noise) => {
      const layer = blackboxLayer(withNoise(blackbox, { sigma }), { noise })
      const model = sandwich(layer, n)
      const { grads } = gradientsOf(model, x, y)
      if (noise) expect(layer.lastBackward!.relativeStandardError).toBeGreaterThan(0.003)
      return relativeError(grads.slice(0, 1), gradientsOf(model, x, y, own).grads.slice(0, 1))
    })
    expect(errors[0]).toBeLessThan(0.05)
    expect(errors[1]).toBeGreaterThan(2) // steps of 6e-6 see nothing but noise
  })

  it('pass through any axes before the last', () => {
    const { blackbox, own } = known(4, 3)
    const layer = blackboxLayer(blackbox, { inputShape: [2, 4] })
    const model = tf.sequential({ layers: [layer] })
    expect(model.outputShape).toEqual([null, 2, 3])
    const z = tf.randomNormal([5, 2, 4], 0, 1, 'float32', 1)
    const exact = tf.reshape(own(tf.reshape(z, [10, 4])), [5, 2, 3])
    expect(relativeError([(model.predict(z) as tf.Tensor).dataSync()], [exact.dataSync()])).toBeLessThan(1e-6)
  })
})

describe('calls', () => {
  it.each<[string, BlackboxLayerOptions, number, number]>([
    ['central', { directions: 4 }, 1, 8],
    ['forward', { directions: 4, scheme: 'forward' }, 1, 4],
    ['robust', { directions: 9, decoding: 'trimmed' }, 9, 18],
    ['repeated', { directions: 1, repeats: 3 }, 3, 2],
    ['a plan with two held-out directions', { plan: prepareSensing({ inputs: 8, outputs: 6 }) }, 1, 20],
    ['a forward plan', { plan: prepareSensing({ inputs: 8, outputs: 6 }, { scheme: 'forward', heldOut: 0 }) }, 1, 8],
  ])('are counted exactly: %s', async (_, options, forward, backward) => {
    const { blackbox } = known(8, 6)
    const layer = blackboxLayer(blackbox, options)
    const model = sandwich(layer, 8)
    model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' })
    const { x, y } = samples(B)
    model.predict(x)
    expect([layer.calls, blackbox.evaluated]).toEqual([B * forward, B * forward])
    layer.resetCalls()
    await model.trainOnBatch(x, y)
    expect(layer.calls).toBe(B * (forward + backward))
    expect(layer.lastBackward?.calls).toBe(B * backward)
    expect(blackbox.evaluated).toBe(B * (2 * forward + backward))
  })
})

describe('gross errors', () => {
  const n = 6
  const spoil = (blackbox: Blackbox, seed: number) =>
    withCorruption(blackbox, { fraction: 0.2, size: 100, seed, of: 'calls' })

  it('in a fifth of the calls are outvoted, forward and backward', () => {
    const { blackbox, own } = known(n, 4)
    const layer = blackboxLayer(spoil(blackbox, 5), { decoding: 'least-absolute', directions: 4 * n, repeats: 15 })
    const model = sandwich(layer, n)
    const { x, y } = samples(B)
    expect(relativeError(gradientsOf(model, x, y).grads, gradientsOf(model, x, y, own).grads)).toBeLessThan(1e-5)
    expect(layer.lastBackward!.dropped).toBeGreaterThan(0.1 * layer.lastBackward!.calls)
  })

  it('are outvoted in sensed sparse Jacobians by plans that expect them', () => {
    const { blackbox, own, pattern } = known(12, 12, { band: 1 })
    const expects = { method: 'rainbow', decoding: 'least-absolute', repeats: 8, heldOut: 0 } as const
    const layer = blackboxLayer(spoil(blackbox, 7), {
      plan: prepareSensing({ sparsity: pattern }, expects),
      repeats: 15,
    })
    const { x, y } = samples(B)
    const model = sandwich(layer, 12)
    expect(relativeError(gradientsOf(model, x, y).grads, gradientsOf(model, x, y, own).grads)).toBeLessThan(1e-5)
    expect(layer.lastBackward!.calls).toBe(B * 2 * 3 * 8)
  })

  it('are left out by trimmed averages, and ruin plain ones', () => {
    const { blackbox, own } = known(8, 4)
    const errorOf = (decoding: 'average' | 'trimmed') => {
      const layer = blackboxLayer(spoil(blackbox, 6), { decoding, repeats: 15, directions: 32, step: 0.05 })
      const z = tf.randomNormal([100, 8], 0, 1, 'float32', 4)
      const sensed = tf
        .grad((input) => tf.sum(layer.apply(input) as tf.Tensor))(z)
        .dataSync()
      return relativeError(
        [sensed],
        [
          tf
            .grad((input) => tf.sum(own(input)))(z)
            .dataSync(),
        ],
      )
    }
    expect(errorOf('trimmed')).toBeLessThan(1)
    expect(errorOf('average')).toBeGreaterThan(100)
  })
})

describe('parameters of the blackbox', () => {
  /** y = θ₀ sin z₀ + θ₁ z₁, θ the last two inputs. */
  const blackbox: Blackbox = {
    inputs: 4,
    outputs: 1,
    evaluate(z, y) {
      y[0] = z[2]! * Math.sin(z[0]!) + z[3]! * z[1]!
    },
  }

  it("have TensorFlow.js's own gradient, summed over the samples", () => {
    const layer = blackboxLayer(blackbox, { parameters: [2, -1] })
    const z = tf.randomNormal([B, 2], 0, 1, 'float32', 7)
    layer.apply(z)
    const theta = layer.trainableWeights[0]!.read() as tf.Variable
    expect([...theta.dataSync()]).toEqual([2, -1])
    const { grads } = tf.variableGrads(() => tf.sum(tf.square(layer.apply(z) as tf.Tensor)) as tf.Scalar, [theta])
    const inputs = tf.stack([tf.sin(z.slice([0, 0], [B, 1])), z.slice([0, 1], [B, 1])], 1).reshape([B, 2])
    const own = tf.grad((t) => tf.sum(tf.square(tf.dot(inputs, t))))(tf.tensor1d([2, -1]))
    expect(relativeError([grads[theta.name]!.dataSync()], [own.dataSync()])).toBeLessThan(1e-5)
  })

  it('are identified by model.fit', async () => {
    const layer = blackboxLayer(blackbox, { parameters: [1, 1], inputShape: [2] })
    const model = tf.sequential({ layers: [layer] })
    model.compile({ optimizer: tf.train.sgd(0.3), loss: 'meanSquaredError' })
    const z = tf.randomNormal([64, 2], 0, 1, 'float32', 8)
    const truth = tf.add(tf.mul(0.4, tf.sin(z.slice([0, 0], [64, 1]))), tf.mul(-2, z.slice([0, 1], [64, 1])))
    await model.fit(z, truth, { epochs: 60, verbose: 0, shuffle: false })
    const [a, b] = layer.getWeights()[0]!.dataSync()
    expect(a).toBeCloseTo(0.4, 4)
    expect(b).toBeCloseTo(-2, 4)
  })
})

it('trains in model.fit as the function itself does', async () => {
  const { blackbox, own } = known(8, 6)
  const { x, y } = samples(48)
  /** The known function as a layer. */
  class Own extends tf.layers.Layer {
    static readonly className = 'OwnForTests'
    override call(inputs: tf.Tensor | tf.Tensor[]) {
      return tf.tidy(() => own(Array.isArray(inputs) ? inputs[0]! : inputs))
    }
    override computeOutputShape(): tf.Shape {
      return [null, 6]
    }
  }
  const histories = await Promise.all(
    [blackboxLayer(blackbox), new Own()].map(async (middle) => {
      const model = sandwich(middle, 8)
      model.compile({ optimizer: tf.train.sgd(0.5), loss: 'categoricalCrossentropy', metrics: ['accuracy'] })
      return (await model.fit(x, y, { epochs: 40, verbose: 0, shuffle: false })).history as Record<string, number[]>
    }),
  )
  const [sensed, exact] = histories.map(({ loss }) => loss!)
  expect(sensed!.at(-1)).toBeLessThan(0.9 * sensed![0]!)
  for (const [epoch, loss] of exact!.entries()) expect(Math.abs(sensed![epoch]! / loss - 1)).toBeLessThan(1e-4)
})

describe('misuse is told by name', () => {
  const { blackbox } = known(4, 3)
  it.each<[string, unknown, BlackboxLayerOptions, string]>([
    ['a function', () => 1, {}, 'expected a blackbox { inputs, outputs, evaluate(z, y) }, found a function'],
    ['nothing', null, {}, 'found null'],
    ['no directions', blackbox, { directions: 0 }, 'blackboxLayer: directions must be an integer ≥ 1, got 0'],
    ['a design', blackbox, { design: 'sobol' as 'gaussian' }, 'design must be one of'],
    [
      'a decoding',
      blackbox,
      { decoding: 'lp' as 'average' },
      'decoding must be one of average, trimmed, least-absolute; got lp',
    ],
    ['repeats', blackbox, { repeats: 1.5 }, 'repeats must be an integer ≥ 1, got 1.5'],
    ['combine', blackbox, { combine: 'mode' as 'mean' }, "combine must be 'mean' or 'median', got mode"],
    ['parameters', blackbox, { parameters: [1, 1, 1, 1] }, '4 parameters leave none of the blackbox'],
    ['a parameter', blackbox, { parameters: [Number.NaN] }, 'parameters[0] must be finite, got NaN'],
    [
      'a plan of other sizes',
      blackbox,
      { plan: prepareSensing({ inputs: 5, outputs: 3 }) },
      'inputs (plan: 5, here: 4)',
    ],
    [
      'both ways',
      blackbox,
      { directions: 2, plan: prepareSensing({ inputs: 4, outputs: 3 }) },
      'directions: of random directions, or a plan',
    ],
  ])('%s', (_, given, options, message) => {
    expect(() => blackboxLayer(given as Blackbox, options)).toThrow(message)
  })

  it('inputs of another size', () => {
    const layer = blackboxLayer(blackbox, { name: 'arm', parameters: [1] })
    expect(() => layer.apply(tf.ones([2, 4]))).toThrow(
      "'arm' takes inputs [batch, …, 3], as its blackbox has 4 inputs, 1 of them parameters; got [2, 4]",
    )
  })

  it('inputs and outputs that are no numbers', () => {
    const broken: Blackbox = { ...blackbox, evaluate: (z, y) => void y.fill(z[0]! > 1 ? Number.NaN : 0) }
    const layer = blackboxLayer(broken, { name: 'arm2' })
    expect(() => layer.apply(tf.tensor2d([[1, Number.NaN, 1, 1]]))).toThrow("input 1 of sample 0 of 'arm2' is NaN")
    expect(() =>
      layer.apply(
        tf.tensor2d([
          [0, 1, 1, 1],
          [2, 1, 1, 1],
        ]),
      ),
    ).toThrow("output 0 of 'arm2' is NaN for sample 1, call 0 (forward value)")
  })
})

const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0))
