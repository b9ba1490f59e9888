/** How hard a kick does the cart-pole survive, at which angle? Linear theory says any; the motor's limits and gravity say otherwise. */
import { fileURLToPath } from 'node:url'
import { createEngine, linearize, loadScene, lqr, lqrController, simulate, taskCost } from 'jacsense'
import { bisectKick } from './parts/bisectKick.ts'

export interface Row {
  readonly 'R (weight of the motor)': number
  readonly 'largest survived kick (rad/s)': number
  readonly 'smallest fatal kick (rad/s)': number
  readonly 'closed-loop runs': number
}

const HIGHEST = 40 // rad/s, fatal for certain
const DURATION = 4 // s after the kick

/** Bisects the largest kick of pole.velocity, for several weights of the motor. `budget`: closed-loop runs for each weight. */
export async function run({ budget = 12 }: { budget?: number } = {}): Promise<Row[]> {
  const scene = await loadScene('cartpole')
  const engine = await createEngine(scene)
  const lin = await linearize(engine)
  const angle = engine.layout.dx.findIndex(({ name }) => name === 'pole.angle')
  const rows: Row[] = []
  for (const R of [0.01, 0.1, 1]) {
    const { K } = lqr(lin, taskCost({ Q: scene.task!.Q, R }, engine.layout))
    if (K === null) throw new Error(`no gain for R = ${R}`)
    const controller = lqrController(lin, K, engine.difference)
    const survives = async (amount: number) => {
      const kick = { time: 0, coordinate: 'pole.velocity', amount }
      const { result, steps, dX } = await simulate(engine, controller, { duration: DURATION, disturbances: [kick] })
      return result === 'completed' && Math.abs(dX[steps * engine.layout.ndx + angle]!) < 0.1
    }
    const { survived, fatal } = await bisectKick(survives, { highest: HIGHEST, runs: budget })
    rows.push({
      'R (weight of the motor)': R,
      'largest survived kick (rad/s)': Number(survived.toFixed(3)),
      'smallest fatal kick (rad/s)': Number(fatal.toFixed(3)),
      'closed-loop runs': budget,
    })
  }
  engine.dispose()
  return rows
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await run())
