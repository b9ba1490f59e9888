/**
 * At which rates do proximal steps train, where do SGD and Adam? Two networks: a model of the double cart-pole's simulator from its
 * samples, inputs in their units (m, rad, m/s, rad/s, N); and a policy of the cart-pole unrolled over 20 periods, whose proximal
 * steps are those of the total gradient. As many gradients for everyone. With a path as argument, losses by rate are drawn there.
 */
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs'
import { createEngine, linearize, loadScene, taskCost } from 'jacsense'
import { proximalOptimizer, type ProximalOptimizerOptions } from 'jacsense/tfjs'
import { chart, writeChart } from './parts/chart.ts'
import { rounded } from './parts/rounded.ts'

export interface Row {
  readonly network: string
  readonly optimizer: string
  readonly rate: number
  readonly steps: number
  readonly 'loss at the end / at the start': number | null // null: it is not finite any more, or 1000 times what it was
}

/** A network with its loss, the same one each time. */
interface Problem {
  readonly name: string
  readonly tau: number
  start(): { readonly model: tf.LayersModel; readonly loss: () => tf.Scalar }
}

const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1]
const STEPS = 100
const SAMPLES = 256
const STARTS = 32
const PERIODS = 20
const PERIOD = 3 // steps of the engine
const SEED = 1

type Optimizer = (rate: number, model: tf.LayersModel, tau: number) => tf.Optimizer
const proximal =
  (inner: (rate: number) => tf.Optimizer, options: ProximalOptimizerOptions = {}): Optimizer =>
  (rate, model, tau) =>
    proximalOptimizer(inner(rate), model, { over: 'mean', tau, ...options })
const OPTIMIZERS: readonly (readonly [string, string, Optimizer])[] = [
  ['SGD', '#b5543a', (rate) => tf.train.sgd(rate)],
  ['Adam', '#c8873c', (rate) => tf.train.adam(rate)],
  [
    'proximal, 3 conjugate gradients',
    '#8fbcdb',
    proximal(tf.train.sgd, { solve: 'conjugate-gradients', maxIterations: 3 }),
  ],
  ['proximal, exact', '#4a6fa5', proximal(tf.train.sgd)],
  ['proximal, exact, by Adam', '#1c3f5c', proximal((rate) => tf.train.adam(rate))],
]

/** `budget`: steps of training (100); 1 is two rates of them only. */
export async function run({ budget = STEPS }: { budget?: number } = {}): Promise<Row[]> {
  const rows: Row[] = []
  for (const problem of [await simulatorModel(), await unrolledPolicy()])
    for (const [optimizer, , make] of OPTIMIZERS)
      for (const rate of budget === 1 ? RATES.slice(0, 2) : RATES)
        rows.push({
          network: problem.name,
          optimizer,
          rate,
          steps: budget,
          'loss at the end / at the start': trained(problem, make, rate, budget),
        })
  return rows
}

function trained(problem: Problem, make: Optimizer, rate: number, steps: number): number | null {
  tf.engine().startScope()
  try {
    const { model, loss } = problem.start()
    const optimizer = make(rate, model, problem.tau)
    const first = loss().dataSync()[0]!
    let ratio = 1
    for (let k = 0; k < steps && Number.isFinite(ratio) && ratio < 1000; k++) {
      optimizer.minimize(loss)
      ratio = tf.tidy(() => loss().dataSync()[0]! / first)
    }
    optimizer.dispose()
    model.dispose()
    return Number.isFinite(ratio) && ratio < 1000 ? rounded(ratio) : null
  } finally {
    tf.engine().endScope()
  }
}

/** How velocities of the double cart-pole change within a step, from its state and its motor's force. */
async function simulatorModel(): Promise<Problem> {
  const engine = await createEngine(await loadScene('double-cartpole'))
  const { nx, nv } = engine.layout
  const reach = [1, 0.5, 0.5, 2, 4, 4, 20] // m, rad, rad, m/s, rad/s, rad/s, N
  const z = tf.mul(tf.randomUniform([SAMPLES, reach.length], -1, 1, 'float32', SEED), reach).arraySync() as number[][]
  const changes = z.map((one) => {
    const x = Float64Array.from(one.slice(0, nx))
    const xNext = x.slice()
    engine.step(x, Float64Array.from(one.slice(nx)), xNext)
    return Array.from(xNext.subarray(nv), (v, k) => v - x[nv + k]!)
  })
  engine.dispose()
  const inputs = tf.tensor2d(z)
  const y = tf.tidy(() => {
    const raw = tf.tensor2d(changes)
    return tf.div(raw, tf.sqrt(tf.mean(tf.square(raw), 0))) // each of size 1
  })
  return {
    name: 'model of a simulator',
    tau: 10,
    start() {
      const model = network(reach.length, [24, 24], nv)
      return { model, loss: () => tf.losses.meanSquaredError(y, model.apply(inputs) as tf.Tensor) as tf.Scalar }
    },
  }
}

/** The cost of balancing the linearized cart-pole by a policy, from random starts. */
async function unrolledPolicy(): Promise<Problem> {
  const scene = await loadScene('cartpole')
  const engine = await createEngine(scene)
  const lin = await linearize(engine)
  const { Q, R } = taskCost(scene.task!, engine.layout)
  engine.dispose()
  const [A, B, Qt, Rt] = [lin.A, lin.B, Q, R].map((M) => tf.tensor2d(M.to2DArray())) as [
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor2D,
  ]
  const x0 = tf.mul(tf.randomUniform([STARTS, 4], -1, 1, 'float32', SEED), [0.5, 0.2, 0.5, 0.5]) as tf.Tensor2D
  const [AT, BT] = [tf.transpose(A), tf.transpose(B)]
  // over one period, u held
  const [PhiT, GammaT] = tf.tidy(() => {
    let [phi, gamma]: tf.Tensor2D[] = [AT, BT]
    for (let k = 1; k < PERIOD; k++) {
      gamma = tf.add(tf.matMul(gamma!, AT), BT)
      phi = tf.matMul(phi!, AT)
    }
    return [phi!, gamma!]
  }) as [tf.Tensor2D, tf.Tensor2D]
  return {
    name: 'unrolled policy',
    tau: 10,
    start() {
      const model = network(4, [16], 1)
      let scale = 1
      const loss = () => {
        let x: tf.Tensor2D = x0
        let cost: tf.Tensor = tf.scalar(0)
        for (let t = 0; t < PERIODS; t++) {
          const u = tf.mul(model.apply(x) as tf.Tensor2D, 10) as tf.Tensor2D // N
          x = tf.add(tf.matMul(x, PhiT), tf.matMul(u, GammaT))
          cost = tf.addN([cost, tf.sum(tf.mul(tf.matMul(x, Qt), x)), tf.sum(tf.mul(tf.matMul(u, Rt), u))])
        }
        return tf.div(cost, scale) as tf.Scalar
      }
      scale = tf.tidy(() => loss().dataSync()[0]!) // so that the loss is 1 at the start
      return { model, loss }
    },
  }
}

function network(inputs: number, hidden: readonly number[], outputs: number): tf.LayersModel {
  const seeded = (seed: number) => tf.initializers.glorotNormal({ seed })
  const layers = hidden.map((units, k) =>
    tf.layers.dense({
      units,
      activation: 'tanh',
      kernelInitializer: seeded(k + 1),
      ...(k === 0 && { inputShape: [inputs] }),
    }),
  )
  return tf.sequential({ layers: [...layers, tf.layers.dense({ units: outputs, kernelInitializer: seeded(9) })] })
}

/** Losses of the simulator's model by rate; what diverged is at the upper edge. */
function drawn(rows: readonly Row[]): string {
  const title = 'Loss after training by learning rate: SGD, Adam and proximal steps on a model of a simulator'
  const [lowest, highest] = [-3, 0.25]
  const axes = {
    x: { label: 'log₁₀ of the rate', range: [-3.1, 0.1], ticks: [-3, -2, -1, 0] },
    y: { label: 'log₁₀ of loss at the end / at the start', range: [lowest, highest], ticks: [-3, -2, -1, 0] },
  } as const
  const keys = OPTIMIZERS.map(([what, fill]) => ({
    what: what.replace('proximal, ', 'prox. ').replace('by ', ''),
    fill,
  }))
  return chart({ title, ...axes, keys }, (x, y) =>
    OPTIMIZERS.flatMap(([name, color]) => {
      const points = rows
        .filter(({ network: of, optimizer }) => of === 'model of a simulator' && optimizer === name)
        .map(({ rate, 'loss at the end / at the start': ratio }) => {
          const height = ratio === null ? highest : Math.min(highest, Math.max(lowest, Math.log10(ratio)))
          return [x(Math.log10(rate)), y(height)] as const
        })
      const line = `<polyline points="${points.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>`
      return [line, ...points.map(([px, py]) => `<circle cx="${px}" cy="${py}" r="4" fill="${color}"/>`)]
    }),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rows = await run()
  console.table(rows)
  const file = process.argv[2]
  if (file !== undefined) await writeChart(file, drawn(rows))
}
