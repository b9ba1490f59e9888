/**
 * How much of a classifier's accuracy does a blackbox in its middle cost? Handwritten digits: a dense layer to 32 units, y = tanh(M z) of
 * which only values are to be had, with noise, and a dense layer to the ten classes; against backpropagation through the same function.
 */
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs'
import { type Blackbox, type Design, withCorruption, withNoise } from 'jacsense'
import { type BlackboxLayer, type BlackboxLayerOptions, blackboxLayer } from 'jacsense/tfjs'
import { chart, writeChart } from './parts/chart.ts'
import { type Digits, digits } from './parts/digits.ts'
import { rounded } from './parts/rounded.ts'

export interface Row {
  readonly 'backward pass': string
  readonly 'directions k': number | null // null: exact
  readonly 'wrong calls (%)': number
  readonly 'calls a step': number | null
  readonly seeds: number
  readonly 'test accuracy (%)': number // mean of the seeds
  readonly 'points below exact': number // mean
  readonly 'at most below': number // the worst seed
  readonly 'test loss': number // mean
  readonly 'gradient error': number | null // relative, of a batch's, at the weights that exact backpropagation ends with; mean
  /** Seeds with less gradient error, less test loss and more test accuracy than Gaussian directions of the same k. */
  readonly 'ahead of Gaussian': string
}

const WIDTH = 32 // n = m
const SIGMA = 1e-3 // noise of each output
const WRONG = { fraction: 0.2, size: 100, of: 'calls' } as const // outputs lie within ±1
const EPOCHS = 4
const BATCH = 50
const RATE = 0.003 // Adam
const PROBES = 20 // batches whose gradients are compared
const SEEDS = 5
const ROBUST_SEEDS = 3

interface Arm {
  readonly name: string
  readonly options: BlackboxLayerOptions | null // null: exact
  readonly wrong?: boolean
  readonly against?: string // the arm to be ahead of
  readonly color?: string // in the picture
}

const EXACT: Arm = { name: 'exact', options: null, color: '#bbb' }
const directions = (name: string, design: Design, k: number, more: Partial<Arm> = {}): Arm => ({
  name: `${name}, k = ${k}`,
  options: { design, directions: k },
  ...more,
})
const PLAIN: readonly Arm[] = [
  EXACT,
  ...[WIDTH, WIDTH / 2, WIDTH / 4].flatMap((k) => [
    directions('Gaussian', 'gaussian', k),
    directions('Hadamard', 'hadamard', k, {
      against: `Gaussian, k = ${k}`,
      ...(k === WIDTH && { color: '#2166ac' }),
      ...(k === WIDTH / 4 && { color: '#67a9cf' }),
    }),
  ]),
]
/** The forward value is the median of nine calls in all of them. */
const ROBUST: readonly Arm[] = [
  {
    name: 'LP decoding',
    options: { decoding: 'least-absolute', directions: 3 * WIDTH },
    wrong: true,
    color: '#1b7837',
  },
  { name: 'trimmed mean', options: { decoding: 'trimmed', directions: 3 * WIDTH }, wrong: true },
  {
    name: 'mean',
    options: { decoding: 'average', directions: 3 * WIDTH, repeats: 9, combine: 'median' },
    wrong: true,
    color: '#b2182b',
  },
]

interface Trained {
  readonly accuracy: number[] // after each epoch, on the test digits and without noise
  readonly loss: number
  readonly calls: number | null // a step
}

/** Layers around the blackbox, and the function itself in its place. */
interface Parts {
  readonly front: tf.layers.Layer
  readonly known: tf.layers.Layer
  readonly back: tf.layers.Layer
  readonly M: ArrayLike<number> // [n × m]
}

/** `budget`: seeds; 1 is but a few digits. */
export async function run({ budget = SEEDS }: { budget?: number } = {}): Promise<Row[]> {
  return (await trainAll(budget)).rows
}

async function trainAll(budget: number): Promise<{ rows: Row[]; curves: Map<Arm, number[]> }> {
  tf.enableProdMode()
  const isTiny = budget === 1
  const data = digits(isTiny ? 0.01 : 1)
  const results = new Map<string, Trained[]>()
  const errors = new Map<string, number[]>() // of gradients, by arm and seed
  const curves = new Map<Arm, number[]>()
  const rows: Row[] = []
  for (const arm of [...PLAIN, ...ROBUST]) {
    const seeds = Math.min(budget, arm.wrong ? ROBUST_SEEDS : SEEDS)
    const trained: Trained[] = []
    for (let seed = 1; seed <= seeds; seed++) {
      const then = (parts: Parts) => {
        for (const one of arm === EXACT ? PLAIN.filter(({ options }) => options) : [])
          errors.set(one.name, [...(errors.get(one.name) ?? []), gradientError(one, parts, data.train, seed)])
      }
      trained.push(await train(arm, data, seed, isTiny ? 1 : EPOCHS, then))
    }
    results.set(arm.name, trained)
    curves.set(
      arm,
      Array.from(trained[0]!.accuracy, (_, e) => mean(trained.map(({ accuracy }) => accuracy[e]!))),
    )
    rows.push(told(arm, trained, results.get(EXACT.name)!, errors, results.get(arm.against ?? '')))
  }
  tf.dispose([data.train.x, data.train.y, data.test.x, data.test.y])
  return { rows, curves }
}

async function train(
  arm: Arm,
  data: { train: Digits; test: Digits },
  seed: number,
  epochs: number,
  then: (parts: Parts) => void,
): Promise<Trained> {
  const M = tf.initializers.orthogonal({ seed: 7, gain: 1.5 }).apply([WIDTH, WIDTH])
  const known = () =>
    tf.layers.dense({
      units: WIDTH,
      inputShape: [WIDTH],
      activation: 'tanh',
      useBias: false,
      trainable: false,
      weights: [M],
    })
  const glorot = (stream: number) => tf.initializers.glorotNormal({ seed: 10 * seed + stream })
  const front = tf.layers.dense({ units: WIDTH, inputShape: [196], activation: 'tanh', kernelInitializer: glorot(0) })
  const back = tf.layers.dense({ units: 10, activation: 'softmax', kernelInitializer: glorot(1) })
  const values = await M.data()
  const middle = arm.options === null ? null : sensed(arm, arm.options, values, seed)
  const loss = 'categoricalCrossentropy'
  const model = tf.sequential({ layers: [front, middle ?? known(), back] })
  const optimizer = tf.train.adam(RATE)
  model.compile({ optimizer, loss })
  const tested = tf.sequential({ layers: [front, known(), back] }) // the same weights, and the function itself
  tested.compile({ optimizer: 'sgd', loss, metrics: ['accuracy'] })

  const count = data.train.x.shape[0]
  const accuracy: number[] = []
  let lastLoss = Number.NaN
  let steps = 0
  for (let epoch = 0; epoch < epochs; epoch++) {
    const keys = tf.tidy(() => tf.randomUniform([count], 0, 1, 'float32', 100 * seed + epoch).dataSync())
    const order = Int32Array.from({ length: count }, (_, k) => k).sort((a, b) => keys[a]! - keys[b]!)
    for (let from = 0; from < count; from += BATCH) {
      const index = tf.tensor1d(order.subarray(from, from + BATCH), 'int32')
      const [x, y] = [tf.gather(data.train.x, index), tf.gather(data.train.y, index)]
      await model.trainOnBatch(x, y)
      tf.dispose([index, x, y])
      steps++
    }
    const scores = tested.evaluate(data.test.x, data.test.y) as tf.Scalar[]
    const [testLoss, share] = scores.map((score) => score.dataSync()[0]!)
    tf.dispose(scores)
    accuracy.push(100 * share!)
    lastLoss = testLoss!
  }
  const calls = middle === null ? null : middle.calls / steps
  then({ front, known: tested.layers[1]!, back, M: values })
  model.dispose()
  tested.layers[1]!.dispose()
  optimizer.dispose()
  M.dispose()
  return { accuracy, loss: lastLoss, calls }
}

/** ‖ĝ − g‖ / ‖g‖ of the first layer's weights over batches, ĝ sensed by an arm with directions of its own. */
function gradientError(arm: Arm, { front, known, back, M }: Parts, { x, y }: Digits, seed: number): number {
  const layer = sensed(arm, arm.options!, M, 1000 + seed)
  const kernel = front.trainableWeights[0]!.read() as tf.Variable
  let [wrong, size] = [0, 0]
  for (let from = 0; from < Math.min(PROBES * BATCH, x.shape[0] - BATCH + 1); from += BATCH)
    tf.tidy(() => {
      const [xs, ys] = [x.slice([from, 0], [BATCH, -1]), y.slice([from, 0], [BATCH, -1])]
      const gradient = (middle: tf.layers.Layer) => {
        const loss = () => {
          const out = back.apply(middle.apply(front.apply(xs))) as tf.Tensor
          return tf.neg(tf.mean(tf.sum(tf.mul(ys, tf.log(tf.add(out, 1e-7))), 1))) as tf.Scalar
        }
        return tf.variableGrads(loss, [kernel]).grads[kernel.name]!.dataSync()
      }
      const [found, exact] = [gradient(layer), gradient(known)]
      for (const [k, slope] of exact.entries()) {
        wrong += (found[k]! - slope) ** 2
        size += slope * slope
      }
    })
  layer.dispose()
  return Math.sqrt(wrong / size)
}

/** y = tanh(M z) as a blackbox, spoiled, in a layer. */
function sensed(
  { wrong = false }: Arm,
  options: BlackboxLayerOptions,
  M: ArrayLike<number>,
  seed: number,
): BlackboxLayer {
  const f: Blackbox = {
    inputs: WIDTH,
    outputs: WIDTH,
    evaluate(z, y) {
      for (let o = 0; o < WIDTH; o++) {
        let sum = 0
        for (let j = 0; j < WIDTH; j++) sum += z[j]! * M[j * WIDTH + o]!
        y[o] = Math.tanh(sum)
      }
    },
  }
  const noisy = withNoise(f, { sigma: SIGMA, seed })
  return blackboxLayer(wrong ? withCorruption(noisy, { ...WRONG, seed }) : noisy, { noise: SIGMA, seed, ...options })
}

function told(
  arm: Arm,
  trained: readonly Trained[],
  exact: readonly Trained[],
  errors: ReadonlyMap<string, readonly number[]>,
  other?: readonly Trained[],
): Row {
  const last = ({ accuracy }: Trained) => accuracy.at(-1)!
  const below = trained.map((one, seed) => last(exact[seed]!) - last(one))
  const own = errors.get(arm.name)
  const ahead = (isAhead: (seed: number) => boolean) => trained.filter((_, seed) => isAhead(seed)).length
  const counts =
    other === undefined
      ? []
      : [
          ahead((seed) => own![seed]! < errors.get(arm.against!)![seed]!),
          ahead((seed) => trained[seed]!.loss < other[seed]!.loss),
          ahead((seed) => last(trained[seed]!) > last(other[seed]!)),
        ]
  const { calls } = trained[0]!
  return {
    'backward pass': arm.name,
    'directions k': arm.options?.directions ?? null,
    'wrong calls (%)': arm.wrong ? 100 * WRONG.fraction : 0,
    'calls a step': calls === null ? null : Math.round(calls),
    seeds: trained.length,
    'test accuracy (%)': rounded(mean(trained.map(last))),
    'points below exact': Number(mean(below).toFixed(2)),
    'at most below': Number(Math.max(...below).toFixed(2)),
    'test loss': rounded(mean(trained.map(({ loss }) => loss))),
    'gradient error': own === undefined ? null : rounded(mean(own)),
    'ahead of Gaussian': counts.length === 0 ? '' : `${counts.join(', ')} of ${trained.length}`,
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Test accuracy by epoch, of the arms with a color; where lines lie on each other, thin dashes on thick ones. */
function picture(curves: ReadonlyMap<Arm, number[]>): string {
  const drawn = [...curves].filter(([{ color }]) => color !== undefined)
  const options = {
    title: 'Test accuracy by epoch, with a noisy blackbox in the middle of the network',
    x: { label: 'epoch', range: [0.8, EPOCHS + 0.2] as const, ticks: Array.from({ length: EPOCHS }, (_, e) => e + 1) },
    y: { label: 'test accuracy (%)', range: [50, 95] as const, ticks: [50, 60, 70, 80, 90] },
    keys: drawn.map(([{ name, color }]) => ({ what: name.replace('Hadamard, ', ''), fill: color! })),
  }
  return chart(options, (toX, toY) =>
    drawn.map(([{ color }, accuracy], r) => {
      const points = accuracy.map((share, e) => `${toX(e + 1)},${toY(share)}`).join(' ')
      const dashes = r === 0 ? '' : ` stroke-dasharray="${3 + 2 * r} ${3 + 3 * r}"`
      return `<polyline points="${points}" fill="none" stroke="${color}" stroke-width="${r === 0 ? 6 : 2.5}"${dashes}/>`
    }),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { rows, curves } = await trainAll(SEEDS)
  console.table(rows)
  const file = process.argv[2]
  if (file !== undefined) await writeChart(file, picture(curves))
}
