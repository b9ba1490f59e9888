/** A simulator with A and B sensed along trajectories: what `ilqr` and `mpc` work on. */
import type { Blackbox } from '../../blackbox/blackbox.ts'
import type { Engine } from '../../engine/engine.ts'
import { checkScheme, type Scheme } from '../../sensing/stencil.ts'
import { defaultStep } from '../../sensing/steps.ts'
import type { StepPool } from '../linearize.ts'
import { createDifferenceJacobian } from './differenceJacobian.ts'
import type { Dynamics, RolloutTask } from './dynamics.ts'
import { knotMotions } from './knotMotions.ts'
import { knotPlans } from './knotPlans.ts'
import { nativeKnots } from './nativeKnots.ts'
import { noisyKnots } from './noisyKnots.ts'
import { smoothKnots } from './smoothKnots.ts'

export interface SensedDynamicsOptions {
  /**
   * 'auto' (default): columns that the engine's structure lets move together where that is clearly cheaper, else its own derivatives where
   * it has some; 'dense': every column alone; 'native': the engine's own derivatives.
   */
  readonly method?: 'auto' | 'dense' | 'native' | undefined
  /** Default 'forward', whose base the rollout gives for nothing; 'central' where the engine asks for steps of its own, and under noise. */
  readonly scheme?: Exclude<Scheme, 'five-point'> | undefined
  readonly step?: number | undefined // relative to max(1, |coordinate|), absolute for angles; default: as of `linearize`, under noise by its level
  /** Share of the calls of dense differences that held-out checks may take beside, default 0.04; 0: no checks. */
  readonly checks?: number | undefined
  readonly tolerance?: number | undefined // of the checks; default: as of `linearize`; not under noise, which tells itself what to expect
  /**
   * Measure every `spacing`-th knot only, and take A and B between them as linear in time where a held-out direction in the middle agrees
   * within `tolerance` (default 0.01) of what a step changes; halved where it does not.
   */
  readonly interpolate?: { readonly spacing: number; readonly tolerance?: number | undefined } | undefined
  /** Standard deviation of the noise of a step's outcome, one for all or of each dx entry [ndx]. */
  readonly noise?: number | ArrayLike<number> | undefined
  /** true: some steps are grossly wrong, or give NaN. */
  readonly robust?: boolean | undefined
  /** Of noise and robust: directions at each knot, one of them held out; default: as many as dense differences take. */
  readonly directions?: number | undefined
  readonly seed?: number | undefined
  /** Workers that share the steps: the same numbers to the last bit. */
  readonly pool?: StepPool | undefined
  /**
   * Wraps what is measured, z = (δx, δu) ↦ f(x_k ⊕ δx, u_k + δu) ⊖ f(x_k, u_k): to count, or spoil it in experiments. It comes in
   * batches (`evaluateBatch`); a wrapper without that is asked point by point.
   */
  readonly wrap?: ((blackbox: Blackbox) => Blackbox) | undefined
}

/** Of the directions of dense differences, where the engine has derivatives of its own. */
const WORTHWHILE = 0.9

/**
 * The engine as dynamics for trajectory optimization. Colorings, patterns and ties are prepared once and used at all knots and in all
 * iterations where the engine's structure is the same; some knots are checked along held-out directions, others each time, and measured
 * again without assumptions where that fails. Calls never exceed those of dense differences by more than 5 %, but for noise and robust,
 * which take what `directions` says. Throws RangeError on options that do not fit.
 */
export function sensedDynamics(engine: Engine, options: SensedDynamicsOptions = {}): Dynamics {
  const { noise, robust = false, method = 'auto', seed = 1, checks = 0.04, interpolate } = options
  const isNoisy = noise !== undefined || robust
  if (method !== 'auto' && method !== 'dense' && method !== 'native')
    throw new RangeError(`sensedDynamics: method must be 'auto', 'dense' or 'native', got ${String(method)}`)
  if (method === 'native' && !engine.derivatives)
    throw new RangeError(`sensedDynamics: engine '${engine.name}' has no derivatives of its own`)
  if (isNoisy && (method === 'native' || interpolate))
    throw new RangeError('sensedDynamics: noise and robust exclude native derivatives and interpolation')
  if (!(checks >= 0 && checks <= 0.05))
    throw new RangeError(`sensedDynamics: checks must be between 0 and 0.05, got ${checks}`)
  if (interpolate && !(Number.isSafeInteger(interpolate.spacing) && interpolate.spacing >= 1))
    throw new RangeError(`sensedDynamics: interpolate.spacing must be an integer ≥ 1, got ${interpolate.spacing}`)
  const scheme = options.scheme ?? (isNoisy || engine.differenceStep !== undefined ? 'central' : 'forward')
  checkScheme('sensedDynamics', scheme)
  const step = options.step ?? engine.differenceStep ?? defaultStep(scheme)
  if (!(Number.isFinite(step) && step > 0))
    throw new RangeError(`sensedDynamics: step must be a finite number > 0, got ${step}`)

  const motions = knotMotions(engine, options.pool, options.wrap)
  const plans = knotPlans(engine, method === 'dense' ? 'dense' : 'auto')
  const { tolerance, directions } = options
  const smooth = { motions, plans, scheme, step, tolerance, checks, seed, interpolate }
  const measured = isNoisy
    ? noisyKnots(engine, { motions, plans, noise, robust, directions, seed, step: options.step })
    : smoothKnots(engine, smooth)
  const native = engine.derivatives && nativeKnots(engine, smooth)
  const { ndx, nu } = engine.layout
  let chosen = method === 'native' ? native! : null
  if (isNoisy || native === undefined || options.wrap || method === 'dense') chosen ??= measured
  const linearizeInto: Dynamics['linearizeInto'] = (A, B, knots, signal) => {
    // as `linearize`: coloring where it is clearly cheaper than dense differences, which the engine's own derivatives stand for
    chosen ??= plans.common(knots).plan.directions <= WORTHWHILE * (ndx + nu) ? measured : native!
    return chosen(A, B, knots, signal)
  }
  const { pool } = options
  const { layout, dt, step: take, integrate, difference } = engine
  return {
    layout,
    dt,
    step: (x, u, xNext) => take.call(engine, x, u, xNext),
    integrate: (x, dx, xOut) => integrate.call(engine, x, dx, xOut),
    difference: (x1, x0, dxOut) => difference.call(engine, x1, x0, dxOut),
    differenceJacobian: createDifferenceJacobian(engine),
    linearizeInto,
    ...(pool?.rollouts && { rollouts: (task: RolloutTask) => pool.rollouts!(engine, task) }),
  }
}
