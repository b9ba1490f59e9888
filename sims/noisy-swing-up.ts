/**
 * Does iLQR swing robots up where the steps for derivatives carry noise, or one in ten is grossly wrong? A and B sensed over many knots
 * together, against central differences with as many calls. Rollouts are those of the simulator itself.
 */
import { fileURLToPath } from 'node:url'
import {
  createEngine,
  linearize,
  loadScene,
  lqr,
  lqrController,
  type SensedDynamicsOptions,
  simulate,
  taskCost,
  trackTrajectory,
  withCorruption,
  withNoise,
} from 'jacsense'
import { rounded } from './parts/rounded.ts'
import { ACROBOT, CARTPOLE, hangingState, swingUp } from './parts/swingUp.ts'

export interface Row {
  readonly robot: string
  readonly 'steps are': string
  readonly derivatives: string
  readonly 'swung up and caught': string
  readonly 'median cost': number
  readonly 'cost without noise': number
  readonly 'median calls an iteration': number
}

const TASKS = [CARTPOLE, ACROBOT]
const SIGMA = 1e-4 // of each entry of a step's outcome, in its unit
const GROSS = { fraction: 0.1, size: 1, of: 'calls' } as const
const CATCH = 4 // s under LQR
const UPRIGHT = 0.05 // largest deviation after it
const SEEDS = 10
const MAX_ITERATIONS = 150

/** `budget`: seeds for each; 1 is but a few iterations of the first robot. */
export async function run({ budget = SEEDS }: { budget?: number } = {}): Promise<Row[]> {
  const isTiny = budget === 1
  const limits = { tolerance: 1e-3, maxIterations: isTiny ? 3 : MAX_ITERATIONS }
  const rows: Row[] = []
  for (const task of isTiny ? TASKS.slice(0, 1) : TASKS) {
    const scene = await loadScene(task.scene)
    const engine = await createEngine(scene)
    const lin = await linearize(engine)
    const { K } = lqr(lin, taskCost(scene.task!, engine.layout))
    if (K === null) throw new Error(`no gain for ${task.scene}`)
    const standing = lqrController(lin, K, engine.difference)
    const clean = await swingUp(engine, task, {}, limits)
    for (const isGross of [false, true]) {
      const wrapFor =
        (seed: number): SensedDynamicsOptions['wrap'] =>
        (blackbox) => {
          const noisy = withNoise(blackbox, { sigma: SIGMA, seed })
          return isGross ? withCorruption(noisy, { ...GROSS, seed: seed + 1000 }) : noisy
        }
      const plain: SensedDynamicsOptions = { method: 'dense', scheme: 'central', checks: 0 }
      const kinds: readonly (readonly [string, SensedDynamicsOptions])[] = [
        ['sensed over many knots', { noise: SIGMA, robust: isGross }],
        ['central differences', plain],
        ['central differences, coarse steps', { ...plain, step: Math.cbrt(3 * SIGMA), tolerance: 0.05 }],
      ]
      for (const [derivatives, options] of kinds) {
        const found: { cost: number; calls: number; isCaught: boolean }[] = []
        for (let seed = 1; seed <= budget; seed++) {
          const one = await swingUp(engine, task, { ...options, seed, wrap: wrapFor(seed) }, limits)
          const x0 = hangingState(engine, task)
          const controller = trackTrajectory(one, engine.difference, standing)
          const { dX, result } = await simulate(engine, controller, { x0, duration: task.duration + CATCH })
          const end = Math.max(...dX.slice(-engine.layout.ndx).map(Math.abs))
          const { derivatives: calls } = one.calls
          const passes = one.calls.denseDerivatives / (2 * one.N * (engine.layout.ndx + engine.layout.nu))
          found.push({ cost: one.cost, calls: calls / passes, isCaught: result === 'completed' && end < UPRIGHT })
        }
        rows.push({
          robot: task.scene,
          'steps are': isGross ? `noisy, ${100 * GROSS.fraction} % grossly wrong` : 'noisy',
          derivatives,
          'swung up and caught': `${found.filter(({ isCaught }) => isCaught).length} of ${budget}`,
          'median cost': rounded(median(found.map(({ cost }) => cost))),
          'cost without noise': rounded(clean.cost),
          'median calls an iteration': median(found.map(({ calls }) => calls)),
        })
      }
    }
    engine.dispose()
  }
  return rows
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await run())
