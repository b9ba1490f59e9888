/**
 * How many simulator steps does a linearization of given accuracy take when steps are noisy, and some grossly wrong? Sensing as it
 * comes (everything automatic, noise level, step and certificate included in its count) beside dense central differences, repeated
 * and averaged, or their medians where some are wrong; these at the best of seven steps, with nothing counted for finding it or for
 * checking. Errors relative to A − I and B, in the Frobenius norm, against the noise-free linearization.
 */
import { Matrix, pseudoInverse } from 'ml-matrix'
import {
  type Benchmark,
  type BenchmarkChart,
  type BenchmarkPoint,
  type Blackbox,
  constrainedLqr,
  createEngine,
  type Engine,
  jointTangent,
  type Linearization,
  linearize,
  loadScene,
  lqr,
  parseScene,
  type Scene,
  taskCost,
  unstableModes,
  withCorruption,
  withNoise,
} from 'jacsense'

export interface Row {
  readonly scene: string
  readonly 'states + controls': number
  readonly noise: number
  readonly 'wrong (%)': number
  readonly 'sensing, steps': number
  readonly 'sensing, error': number
  readonly certified: string
  readonly 'central, repeats': number | string
  readonly 'central, steps': number | string
  readonly ratio: number | string
  readonly 'gain stabilizes': string
}

const NOISE = [1e-6, 1e-5, 1e-4]
const WRONG = [0, 0.05, 0.2]
const SIZE = 1 // of gross errors, in units of the outputs
const STEPS = [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1] // relative to the inputs' typical magnitudes
const MOST = 40 // steps of sensing, for each state and control: as many as twenty rounds of central differences
const REPEATS = [1, 2, 3, 5, 8, 12, 20, 32, 50, 80, 128, 200, 320, 500]

/** `budget`: seeds of each case, whose medians are shown. */
export const run: Benchmark<Row> = async ({ budget = 3, signal, onProgress } = {}) => {
  const cases: (() => Promise<[string, Engine, Scene]>)[] = [
    ...['double-cartpole', 'quadrotor', 'chains'].map((name) => async (): Promise<[string, Engine, Scene]> => {
      const scene = await loadScene(name)
      return [name, await createEngine(scene), scene]
    }),
    async () => {
      const scene = parseScene(chain(16))
      return ['16 links, maximal coordinates', await createEngine(scene, { coordinates: 'maximal' }), scene]
    },
  ]
  const rows: Row[] = []
  const charts: BenchmarkChart[] = []
  const total = cases.length * NOISE.length * WRONG.length
  for (const make of cases) {
    const [name, engine, scene] = await make()
    const exact = await linearize(engine)
    const dense = await differencesOf(engine)
    const points: BenchmarkPoint[] = []
    charts.push({ title: name, x: 'simulator steps', y: 'relative error of A − I and B', points })
    for (const noise of NOISE)
      for (const wrong of WRONG) {
        signal?.throwIfAborted()
        const found = await Promise.all(
          Array.from({ length: budget }, (_, seed) => sensed(engine, scene, exact, noise, wrong, seed + 1)),
        )
        const error = median(found.map((one) => one.error))
        const steps = median(found.map((one) => one.steps))
        const { ndx, nu } = engine.layout
        const panel = { column: `${100 * wrong} % wrong`, row: `noise ${noise.toExponential(0)}` }
        points.push({ series: 'sensing', ...panel, x: steps, y: error })
        let repeats: number | null = null
        for (const R of REPEATS) {
          const best = Math.min(
            ...dense.map((at) =>
              median(Array.from({ length: budget }, (_, seed) => centralError(at, exact, noise, wrong, R, seed + 1))),
            ),
          )
          points.push({ series: 'central differences', ...panel, x: 2 * (ndx + nu) * R, y: best })
          if (best > error) continue
          repeats = R
          break
        }
        const central = repeats === null ? null : 2 * (ndx + nu) * repeats
        rows.push({
          scene: name,
          'states + controls': ndx + nu,
          noise,
          'wrong (%)': 100 * wrong,
          'sensing, steps': steps,
          'sensing, error': rounded(error),
          certified: `${found.filter((one) => one.isCertified).length} of ${budget}`,
          'central, repeats': repeats ?? `> ${REPEATS.at(-1)}`,
          'central, steps': central ?? `> ${2 * (ndx + nu) * REPEATS.at(-1)!}`,
          ratio: central === null ? '–' : rounded(steps / central),
          'gain stabilizes':
            found[0]!.isStable === null ? '–' : `${found.filter((one) => one.isStable).length} of ${budget}`,
        })
        onProgress?.(rows.length, total)
      }
    engine.dispose()
  }
  return {
    rows,
    seeds: `noise, wrong steps and directions: 1 … ${budget}`,
    notes: [
      `medians of ${budget} seeds; noise: standard deviation of every coordinate after a step; wrong: share of the steps whose outcome is off by ±${SIZE}`,
      'ratio: steps of sensing over those with which central differences reach its error',
      'gain: of the scene’s task (of the 16 links: unit weights on joint motions), designed on the sensed A and B, in a loop with the noise-free ones; – without controls',
    ],
    charts,
  }
}

async function sensed(
  engine: Engine,
  scene: Scene,
  exact: Linearization,
  sigma: number,
  wrong: number,
  seed: number,
): Promise<{ error: number; steps: number; isCertified: boolean; isStable: boolean | null }> {
  const spoil = (blackbox: Blackbox) =>
    withCorruption(withNoise(blackbox, { sigma, seed }), {
      fraction: wrong,
      size: SIZE,
      seed: seed + 1000,
      of: 'calls',
    })
  const { ndx, nu } = engine.layout
  const maxCalls = MOST * (ndx + nu)
  const lin = await linearize(engine, engine.home, { wrap: spoil, seed, maxCalls, ...(wrong > 0 && { robust: true }) })
  let isStable: boolean | null = null
  if (nu > 0) {
    const K = scene.task === null ? gainOnJoints(engine, scene, lin) : lqr(lin, taskCost(scene.task, engine.layout)).K
    isStable = K !== null && unstableModes({ ...exact, A: exact.A.clone().sub(exact.B.mmul(K)) }).length === 0
  }
  const [A, B] = [lin.A.to2DArray(), lin.B.to2DArray()]
  return {
    error: relativeError(exact, (i, j) => (j < A.length ? A[i]![j]! : B[i]![j - A.length]!)),
    steps: lin.quality.calls,
    isCertified: lin.quality.certified,
    isStable,
  }
}

/** The LQR gain, [nu × ndx], of unit weights on motions that joints allow: what violates joints is left to the solver's stabilization. */
function gainOnJoints(engine: Engine, scene: Scene, lin: Linearization): Matrix | null {
  const tangent = jointTangent(engine, scene)
  const inverse = pseudoInverse(tangent.T)
  const R = Matrix.eye(engine.layout.nu)
  // Accuracy 0: what noise does to the design is what is asked, so it may not refuse it.
  return constrainedLqr(lin, { Q: inverse.transpose().mmul(inverse), R }, tangent, { accuracy: 0 }).K
}

/** Noise-free values on both sides of every input, for each step. */
interface Sides {
  readonly step: number
  readonly scale: Float64Array // [n]
  readonly plus: readonly Float64Array[] // [n][m]
  readonly minus: readonly Float64Array[] // [n][m]
}

async function differencesOf(engine: Engine): Promise<Sides[]> {
  let blackbox: Blackbox | undefined
  await linearize(engine, engine.home, {
    wrap: (inner) => {
      blackbox = inner
      return inner
    },
  })
  const { inputs: n, outputs: m, scale } = blackbox!
  const at = (j: number, p: number) => {
    const z = new Float64Array(n)
    const y = new Float64Array(m)
    z[j] = p
    blackbox!.evaluate(z, y)
    return y
  }
  return STEPS.map((step) => ({
    step,
    scale: scale!,
    plus: Array.from({ length: n }, (_, j) => at(j, step * scale![j]!)),
    minus: Array.from({ length: n }, (_, j) => at(j, -step * scale![j]!)),
  }))
}

/** Of means over R repeats, or of medians where some outcomes are wrong. */
function centralError(
  { step, scale, plus, minus }: Sides,
  exact: Linearization,
  sigma: number,
  wrong: number,
  R: number,
  seed: number,
): number {
  const next = generator(seed)
  const m = plus[0]!.length
  const n = plus.length
  const J = new Float64Array(m * n)
  const repeats = new Float64Array(R)
  const offsets = new Float64Array(2 * R * m)
  for (let j = 0; j < n; j++) {
    // the mean of R noisy values is one with less noise
    if (wrong === 0) {
      const less = sigma / Math.sqrt(R)
      for (let i = 0; i < m; i++)
        J[i * n + j] = (plus[j]![i]! - minus[j]![i]! + less * Math.SQRT2 * normal(next)) / (2 * step * scale[j]!)
      continue
    }
    for (let r = 0; r < 2 * R; r++) {
      const isWrong = next() < wrong
      for (let i = 0; i < m; i++)
        offsets[r * m + i] = sigma * normal(next) + (isWrong ? (next() < 0.5 ? -SIZE : SIZE) : 0)
    }
    for (let i = 0; i < m; i++) {
      for (let r = 0; r < R; r++)
        repeats[r] = plus[j]![i]! + offsets[2 * r * m + i]! - minus[j]![i]! - offsets[(2 * r + 1) * m + i]!
      J[i * n + j] = median(repeats) / (2 * step * scale[j]!)
    }
  }
  return relativeError(exact, (i, j) => J[i * n + j]!)
}

function relativeError({ A, B }: Linearization, entry: (i: number, j: number) => number): number {
  const ndx = A.rows
  let error = 0
  let size = 0
  for (let i = 0; i < ndx; i++)
    for (let j = 0; j < ndx + B.columns; j++) {
      const true_ = j < ndx ? A.get(i, j) : B.get(i, j - ndx)
      error += (entry(i, j) - true_) ** 2
      size += (true_ - (i === j ? 1 : 0)) ** 2
    }
  return Math.sqrt(error / size)
}

/** A hanging chain of driven links of 0.2 m. */
function chain(n: number) {
  const each = <T>(make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))
  const across = 0.5 * (0.2 ** 2 / 12)
  return {
    name: `chain-${n}`,
    dt: 0.01,
    bodies: each((i) => ({ name: `link${i}`, mass: 0.5, com: [0, 0, -0.1], inertia: [across, across, 1e-4] })),
    joints: each((i) => ({
      name: `joint${i}`,
      type: 'hinge',
      parent: i === 0 ? 'world' : `link${i - 1}`,
      child: `link${i}`,
      anchors: { parent: [0, 0, i === 0 ? 0 : -0.2] },
      axis: [0, 1, 0],
    })),
    actuators: each((i) => ({ name: `motor${i}`, joint: `joint${i}` })),
  }
}

/** Uniform numbers in [0, 1) from a seed (mulberry32, Ettinger). */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Box and Muller's transform. */
function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
}

function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort()
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

const rounded = (value: number): number => Number(value.toPrecision(3))
