/** From a linearization and a cost to a controller, as data that may travel to where it runs. What few of them take is loaded for those. */
import { type LqrOptions, lqr } from '../control/lqr.ts'
import type { Engine } from '../engine/engine.ts'
import type { Linearization } from '../linearization/linearization.ts'
import type {
  ControllerDesign,
  ControllerProblem,
  DesignControllerOptions,
  DesignedController,
  Regulator,
} from './controllerDesign.ts'
import type { ControllerSettings } from './controllerSettings.ts'
import { DesignFailure, requireGain } from './designFailure.ts'
import type { Cost } from './taskCost.ts'

/**
 * Throws InputError on settings that do not fit (`checkControllerSettings` finds them before the long work), DesignFailure where LQR, a
 * filter or the first rollout of iLQR can't be had.
 */
export async function designController(
  engine: Engine,
  lin: Linearization,
  settings: ControllerSettings,
  { cost, x0, duration }: ControllerProblem,
  options: DesignControllerOptions = {},
): Promise<DesignedController> {
  const { controller } = settings
  const { unreached = 'refuse', seed = 1 } = options
  const none = { K: null, integral: null, filter: null, receding: null, trajectory: null }
  const { c, xBar, uBar } = lin
  const plain: ControllerDesign = { ...none, controller, A: lin.A.to2DArray(), B: lin.B.to2DArray(), c, xBar, uBar }
  const result = { design: plain, regulator: null, estimator: null, optimum: null }
  if (controller === 'none') return result
  if (controller === 'lqg') {
    const { lqg } = await import('../control/lqg.ts')
    const { estimatorNoise } = await import('./estimatorNoise.ts')
    const { sigma, ...noise } = estimatorNoise(settings, engine.layout)
    const { regulator, filter } = lqg(lin, cost!, noise, { unreached })
    requireGain(regulator)
    if (filter.result !== 'solved') throw new DesignFailure(`lqg: ${filter.result}: ${filter.message}`)
    const travelling = { L: filter.L!.to2DArray(), C: filter.C.to2DArray(), measurement: { sigma, seed } }
    const design = { ...plain, K: regulator.K!.to2DArray(), filter: travelling }
    return { ...result, design, regulator, estimator: { filter, W: noise.W, V: noise.V } }
  }
  const regulator = await designRegulator(lin, cost!, settings, { unreached })
  const isPlanned = controller !== 'lqr'
  // plans with a last weight of their own can do without
  if (!isPlanned || settings.qf === undefined) requireGain(regulator)
  const { K, integral } = regulator
  const linear = {
    ...plain,
    K: K?.to2DArray() ?? null,
    integral: integral?.Kz ? { Kz: integral.Kz.to2DArray(), C: integral.C.to2DArray() } : null,
  }
  if (!isPlanned) return { ...result, design: linear, regulator }
  const { planController } = await import('./planController.ts')
  const planned = await planController(engine, linear, settings, { cost: cost!, x0, duration, P: regulator.P }, options)
  return { ...result, ...planned, regulator }
}

/** LQR, with integral action where it is asked for. */
export async function designRegulator(
  lin: Linearization,
  cost: Cost,
  settings: Pick<ControllerSettings, 'integral' | 'qz'>,
  options: LqrOptions,
): Promise<Regulator> {
  if (settings.integral === undefined) return lqr(lin, cost, options)
  const { integralCost } = await import('./integralCost.ts')
  const integral = integralCost(settings, lin.layout)!
  const { integralAction } = await import('../control/integralAction.ts')
  const { Kz, C, ...design } = integralAction(lin, { ...cost, ...integral }, options)
  return { ...design, integral: { Kz, C, outputs: integral.outputs } }
}
