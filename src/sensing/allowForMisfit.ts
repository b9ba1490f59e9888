/**
 * Held-out differences that a Jacobian meets within its tolerance may still be off by far more than noise can do: curvature, of columns
 * whose step was too long for it, is no noise, and no standard error of a fit knows of it. What they are off by is then added to the
 * errors of the entries that they moved.
 */
import type { Judgement } from './judge.ts'
import { spanInto } from './perturb.ts'
import type { Measurements, Plan } from './plan.ts'
import type { Statistics } from './recover/recovery.ts'

/** Standard deviations of noise beyond which a misfit is of something else. */
const BEYOND = 8

/** Statistics that allow for it. Misfits above the tolerance are gross errors of the held-out difference, or fail the row: no matter here. */
export function allowForMisfit(
  plan: Plan,
  { at, scale, scheme }: Measurements,
  { misfits: { misfit, size, count }, floor }: Judgement,
  statistics: Statistics,
): Statistics {
  const { inputs: n, outputs: m, heldOut: D, heldOutSteps, tolerance } = plan
  const own = new Float64Array(m * n) // variance of each entry, in outputs per typical input
  const span = new Float64Array(n)
  let isAny = false
  for (let t = 0; t < count; t++) {
    spanInto(span, at, scale, D, t * n, heldOutSteps[t]!, scheme)
    let reach = 0
    for (let j = 0; j < n; j++) reach += (span[j]! / scale[j]!) ** 2
    for (let i = 0; i < m; i++) {
      const off = Math.abs(misfit[t * m + i]!)
      const expected = Math.hypot(
        statistics.deviation[i]! || 0,
        Math.sqrt(statistics.variance(i, span)) || 0,
        floor[i]!,
      )
      if (!(off > BEYOND * expected && off <= tolerance * size[t * m + i]!)) continue
      isAny = true
      for (let j = 0; j < n; j++) if (D[t * n + j] !== 0) own[i * n + j] = Math.max(own[i * n + j]!, off ** 2 / reach)
    }
  }
  if (!isAny) return statistics
  for (const { row, from } of plan.ties?.tiedRows ?? [])
    for (let j = 0; j < n; j++) {
      const carried = from.reduce((sum, { index, value }) => sum + value ** 2 * own[index * n + j]!, 0)
      own[row * n + j] = Math.max(own[row * n + j]!, carried)
    }
  return {
    ...statistics,
    variance(i, moved) {
      let sum = statistics.variance(i, moved)
      for (let j = 0; j < n; j++) sum += own[i * n + j]! * (moved[j]! / scale[j]!) ** 2
      return sum
    },
  }
}
