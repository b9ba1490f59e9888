import * as tf from '@tensorflow/tfjs'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { blackboxes } from '../../src/learn/savedBlackboxes.ts'
import { prepareSensing } from '../../src/sensing/prepareSensing.ts'
import { BlackboxLayer, type BlackboxLayerOptions, blackboxLayer, registerBlackbox } from '../../src/tfjs.ts'
import { gradientsOf, known, relativeError, samples, sandwich } from './known.ts'

beforeAll(() => tf.enableProdMode())
beforeEach(() => blackboxes.clear()) // as in a program that has just started

/** What is saved, through JSON as in a file. */
async function saved(model: tf.LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts | null = null
  await model.save(
    tf.io.withSaveHandler(async (all) => {
      artifacts = all
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }
    }),
  )
  const { weightData, ...rest } = artifacts! as tf.io.ModelArtifacts
  return { ...JSON.parse(JSON.stringify(rest)), weightData }
}

const N = 8

describe('a saved model', () => {
  it.each<[string, BlackboxLayerOptions]>([
    ['with all defaults', {}],
    ['with options', { directions: 20, decoding: 'least-absolute', repeats: 3, seed: 5, noise: 1e-3, name: 'robot_7' }],
    ['with a plan', { plan: prepareSensing({ sparsity: known(N, N, { band: 1 }).pattern }) }],
    ['with parameters', { parameters: [0.3, -0.2], scheme: 'forward' }],
  ])('is loaded with the same values and gradients: %s', async (_, options) => {
    const { blackbox } = known(N, N, { band: 1 })
    const own = N - (options.parameters?.length ?? 0)
    const model = sandwich(blackboxLayer(blackbox, { ...options, key: 'Robot_Ärm 7' }), own)
    const { x, y } = samples(6)
    const artifacts = await saved(model)
    registerBlackbox('Robot_Ärm 7', () => blackbox)
    const loaded = (await tf.loadLayersModel(tf.io.fromMemory(artifacts))) as tf.Sequential
    const layer = loaded.layers[1] as BlackboxLayer
    expect(layer).toBeInstanceOf(BlackboxLayer)
    expect(layer.getConfig()).toEqual(model.layers[1]!.getConfig())
    expect((loaded.predict(x) as tf.Tensor).dataSync()).toEqual((model.predict(x) as tf.Tensor).dataSync())
    // directions are those that the saved one began with
    expect(relativeError(gradientsOf(loaded, x, y).grads, gradientsOf(model, x, y).grads)).toBeLessThan(1e-7)
  })

  it('is loaded where the blackbox layer is the first', async () => {
    const { blackbox } = known(3, 2)
    const model = tf.sequential({
      layers: [blackboxLayer(blackbox, { key: 'first', inputShape: [3], trainable: false })],
    })
    const artifacts = await saved(model)
    registerBlackbox('first', blackbox)
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts))
    expect(loaded.inputs[0]!.shape).toEqual([null, 3])
    expect(loaded.layers.at(-1)!.trainable).toBe(false)
  })

  it('asks for the blackbox that is to be registered, by key and sizes', async () => {
    const { blackbox } = known(N, 6)
    const artifacts = await saved(sandwich(blackboxLayer(blackbox, { key: 'arm', name: 'the_arm' }), N))
    registerBlackbox('leg', blackbox)
    const load = () => tf.loadLayersModel(tf.io.fromMemory(artifacts))
    await expect(load()).rejects.toThrow(
      "the saved layer 'the_arm' calls a blackbox with 8 inputs and 6 outputs by the key 'arm', which is not registered; " +
        "call registerBlackbox('arm', blackbox) before loading",
    )
    registerBlackbox('arm', known(N, 5).blackbox)
    await expect(load()).rejects.toThrow('the one registered has 8 inputs and 5 outputs')
    registerBlackbox('arm', blackbox)
    await expect(load()).resolves.toBeDefined()
  })

  it('has a key for each blackbox', async () => {
    const { blackbox } = known(N, 6)
    await expect(saved(sandwich(blackboxLayer(blackbox, { name: 'nameless' }), N))).rejects.toThrow(
      "blackboxLayer: 'nameless' can't be saved: give it a key",
    )
    expect(() => registerBlackbox('', blackbox)).toThrow('expected a key, a text that is not empty')
  })
})
