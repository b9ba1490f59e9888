/** A plan for fewer calls than exact recovery takes: the Jacobian nearest to a guess that agrees with as many differences as there are. */
import { densestRow } from './family.ts'
import type { Plan } from './plan.ts'
import { type PrepareOptions, prepareSensing, type SensingStructure } from './prepareSensing.ts'
import { callsPerDirection } from './stencil.ts'

/** Of the directions, held out to tell how far off the estimate is. */
const HELD_OUT_SHARE = 0.25

/**
 * Fits `calls` evaluations beside f(z̄). Rows with no more entries than directions come out exactly, all others as near to the guess as
 * the differences allow (rainbow/nearest.ts). null where there is not even a direction to measure and one to check it.
 */
export function shortPlan(structure: SensingStructure, options: PrepareOptions, calls: number): Plan | null {
  const affordable = Math.floor(calls / callsPerDirection(options.scheme ?? 'central'))
  const heldOut = Math.min(
    options.heldOut ?? Number.POSITIVE_INFINITY,
    Math.max(1, Math.floor(HELD_OUT_SHARE * affordable)),
  )
  const directions = affordable - heldOut
  if (directions < 1) return null
  const asked = { ...options, method: 'rainbow', decoding: 'nearest', directions, heldOut } as const
  const plan = prepareSensing(structure, { ...asked, weighing: 'random' })
  if (plan.decoder.method !== 'rainbow' || densestRow(plan.decoder.family) <= directions) return plan
  // no row is told exactly by chance: orthogonal directions tell most of dense rows
  return prepareSensing(structure, { ...asked, weighing: 'multiplexed' })
}
