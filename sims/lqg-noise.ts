/**
 * What does a filter gain over feedback of noisy measurements as they are? LQG against LQR with the same weights and the same noise,
 * from rest at the point, so that noise alone moves the robot. Where positions alone are measured, LQR takes velocities from differences.
 */
import { fileURLToPath } from 'node:url'
import {
  type Controller,
  type Cost,
  createEngine,
  type Engine,
  type Linearization,
  linearize,
  loadScene,
  lqg,
  lqgController,
  lqr,
  lqrController,
  simulate,
  taskCost,
  type Trajectory,
} from 'jacsense'
import { rounded } from './parts/rounded.ts'

export interface Row {
  readonly robot: string
  readonly measured: string
  readonly 'σ (m, rad, m/s, rad/s)': number
  readonly controller: string
  readonly survived: number
  readonly 'of runs': number
  readonly 'rms deviation': number | null // of runs that survived, m, rad, m/s and rad/s together
  readonly 'rms control (N)': number | null
  readonly 'what fell first': string
}

const ROBOTS = ['cartpole', 'double-cartpole']
const SIGMAS = [0.001, 0.01, 0.1, 0.2] // of every measured coordinate, in its unit
const PROCESS = { positions: 1e-4, velocities: 1e-2 } // what the filter takes a step to add unforeseen, standard deviations
const DURATION = 10 // s
const FALLEN = Math.PI / 2 // rad, of any pole
const SEEDS = 10

/** `budget`: seeds; 1 is but the smallest noise. */
export async function run({ budget = SEEDS }: { budget?: number } = {}): Promise<Row[]> {
  const rows: Row[] = []
  for (const robot of ROBOTS) {
    const scene = await loadScene(robot)
    const engine = await createEngine(scene)
    const lin = await linearize(engine)
    const cost = taskCost(scene.task!, engine.layout)
    for (const measured of ['all', 'positions'] as const)
      for (const sigma of budget === 1 ? SIGMAS.slice(0, 1) : SIGMAS)
        for (const [name, controllerOf] of controllers(engine, lin, cost, measured, sigma)) {
          const runs: Trajectory[] = []
          for (let seed = 1; seed <= budget; seed++)
            runs.push(await simulate(engine, controllerOf(), { duration: DURATION, measurement: { sigma, seed } }))
          rows.push({ robot, measured, 'σ (m, rad, m/s, rad/s)': sigma, controller: name, ...told(runs) })
        }
    engine.dispose()
  }
  return rows
}

/** Two of the same weights; a new one for each run, since both remember. */
function controllers(
  engine: Engine,
  lin: Linearization,
  cost: Cost,
  measured: 'all' | 'positions',
  sigma: number,
): [string, () => Controller][] {
  const { dx, nv } = engine.layout
  const { K, message } = lqr(lin, cost)
  if (K === null) throw new Error(`no gain: ${message}`)
  const names = dx.map(({ name }) => name)
  const outputs = measured === 'all' ? names : names.slice(0, nv)
  const W = diagonal(names.map((_, i) => (i < nv ? PROCESS.positions : PROCESS.velocities) ** 2))
  const V = diagonal(outputs.map(() => sigma ** 2))
  const design = lqg(lin, cost, { outputs, W, V })
  if (design.result !== 'solved') throw new Error(design.message)
  const raw = lqrController(lin, K, engine.difference)
  return [
    ['LQR', () => (measured === 'all' ? raw : withDifferences(raw, engine))],
    ['LQG', () => lqgController(lin, design, engine.difference)],
  ]
}

/** Passes on the positions that it is given, and as velocities how they have changed since the step before. Joints that turn or slide. */
function withDifferences(controller: Controller, { home, layout: { nx, nv }, dt }: Engine): Controller {
  const before = home.x.slice()
  const seen = new Float64Array(nx)
  return {
    name: `${controller.name} on differences`,
    control(x, t, uOut) {
      for (let i = 0; i < nv; i++) {
        seen[i] = x[i]!
        seen[nv + i] = (x[i]! - before[i]!) / dt
        before[i] = x[i]!
      }
      controller.control(seen, t, uOut)
    },
  }
}

function told(runs: readonly Trajectory[]) {
  const fallen = runs.map(fallenFirst)
  const upright = runs.filter((_, k) => fallen[k] === null)
  const counts = new Map<string, number>()
  for (const name of fallen) if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1)
  const rms = (of: (run: Trajectory) => Float64Array) => {
    if (upright.length === 0) return null
    const squares = upright.map((run) => of(run).reduce((sum, value) => sum + value * value, 0) / run.steps)
    return rounded(Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / upright.length))
  }
  return {
    survived: upright.length,
    'of runs': runs.length,
    'rms deviation': rms(({ dX }) => dX),
    'rms control (N)': rms(({ U }) => U),
    'what fell first': [...counts].map(([name, count]) => `${name} ${count}`).join(', '),
  }
}

/** The pole that is first beyond the horizontal, or what was not finite before one was; null where all stand. */
function fallenFirst({ dX, steps, stoppedAt, layout: { dx, ndx } }: Trajectory): string | null {
  for (let k = 0; k <= steps; k++)
    for (const [i, { name }] of dx.entries())
      if (name.endsWith('.angle') && Math.abs(dX[k * ndx + i]!) > FALLEN) return name
  return stoppedAt?.coordinate ?? null
}

function diagonal(values: readonly number[]): number[][] {
  return values.map((value, i) => values.map((_, j) => (i === j ? value : 0)))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await run())
