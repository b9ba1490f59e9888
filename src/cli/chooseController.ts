/** What controls a run: nothing, LQR around the point, LQG from noisy outputs, iLQR from the initial state to it, or MPC. */
import { type Command, Option } from 'commander'
import type { Controller } from '../control/controller.ts'
import type { IlqrResult } from '../control/ilqr/ilqrResult.ts'
import type { MpcController } from '../control/mpc/mpc.ts'
import { checkControllerSettings } from '../experiment/checkControllerSettings.ts'
import type { ControllerProblem, Regulator } from '../experiment/controllerDesign.ts'
import { controllerOf } from '../experiment/controllerOf.ts'
import { CONTROLLERS, type ControllerSettings, HORIZON } from '../experiment/controllerSettings.ts'
import { designController } from '../experiment/designController.ts'
import { openEnginePool } from '../experiment/openEnginePool.ts'
import { recordEstimates } from '../experiment/recordEstimates.ts'
import type { Layout } from '../engine/engine.ts'
import type { Linearization } from '../linearization/linearization.ts'
import type { SensedDynamicsOptions } from '../linearization/trajectory/sensedDynamics.ts'
import { InputError } from '../scene/inputError.ts'
import { addEstimatorOptions, type Estimator } from './estimator.ts'
import { addIntegralOptions } from './integral.ts'
import type { Io } from './io.ts'
import { failureOf } from './lqrCommand.ts'
import { called, type LinearizeFlags, positiveNumber, weights, wholeNumber } from './options.ts'
import { type Setup, signalOf } from './prepare.ts'
import { progressLine } from './progress.ts'
import { unreachedOf, type WeightFlags } from './weights.ts'

export interface ControllerFlags extends LinearizeFlags, WeightFlags, ControllerSettings {}

export interface Chosen {
  readonly controller: Controller
  readonly design: Regulator | null
  readonly estimator: Estimator | null
  readonly optimum: IlqrResult | null
  readonly planner: MpcController | null
}

export function addControllerOptions(command: Command): Command {
  const chosen = command.addOption(
    new Option(
      '--controller <name>',
      'what controls the scene; lqg: LQR of a state that a Kalman filter estimates from noisy outputs; ilqr: optimal controls from the initial state to the point, then LQR; mpc: the same over a horizon ' +
        'that recedes',
    )
      .choices(CONTROLLERS)
      .default('lqr'),
  )
  return addIntegralOptions(addEstimatorOptions(chosen))
    .option(
      '--horizon <seconds>',
      `how long iLQR plans (default: the whole run) or MPC plans ahead (default: ${HORIZON})`,
      positiveNumber,
    )
    .option(
      '--qf <weights>',
      "weights of the last state of a plan: one number for all, or name=weight,… (others: 0); default: LQR's cost to go",
      weights,
    )
    .option(
      '--iterations <integer>',
      'of iLQR at most (default: 200), or of each plan of MPC (default: 1)',
      wholeNumber(1),
    )
    .option('--every <integer>', 'steps from plan to plan of MPC (default: 1)', wholeNumber(1))
}

/** Throws InputError on options that the controller has no use for, or that do not fit. */
export function checkControllerFlags(flags: ControllerFlags, layout: Layout): void {
  const { controller, method, noise } = flags
  checkControllerSettings(flags, layout, called)
  if (controller !== 'ilqr' && controller !== 'mpc') return
  if (method !== 'auto' && method !== 'dense' && method !== 'native')
    throw new InputError({
      path: '--method',
      expected: `auto, dense or native with --controller ${controller}`,
      found: method,
    })
  if (noise === 'estimate')
    throw new InputError({
      path: '--noise',
      expected: `a number or none with --controller ${controller}`,
      found: noise,
    })
}

/**
 * The controller, with what it is made of. Throws NumericalFailure where LQR at the point, or the first rollout of iLQR, can't be had.
 */
export async function chooseController(
  setup: Setup,
  flags: ControllerFlags,
  { lin, ...problem }: ControllerProblem & { readonly lin: Linearization },
  io: Io,
): Promise<Chosen> {
  const { scene, engine } = setup
  const sensing = sensingOf(flags)
  const progress = progressLine(io, 'iLQR: iteration')
  const { design, regulator, estimator, optimum } = await designController(engine, lin, flags, problem, {
    unreached: unreachedOf(scene, flags),
    seed: flags.seed,
    sensing,
    openPool: () => poolOf(setup, flags),
    ...signalOf(io),
    onProgress: progress.onProgress,
  })
    .catch((error: unknown) => {
      throw failureOf(error)
    })
    .finally(progress.end)
  const { controller, lqg, planner } = await controllerOf(engine, design, { sensing, ...signalOf(io) })
  const chosen = { controller, design: regulator, estimator: null, optimum, planner }
  if (!lqg || !estimator) return chosen
  const recorder = recordEstimates(lqg)
  const { measurement } = design.filter!
  return { ...chosen, controller: recorder.controller, estimator: { ...estimator, recorder, measurement } }
}

/** Workers for one long computation; batches of MPC are short. */
async function poolOf({ scene }: Setup, { engine, coordinates, workers }: ControllerFlags) {
  return workers > 1 ? openEnginePool(scene, { engine, ...(coordinates && { coordinates }), workers }) : undefined
}

/** How plans sense A and B. */
function sensingOf({ method, scheme, seed, noise, robust }: ControllerFlags): SensedDynamicsOptions {
  const isNoisy = typeof noise === 'number' || robust === true
  return {
    method: method === 'dense' || method === 'native' ? method : 'auto',
    ...(scheme !== undefined && scheme !== 'five-point' && { scheme }),
    ...(isNoisy && { noise: typeof noise === 'number' ? noise : 0, robust: robust === true }),
    seed,
  }
}
