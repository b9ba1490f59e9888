/** How hard a kick does the cart-pole survive under MPC, and how hard under LQR? The same weights, the same limits of the motor. */
import { fileURLToPath } from 'node:url'
import {
  type Controller,
  createEngine,
  linearize,
  loadScene,
  lqr,
  lqrController,
  mpc,
  quadraticTracking,
  sensedDynamics,
  simulate,
  taskCost,
} from 'jacsense'
import { bisectKick } from './parts/bisectKick.ts'

export interface Row {
  readonly controller: string
  readonly 'largest survived kick (rad/s)': number
  readonly 'smallest fatal kick (rad/s)': number
  readonly 'steps for planning, a step of the run': number
}

const HIGHEST = 40 // rad/s
const DURATION = 4 // s after the kick
const HORIZONS = [0.3, 0.6, 1] // s

/** Bisects the largest kick of pole.velocity. `budget`: closed-loop runs for each controller; `horizons`: of MPC, s. */
export async function run({
  budget = 8,
  horizons = HORIZONS,
}: {
  budget?: number
  horizons?: readonly number[]
} = {}): Promise<Row[]> {
  const scene = await loadScene('cartpole')
  const engine = await createEngine(scene)
  const { ndx } = engine.layout
  const cost = taskCost(scene.task!, engine.layout)
  const lin = await linearize(engine)
  const { K, P } = lqr(lin, cost)
  if (K === null || P === null) throw new Error('no gain for the cart-pole')
  const dynamics = sensedDynamics(engine)
  const tracking = quadraticTracking(dynamics, { ...cost, Qf: P, xGoal: engine.home.x })
  const planners = horizons
    .slice(0, budget)
    .map((duration) => mpc(dynamics, { cost: tracking, duration }, { every: 4, firstIterations: 20 }))
  const rows: Row[] = []
  const bisect = async (name: string, controller: Controller, planned: () => number) => {
    let planning = 0
    let steps = 0
    const survives = async (amount: number) => {
      const kick = { time: 0, coordinate: 'pole.velocity', amount }
      const {
        result,
        dX,
        steps: taken,
      } = await simulate(engine, controller, { duration: DURATION, disturbances: [kick] })
      planning += planned()
      steps += taken
      return result === 'completed' && Math.abs(dX[taken * ndx + 1]!) < 0.1
    }
    const { survived, fatal } = await bisectKick(survives, { highest: HIGHEST, runs: budget })
    rows.push({
      controller: name,
      'largest survived kick (rad/s)': Number(survived.toFixed(3)),
      'smallest fatal kick (rad/s)': Number(fatal.toFixed(3)),
      'steps for planning, a step of the run': Number((planning / steps).toPrecision(3)),
    })
  }
  await bisect('LQR', lqrController(lin, K, engine.difference), () => 0)
  for (const [k, planner] of planners.entries())
    await bisect(`MPC over ${horizons[k]} s`, planner, () => {
      const { calls } = planner.report()
      return calls.derivatives + calls.rollouts
    })
  engine.dispose()
  return rows
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await run())
