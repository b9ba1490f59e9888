/** The controller of a run, designed with what the design knows: the linearization at the point, LQR there, filters and plans. */
import { withCorruption } from '../../blackbox/withCorruption.ts'
import { withNoise } from '../../blackbox/withNoise.ts'
import type { Controller } from '../../control/controller.ts'
import { delayedController } from '../../control/delayedController.ts'
import { ilqr } from '../../control/ilqr/ilqr.ts'
import { quadraticTracking } from '../../control/ilqr/quadraticTracking.ts'
import { trackTrajectory } from '../../control/ilqr/trackTrajectory.ts'
import { integralAction } from '../../control/integralAction.ts'
import { integralController } from '../../control/integralController.ts'
import { lqg } from '../../control/lqg.ts'
import { lqgController } from '../../control/lqgController.ts'
import { type Lqr, lqr } from '../../control/lqr.ts'
import { lqrController } from '../../control/lqrController.ts'
import { mpc } from '../../control/mpc/mpc.ts'
import { openLoop } from '../../control/openLoop.ts'
import type { Engine, Point } from '../../engine/engine.ts'
import type { Linearization } from '../../linearization/linearization.ts'
import { linearize } from '../../linearization/linearize.ts'
import { sensedDynamics } from '../../linearization/trajectory/sensedDynamics.ts'
import type { EstimatorSettings, RunSettings } from '../../scene/sweep/runSettings.ts'
import { firstGuess } from '../firstGuess.ts'
import { RunFailure } from './runFailure.ts'
import type { ResolvedRun } from './resolveRun.ts'

export interface DesignedRun {
  readonly controller: Controller
  readonly design: Lqr | null
  readonly planning: { readonly result: string; readonly iterations: number } | null // of iLQR
}

const HORIZON = 1 // s, of MPC

/** A and B at the point, as the estimator of the run finds them. Throws what `linearize` throws. */
export function sensedAt(
  engine: Engine,
  point: Point,
  estimator: EstimatorSettings = {},
  { seed }: { seed: number },
): Promise<Linearization> {
  const { method, scheme, maxCalls, tolerance, noise, robust, refine, smoothing, samples, addNoise, corrupt } =
    estimator
  const own = estimator.seed ?? seed
  return linearize(engine, point, {
    ...(method && { method }),
    ...(scheme && { scheme }),
    ...(maxCalls !== undefined && { maxCalls }),
    ...(tolerance !== undefined && { tolerance }),
    ...(noise !== undefined && { noise }),
    ...(robust && { robust }),
    ...(refine && { structure: engine.structure ? { refine } : { sparsity: 'detect' as const } }),
    ...(smoothing !== undefined && { smoothing: { deviations: smoothing, samples } }),
    ...((addNoise || corrupt) && {
      wrap: (blackbox) => {
        const noisy = addNoise ? withNoise(blackbox, { sigma: addNoise, seed: own }) : blackbox
        return corrupt ? withCorruption(noisy, { fraction: corrupt.share, size: corrupt.size, seed: own }) : noisy
      },
    }),
    seed: own,
  })
}

/** Throws RunFailure where there is no such controller. */
export async function designRun(
  { engine, point, lin, x0 }: { engine: Engine; point: Point; lin: Linearization; x0: Float64Array },
  settings: RunSettings,
  run: ResolvedRun,
  { seed }: { seed: number },
): Promise<DesignedRun> {
  const designed = await undelayed({ engine, point, lin, x0 }, settings, run, { seed })
  return { ...designed, controller: delayedController(designed.controller, run.latency, point.u) }
}

async function undelayed(
  { engine, point, lin, x0 }: { engine: Engine; point: Point; lin: Linearization; x0: Float64Array },
  { controller = {}, estimator = {} }: RunSettings,
  { cost, Qf, unreached, filter, integral, duration }: ResolvedRun,
  { seed }: { seed: number },
): Promise<DesignedRun> {
  const none = { design: null, planning: null }
  const { type = 'lqr' } = controller
  if (type === 'none') return { ...none, controller: openLoop(point.u) }
  if (type === 'lqg') {
    const { result, regulator, filter: kalman } = lqg(lin, cost!, filter!, { unreached })
    requireGain(regulator)
    if (result !== 'solved') throw new RunFailure(`lqg: ${kalman.result}: ${kalman.message}`)
    const both = { result, regulator, filter: kalman }
    return { ...none, design: regulator, controller: lqgController(lin, both, engine.difference) }
  }
  if (integral) {
    const { Kz, C, ...design } = integralAction(lin, { ...cost!, ...integral }, { unreached })
    requireGain(design)
    return { ...none, design, controller: integralController(lin, { ...design, Kz, C }, engine.difference) }
  }
  const design = lqr(lin, cost!, { unreached })
  // Plans with a last weight of their own can do without.
  if (type === 'lqr' || Qf === null) requireGain(design)
  const standing = design.K && lqrController(lin, design.K, engine.difference)
  if (type === 'lqr') return { ...none, design, controller: standing! }

  const { method, scheme, noise, robust } = estimator
  const isNoisy = typeof noise === 'number' || robust === true
  const dynamics = sensedDynamics(engine, {
    method: method === 'dense' || method === 'native' ? method : 'auto',
    ...(scheme !== undefined && scheme !== 'five-point' && { scheme }),
    ...(isNoisy && { noise: typeof noise === 'number' ? noise : 0, robust: robust === true }),
    seed,
  })
  const goal = { ...cost!, Qf: Qf ?? design.P!, xGoal: point.x, uGoal: point.u }
  const tracking = quadraticTracking(dynamics, goal)
  const isReceding = type === 'mpc'
  const horizon = controller.horizon ?? (isReceding ? HORIZON : duration)
  const guess = await firstGuess({ engine, point }, standing, { x0, horizon, cost: tracking })
  const { iterations, every } = controller
  if (isReceding) {
    const options = { ...(iterations !== undefined && { iterations }), ...(every !== undefined && { every }) }
    return { ...none, design, controller: mpc(dynamics, { cost: tracking, duration: horizon, guess }, options) }
  }
  const problem = { x0, cost: tracking, duration: horizon, guess }
  const optimum = await ilqr(dynamics, problem, iterations === undefined ? {} : { maxIterations: iterations })
  if (optimum.result === 'diverged' || optimum.result === 'indefinite')
    throw new RunFailure(`ilqr: ${optimum.result}: ${optimum.message}`)
  return {
    design,
    planning: { result: optimum.result, iterations: optimum.iterations },
    controller: trackTrajectory(optimum, engine.difference, standing ?? undefined),
  }
}

function requireGain(design: Lqr): void {
  if (design.result !== 'solved') throw new RunFailure(`lqr: ${design.result}: ${design.message}`)
}
