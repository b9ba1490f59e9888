/** What does a cheaper motor buy? Settling time, peak force and cost of the cart-pole against the weight R. */
import { fileURLToPath } from 'node:url'
import {
  createEngine,
  linearize,
  loadScene,
  lqr,
  lqrController,
  measureRun,
  pointFromNames,
  simulate,
  taskCost,
} from 'jacsense'

export interface Row {
  readonly R: number
  readonly 'settling time (s)': number | null
  readonly 'peak force (N)': number
  readonly 'at its limit (%)': number
  readonly 'farthest cart (m)': number
  readonly 'slowest mode |λ|': number
}

const WEIGHTS = [0.001, 0.01, 0.1, 1, 10, 100]

/** The task of the scene with other weights R. `budget`: how many weights. */
export async function run({ budget = WEIGHTS.length }: { budget?: number } = {}): Promise<Row[]> {
  const scene = await loadScene('cartpole')
  const engine = await createEngine(scene)
  const lin = await linearize(engine)
  const { x: x0 } = pointFromNames(engine, scene.task!.initial)
  const rows: Row[] = []
  for (const R of WEIGHTS.slice(0, budget)) {
    const design = lqr(lin, taskCost({ Q: scene.task!.Q, R }, engine.layout))
    if (design.K === null || design.eigenvalues === null) throw new Error(`no gain for R = ${R}: ${design.message}`)
    const { re, im } = design.eigenvalues
    const trajectory = await simulate(engine, lqrController(lin, design.K, engine.difference), { x0, duration: 20 })
    const { settlingTime, controls, coordinates } = measureRun(trajectory)
    rows.push({
      R,
      'settling time (s)': settlingTime === null ? null : rounded(settlingTime),
      'peak force (N)': rounded(controls[0]!.peak),
      'at its limit (%)': rounded(100 * controls[0]!.saturatedFraction),
      'farthest cart (m)': rounded(coordinates[0]!.peakDeviation),
      'slowest mode |λ|': rounded(Math.hypot(re[0]!, im[0]!)),
    })
  }
  engine.dispose()
  return rows
}

/** Four digits are enough for a table. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await run())
