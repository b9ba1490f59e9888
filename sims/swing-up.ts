/** Can iLQR swing robots up that have fewer motors than joints, and does LQR catch them? From hanging at rest to standing, in cannon-es. */
import { fileURLToPath } from 'node:url'
import {
  createEngine,
  ilqr,
  linearize,
  loadScene,
  lqr,
  lqrController,
  pointFromNames,
  quadraticTracking,
  sensedDynamics,
  simulate,
  taskCost,
  trackTrajectory,
} from 'jacsense'

export interface Row {
  readonly robot: string
  readonly 'columns of [A B]': number
  readonly result: string
  readonly iterations: number
  readonly cost: number
  readonly 'steps for derivatives': number
  readonly 'of those of dense differences': number
  readonly 'steps for rollouts': number
  readonly 'checks passed': string
  readonly 'largest deviation when LQR takes over': number
  readonly 'and 4 s later': number
}

interface Task {
  readonly scene: string
  readonly hanging: Readonly<Record<string, readonly number[]>>
  readonly duration: number // s, of the swing
  readonly Q: readonly number[] // per second
  readonly R: number
  readonly Qf: readonly number[]
}

const TASKS: readonly Task[] = [
  {
    scene: 'cartpole',
    hanging: { pole: [Math.PI] },
    duration: 2,
    Q: [1, 1, 0.1, 0.1],
    R: 0.1,
    Qf: [1e3, 1e3, 1e2, 1e2],
  },
  {
    scene: 'acrobot',
    hanging: { shoulder: [Math.PI] },
    duration: 3,
    Q: [0.1, 0.1, 0.1, 0.1],
    R: 0.05,
    Qf: [2e3, 2e3, 5e2, 5e2],
  },
  {
    scene: 'double-cartpole',
    hanging: { lower: [Math.PI] },
    duration: 3,
    Q: [0.5, 0.5, 0.5, 0.01, 0.01, 0.01],
    R: 0.01,
    Qf: [2e3, 2e3, 2e3, 2e2, 2e2, 2e2],
  },
]

const CATCH = 4 // s under LQR

/** Swings, then catches. `budget`: how many robots. */
export async function run({ budget = TASKS.length }: { budget?: number } = {}): Promise<Row[]> {
  const rows: Row[] = []
  for (const task of TASKS.slice(0, budget)) rows.push(await swingUp(task))
  return rows
}

async function swingUp({ scene: name, hanging, duration, Q, R, Qf }: Task): Promise<Row> {
  const scene = await loadScene(name)
  const engine = await createEngine(scene)
  const { ndx, nu } = engine.layout
  const { x: x0 } = pointFromNames(engine, { positions: hanging, velocities: {}, controls: {} })
  const dynamics = sensedDynamics(engine)
  const cost = quadraticTracking(dynamics, {
    Q: diagonal(Q),
    R: diagonal(new Array<number>(nu).fill(R)),
    Qf: diagonal(Qf),
    xGoal: engine.home.x,
    per: 'second',
  })
  // at rest all gradients towards the sides vanish: a little push tells left from right
  const U = Float64Array.from({ length: Math.round(duration / engine.dt) * nu }, (_, k) => 0.5 * Math.sin(0.03 * k))
  const found = await ilqr(dynamics, { x0, cost, duration, guess: { U } }, { tolerance: 1e-4, maxIterations: 300 })

  const lin = await linearize(engine)
  const { K, message } = lqr(lin, taskCost(scene.task!, engine.layout))
  if (K === null) throw new Error(`no gain for ${name}: ${message}`)
  const controller = trackTrajectory(found, engine.difference, lqrController(lin, K, engine.difference))
  const { dX } = await simulate(engine, controller, { x0, duration: duration + CATCH })
  const deviation = (k: number) => Math.max(...dX.subarray(k * ndx, (k + 1) * ndx).map(Math.abs))
  const { calls, history } = found
  const checks = (of: 'checked' | 'certified') => history.reduce((sum, { derivatives }) => sum + derivatives[of], 0)
  engine.dispose()
  return {
    robot: name,
    'columns of [A B]': ndx + nu,
    result: found.result,
    iterations: found.iterations,
    cost: rounded(found.cost),
    'steps for derivatives': calls.derivatives,
    'of those of dense differences': rounded(calls.derivatives / calls.denseDerivatives),
    'steps for rollouts': calls.rollouts,
    'checks passed': `${checks('certified')} of ${checks('checked')}`,
    'largest deviation when LQR takes over': rounded(deviation(found.N)),
    'and 4 s later': rounded(deviation(dX.length / ndx - 1)),
  }
}

function diagonal(values: readonly number[]): number[][] {
  return values.map((value, i) => values.map((_, j) => (i === j ? value : 0)))
}

/** Four digits are enough for a table. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await run())
