/** The controller of a design, to run on an engine. What takes a memory or a plan is loaded for those that need it. */
import type { Controller } from '../control/controller.ts'
import type { LqgController } from '../control/lqgController.ts'
import { lqrController } from '../control/lqrController.ts'
import type { MpcController } from '../control/mpc/mpc.ts'
import { openLoop } from '../control/openLoop.ts'
import type { Engine } from '../engine/engine.ts'
import { toMatrix } from '../linalg/dense.ts'
import type { SensedDynamicsOptions } from '../linearization/trajectory/sensedDynamics.ts'
import type { ControllerDesign, Receding } from './controllerDesign.ts'

export interface RunningController {
  readonly controller: Controller
  readonly lqg: LqgController | null // where the controller is one
  readonly planner: MpcController | null
}

export interface ControllerOfOptions {
  readonly sensing?: SensedDynamicsOptions // of plans on the way
  readonly signal?: AbortSignal // of these
  readonly onProgress?: (done: number, total: number) => void // of the iterations of one of these
}

export async function controllerOf(
  engine: Engine,
  design: ControllerDesign,
  options: ControllerOfOptions = {},
): Promise<RunningController> {
  const { controller, xBar, uBar, K, integral, filter, receding, trajectory } = design
  const { difference, layout } = engine
  const alone = (only: Controller): RunningController => ({ controller: only, lqg: null, planner: null })
  if (controller === 'none') return alone(openLoop(uBar))
  const matrix = (rows: number[][], name: string) => toMatrix(rows, 'controllerOf', name)
  const [A, B] = [matrix(design.A, 'A'), matrix(design.B, 'B')]
  if (filter) {
    const { lqgController } = await import('../control/lqgController.ts')
    const halves = {
      regulator: { K: matrix(K!, 'K'), message: '' },
      filter: { L: matrix(filter.L, 'L'), C: matrix(filter.C, 'C'), message: '' },
    }
    const lqg = lqgController({ A, B, c: design.c, xBar, uBar, layout }, halves, difference)
    return { controller: lqg, lqg, planner: null }
  }
  if (integral) {
    const { integralController } = await import('../control/integralController.ts')
    const gains = { K: matrix(K!, 'K'), Kz: matrix(integral.Kz, 'Kz'), C: matrix(integral.C, 'C'), message: '' }
    return alone(integralController({ A, xBar, uBar, dt: engine.dt, layout }, gains, difference))
  }
  if (receding) {
    const planner = await plannerOf(engine, design, receding, options)
    return { controller: planner, lqg: null, planner }
  }
  const standing = K && lqrController({ A, xBar, uBar }, K, difference)
  if (!trajectory) return alone(standing!)
  const { trackTrajectory } = await import('../control/ilqr/trackTrajectory.ts')
  return alone(trackTrajectory(trajectory, difference, standing ?? undefined))
}

async function plannerOf(
  engine: Engine,
  { xBar, uBar }: ControllerDesign,
  { Q, R, Qf, horizon, U, ...own }: Receding,
  { sensing, ...options }: ControllerOfOptions,
): Promise<MpcController> {
  const { mpc } = await import('../control/mpc/mpc.ts')
  const { quadraticTracking } = await import('../control/ilqr/quadraticTracking.ts')
  const { sensedDynamics } = await import('../linearization/trajectory/sensedDynamics.ts')
  const dynamics = sensedDynamics(engine, sensing)
  const cost = quadraticTracking(dynamics, { Q, R, Qf, xGoal: xBar, uGoal: uBar })
  return mpc(dynamics, { cost, duration: horizon, guess: { U } }, { ...own, ...options })
}
