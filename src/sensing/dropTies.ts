/** When a Jacobian that leans on ties fails its certificate, the ties may not hold: measures what they stood in for. */
import { callsPerDirection, type Measurements, type Plan } from './plan.ts'
import { type PrepareOptions, prepareSensing, type SensingStructure } from './prepareSensing.ts'
import type { Session } from './session.ts'

export interface Untied {
  readonly plan: Plan // without ties, the same held-out directions
  readonly measurements: Measurements
}

/**
 * A plan without ties and its measurements, held-out ones kept; counted as repair. null when maxCalls leaves too few evaluations.
 * `structure` and `reading` are those that the tied plan was prepared with, so far as they are known.
 */
export async function dropTies(
  session: Session,
  plan: Plan,
  measurements: Measurements,
  structure: Omit<SensingStructure, 'ties'>,
  options: Pick<PrepareOptions, 'reading'>,
): Promise<Untied | null> {
  const { scheme, tolerance, seed, heldOutDirections: heldOut } = plan
  const step = plan.heldOutSteps[0] ?? plan.steps[0]
  const method = plan.method === 'newsam-ramsdell' && structure.sparsity !== undefined ? plan.method : 'auto'
  const untied = prepareSensing(structure, { ...options, method, scheme, tolerance, seed, heldOut, step })
  const needed = untied.directions * callsPerDirection(scheme)
  if (needed > session.remaining()) return null
  session.expect(needed)
  await session.ensureBase()
  const Y = await session.differences('repair', untied.D, untied.steps, untied.directions)
  return {
    plan: untied,
    measurements: {
      ...measurements,
      fingerprint: untied.fingerprint,
      outputScale: Array.from(session.outputScale),
      Y: Array.from(Y),
    },
  }
}
