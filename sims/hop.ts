/** Can iLQR plan through contact? A hopper in MuJoCo is asked for a flight of its trunk that its leg can only follow by leaving the floor. */
import { fileURLToPath } from 'node:url'
import {
  createEngine,
  type Engine,
  ilqr,
  loadScene,
  quadraticTracking,
  sensedDynamics,
  type SensedDynamicsOptions,
  simulate,
  taskCost,
  trackTrajectory,
} from 'jacsense'
import { rounded } from './parts/rounded.ts'

export interface Row {
  readonly 'asked for (m)': number
  readonly derivatives: string
  readonly result: string
  readonly iterations: number
  readonly cost: number
  readonly 'trunk up by (m)': number
  readonly 'foot off the floor by (m)': number
  readonly 'checks passed (%)': number
  readonly 'steps for derivatives': number
  readonly 'of those of dense differences': number
  readonly 'largest deviation after landing': number
}

const DURATION = 0.8 // s
const TAKE_OFF = 0.2 // s
const GRAVITY = 9.81 // m/s²

const LEAVES = [1.8, 2.2] // m/s, up, at take-off

const WEIGHTS = {
  Q: [1, 1, 300, 20, 20, 2, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01], // per second
  R: [1e-3, 1e-3, 1e-5],
}
const LAST = [50, 50, 200, 100, 100, 10, 20, 20, 20, 5, 5, 5, 2, 2, 2, 0.2, 0.2, 0.2] // weights of the last state

/** `budget`: iterations. */
export async function run({ budget = 40 }: { budget?: number } = {}): Promise<Row[]> {
  const engine = await createEngine(await loadScene('hopper'), { engine: 'mujoco' })
  const rows: Row[] = []
  const kinds: readonly (readonly [string, SensedDynamicsOptions])[] = [
    ["MuJoCo's own", { method: 'native' }],
    ['sensed, central', { method: 'dense' }],
  ]
  const isTiny = budget === 1
  for (const speed of isTiny ? LEAVES.slice(0, 1) : LEAVES)
    for (const [derivatives, options] of isTiny ? kinds.slice(0, 1) : kinds)
      rows.push(await hop(engine, speed, derivatives, options, budget))
  engine.dispose()
  return rows
}

async function hop(engine: Engine, speed: number, derivatives: string, options: SensedDynamicsOptions, budget: number) {
  const { home, layout, dt } = engine
  const { nx, ndx, nu } = layout
  const N = Math.round(DURATION / dt)
  const dynamics = sensedDynamics(engine, options)
  const xGoal = new Float64Array((N + 1) * nx)
  const [height, leg] = ['body.z', 'leg.position'].map((name) => layout.x.findIndex((one) => one.name === name)) as [
    number,
    number,
  ]
  for (let k = 0; k <= N; k++) {
    const t = k * dt - TAKE_OFF
    xGoal.set(home.x, k * nx)
    xGoal[k * nx + height]! += t > 0 ? Math.max(0, speed * t - (GRAVITY / 2) * t * t) : 0
  }
  const cost = quadraticTracking(dynamics, {
    ...taskCost(WEIGHTS, layout),
    Qf: taskCost({ ...WEIGHTS, Q: LAST }, layout).Q,
    xGoal,
    uGoal: home.u,
    per: 'second',
  })
  const U = Float64Array.from({ length: N * nu }, (_, k) => home.u[k % nu]!)
  const found = await ilqr(dynamics, { x0: home.x, cost, N, guess: { U } }, { maxIterations: budget, tolerance: 1e-3 })
  const { X, calls, history } = found
  let [up, clear] = [0, 0]
  for (let k = 0; k <= N; k++) {
    const rise = X[k * nx + height]! - home.x[height]!
    up = Math.max(up, rise)
    clear = Math.max(clear, rise - X[k * nx + leg]!)
  }
  const { dX } = await simulate(engine, trackTrajectory(found, engine.difference), { duration: DURATION })
  const sum = (of: 'checked' | 'certified') => history.reduce((total, one) => total + one.derivatives[of], 0)
  return {
    'asked for (m)': rounded(speed ** 2 / (2 * GRAVITY)),
    derivatives,
    result: found.result,
    iterations: found.iterations,
    cost: rounded(found.cost),
    'trunk up by (m)': rounded(up),
    'foot off the floor by (m)': rounded(clear),
    'checks passed (%)': rounded((100 * sum('certified')) / sum('checked')),
    'steps for derivatives': calls.derivatives,
    'of those of dense differences': rounded(calls.derivatives / calls.denseDerivatives),
    'largest deviation after landing': rounded(Math.max(...dX.slice(-ndx).map(Math.abs))),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await run())
