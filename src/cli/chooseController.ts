/** What controls a run: nothing, LQR around the point, LQG from noisy outputs, iLQR from the initial state to it, or MPC. */
import { type Command, Option } from 'commander'
import type { Controller } from '../control/controller.ts'
import { ilqr } from '../control/ilqr/ilqr.ts'
import type { IlqrResult } from '../control/ilqr/ilqrResult.ts'
import { quadraticTracking } from '../control/ilqr/quadraticTracking.ts'
import { trackTrajectory } from '../control/ilqr/trackTrajectory.ts'
import { integralController } from '../control/integralController.ts'
import { lqrController } from '../control/lqrController.ts'
import { type MpcController, mpc } from '../control/mpc/mpc.ts'
import { openLoop } from '../control/openLoop.ts'
import { firstGuess } from '../experiment/firstGuess.ts'
import { type EnginePool, openEnginePool } from '../experiment/openEnginePool.ts'
import { type Cost, taskCost } from '../experiment/taskCost.ts'
import type { Layout } from '../engine/engine.ts'
import type { Linearization } from '../linearization/linearization.ts'
import type { Dynamics } from '../linearization/trajectory/dynamics.ts'
import { sensedDynamics } from '../linearization/trajectory/sensedDynamics.ts'
import { InputError } from '../scene/inputError.ts'
import type { Weights } from '../scene/scene.ts'
import { addEstimatorOptions, designEstimator, type Estimator, type EstimatorFlags, noiseOf } from './estimator.ts'
import { addIntegralOptions, designRegulator, type IntegralFlags, integralCost, type Regulator } from './integral.ts'
import { type Io, NumericalFailure } from './io.ts'
import { requireSolved } from './lqrCommand.ts'
import { type LinearizeFlags, positiveNumber, weights, wholeNumber } from './options.ts'
import { type Setup, signalOf } from './prepare.ts'
import { progressLine } from './progress.ts'
import { unreachedOf, type WeightFlags } from './weights.ts'

export const CONTROLLERS = ['none', 'lqr', 'lqg', 'ilqr', 'mpc'] as const

export interface ControllerFlags extends LinearizeFlags, WeightFlags, EstimatorFlags, IntegralFlags {
  readonly controller: (typeof CONTROLLERS)[number]
  readonly horizon?: number // s
  readonly qf?: Weights
  readonly iterations?: number
  readonly every?: number
}

export interface Chosen {
  readonly controller: Controller
  readonly design: Regulator | null
  readonly estimator: Estimator | null
  readonly optimum: IlqrResult | null
  readonly planner: MpcController | null
}

const HORIZON = 1 // s, of MPC

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
  const { controller, horizon, qf, iterations, every, method, noise, outputs, measurementNoise, processNoise } = flags
  const plans = controller === 'ilqr' || controller === 'mpc'
  const without = (option: string, value: unknown, expected: string) => {
    if (value !== undefined) throw new InputError({ path: option, expected, found: `--controller ${controller}` })
  }
  if (!plans)
    for (const [option, value] of Object.entries({ '--horizon': horizon, '--qf': qf, '--iterations': iterations }))
      without(option, value, '--controller ilqr or mpc')
  if (controller === 'lqr') integralCost(flags, layout)
  else {
    without('--integral', flags.integral, '--controller lqr')
    without('--qz', flags.qz, '--controller lqr')
  }
  if (controller === 'lqg') noiseOf(flags, layout)
  else {
    without('--outputs', outputs, '--controller lqg')
    without('--measurement-noise', measurementNoise, '--controller lqg')
    without('--process-noise', processNoise, '--controller lqg')
  }
  if (controller !== 'mpc') without('--every', every, '--controller mpc')
  if (plans && method !== 'auto' && method !== 'dense' && method !== 'native')
    throw new InputError({
      path: '--method',
      expected: `auto, dense or native with --controller ${controller}`,
      found: method,
    })
  if (plans && noise === 'estimate')
    throw new InputError({
      path: '--noise',
      expected: `a number or none with --controller ${controller}`,
      found: noise,
    })
  if (qf !== undefined) lastWeights(qf, layout)
}

/** The weights of a plan's last state that the command line gives. */
function lastWeights(qf: Weights, layout: Layout) {
  return taskCost({ Q: qf, R: 1 }, layout, { Q: { path: '--qf' }, R: { path: 'R' } }).Q
}

/**
 * The controller, with what it is made of. Throws NumericalFailure where LQR at the point, or the first rollout of iLQR, can't be had.
 */
export async function chooseController(
  setup: Setup,
  flags: ControllerFlags,
  { cost, x0, duration, lin }: { cost: Cost | null; x0: Float64Array; duration: number; lin: Linearization },
  io: Io,
): Promise<Chosen> {
  const { scene, engine, point } = setup
  const none = { design: null, estimator: null, optimum: null, planner: null }
  if (flags.controller === 'none') return { ...none, controller: openLoop(point.u) }
  const options = { unreached: unreachedOf(scene, flags) }
  if (flags.controller === 'lqg') {
    const { regulator, estimator } = designEstimator(lin, cost!, engine, flags, options)
    return { ...none, controller: estimator.recorder.controller, design: regulator, estimator }
  }
  const design = designRegulator(lin, cost!, flags, options)
  const isPlanned = flags.controller !== 'lqr'
  // plans with a last weight of their own can do without
  if (!isPlanned || flags.qf === undefined) requireSolved(design)
  if (design.integral) {
    const controller = integralController(lin, { ...design, ...design.integral }, engine.difference)
    return { ...none, controller, design }
  }
  const standing = design.K && lqrController(lin, design.K, engine.difference)
  if (!isPlanned) return { ...none, controller: standing!, design }

  const Qf = flags.qf === undefined ? design.P! : lastWeights(flags.qf, engine.layout)
  const isReceding = flags.controller === 'mpc'
  const dynamics = dynamicsOf(setup, flags, undefined)
  const tracking = quadraticTracking(dynamics, { ...cost!, Qf, xGoal: point.x, uGoal: point.u })
  const horizon = flags.horizon ?? (isReceding ? HORIZON : duration)
  const guess = await firstGuess(setup, standing, { x0, horizon, cost: tracking }, io.signal)
  if (isReceding) {
    const planner = mpc(
      dynamics,
      { cost: tracking, duration: horizon, guess },
      {
        ...(flags.iterations !== undefined && { iterations: flags.iterations }),
        ...(flags.every !== undefined && { every: flags.every }),
        ...signalOf(io),
      },
    )
    return { ...none, controller: planner, design, planner }
  }
  const pool = await poolOf(setup, flags)
  const progress = progressLine(io, 'iLQR: iteration')
  const optimum = await ilqr(
    dynamicsOf(setup, flags, pool),
    { x0, cost: tracking, duration: horizon, guess },
    {
      ...(flags.iterations !== undefined && { maxIterations: flags.iterations }),
      ...signalOf(io),
      onProgress: progress.onProgress,
    },
  ).finally(() => {
    progress.end()
    return pool?.close()
  })
  if (optimum.result === 'diverged' || optimum.result === 'indefinite')
    throw new NumericalFailure(`ilqr: ${optimum.result}: ${optimum.message}`)
  const controller = trackTrajectory(optimum, engine.difference, standing ?? undefined)
  return { ...none, controller, design, optimum }
}

/** Workers for one long computation; batches of MPC are short. */
async function poolOf({ scene }: Setup, { engine, coordinates, workers }: ControllerFlags) {
  return workers > 1 ? openEnginePool(scene, { engine, ...(coordinates && { coordinates }), workers }) : undefined
}

function dynamicsOf(
  { engine }: Setup,
  { method, scheme, seed, noise, robust }: ControllerFlags,
  pool: EnginePool | undefined,
): Dynamics {
  const isNoisy = typeof noise === 'number' || robust === true
  return sensedDynamics(engine, {
    method: method === 'dense' || method === 'native' ? method : 'auto',
    ...(scheme !== undefined && scheme !== 'five-point' && { scheme }),
    ...(isNoisy && { noise: typeof noise === 'number' ? noise : 0, robust: robust === true }),
    seed,
    pool,
  })
}
