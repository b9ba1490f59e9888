import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { random } from '../../src/linalg/random.ts'
import { blackboxLayer, proximalGradient, proximalOptimizer, trainBatch } from '../../src/tfjs.ts'
import { known, relativeError } from './known.ts'

beforeAll(() => tf.enableProdMode()) // no greeting

const normals = (shape: [number, number], seed: number, scale = 1) => {
  const { normal } = random(seed)
  return tf.tensor2d(
    Float32Array.from({ length: shape[0] * shape[1] }, () => scale * normal()),
    shape,
  )
}

function network(seed = 1, { decay = 0, useBias = true } = {}): tf.Sequential {
  const dense = (units: number, name: string, s: number, more: object = {}) =>
    tf.layers.dense({
      units,
      name: `${name}_${counter++}`,
      useBias,
      kernelInitializer: tf.initializers.glorotNormal({ seed: s }),
      ...(decay > 0 && { kernelRegularizer: tf.regularizers.l2({ l2: decay }) }),
      ...more,
    })
  return tf.sequential({
    layers: [dense(6, 'first', seed, { inputShape: [4], activation: 'relu' }), dense(3, 'second', seed + 1)],
  })
}
let counter = 0

const weightsOf = (model: tf.LayersModel) => model.getWeights().map((weight) => Float64Array.from(weight.dataSync()))

/** Gradients by all weights, in the order of the weights, by TensorFlow.js itself. */
function gradients(model: tf.LayersModel, loss: () => tf.Scalar): Float64Array[] {
  const { grads } = tf.variableGrads(loss)
  return model.trainableWeights.map((weight) =>
    Float64Array.from(grads[(weight.read() as tf.Variable).name]!.dataSync()),
  )
}

/** Rows with a one at their end. */
function withOnes(x: tf.Tensor): Float64Array {
  return Float64Array.from(tf.concat([x, tf.ones([x.shape[0]!, 1])], 1).dataSync())
}

describe('a proximal step', () => {
  it.each(['sum', 'mean'] as const)(
    'is θ_old − θ⁺ of each layer by its definition, over the %s of rows',
    async (over) => {
      const model = network()
      const [first, second] = model.layers as [tf.layers.Layer, tf.layers.Layer]
      const [x, y] = [normals([10, 4], 1), normals([10, 3], 2)]
      const hidden = first.apply(x) as tf.Tensor
      const before = weightsOf(model)
      // errors at the outputs by hand: L = mean over all entries of (out − y)²
      const out = model.predict(x) as tf.Tensor
      const D2 = tf.mul(tf.sub(out, y), 2 / 30)
      const back = tf.matMul(D2, second.getWeights()[0]! as tf.Tensor2D, false, true)
      const D1 = tf.mul(back, tf.step(hidden))
      const options = { tau: 0.7, over }
      const expected = [
        proximalGradient(withOnes(x), Float64Array.from(D1.dataSync()), 10, options).direction!,
        proximalGradient(withOnes(hidden), Float64Array.from(D2.dataSync()), 10, options).direction!,
      ]
      const optimizer = proximalOptimizer(tf.train.sgd(1), model, options)
      model.compile({ optimizer, loss: 'meanSquaredError' })
      await model.trainOnBatch(x, y)
      const moved = weightsOf(model).map((now, k) => now.map((entry, e) => before[k]![e]! - entry))
      expect(relativeError([Float64Array.of(...moved[0]!, ...moved[1]!)], [expected[0]!])).toBeLessThan(1e-5)
      expect(relativeError([Float64Array.of(...moved[2]!, ...moved[3]!)], [expected[1]!])).toBeLessThan(1e-5)
      expect(optimizer.lastStep.map(({ result, rows }) => [result, rows])).toEqual([
        ['solved', 10],
        ['solved', 10],
      ])
      expect(optimizer.iterations).toBe(1)
    },
  )

  it.each([{ useBias: true }, { useBias: false }, { decay: 0.1 }])(
    'becomes τ times the gradient for small τ, weight decay with it: %o',
    (more) => {
      const model = network(3, more)
      const [x, y] = [normals([5, 4], 1), normals([5, 3], 2)]
      const loss = () =>
        tf.addN([
          tf.losses.meanSquaredError(y, model.apply(x) as tf.Tensor),
          ...('decay' in more ? (model as unknown as { calculateLosses(): tf.Scalar[] }).calculateLosses() : []),
        ]) as tf.Scalar
      const plain = gradients(model, loss)
      const before = weightsOf(model)
      proximalOptimizer(tf.train.sgd(1e4), model, { tau: 1e-4 }).minimize(loss)
      const moved = weightsOf(model).map((now, k) => now.map((entry, e) => before[k]![e]! - entry))
      expect(relativeError(moved, plain)).toBeLessThan(1e-2)
    },
  )

  it('leaves other weights their gradients, and layers as they were', () => {
    const model = network(4)
    const [x, y] = [normals([8, 4], 1), normals([8, 3], 2)]
    const loss = () => tf.losses.meanSquaredError(y, model.apply(x) as tf.Tensor) as tf.Scalar
    const plain = gradients(model, loss)
    const calls: number[] = []
    const second = model.layers[1]!
    second.setCallHook(() => calls.push(1))
    const optimizer = proximalOptimizer(tf.train.sgd(0.1), model, { layers: [second.name], tau: 10 })
    const { grads } = optimizer.computeGradients(loss)
    const found = model.trainableWeights.map((weight) =>
      Float64Array.from(grads[(weight.read() as tf.Variable).name]!.dataSync()),
    )
    expect(relativeError(found.slice(0, 2), plain.slice(0, 2))).toBeLessThan(1e-6)
    expect(relativeError(found.slice(2), plain.slice(2))).toBeGreaterThan(0.1)
    expect(calls).toEqual([1])
    const again = gradients(model, loss)
    expect(again).toEqual(plain)
    expect(calls).toEqual([1, 1])
    expect(() => {
      proximalOptimizer(tf.train.sgd(0.1), model).computeGradients(() => {
        throw new Error('no loss')
      })
    }).toThrow('no loss')
    expect(gradients(model, loss)).toEqual(plain)
  })

  it('hands the gradient on where τ is beyond double precision, and says so', () => {
    const model = network(5)
    const x = tf.ones([8, 4])
    const loss = () => tf.mean(tf.square(model.apply(x) as tf.Tensor)) as tf.Scalar
    const plain = gradients(model, loss)
    const optimizer = proximalOptimizer(tf.train.sgd(1), model, { tau: 1e25 })
    const { grads } = optimizer.computeGradients(loss)
    const names = model.trainableWeights.map((weight) => (weight.read() as tf.Variable).name)
    expect(optimizer.lastStep.map(({ result }) => result)).toEqual(['singular', 'singular'])
    for (const [k, name] of names.entries())
      expect(relativeError([grads[name]!.dataSync()], [plain[k]!])).toBeLessThan(1e-6)
  })

  it('of an unrolled policy is one for the total gradient, inputs of all steps stacked', () => {
    const policy = tf.layers.dense({ units: 1, name: 'policy', inputShape: [2], useBias: false })
    const model = tf.sequential({ layers: [policy] })
    const [A, B] = [tf.tensor2d([1, 0.1, 0, 1], [2, 2]), tf.tensor2d([0, 0.1], [2, 1])]
    const x0 = normals([3, 2], 1)
    const inputs: tf.Tensor[] = []
    const loss = () => {
      let x: tf.Tensor = x0
      let cost: tf.Tensor = tf.scalar(0)
      for (let t = 0; t < 5; t++) {
        if (inputs.length < 5) inputs.push(tf.keep(tf.clone(x)))
        const u = policy.apply(x) as tf.Tensor
        x = tf.add(tf.matMul(x, A, false, true), tf.matMul(u, B, false, true))
        cost = tf.add(cost, tf.sum(tf.square(x)))
      }
      return cost as tf.Scalar
    }
    const [total] = gradients(model, loss) // Σ_t A_tᵀ D_t
    const { grads } = proximalOptimizer(tf.train.sgd(1), model, { tau: 2 }).computeGradients(loss)
    const found = Float64Array.from(Object.values(grads)[0]!.dataSync())
    // (Σ_t A_tᵀA_t + I/2) found = total, by hand for two weights
    const M = [0.5, 0, 0, 0.5]
    for (const x of inputs) {
      const rows = x.dataSync()
      for (let k = 0; k < 3; k++)
        for (let i = 0; i < 2; i++) for (let j = 0; j < 2; j++) M[2 * i + j]! += rows[2 * k + i]! * rows[2 * k + j]!
    }
    const product = [0, 1].map((i) => M[2 * i]! * found[0]! + M[2 * i + 1]! * found[1]!)
    expect(relativeError([product], [total!])).toBeLessThan(1e-5)
  })
})

describe('training', () => {
  /** Inputs of very different sizes, as a robot's states in their units; a linear layer that is to learn another one. */
  function regression() {
    const x = tf.mul(normals([40, 4], 7), tf.tensor1d([10, 1, 1, 0.1]))
    const y = tf.matMul(x, normals([4, 3], 8))
    const model = tf.sequential({
      layers: [
        tf.layers.dense({
          units: 3,
          name: `map_${counter++}`,
          inputShape: [4],
          kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }),
        }),
      ],
    })
    const loss = () => tf.mul(0.5 / 40, tf.sum(tf.square(tf.sub(model.apply(x) as tf.Tensor, y)))) as tf.Scalar
    const train = (optimizer: tf.Optimizer, steps: number) => {
      const from = tf.tidy(() => loss().dataSync()[0]!)
      for (let k = 0; k < steps; k++) optimizer.minimize(loss)
      return tf.tidy(() => loss().dataSync()[0]!) / from
    }
    return { model, train }
  }

  it.each([
    ['exact', 10],
    ['conjugate-gradients', 30],
  ] as const)('works at a rate where SGD diverges: %s', (solve, steps) => {
    const plain = regression()
    expect(plain.train(tf.train.sgd(0.5), 10)).toBeGreaterThan(1e6)
    const { model, train } = regression()
    const optimizer = proximalOptimizer(tf.train.sgd(0.5), model, { solve, tau: 100, over: 'mean' })
    expect(train(optimizer, steps)).toBeLessThan(1e-4)
  })

  it('works with Adam behind it, in model.fit', async () => {
    const model = network(6)
    const teacher = network(9)
    const x = normals([64, 4], 1)
    const y = teacher.predict(x) as tf.Tensor
    model.compile({
      optimizer: proximalOptimizer(tf.train.adam(0.02), model, { tau: 1, over: 'mean' }),
      loss: 'meanSquaredError',
    })
    const { history } = await model.fit(x, y, { epochs: 40, batchSize: 16, shuffle: false, verbose: 0 })
    const losses = history.loss as number[]
    expect(losses.at(-1)! / losses[0]!).toBeLessThan(0.1)
  })

  it('works around a blackbox layer whose step is run ahead, with the same bits', async () => {
    const steps = [0, 1].map(async (ahead) => {
      const { blackbox } = known(4, 4)
      const dense = (units: number, more: object = {}) =>
        tf.layers.dense({ units, kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }), ...more })
      const model = tf.sequential({
        layers: [
          dense(4, { inputShape: [4], name: `in_${ahead}` }),
          blackboxLayer(blackbox),
          dense(2, { name: `out_${ahead}` }),
        ],
      })
      model.compile({ optimizer: proximalOptimizer(tf.train.sgd(1), model), loss: 'meanSquaredError' })
      const [x, y] = [normals([6, 4], 1), normals([6, 2], 2)]
      if (ahead === 1) await trainBatch(model, x, y)
      else await model.trainOnBatch(x, y)
      return weightsOf(model)
    })
    const [now, ahead] = await Promise.all(steps)
    expect(ahead).toEqual(now)
  })

  it('keeps no tensors', () => {
    const model = network(7)
    const [x, y] = [normals([8, 4], 1), normals([8, 3], 2)]
    const loss = () => tf.losses.meanSquaredError(y, model.apply(x) as tf.Tensor) as tf.Scalar
    const optimizer = proximalOptimizer(tf.train.sgd(0.1), model)
    optimizer.minimize(loss)
    const { numTensors } = tf.memory()
    for (let k = 0; k < 3; k++) optimizer.minimize(loss)
    expect(tf.memory().numTensors).toBe(numTensors)
  })
})

it('misuse throws', () => {
  const model = network(8)
  const inner = tf.train.sgd(1)
  expect(() => proximalOptimizer(inner, model, { tau: -1 })).toThrow('proximalOptimizer: tau must be')
  expect(() => proximalOptimizer(inner, model, { layers: ['nobody'] })).toThrow('nobody')
  const flat = tf.sequential({ layers: [tf.layers.flatten({ inputShape: [2, 2], name: 'flat' })] })
  expect(() => proximalOptimizer(inner, flat)).toThrow('no dense layer')
  expect(() => proximalOptimizer(inner, flat, { layers: ['flat'] })).toThrow("'flat' is Flatten")
  expect(() => proximalOptimizer('sgd' as unknown as tf.Optimizer, model)).toThrow('must be an optimizer')
  expect(() => proximalOptimizer(inner, model).getConfig()).toThrow('includeOptimizer')
})
