/** Does a quadrotor turn over in the air and hover on? From its own hovering as a guess, and from states that no motion passes through. */
import { fileURLToPath } from 'node:url'
import {
  createEngine,
  type Engine,
  ilqr,
  linearize,
  loadScene,
  lqr,
  lqrController,
  quadraticTracking,
  sensedDynamics,
  simulate,
  taskCost,
  trackTrajectory,
} from 'jacsense'
import { rounded } from './parts/rounded.ts'

export interface Row {
  readonly guess: string
  readonly iterations: number
  readonly cost: number
  readonly 'largest tilt (rad)': number
  readonly 'turned over': boolean
  readonly 'controls at a limit (%)': number
  readonly 'steps for derivatives': number
  readonly 'of those of dense differences': number
  readonly 'deviation after 3 s of LQR': number
}

const DURATION = 1.2 // s
const TURN = { from: 0.3, to: 0.9 } // s, a full turn about x
const HOVER = 3 // s

const WEIGHTS = { Q: [2, 2, 2, 20, 20, 20, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05], R: 0.05 } // per second
const LAST = [500, 500, 500, 500, 500, 500, 50, 50, 50, 20, 20, 20] // weights of the last state

/** `budget`: iterations for each guess. */
export async function run({ budget = 120 }: { budget?: number } = {}): Promise<Row[]> {
  const scene = await loadScene('quadrotor')
  const engine = await createEngine(scene)
  const { nx, ndx, nu } = engine.layout
  const dynamics = sensedDynamics(engine)
  const N = Math.round(DURATION / engine.dt)
  const xGoal = turning(engine, N)
  const cost = quadraticTracking(dynamics, {
    ...taskCost(WEIGHTS, engine.layout),
    Qf: taskCost({ ...WEIGHTS, Q: LAST }, engine.layout).Q,
    xGoal,
    uGoal: engine.home.u,
    per: 'second',
  })
  const lin = await linearize(engine)
  const { K, message } = lqr(lin, taskCost(scene.task!, engine.layout))
  if (K === null) throw new Error(`no gain for the quadrotor: ${message}`)
  const hovering = lqrController(lin, K, engine.difference)
  const U = Float64Array.from({ length: N * nu }, (_, k) => engine.home.u[k % nu]!)
  const rows: Row[] = []
  for (const [name, guess] of [
    ['controls that hover', { U }],
    ['states that turn on the spot', { U, X: xGoal }],
  ] as const) {
    const problem = { x0: engine.home.x, cost, N, guess }
    const found = await ilqr(dynamics, problem, { maxIterations: budget, tolerance: 1e-4 })
    let tilt = 0
    for (let k = 0; k <= N; k++) {
      const [qx, qy] = [found.X[k * nx + 4]!, found.X[k * nx + 5]!]
      tilt = Math.max(tilt, Math.acos(Math.max(-1, 1 - 2 * (qx * qx + qy * qy)))) // of the body's z axis
    }
    const controller = trackTrajectory(found, engine.difference, hovering)
    const { dX } = await simulate(engine, controller, { duration: DURATION + HOVER })
    rows.push({
      guess: name,
      iterations: found.iterations,
      cost: rounded(found.cost),
      'largest tilt (rad)': rounded(tilt),
      'turned over': tilt > 3,
      'controls at a limit (%)': rounded((100 * found.clamped) / (N * nu)),
      'steps for derivatives': found.calls.derivatives,
      'of those of dense differences': rounded(found.calls.derivatives / found.calls.denseDerivatives),
      'deviation after 3 s of LQR': rounded(Math.max(...dX.slice(-ndx).map(Math.abs))),
    })
  }
  engine.dispose()
  return rows
}

/** At home, but turned about x: slowly, fast, slowly. [(N + 1) × nx] */
function turning({ home, layout: { nx }, dt }: Engine, N: number): Float64Array {
  const X = new Float64Array((N + 1) * nx)
  for (let k = 0; k <= N; k++) {
    const share = Math.min(1, Math.max(0, (k * dt - TURN.from) / (TURN.to - TURN.from)))
    const angle = 2 * Math.PI * share * share * (3 - 2 * share)
    X.set(home.x, k * nx)
    X.set([Math.cos(angle / 2), Math.sin(angle / 2), 0, 0], k * nx + 3)
  }
  return X
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await run())
