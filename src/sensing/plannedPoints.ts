import { pointInto } from './perturb.ts'
import { callsPerDirection, type Plan } from './plan.ts'
import { checkVector, resolveScale } from './steps.ts'

/**
 * The points that `measure` would evaluate, for evaluating them elsewhere: on other machines, or on a robot. Point p stands at
 * Z[p·n …]. Forward: the base point, then one point a direction; central: plus and minus side of each direction. The plan's
 * directions come first, then the held-out ones. `measurementsFromValues` takes the answers. Throws RangeError on sizes that do
 * not fit.
 */
export function plannedPoints(
  plan: Plan,
  { at, scale }: { at: ArrayLike<number>; scale?: ArrayLike<number> | undefined }, // [n], [n]
): { count: number; Z: Float64Array } {
  const n = plan.inputs
  checkVector('plannedPoints', 'at', at, n)
  const sizes = resolveScale('plannedPoints', at, scale)
  const forward = plan.scheme === 'forward'
  const all = plan.directions + plan.heldOutDirections
  const count = all === 0 ? 0 : all * callsPerDirection(plan.scheme) + (forward ? 1 : 0)
  const Z = new Float64Array(count * n)
  let p = 0
  const next = () => Z.subarray(p * n, ++p * n)
  if (forward && count > 0) next().set(Array.from(at))
  const add = (D: readonly number[], steps: readonly number[]) => {
    for (let t = 0; t < steps.length; t++) {
      pointInto(next(), at, sizes, D, t * n, steps[t]!)
      if (!forward) pointInto(next(), at, sizes, D, t * n, -steps[t]!)
    }
  }
  add(plan.D, plan.steps)
  add(plan.heldOut, plan.heldOutSteps)
  return { count, Z }
}
