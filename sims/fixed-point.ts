/**
 * How good are gradients through a fixed point that leave out its Jacobian? Cosines to the exact gradient for random maps and for the
 * contact impulses of stacks of boxes, at rest or slipping, with what a watch falls back to; and an implicit policy of the cart-pole
 * trained by each of them. With a path as argument, the cosines of the stacks are drawn there as SVG.
 */
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs'
import { createEngine, linearize, loadScene, taskCost } from 'jacsense'
import {
  contactSweep,
  type FixedPointMap,
  type FixedPointMethod,
  fixedPointLayer,
  type GradientCheck,
  gradientWatch,
  solveFixedPoint,
  watchedGradient,
} from 'jacsense/tfjs'
import { chart, writeChart } from './parts/chart.ts'
import { rounded } from './parts/rounded.ts'

export interface Row {
  readonly 'fixed point': string
  readonly applications: number | null // of R until it is solved to 1e-10, on average
  readonly 'cosine without Jacobian, mean': number | null
  readonly least: number | null // of random maps: of 500, the mean of such sets
  readonly 'Neumann-3, mean': number | null
  readonly 'falls back to': string
  readonly 'cost at the end / at the start': number | null // of the policy
}

interface Cosines {
  readonly applications: number
  readonly sets: number // of as many cosines each
  readonly free: readonly number[]
  readonly neumann: readonly number[]
  readonly used: readonly FixedPointMethod[]
}

const GAMMAS = [0.5, 0.9, 0.99]
const SIZE = 20
const [SETS, MAPS] = [5, 500]
const RATIOS = [1, 2] // of the masses of a box and of the one below
const HEIGHTS = [1, 2, 3, 4, 5, 6, 8, 10]
const SLIPPING = [2, 4, 10]
const FRICTION = 0.3
const GRADIENTS = 40 // by random w
const LEAST = 0.9 // cosine that the watch accepts
const PERIODS = 20 // of the policy, 3 steps of the engine each
const STARTS = 32
const STEPS = 60

/** `budget`: steps of training (60), and with fewer than 60 fewer maps and boxes. */
export async function run({ budget = STEPS }: { budget?: number } = {}): Promise<Row[]> {
  const rows: Row[] = []
  for (const gamma of GAMMAS)
    rows.push(told(`γ tanh(Wu + d), γ = ${gamma}`, budget < STEPS ? randomMaps(gamma, 1, 3) : randomMaps(gamma)))
  for (const ratio of RATIOS)
    for (const height of budget < STEPS ? HEIGHTS.slice(0, 3) : HEIGHTS)
      rows.push(told(`stack of ${height}, masses × ${ratio} upwards`, stackOf(height, ratio)))
  for (const ratio of RATIOS)
    for (const height of budget < STEPS ? SLIPPING.slice(0, 1) : SLIPPING)
      rows.push(told(`slipping stack of ${height}, masses × ${ratio} upwards`, stackOf(height, ratio, FRICTION)))
  for (const method of ['jacobian-free', 'neumann', 'exact', 'watched'] as const)
    rows.push(await policy(method, budget))
  return rows
}

function told(name: string, { applications, sets, free, neumann, used }: Cosines): Row {
  const mean = (values: readonly number[]) => rounded(values.reduce((sum, one) => sum + one, 0) / values.length)
  const each = free.length / sets
  const counts = new Map<string, number>()
  for (const method of used) counts.set(method, (counts.get(method) ?? 0) + 1)
  const parts = [...counts].filter(([method]) => method !== 'jacobian-free')
  return {
    'fixed point': name,
    applications: rounded(applications),
    'cosine without Jacobian, mean': mean(free),
    least: mean(Array.from({ length: sets }, (_, k) => Math.min(...free.slice(k * each, (k + 1) * each)))),
    'Neumann-3, mean': mean(neumann),
    'falls back to': parts.map(([method, count]) => `${method} ${count} of ${used.length}`).join(', '),
    'cost at the end / at the start': null,
  }
}

/** Cosines at one point for each w, as a watch finds them. */
function checked(map: FixedPointMap, u: Float64Array, d: Float64Array, ws: readonly Float64Array[]): GradientCheck[] {
  const watch = gradientWatch({ every: 1, leastCosine: LEAST })
  for (const w of ws) watchedGradient(map, { u, d, w }, watch)
  return [...watch.checks]
}

function collected(applications: number, checks: readonly GradientCheck[], sets = 1): Cosines {
  return {
    applications,
    sets,
    free: checks.map(({ cosines }) => cosines['jacobian-free']),
    neumann: checks.map(({ cosines }) => cosines.neumann),
    used: checks.map(({ method }) => method),
  }
}

/** u = γ tanh(W u + d), W Gaussian and scaled to norm 1, d Gaussian of size 0.3. */
function randomMaps(gamma: number, sets = SETS, maps = MAPS): Cosines {
  let applications = 0
  const checks = Array.from({ length: sets * maps }, (_, k) => {
    const raw = normals(SIZE * SIZE, 3 * k + 1)
    const size = norm(raw, SIZE)
    const W = raw.map((entry) => entry / size)
    const inner = (u: Float64Array, d: Float64Array, i: number) =>
      u.reduce((sum, entry, j) => sum + W[i * SIZE + j]! * entry, d[i]!)
    const map: FixedPointMap = {
      size: SIZE,
      parameters: SIZE,
      apply(u, d, uOut) {
        for (let i = 0; i < SIZE; i++) uOut[i] = gamma * Math.tanh(inner(u, d, i))
      },
      pullBack(u, d, w, ofU, ofD) {
        ofU.fill(0)
        for (let i = 0; i < SIZE; i++) {
          ofD[i] = gamma * (1 - Math.tanh(inner(u, d, i)) ** 2) * w[i]!
          for (let j = 0; j < SIZE; j++) ofU[j]! += W[i * SIZE + j]! * ofD[i]!
        }
      },
    }
    const d = normals(SIZE, 3 * k + 2).map((entry) => 0.3 * entry)
    const { u, iterations } = solveFixedPoint(map, d, { maxIterations: 10_000 })
    applications += iterations / (sets * maps)
    return checked(map, u, d, [normals(SIZE, 3 * k + 3)])
  })
  return collected(applications, checks.flat(), sets)
}

/** Boxes on each other that arrive at 0.1 m/s, with friction each faster to the side than the one below; gradients by the velocities. */
function stackOf(height: number, ratio: number, friction?: number): Cosines {
  const inverse = Array.from({ length: height }, (_, i) => ratio ** -i)
  const between = (i: number, j: number) => {
    if (i === j) return inverse[i]! + (i > 0 ? inverse[i - 1]! : 0)
    return Math.abs(i - j) === 1 ? -inverse[Math.min(i, j)]! : 0
  }
  const size = friction === undefined ? height : 2 * height // normals, then tangents
  const A = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => (i < height === j < height ? between(i % height, j % height) : 0)),
  )
  const contacts = inverse.map((_, c) => ({ normal: c, tangents: [height + c], coefficient: friction ?? 0 }))
  const map = contactSweep(A, friction === undefined ? {} : { friction: contacts })
  const b = Float64Array.from({ length: size }, (_, i) => (i === 0 ? -0.1 : i < height ? 0 : 0.01))
  const { u, iterations } = solveFixedPoint(map, b, { maxIterations: 200_000 })
  const ws = Array.from({ length: GRADIENTS }, (_, k) => normals(size, k + 1))
  return collected(iterations, checked(map, u, b, ws))
}

/** An implicit policy that balances the linearized cart-pole, trained by one kind of gradient. */
async function policy(method: FixedPointMethod | 'watched', steps: number): Promise<Row> {
  const scene = await loadScene('cartpole')
  const engine = await createEngine(scene)
  const lin = await linearize(engine)
  const { Q, R } = taskCost(scene.task!, engine.layout)
  engine.dispose()
  const watch = gradientWatch({ every: 100, leastCosine: LEAST })
  const ratio = await (async () => {
    tf.engine().startScope()
    try {
      const [A, B, Qt, Rt] = [lin.A, lin.B, Q, R].map((M) => tf.tensor2d(M.to2DArray())) as tf.Tensor2D[]
      const x0 = tf.mul(tf.randomUniform([STARTS, 4], -1, 1, 'float32', 1), [0.5, 0.2, 0.5, 0.5]) as tf.Tensor2D
      const implicit = fixedPointLayer({
        units: 8,
        contraction: 0.9,
        inputShape: [4],
        tolerance: 1e-4,
        method: method === 'watched' ? watch : method,
      })
      const out = tf.layers.dense({ units: 1, kernelInitializer: tf.initializers.glorotNormal({ seed: 5 }) })
      const model = tf.sequential({ layers: [implicit, out] })
      let scale = 1
      const loss = () => {
        let x = x0
        let cost: tf.Tensor = tf.scalar(0)
        for (let t = 0; t < PERIODS; t++) {
          const u = tf.mul(model.apply(x) as tf.Tensor2D, 10) as tf.Tensor2D // N
          for (let k = 0; k < 3; k++)
            x = tf.add(tf.matMul(x, A!, false, true), tf.matMul(u, B!, false, true)) as tf.Tensor2D
          cost = tf.addN([cost, tf.sum(tf.mul(tf.matMul(x, Qt!), x)), tf.sum(tf.mul(tf.matMul(u, Rt!), u))])
        }
        return tf.div(cost, scale) as tf.Scalar
      }
      scale = tf.tidy(() => loss().dataSync()[0]!)
      const optimizer = tf.train.adam(0.03)
      for (let k = 0; k < steps; k++) optimizer.minimize(loss)
      return tf.tidy(() => loss().dataSync()[0]!)
    } finally {
      tf.engine().endScope()
    }
  })()
  const name = `policy of 8 units, ${method}`
  const cost = { 'cost at the end / at the start': rounded(ratio) }
  if (watch.checks.length > 0) {
    const { checks } = watch
    return { ...told(name, collected(0, checks)), applications: null, ...cost }
  }
  return {
    'fixed point': name,
    applications: null,
    'cosine without Jacobian, mean': null,
    least: null,
    'Neumann-3, mean': null,
    'falls back to': '',
    ...cost,
  }
}

function normals(count: number, seed: number): Float64Array {
  const drawn = tf.randomNormal([count], 0, 1, 'float32', seed)
  const numbers = Float64Array.from(drawn.dataSync())
  drawn.dispose()
  return numbers
}

/** ‖W‖ of W [n × n] by power iteration on WᵀW. */
function norm(W: Float64Array, n: number): number {
  let x = normals(n, 1)
  let size = 0
  for (let k = 0; k < 300; k++) {
    const y = new Float64Array(n)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) y[i]! += W[i * n + j]! * x[j]!
    const z = new Float64Array(n)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) z[j]! += W[i * n + j]! * y[i]!
    const length = Math.hypot(...z)
    size = Math.sqrt(length)
    x = z.map((entry) => entry / length)
  }
  return size
}

/** Mean cosines of the stacks by their height. */
function drawn(): string {
  const title =
    'Cosine to the exact gradient through a contact sweep, by boxes in a stack: without Jacobian and Neumann-3'
  const axes = {
    x: {
      label: 'boxes in the stack, each with 1 or 2 times the mass of the one below',
      range: [0.5, 10.5],
      ticks: HEIGHTS,
    },
    y: { label: 'cosine to the exact gradient', range: [0, 1.05], ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] },
  } as const
  const colors = { free: ['#e0a08c', '#b5543a'], neumann: ['#8fbcdb', '#1c3f5c'] }
  const lines = RATIOS.flatMap((ratio, r) => {
    const stacks = HEIGHTS.map((height) => stackOf(height, ratio))
    return (['free', 'neumann'] as const).map((kind) => ({
      what: `${kind === 'free' ? 'no Jacobian' : 'Neumann-3'}, × ${ratio}`,
      fill: colors[kind][r]!,
      values: stacks.map((one) => one[kind].reduce((sum, value) => sum + value, 0) / one[kind].length),
    }))
  })
  return chart({ title, ...axes, keys: lines }, (x, y) => [
    `<line x1="${x(0.5)}" x2="${x(10.5)}" y1="${y(LEAST)}" y2="${y(LEAST)}" stroke="#888" stroke-dasharray="5 4"/>`,
    ...lines.flatMap(({ fill, values }) => {
      const points = values.map((value, k) => [x(HEIGHTS[k]!), y(value)] as const)
      return [
        `<polyline points="${points.join(' ')}" fill="none" stroke="${fill}" stroke-width="2"/>`,
        ...points.map(([px, py]) => `<circle cx="${px}" cy="${py}" r="4" fill="${fill}"/>`),
      ]
    }),
  ])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.table(await run())
  const file = process.argv[2]
  if (file !== undefined) await writeChart(file, drawn())
}
