/** What trajectory optimization needs of a simulator: its step, its tangent, and A and B along a trajectory. */

import type { Blackbox } from '../../blackbox/blackbox.ts'
import type { Layout } from '../../engine/engine.ts'

/** A simulator with derivatives along trajectories. `sensedDynamics(engine)` makes one of any engine. */
export interface Dynamics {
  readonly layout: Layout
  readonly dt: number // s, of a step
  step(x: Float64Array, u: Float64Array, xNext: Float64Array): void
  /** x ⊕ dx; xOut may be x. */
  integrate(x: Float64Array, dx: Float64Array, xOut: Float64Array): void
  /** x1 ⊖ x0. */
  difference(x1: Float64Array, x0: Float64Array, dxOut: Float64Array): void
  /** E = ∂((x1 ⊕ δ) ⊖ x0)/∂δ at δ = 0, row-major [ndx × ndx]: the identity but for rotations. */
  differenceJacobian(x1: Float64Array, x0: Float64Array, E: Float64Array): void
  /**
   * Writes A_k = ∂f/∂x and B_k = ∂f/∂u in the tangents at x_k and at f(x_k, u_k), for k < N. Rejects with the signal's reason when aborted,
   * and with an error that names coordinate and knot where a step gives no number.
   */
  linearizeInto(
    A: Float64Array, // [N × ndx × ndx]
    B: Float64Array, // [N × ndx × nu]
    knots: Knots,
    signal?: AbortSignal,
  ): Promise<DerivativeReport>
  /** Rollouts by step length, on several cores: a blackbox with a parallel `evaluateBatch` (control/ilqr/rolloutBlackbox.ts). */
  rollouts?(task: RolloutTask): Blackbox
}

/** What is rolled out with a step length α: x_{k+1} = f(x_k, u_k) ⊕ (α − 1) gap_{k+1}, u_k = clamp(ū_k + α d_k − K_k (x_k ⊖ x̄_k)). */
export interface RolloutTask {
  readonly N: number
  readonly x0: Float64Array // [nx]
  readonly X: Float64Array // x̄, [(N + 1) × nx]
  readonly U: Float64Array // ū, [N × nu]
  readonly gaps: Float64Array // [(N + 1) × ndx]
  readonly d: Float64Array // [N × nu]
  readonly K: Float64Array // [N × nu × ndx]
  readonly low: Float64Array // limits of the controls, [nu]
  readonly high: Float64Array
}

/** A trajectory to linearize along. */
export interface Knots {
  readonly N: number
  readonly X: Float64Array // [(N + 1) × nx]
  readonly U: Float64Array // [N × nu]
  readonly F: Float64Array // [N × nx], f(x_k, u_k)
}

/** What the derivatives of one trajectory took, and how far they can be trusted. */
export interface DerivativeReport {
  readonly calls: number // steps of the simulator
  readonly callsFor: { readonly directions: number; readonly heldOut: number; readonly repair: number }
  readonly denseCalls: number // what dense differences at every knot take
  readonly measured: number // knots whose A and B were measured
  readonly interpolated: number // the others
  readonly checked: number // knots with held-out directions
  readonly certified: number // of those, within the tolerance
  readonly worstResidual: number // of the checked knots, relative
  readonly isRandom: boolean // of steps with noise: measured again, A and B are others
  readonly notes: readonly string[]
}
