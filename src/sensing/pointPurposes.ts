import type { Plan } from './plan.ts'
import { plannedPoints } from './plannedPoints.ts'
import { callsPerDirection } from './stencil.ts'

/** What each point of `plannedPoints` is for: 'base', 'direction 2' and 'held-out 1', with 'a', 'b', … where they take several. */
export function pointPurposes(plan: Plan): string[] {
  const n = plan.inputs
  const { count } = plannedPoints(plan, { at: new Float64Array(n), scale: new Float64Array(n).fill(1) })
  const each = callsPerDirection(plan.scheme)
  const numBase = count - each * (plan.directions + plan.heldOutDirections)
  return Array.from({ length: count }, (_, p) => {
    if (p < numBase) return 'base'
    const t = Math.floor((p - numBase) / each)
    const which = each === 1 ? '' : String.fromCharCode(97 + ((p - numBase) % each))
    return t < plan.directions ? `direction ${t + 1}${which}` : `held-out ${t - plan.directions + 1}${which}`
  })
}
