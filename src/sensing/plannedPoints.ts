import { pointInto } from './perturb.ts'
import type { Plan } from './plan.ts'
import { stencilOf } from './stencil.ts'
import { checkVector, resolveScale } from './steps.ts'

/**
 * The points that `measure` would evaluate, for evaluating them elsewhere: on other machines, or on a robot. Point p stands at
 * Z[p·n …]. Forward: the base point, then one point a direction; central: plus and minus side of each direction; five-point: those
 * at one step, then those at two. The plan's
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
  const { offsets, baseWeight } = stencilOf(plan.scheme)
  const withBase = baseWeight !== 0
  const all = plan.directions + plan.heldOutDirections
  const count = all === 0 ? 0 : all * offsets.length + (withBase ? 1 : 0)
  const Z = new Float64Array(count * n)
  let p = 0
  const next = () => Z.subarray(p * n, ++p * n)
  if (withBase && count > 0) next().set(Array.from(at))
  const add = (D: readonly number[], steps: readonly number[]) => {
    for (let t = 0; t < steps.length; t++)
      for (const offset of offsets) pointInto(next(), at, sizes, D, t * n, offset * steps[t]!)
  }
  add(plan.D, plan.steps)
  add(plan.heldOut, plan.heldOutSteps)
  return { count, Z }
}
