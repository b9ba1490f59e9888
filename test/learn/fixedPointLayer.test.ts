import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  fixedPoint,
  fixedPointLayer,
  type FixedPointOptions,
  gradientWatch,
  proximalOptimizer,
} from '../../src/tfjs.ts'
import { relativeError } from './known.ts'

beforeAll(() => tf.enableProdMode()) // no greeting

/** u = ½ tanh(u W + d U), two samples, and a weighted sum of u. */
function small() {
  const W = tf.variable(tf.tensor2d([0.6, -0.5, 0.2, 0.3, 0.4, -0.7, -0.2, 0.5, 0.6], [3, 3]))
  const U = tf.variable(tf.tensor2d([1, 0.5, -1, 0.3, -0.8, 0.6], [2, 3]))
  const R = (u: tf.Tensor2D, d: tf.Tensor2D) =>
    tf.mul(0.7, tf.tanh(tf.add(tf.matMul(u, W as tf.Tensor2D), tf.matMul(d, U as tf.Tensor2D)))) as tf.Tensor2D
  const d = tf.tensor2d([0.4, -0.2, 0.1, 0.9], [2, 2])
  const w = tf.tensor2d([1, -2, 0.5, 0.3, 1, -1], [2, 3])
  const gradients = (u: () => tf.Tensor) => {
    const { grads } = tf.variableGrads(() => tf.sum(tf.mul(w, u())) as tf.Scalar, [W, U])
    return [W, U].map((one) => grads[one.name]!.dataSync() as Float32Array)
  }
  const unrolled = (steps: number) => () => {
    let u = tf.zeros([2, 3]) as tf.Tensor2D
    for (let k = 0; k < steps; k++) u = R(u, d)
    return u
  }
  return { R, d, w, gradients, unrolled }
}

describe('gradients of a fixed point', () => {
  it('equal those through 60 steps of the iteration where they are exact', () => {
    const { R, d, w, gradients, unrolled } = small()
    const options: FixedPointOptions = { units: 3, method: 'exact', tolerance: 1e-7 }
    const expected = gradients(unrolled(60))
    expect(
      relativeError(
        gradients(() => fixedPoint(R, d, options)),
        expected,
      ),
    ).toBeLessThan(1e-5)
    expect(
      relativeError(
        gradients(() => fixedPoint(R, d, { ...options, method: 'neumann', terms: 40 })),
        expected,
      ),
    ).toBeLessThan(1e-5)
    // by d, a tensor
    const ofD = (u: (d: tf.Tensor2D) => tf.Tensor) =>
      tf
        .grad((at) => tf.sum(tf.mul(w, u(at as tf.Tensor2D))))(d)
        .dataSync() as Float32Array
    const through = ofD((at) => {
      let u = tf.zeros([2, 3]) as tf.Tensor2D
      for (let k = 0; k < 60; k++) u = R(u, at)
      return u
    })
    expect(relativeError([ofD((at) => fixedPoint(R, at, options))], [through])).toBeLessThan(1e-5)
  })

  it('without the Jacobian are those of one step from the fixed point', () => {
    const { R, d, gradients, unrolled } = small()
    const u = tf.tidy(unrolled(60))
    const expected = gradients(() => R(u, d))
    expect(
      relativeError(
        gradients(() => fixedPoint(R, d, { units: 3 })),
        expected,
      ),
    ).toBeLessThan(1e-5)
  })

  it('leave the gradients of all else on the way as they are, and keep no tensors', () => {
    const { R, d, gradients } = small()
    const factor = tf.variable(tf.scalar(2))
    const both = () => {
      const u = fixedPoint(R, tf.mul(d, factor) as tf.Tensor2D, { units: 3, method: 'exact' })
      return tf.mul(u, tf.square(factor))
    }
    gradients(both)
    const { numTensors } = tf.memory()
    const slope = (value: number) => {
      factor.assign(tf.scalar(value))
      return tf.tidy(() => tf.sum(tf.mul(small().w, both())).dataSync()[0]!)
    }
    const exact = tf.tidy(() => {
      const { grads } = tf.variableGrads(() => tf.sum(tf.mul(small().w, both())) as tf.Scalar, [factor])
      return grads[factor.name]!.dataSync()[0]!
    })
    const difference = (slope(2.01) - slope(1.99)) / 0.02
    expect(exact / difference).toBeCloseTo(1, 2)
    const grown = tf.memory().numTensors - numTensors
    tf.tidy(() => void tf.variableGrads(() => tf.sum(both()) as tf.Scalar, [factor]))
    expect(tf.memory().numTensors - numTensors).toBe(grown)
  })
})

it('a watch checks, and falls back where R is stiff', () => {
  const d = tf.tensor2d([0.1, -0.1], [1, 2])
  // slope 0.97 in one direction and −0.97 in the other
  const W = tf.tensor2d([0, 0.97, 0.97, 0], [2, 2])
  const V = tf.variable(tf.eye(2))
  const R = (u: tf.Tensor2D, at: tf.Tensor2D) => tf.add(tf.matMul(u, W), tf.matMul(at, V as tf.Tensor2D)) as tf.Tensor2D
  const weights = tf.tensor2d([1, 0.1], [1, 2])
  const run = (map: typeof R) => {
    const watch = gradientWatch({ every: 2 })
    for (let k = 0; k < 4; k++)
      tf.tidy(
        () =>
          void tf.variableGrads(
            () =>
              tf.sum(tf.mul(weights, fixedPoint(map, d, { units: 2, method: watch, maxIterations: 500 }))) as tf.Scalar,
            [V],
          ),
      )
    return watch
  }
  const stiff = run(R)
  expect(stiff.checks.map(({ at }) => at)).toEqual([0, 2])
  // by hand: w = (1, 0.1), v = (I − W)⁻ᵀ w = (w₁ + 0.97 w₂, w₂ + 0.97 w₁)/(1 − 0.97²)
  const v = [1 + 0.97 * 0.1, 0.1 + 0.97]
  const expected = (v[0]! + 0.1 * v[1]!) / (Math.hypot(1, 0.1) * Math.hypot(v[0]!, v[1]!))
  expect(stiff.checks[0]!.cosines['jacobian-free']).toBeCloseTo(expected, 4)
  expect([stiff.fellBack, stiff.method]).toEqual([true, 'neumann'])
  const easy = run((u, at) => tf.add(tf.mul(0.1, u), tf.matMul(at, V as tf.Tensor2D)) as tf.Tensor2D)
  expect([easy.fellBack, easy.method]).toEqual([false, 'jacobian-free'])
})

describe('a fixed-point layer', () => {
  it.each([
    ['jacobian-free', 'plain'],
    ['exact', 'plain'],
    ['jacobian-free', 'proximal'],
    ['neumann', 'proximal'],
    ['exact', 'proximal'],
  ] as const)('learns y = d + y⁵ to a mean square of 1e-4, by proximal steps to 1e-5: %s, %s', (method, steps) => {
    // R(u; d) = θ₀ d + Σ θ_i uⁱ, as a dense layer, from pairs (d, y)
    const n = 41
    const ds = Float32Array.from({ length: n }, (_, k) => k / (n - 1) - 0.5)
    const ys = ds.map((d) => {
      let y = 0
      for (let k = 0; k < 200; k++) y = d + y ** 5
      return y
    })
    const [d, y] = [tf.tensor2d(ds, [n, 1]), tf.tensor2d(ys, [n, 1])]
    const dense = tf.layers.dense({ units: 1, useBias: false, inputShape: [6] })
    const model = tf.sequential({ layers: [dense] })
    dense.setWeights([tf.tensor2d([0.5, 0, 0, 0, 0, 0], [6, 1])])
    const R = (u: tf.Tensor2D, at: tf.Tensor2D) => {
      const square = tf.mul(u, u)
      const fourth = tf.mul(square, square)
      return dense.apply(tf.concat([at, u, square, tf.mul(square, u), fourth, tf.mul(fourth, u)], 1)) as tf.Tensor2D
    }
    const optimizer =
      steps === 'plain' ? tf.train.sgd(0.5) : proximalOptimizer(tf.train.sgd(0.3), model, { tau: 1000, over: 'mean' })
    const loss = () => tf.losses.meanSquaredError(y, fixedPoint(R, d, { units: 1, method })) as tf.Scalar
    const before = tf.tidy(() => loss().dataSync()[0]!)
    for (let k = 0; k < 60; k++) optimizer.minimize(loss)
    expect(before).toBeGreaterThan(1e-2)
    expect(tf.tidy(() => loss().dataSync()[0]!)).toBeLessThan(steps === 'plain' ? 1e-4 : 1e-5)
    // the layer's other uses, in the solution and in products with the Jacobian, are none in the loss
    if ('lastStep' in optimizer) expect(optimizer.lastStep[0]!.rows).toBe(n)
  })

  it('trains in model.fit, stays contractive, saves and loads', async () => {
    const layer = fixedPointLayer({ units: 4, contraction: 0.8, inputShape: [2], method: 'neumann' })
    const model = tf.sequential({ layers: [layer, tf.layers.dense({ units: 1, kernelInitializer: 'ones' })] })
    const x = tf.randomUniform([64, 2], -1, 1, 'float32', 1)
    const y = tf.mul(tf.slice(x, [0, 0], [64, 1]), tf.sin(tf.mul(2, tf.slice(x, [0, 1], [64, 1]))))
    model.compile({ optimizer: tf.train.adam(0.03), loss: 'meanSquaredError' })
    const { history } = await model.fit(x, y, { epochs: 40, batchSize: 32, shuffle: false, verbose: 0 })
    const losses = history.loss as number[]
    expect(losses.at(-1)! / losses[0]!).toBeLessThan(0.3)
    let saved: tf.io.ModelArtifacts | null = null
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }
      }),
    )
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved!))
    expect((loaded.predict(x) as tf.Tensor).dataSync()).toEqual((model.predict(x) as tf.Tensor).dataSync())
  })

  it('is contractive whatever its weights are', () => {
    const layer = fixedPointLayer({ units: 5, inputShape: [3], contraction: 0.9, tolerance: 1e-6, maxIterations: 500 })
    const model = tf.sequential({ layers: [layer] })
    layer.setWeights([tf.randomNormal([5, 5], 0, 20, 'float32', 2), tf.ones([3, 5]), tf.zeros([5])])
    const x = tf.randomNormal([8, 3], 0, 0.1, 'float32', 3)
    // a second solution from elsewhere would be another fixed point; a contraction has one, and it is reached from zero
    const u = (model.predict(x) as tf.Tensor2D).arraySync()
    const W = layer.getWeights()[0]!.arraySync() as number[][]
    const size = Math.sqrt(Math.max(...W.map((row) => row.reduce((sum, one) => sum + one * one, 0))))
    expect(size).toBeGreaterThan(10)
    for (const row of u) for (const one of row) expect(Math.abs(one)).toBeLessThan(1)
    const wider = fixedPointLayer({ units: 5, inputShape: [3], tolerance: 1e-6, maxIterations: 50 })
    tf.sequential({ layers: [wider] })
    wider.setWeights(layer.getWeights())
    const sooner = (wider.apply(x) as tf.Tensor2D).dataSync()
    // after k steps within γᵏ/(1 − γ) of it, in the norm of a sample's five outputs
    for (const [k, one] of u.flat().entries()) expect(Math.abs(one - sooner[k]!)).toBeLessThan(0.9 ** 50 * 10 * 3)
  })
})

it('misuse throws', () => {
  const R = (u: tf.Tensor2D) => u
  const d = tf.zeros([1, 1]) as tf.Tensor2D
  expect(() => fixedPoint(R, d, { units: 0 })).toThrow('units must be an integer ≥ 1, got 0')
  expect(() => fixedPoint(R, d, { units: 1, tolerance: 0 })).toThrow('tolerance must be > 0')
  expect(() => fixedPoint(R, d, { units: 1, method: 'cg' as 'exact' })).toThrow('method must be')
  expect(() => fixedPointLayer({ units: 1, contraction: 1 })).toThrow('contraction must be between 0 and 1')
  expect(() => fixedPointLayer({ units: 1 }).apply(tf.zeros([2, 3, 4]))).toThrow('takes inputs [batch, p]')
})
