/** Can iLQR swing robots up that have fewer motors than joints, and does LQR catch them? From hanging at rest to standing, in cannon-es. */
import { fileURLToPath } from 'node:url'
import { createEngine, linearize, loadScene, lqr, lqrController, simulate, taskCost, trackTrajectory } from 'jacsense'
import { rounded } from './parts/rounded.ts'
import { ACROBOT, CARTPOLE, DOUBLE_CARTPOLE, hangingState, type SwingUp, swingUp } from './parts/swingUp.ts'

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

const TASKS = [CARTPOLE, ACROBOT, DOUBLE_CARTPOLE]
const CATCH = 4 // s under LQR

/** Swings, then catches. `budget`: how many robots. */
export async function run({ budget = TASKS.length }: { budget?: number } = {}): Promise<Row[]> {
  const rows: Row[] = []
  for (const task of TASKS.slice(0, budget)) rows.push(await swingAndCatch(task))
  return rows
}

async function swingAndCatch(task: SwingUp): Promise<Row> {
  const scene = await loadScene(task.scene)
  const engine = await createEngine(scene)
  const { ndx, nu } = engine.layout
  const found = await swingUp(engine, task, {}, { tolerance: 1e-4, maxIterations: 300 })

  const lin = await linearize(engine)
  const { K, message } = lqr(lin, taskCost(scene.task!, engine.layout))
  if (K === null) throw new Error(`no gain for ${task.scene}: ${message}`)
  const controller = trackTrajectory(found, engine.difference, lqrController(lin, K, engine.difference))
  const { dX } = await simulate(engine, controller, {
    x0: hangingState(engine, task),
    duration: task.duration + CATCH,
  })
  const deviation = (k: number) => Math.max(...dX.subarray(k * ndx, (k + 1) * ndx).map(Math.abs))
  const { calls, history } = found
  const checks = (of: 'checked' | 'certified') => history.reduce((sum, { derivatives }) => sum + derivatives[of], 0)
  engine.dispose()
  return {
    robot: task.scene,
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

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await run())
