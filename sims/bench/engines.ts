/**
 * What does a linearization cost beside the engine's own differences? Models in MJCF, of a folder that the environment variable
 * JACSENSE_MODELS names, at the state they reach after 300 steps: sensed, and by mjd_transitionFD (centered) of MuJoCo as it loads the
 * file, in turn. Then the scenes of the package with each engine at home. Models that are not smooth where they are come out as
 * not certified.
 */
import {
  createEngine,
  type Benchmark,
  type Engine,
  linearize,
  type Linearization,
  loadScene,
  type Point,
} from 'jacsense'
import { loadMjcf, type Mjcf, mujocoEngine } from 'jacsense/mujoco'

type Method = 'auto' | 'dense' | 'native'

export interface Row {
  readonly model: string
  readonly engine: string
  readonly method: string // asked → taken
  readonly 'states + controls': number
  readonly steps: number
  readonly 'a step (ms)': number
  readonly ms: number
  readonly 'steps of transitionFD / steps': number | string
  readonly 'ms / ms of transitionFD': number | string
  readonly 'relative difference': number | string
  readonly certified: string
}

/** A folder's models at work: where, and by which methods. */
const MODELS: readonly { readonly file: string; readonly at?: string; readonly methods?: readonly Method[] }[] = [
  { file: 'mujoco/22_humanoids.xml' },
  { file: 'mujoco/humanoid.xml', at: 'stand_on_left_leg', methods: ['auto', 'dense'] },
  { file: 'dm_control/hopper.xml', methods: ['auto', 'dense'] },
  { file: 'dm_control/cheetah.xml', methods: ['auto', 'dense'] },
  { file: 'dm_control/walker.xml', methods: ['auto', 'dense'] },
  { file: 'dm_control/quadruped.xml', methods: ['auto', 'dense'] },
  { file: 'dm_control/manipulator.xml', methods: ['auto', 'dense'] },
  { file: 'dm_control/humanoid.xml', methods: ['auto', 'dense'] },
  { file: 'dm_control/acrobot.xml' },
  { file: 'dm_control/cartpole.xml' },
]
const SCENES = [
  'cartpole',
  'acrobot',
  'arm7',
  'quadrotor',
  'hopper',
  'balancer',
  'humanoid',
  'minitaur',
  'spheres',
  'chains',
]
const ENGINES = ['cannon', 'mujoco', 'rapier'] as const
/** Left out of Rapier to keep the table short: hopper and balancer took 10 to 20 s for two linearizations; minitaur was not tried. */
const NOT_IN_RAPIER = ['hopper', 'balancer', 'humanoid', 'minitaur']
const SETTLE = 300 // steps before a model of a folder is linearized
const EPS = 1e-6 // of mjd_transitionFD; our own step with MuJoCo
const TIMED_STEPS = 20
const SLOW = 500 // ms: what takes longer is timed in fewer rounds
const SLOW_ROUNDS = 3
const SLOW_REPEATS = 4 // of a linearization in such a round

/** [A B] by mjd_transitionFD, and how long that took. */
interface Reference {
  readonly A: Float64Array
  readonly B: Float64Array
  readonly ms: number
}

interface Timed {
  readonly engine: Engine
  readonly point: Point
  readonly name: string
  readonly methods: readonly Method[]
  readonly reference: (() => Reference) | null
}

/** Methods and reference in turn, `budget` rounds (3 where one takes half a second); medians. */
export const run: Benchmark<Row> = async ({ budget = 7, signal, onProgress } = {}) => {
  const rows: Row[] = []
  const notes = [
    `medians of ${budget} rounds (${Math.min(budget, SLOW_ROUNDS)} where one takes ${SLOW} ms, with ${SLOW_REPEATS} linearizations each), in turn, after one to warm up; models ${SETTLE} steps from home, the humanoid on one foot at its keyframe; scenes at home`,
    'transitionFD: mjd_transitionFD, centered, of the model as MuJoCo itself loads it (of scenes: through the engine, so that the difference of native is 0 by construction), 2 (states + controls) + 1 steps at 1e-6; relative difference: Frobenius, of [A − I, B]',
  ]
  const folder = process.env.JACSENSE_MODELS
  const total = (folder === undefined ? 0 : MODELS.length) + SCENES.length * ENGINES.length - NOT_IN_RAPIER.length
  let done = 0
  if (folder === undefined) notes.push('JACSENSE_MODELS names no folder of MJCF models: scenes alone')
  else
    for (const { file, at, methods = ['auto'] as const } of MODELS) {
      signal?.throwIfAborted()
      const mjcf = await loadMjcf(`${folder}/${file}`, signal && { signal }).catch((error: unknown) => {
        notes.push(`${file} left out: ${error instanceof Error ? error.message : String(error)}`)
        return null
      })
      if (mjcf !== null) {
        const engine = await mujocoEngine(mjcf)
        const theirs = await plainModel(mjcf)
        const point = (at !== undefined && theirs.key(at)) || settled(engine)
        const reference = engine.derivatives ? () => theirs.transitionFD(point) : null
        const name = at === undefined ? file : `${file}, ${at}`
        rows.push(...(await timed({ engine, point, name, methods, reference }, budget, signal)))
        theirs.dispose()
        engine.dispose()
      }
      onProgress?.(++done, total)
    }
  for (const name of SCENES) {
    const scene = await loadScene(name)
    for (const kind of ENGINES) {
      signal?.throwIfAborted()
      if (kind === 'rapier' && NOT_IN_RAPIER.includes(name)) continue
      const engine = await createEngine(scene, { engine: kind }).catch((error: unknown) => {
        notes.push(`${name} with ${kind} left out: ${error instanceof Error ? error.message : String(error)}`)
        return null
      })
      if (engine !== null) {
        const reference = engine.derivatives ? () => ownDerivatives(engine) : null
        const timing: Timed = { engine, point: engine.home, name, methods: ['auto'], reference }
        rows.push(...(await timed(timing, budget, signal)))
        engine.dispose()
      }
      onProgress?.(++done, total)
    }
  }
  notes.push(`without ${NOT_IN_RAPIER.join(', ')} in Rapier, to keep the table short`)
  return { rows, notes, seeds: 'held-out directions: 1' }
}

async function timed(
  { engine, point, name, methods, reference }: Timed,
  budget: number,
  signal: AbortSignal | undefined,
): Promise<Row[]> {
  const { ndx, nu } = engine.layout
  const own: number[] = []
  const times = methods.map((): number[] => [])
  const lins: Linearization[] = []
  let theirs: Reference | null = null
  let rounds = budget
  for (let round = 0; round <= rounds; round++) {
    signal?.throwIfAborted()
    const began = performance.now()
    // Few rounds are few measurements of what is quick in them, and of code that the compiler has not seen often.
    const repeats = rounds < budget ? SLOW_REPEATS : 1
    for (const [k, method] of methods.entries())
      for (let repeat = 0; repeat < repeats; repeat++) {
        const start = performance.now()
        lins[k] = await linearize(engine, point, { method })
        if (round > 0) times[k]!.push(performance.now() - start)
      }
    theirs = reference?.() ?? null
    if (theirs && round > 0) own.push(theirs.ms)
    if (performance.now() - began > SLOW) rounds = Math.min(budget, SLOW_ROUNDS)
  }
  const step = stepTime(engine, point)
  return methods.map((method, k): Row => {
    const { quality } = lins[k]!
    const ms = median(times[k]!)
    const expected = 2 * (ndx + nu) + 1
    return {
      model: name,
      engine: engine.name,
      method: method === quality.method ? method : `${method} → ${quality.method}`,
      'states + controls': ndx + nu,
      steps: quality.calls,
      'a step (ms)': rounded(step),
      ms: rounded(ms),
      'steps of transitionFD / steps': theirs ? rounded(expected / quality.calls) : '–',
      'ms / ms of transitionFD': theirs ? rounded(ms / median(own)) : '–',
      'relative difference': theirs ? Number(relativeDistance(lins[k]!, theirs).toPrecision(2)) : '–',
      certified: quality.certified ? 'yes' : 'no',
    }
  })
}

/** MuJoCo's own model of a file: none of the engine's settings. */
async function plainModel(mjcf: Mjcf): Promise<{
  key(name: string): Point | null
  transitionFD(point: Point): Reference
  dispose(): void
}> {
  const { default: loadMujoco } = await import('@mujoco/mujoco')
  const mj = await loadMujoco({ print: () => {}, printErr: () => {} })
  const vfs = new mj.MjVFS()
  for (const [name, bytes] of mjcf.files) vfs.addBuffer(name, bytes)
  const model = mj.MjModel.from_xml_string(mjcf.xml, vfs)
  vfs.delete()
  const data = new mj.MjData(model)
  const { nq, nv, na, nu } = model
  const n = 2 * nv + na
  const A = new mj.DoubleBuffer(n * n)
  const B = new mj.DoubleBuffer(Math.max(1, n * nu))
  return {
    key(name) {
      const k = mj.mj_name2id(model, mj.mjtObj.mjOBJ_KEY.value, name)
      if (k < 0) return null
      const { key_qpos, key_qvel, key_act, key_ctrl } = model
      return {
        x: Float64Array.from([
          ...key_qpos.slice(k * nq, (k + 1) * nq),
          ...key_qvel.slice(k * nv, (k + 1) * nv),
          ...key_act.slice(k * na, (k + 1) * na),
        ]),
        u: Float64Array.from(key_ctrl.slice(k * nu, (k + 1) * nu)),
      }
    },
    transitionFD({ x, u }) {
      mj.mj_resetData(model, data)
      data.qpos.set(x.subarray(0, nq))
      data.qvel.set(x.subarray(nq, nq + nv))
      data.act.set(x.subarray(nq + nv))
      data.ctrl.set(u)
      const start = performance.now()
      mj.mjd_transitionFD(model, data, EPS, true, A, nu > 0 ? B : null, null, null)
      const ms = performance.now() - start
      return { A: Float64Array.from(A.GetView()), B: Float64Array.from(B.GetView()).subarray(0, n * nu), ms }
    },
    dispose() {
      for (const handle of [A, B, data, model]) handle.delete()
    },
  }
}

function ownDerivatives(engine: Engine): Reference {
  const { ndx, nu } = engine.layout
  const A = new Float64Array(ndx * ndx)
  const B = new Float64Array(ndx * nu)
  const start = performance.now()
  engine.derivatives!(engine.home.x, engine.home.u, A, B)
  return { A, B, ms: performance.now() - start }
}

function settled(engine: Engine): Point {
  const { u } = engine.home
  const x = engine.home.x.slice()
  for (let k = 0; k < SETTLE; k++) engine.step(x, u, x)
  return { x, u }
}

/** ms a step, from the point. */
function stepTime(engine: Engine, { x, u }: Point): number {
  const xNext = x.slice()
  const times = Array.from({ length: TIMED_STEPS }, () => {
    const start = performance.now()
    engine.step(x, u, xNext)
    return performance.now() - start
  })
  return median(times)
}

/** ‖[A B] − reference‖ / ‖reference − [I 0]‖, Frobenius. */
function relativeDistance({ A, B }: Linearization, reference: Reference): number {
  let apart = 0
  let size = 0
  for (const [M, R, diagonal] of [
    [A, reference.A, 1],
    [B, reference.B, 0],
  ] as const)
    for (let i = 0; i < M.rows; i++)
      for (let j = 0; j < M.columns; j++) {
        const expected = R[i * M.columns + j]!
        apart += (M.get(i, j) - expected) ** 2
        size += (expected - (i === j ? diagonal : 0)) ** 2
      }
  return Math.sqrt(apart / size)
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
const rounded = (value: number): number => Number(value.toPrecision(3))
