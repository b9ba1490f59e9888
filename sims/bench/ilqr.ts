/** How long does an iteration of iLQR take, and for what? And does MPC keep up with the clock? */
import {
  type Benchmark,
  createEngine,
  type Engine,
  ilqr,
  linearize,
  loadScene,
  lqr,
  mpc,
  quadraticTracking,
  sensedDynamics,
  type SensedDynamicsOptions,
  simulate,
  taskCost,
} from 'jacsense'

export interface Row {
  readonly scene: string
  readonly derivatives: string
  readonly 'steps for them': number
  readonly 'iteration (ms)': number
  readonly 'of it derivatives': number
  readonly rollouts: number
  readonly 'backward pass': number
  readonly 'cost, expanded': number
  readonly 'MPC over 0.5 s, times the clock': number
}

const SCENES = ['pendulum', 'cartpole', 'acrobot', 'double-cartpole', 'quadrotor']
const KINDS: readonly (readonly [string, SensedDynamicsOptions])[] = [
  ['dense', { method: 'dense', checks: 0 }],
  ['sensed', {}],
  ['sensed, every 4th knot', { interpolate: { spacing: 4 } }],
]
const N = 200
const ITERATIONS = 10
const HORIZON = 0.5 // s
const RUN = 0.5 // s of MPC

/** Medians of `budget` rounds, after one to warm up. */
export const run: Benchmark<Row> = async ({ budget = 5, signal, onProgress } = {}) => {
  const rows: Row[] = []
  const total = SCENES.length * KINDS.length * (budget + 1)
  let done = 0
  for (const name of SCENES) {
    const scene = await loadScene(name)
    const engine = await createEngine(scene)
    const cost = taskCost(scene.task!, engine.layout)
    const { P } = lqr(await linearize(engine), cost)
    if (P === null) throw new Error(`no cost to go for ${name}`)
    for (const [derivatives, options] of KINDS) {
      const rounds: Record<'all' | 'derivatives' | 'rollouts' | 'backward' | 'cost' | 'pace', number>[] = []
      let calls = 0
      for (let round = 0; round <= budget; round++) {
        signal?.throwIfAborted()
        const dynamics = sensedDynamics(engine, options)
        const tracking = quadraticTracking(dynamics, { ...cost, Qf: P, xGoal: engine.home.x, uGoal: engine.home.u })
        const guess = { U: hovering(engine, N) }
        const problem = { x0: away(engine), cost: tracking, N, guess }
        const {
          timings,
          iterations,
          calls: spent,
        } = await ilqr(dynamics, problem, { maxIterations: ITERATIONS, signal })
        const planner = mpc(dynamics, {
          cost: tracking,
          duration: HORIZON,
          guess: { U: hovering(engine, HORIZON / engine.dt) },
        })
        await simulate(engine, planner, { x0: away(engine), duration: RUN })
        const each = Math.max(1, iterations)
        calls = Math.round(spent.derivatives / each)
        if (round > 0)
          rounds.push({
            all: timings.total / each,
            derivatives: timings.derivatives / each,
            rollouts: timings.rollouts / each,
            backward: timings.backward / each,
            cost: timings.cost / each,
            pace: planner.report().realTimeFactor,
          })
        onProgress?.(++done, total)
      }
      const of = (key: keyof (typeof rounds)[number]) => median(rounds.map((one) => one[key]))
      rows.push({
        scene: name,
        derivatives,
        'steps for them': calls,
        'iteration (ms)': rounded(of('all')),
        'of it derivatives': rounded(of('derivatives')),
        rollouts: rounded(of('rollouts')),
        'backward pass': rounded(of('backward')),
        'cost, expanded': rounded(of('cost')),
        'MPC over 0.5 s, times the clock': rounded(of('pace')),
      })
    }
    engine.dispose()
  }
  return {
    rows,
    seeds: 'held-out directions: 1',
    notes: [
      `iLQR over ${N} steps, at most ${ITERATIONS} iterations from 0.3 away from home; medians of ${budget} rounds`,
      `MPC plans once at each step, over ${HORIZON} s`,
    ],
  }
}

/** Every position 0.3 away from home. */
function away({ home, layout: { nx, ndx, nv }, integrate }: Engine): Float64Array {
  const x = new Float64Array(nx)
  integrate(
    home.x,
    Float64Array.from({ length: ndx }, (_, j) => (j < nv ? 0.3 : 0)),
    x,
  )
  return x
}

function hovering({ home: { u }, layout: { nu } }: Engine, steps: number): Float64Array {
  return Float64Array.from({ length: Math.round(steps) * nu }, (_, k) => u[k % nu]!)
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
const rounded = (value: number): number => Number(value.toPrecision(3))
