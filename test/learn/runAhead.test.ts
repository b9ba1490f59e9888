import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { openBlackboxPool } from '../../src/blackbox/openBlackboxPool.ts'
import { prepareSensing } from '../../src/sensing/prepareSensing.ts'
import {
  type BlackboxLayer,
  type BlackboxLayerOptions,
  blackboxLayer,
  fitBlackbox,
  predictBatch,
  runAhead,
  trainBatch,
} from '../../src/tfjs.ts'
import { type TestJob, type TestSetup, testBlackbox } from '../fixtures/poolBlackbox.ts'
import { known, samples, sandwich } from './known.ts'

const B = 10
const N = 8

beforeAll(() => tf.enableProdMode())

/** Evaluates batches later, and counts them. */
function later(blackbox: Blackbox): Blackbox & { readonly batches: number[] } {
  const batches: number[] = []
  const { inputs: n, outputs: m } = blackbox
  return {
    ...blackbox,
    batches,
    async evaluateBatch(Z, Y, count) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      batches.push(count)
      for (let p = 0; p < count; p++) blackbox.evaluate(Z.subarray(p * n, (p + 1) * n), Y.subarray(p * m, (p + 1) * m))
    },
  }
}

function compiled(middle: BlackboxLayer): tf.Sequential {
  const model = sandwich(middle, N)
  model.compile({ optimizer: tf.train.adam(0.05), loss: 'categoricalCrossentropy', metrics: ['accuracy'] })
  return model
}

const weightsOf = (model: tf.LayersModel) => model.getWeights().map((weight) => [...weight.dataSync()])

describe('steps with parallel evaluation', () => {
  it.each<[string, BlackboxLayerOptions]>([
    ['random directions', { directions: 3 }],
    ['forward', { directions: 3, scheme: 'forward' }],
    ['robust', { directions: 20, decoding: 'least-absolute' }],
    ['a plan', { plan: prepareSensing({ inputs: N, outputs: 6 }, { scheme: 'forward' }) }],
  ])('change weights as steps without do, bit for bit, in as many calls: %s', async (_, options) => {
    const { x, y } = samples(B)
    const [now, together] = [blackboxLayer(known(N, 6).blackbox, options), later(known(N, 6).blackbox)]
    const ahead = blackboxLayer(together, options)
    const [a, b] = [compiled(now), compiled(ahead)]
    for (let step = 1; step <= 3; step++) {
      expect(await trainBatch(b, x, y)).toEqual(await a.trainOnBatch(x, y))
      expect(weightsOf(b)).toEqual(weightsOf(a))
      expect(ahead.calls).toBe(now.calls)
      expect(together.batches).toHaveLength(step) // all points of a step in one batch
    }
    expect(ahead.lastBackward).toEqual(now.lastBackward)
    const predicted = (await predictBatch(b, x)) as tf.Tensor
    expect(predicted.dataSync()).toEqual((a.predict(x) as tf.Tensor).dataSync())
    expect(ahead.calls).toBe(now.calls)
  })

  it('leave no tensors behind', async () => {
    const { x, y } = samples(B)
    const model = compiled(blackboxLayer(later(known(N, 6).blackbox)))
    await trainBatch(model, x, y)
    const before = tf.memory().numTensors
    for (let step = 0; step < 3; step++) await trainBatch(model, x, y)
    tf.dispose(await predictBatch(model, x))
    expect(tf.memory().numTensors).toBe(before)
  })

  it('go through several blackboxes, one after the other and one twice', async () => {
    const [first, second] = [later(known(N, N).blackbox), later(known(N, N, { seed: 2 }).blackbox)]
    const build = (wrap: (blackbox: Blackbox) => Blackbox) => {
      const input = tf.input({ shape: [N] })
      const [f, g] = [blackboxLayer(wrap(first)), blackboxLayer(wrap(second))]
      const scale = tf.layers.dense({ units: N, kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }) })
      const twice = f.apply(g.apply(f.apply(scale.apply(input))))
      const model = tf.model({ inputs: input, outputs: twice as tf.SymbolicTensor })
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
      return model
    }
    const x = tf.randomNormal([B, N], 0, 1, 'float32', 1)
    const [a, b] = [build(({ evaluateBatch: _, ...one }) => one), build((one) => one)]
    expect(await trainBatch(b, x, x)).toEqual(await a.trainOnBatch(x, x))
    expect([first.batches.length, second.batches.length]).toEqual([2, 1])
    // directions of f are drawn in another order than by the backward pass; at k = n that is rounding
    for (const [k, values] of weightsOf(a).entries())
      for (const [e, value] of values.entries()) expect(weightsOf(b)[k]![e]).toBeCloseTo(value, 6)
  })

  it('run on worker threads', async () => {
    const setup: TestSetup = { inWorker: true }
    const pool = await openBlackboxPool<TestSetup, TestJob>(
      new URL('../fixtures/poolWorker.ts', import.meta.url),
      setup,
      {
        workers: 2,
        headStart: 0,
      },
    )
    try {
      const job = { factor: 2 }
      const own = testBlackbox({ inWorker: false }, job)
      const x = tf.tensor2d([
        [1, 2],
        [3, 4],
        [-1, 3],
      ])
      const models = [own, pool.parallel(own, job)].map((blackbox) => {
        const dense = tf.layers.dense({ units: 2, inputShape: [2], kernelInitializer: 'identity' })
        const model = tf.sequential({ layers: [dense, blackboxLayer(blackbox)] })
        model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
        return model
      })
      await models[0]!.trainOnBatch(x, x)
      await trainBatch(models[1]!, x, x)
      expect(weightsOf(models[1]!)).toEqual(weightsOf(models[0]!))
    } finally {
      await pool.close()
    }
  })

  it('refuse what gives other values in a second run', async () => {
    const dense = tf.layers.dense({ units: N, inputShape: [5] })
    const layer = blackboxLayer(known(N, 3).blackbox, { name: 'after_dropout' })
    const model = tf.sequential({ layers: [dense, tf.layers.dropout({ rate: 0.5 }), layer] })
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
    const { x, y } = samples(B)
    await expect(trainBatch(model, x, y)).rejects.toThrow("the inputs of 'after_dropout' changed between two runs")
    expect((model.predict(x) as tf.Tensor).shape).toEqual([B, 3]) // works on
  })

  it('stop when told, pass on errors, and leave the layer as it was', async () => {
    const { x, y } = samples(B)
    const layer = blackboxLayer(later(known(N, 6).blackbox))
    const model = compiled(layer)
    const before = weightsOf(model)
    await expect(trainBatch(model, x, y, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
    const failing = async () => {
      throw new Error('of the step')
    }
    await expect(runAhead(model, failing)).rejects.toThrow('of the step')
    const step = trainBatch(model, x, y)
    await expect(trainBatch(model, x, y)).rejects.toThrow('is in a step already')
    expect(() => model.predict(x)).toThrow('is in a step of trainBatch')
    await step
    expect(weightsOf(model)).not.toEqual(before)
    await expect(
      trainBatch(tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [5] })] }), x, y),
    ).rejects.toThrow('the model has no blackbox layer')
  })
})

describe('fitBlackbox', () => {
  it('trains in shuffled batches, and tells loss and metrics of each epoch', async () => {
    const { x, y } = samples(36)
    const layer = blackboxLayer(later(known(N, 6).blackbox), { directions: 4 })
    const model = compiled(layer)
    const told: number[] = []
    const history = await fitBlackbox(model, x, y, {
      epochs: 12,
      batchSize: 16,
      onEpochEnd: (_, { loss }) => void told.push(loss!),
    })
    expect(Object.keys(history)).toEqual(model.metricsNames)
    expect(history.loss).toEqual(told)
    expect(history.loss!.at(-1)).toBeLessThan(0.9 * history.loss![0]!)
    expect(layer.calls).toBe(12 * 36 * (1 + 8))
  })

  it('is repeated by the same seed', async () => {
    const { x, y } = samples(20)
    const [a, b, c] = await Promise.all(
      [1, 1, 2].map((seed) => fitBlackbox(compiled(blackboxLayer(known(N, 6).blackbox)), x, y, { seed, batchSize: 8 })),
    )
    expect(b).toEqual(a)
    expect(c).not.toEqual(a)
  })

  it('refuses numbers that do not fit', async () => {
    const model = compiled(blackboxLayer(known(N, 6).blackbox))
    const { x, y } = samples(4)
    await expect(fitBlackbox(model, x, y, { epochs: 0 })).rejects.toThrow('epochs must be an integer ≥ 1, got 0')
    await expect(fitBlackbox(model, x, samples(3).y)).rejects.toThrow('the same samples, at least one; got 4 and 3')
  })
})
