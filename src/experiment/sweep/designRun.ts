/** The controller of a run, designed with what the design knows: the linearization at the point, LQR there, filters and plans. */
import { withCorruption } from '../../blackbox/withCorruption.ts'
import { withNoise } from '../../blackbox/withNoise.ts'
import type { Controller } from '../../control/controller.ts'
import { delayedController } from '../../control/delayedController.ts'
import type { Engine, Point } from '../../engine/engine.ts'
import type { Linearization } from '../../linearization/linearization.ts'
import { linearize } from '../../linearization/linearize.ts'
import type { EstimatorSettings, RunSettings } from '../../scene/sweep/runSettings.ts'
import type { Regulator } from '../controllerDesign.ts'
import { controllerOf } from '../controllerOf.ts'
import { designController } from '../designController.ts'
import { controllerSettings, type ResolvedRun } from './resolveRun.ts'

export interface DesignedRun {
  readonly controller: Controller
  readonly regulator: Regulator | null
  readonly planning: { readonly result: string; readonly iterations: number } | null // of iLQR
}

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

/** Throws DesignFailure where there is no such controller. */
export async function designRun(
  { engine, lin, x0 }: { engine: Engine; lin: Linearization; x0: Float64Array },
  { controller, estimator = {} }: RunSettings,
  { cost, unreached, duration, latency }: ResolvedRun,
  { seed }: { seed: number },
): Promise<DesignedRun> {
  const { method, scheme, noise, robust } = estimator
  const isNoisy = typeof noise === 'number' || robust === true
  const sensing = {
    method: method === 'dense' || method === 'native' ? method : ('auto' as const),
    ...(scheme !== undefined && scheme !== 'five-point' && { scheme }),
    ...(isNoisy && { noise: typeof noise === 'number' ? noise : 0, robust: robust === true }),
    seed,
  }
  const problem = { cost, x0, duration }
  const options = { unreached, seed, sensing }
  const { design, regulator, optimum } = await designController(
    engine,
    lin,
    controllerSettings(controller),
    problem,
    options,
  )
  const { controller: prompt } = await controllerOf(engine, design, { sensing })
  return {
    controller: delayedController(prompt, latency, lin.uBar),
    regulator,
    planning: optimum && { result: optimum.result, iterations: optimum.iterations },
  }
}
