/** Values that are not finite while a network is trained: told by name, weights as they were, batches skipped where asked. */
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { prepareSensing } from '../../src/sensing/prepareSensing.ts'
import {
  type BlackboxLayerOptions,
  BlackboxLayerError,
  blackboxLayer,
  fitBlackbox,
  trainBatch,
} from '../../src/tfjs.ts'
import { known, samples, sandwich } from './known.ts'

const N = 4
const B = 6

beforeAll(() => tf.enableProdMode())

/** Output 1 is `value` at those calls, from 0. */
function failing(isBad: (call: number, z: Float64Array) => boolean, value = Number.NaN): Blackbox {
  const { blackbox } = known(N, 3)
  let call = 0
  return {
    ...blackbox,
    outputNames: ['x', 'tilt', 'y'],
    evaluate(z, y) {
      blackbox.evaluate(z, y)
      if (isBad(call++, z)) y[1] = value
    },
  }
}

function compiled(blackbox: Blackbox, options: BlackboxLayerOptions): tf.Sequential {
  const model = sandwich(blackboxLayer(blackbox, options), N)
  model.compile({ optimizer: tf.train.adam(0.05), loss: 'categoricalCrossentropy' })
  return model
}

const weightsOf = (model: tf.LayersModel) => model.getWeights().map((weight) => [...weight.dataSync()])
const plan = prepareSensing({ inputs: N, outputs: 3 }, { heldOut: 1 })

async function failureOf(promise: Promise<unknown>): Promise<BlackboxLayerError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(BlackboxLayerError)
  return error as BlackboxLayerError
}

describe('a value that is not finite', () => {
  // model.trainOnBatch: all forward values come first, then every sample's points; in trainBatch sample by sample
  it.each<[string, BlackboxLayerOptions, number, number, string]>([
    [
      'forward',
      { name: 'arm_a' },
      2,
      2 * 9,
      "output 1 ('tilt') of 'arm_a' is NaN for sample 2, call 0 (forward value)",
    ],
    [
      'in a plan',
      { name: 'arm_b', plan },
      B + 3 * 10 + 5,
      3 * 11 + 6,
      "output 1 ('tilt') of 'arm_b' is NaN for sample 3, call 6 (direction 2, minus side)",
    ],
    [
      'in what a plan holds out',
      { name: 'arm_c', plan },
      B + 8,
      9,
      "output 1 ('tilt') of 'arm_c' is NaN for sample 0, call 9 (held-out direction 0, plus side)",
    ],
    [
      'in the only direction',
      { name: 'arm_d', directions: 1, scheme: 'forward' },
      B + 4,
      4 * 2 + 1,
      "output 1 ('tilt') of 'arm_d' is NaN for sample 4, call 1 (direction 0, plus side)",
    ],
  ])('%s is told with layer, sample and call, and changes no weight', async (_, options, now, ahead, message) => {
    const { x, y } = samples(B)
    for (const [bad, step] of [
      [now, (model: tf.LayersModel) => model.trainOnBatch(x, y)],
      [ahead, (model: tf.LayersModel) => trainBatch(model, x, y)],
    ] as const) {
      const model = compiled(
        failing((call) => call === bad),
        options,
      )
      const before = weightsOf(model)
      const error = await failureOf(step(model))
      expect(error.message).toBe(`blackboxLayer: ${message}`)
      expect([error.layer, error.output, error.outputName]).toEqual([options.name, 1, 'tilt'])
      expect(error.at).toHaveLength(N)
      expect(weightsOf(model)).toEqual(before)
      await step(model) // the next step works
      expect(weightsOf(model)).not.toEqual(before)
    }
  })

  it('says where the blackbox was evaluated', async () => {
    let where: number[] = []
    const blackbox = failing((call, z) => {
      if (call === B + 7) where = [...z]
      return call === B + 7
    })
    const { x, y } = samples(B)
    const error = await failureOf(Promise.resolve(compiled(blackbox, { plan }).trainOnBatch(x, y)))
    expect([...error.at]).toEqual(where)
  })

  it('in some of many random directions is left out, as before', async () => {
    const { x, y } = samples(B)
    const layer = blackboxLayer(failing((call) => call === B + 2))
    const model = sandwich(layer, N)
    model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' })
    await model.trainOnBatch(x, y)
    expect(layer.lastBackward?.dropped).toBe(1)
  })

  it('behind the layer is not laid on the blackbox', async () => {
    const layer = blackboxLayer(known(N, 3).blackbox, { name: 'arm_e' })
    const model = sandwich(layer, N)
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' })
    const { x } = samples(B)
    const y = tf.fill([B, 3], Number.NaN)
    await expect(model.trainOnBatch(x, y)).rejects.toThrow("the loss has slope NaN by output 0 of 'arm_e' for sample 0")
  })
})

describe('fitBlackbox', () => {
  const isBad = (_: number, z: Float64Array) => z[0]! > 0.85 // of a sample of these or two
  const setup = () => ({ model: compiled(failing(isBad), { plan, name: 'robot' }), ...samples(40) })

  it('stops with epoch and batch, weights being those of the batch before', async () => {
    const { model, x, y } = setup()
    const error = await fitBlackbox(model, x, y, { batchSize: 4 }).then(
      () => null,
      (reason: Error) => reason,
    )
    expect(error!.message).toMatch(
      /^fitBlackbox: epoch 0, batch \d: blackboxLayer: output 1 \('tilt'\) of 'robot' is NaN/,
    )
    expect(error!.cause).toBeInstanceOf(BlackboxLayerError)
    for (const values of weightsOf(model)) for (const value of values) expect(value).not.toBeNaN()
  })

  it('skips batches when told, and counts them', async () => {
    const { model, x, y } = setup()
    const before = weightsOf(model)
    const history = await fitBlackbox(model, x, y, { batchSize: 4, epochs: 3, onFailure: 'skip' })
    expect(Object.keys(history)).toEqual([...model.metricsNames, 'skipped'])
    expect(history.skipped![0]).toBeGreaterThan(0)
    expect(history.skipped![0]).toBeLessThan(10)
    for (const loss of history.loss!) expect(loss).toBeGreaterThan(0)
    expect(weightsOf(model)).not.toEqual(before)
  })

  it('skips none silently: an epoch without any batch left throws', async () => {
    const { x, y } = samples(8)
    const model = compiled(
      failing(() => true),
      { plan },
    )
    await expect(fitBlackbox(model, x, y, { onFailure: 'skip' })).rejects.toThrow(/epoch 0, batch 0.*is NaN/)
    await expect(fitBlackbox(model, x, y, { onFailure: 'go on' as 'skip' })).rejects.toThrow("'stop' or 'skip'")
  })
})
