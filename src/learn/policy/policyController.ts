/** A trained policy as a controller for `simulate`. */
import type { RolloutCost } from './rolloutTask.ts'

/** u = π(θ, x ⊖ xGoal) within the ranges of the controls; theta [p] is copied. */
export function policyController({ control, parameters }: RolloutCost, theta: ArrayLike<number>) {
  if (theta.length !== parameters)
    throw new RangeError(`policyController: theta must hold ${parameters} parameters, got ${theta.length}`)
  const kept = Float64Array.from(theta)
  return {
    name: 'policy',
    control: (x: Float64Array, _t: number, uOut: Float64Array): void => control(kept, x, uOut),
  }
}
