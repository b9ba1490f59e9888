import { BlackboxError } from '../blackbox/blackboxError.ts'
import type { HeldOut } from './certificate.ts'
import type { Session } from './session.ts'

/** Differences with other steps than the plan's; null where the blackbox has no value there: a coarser step may leave its domain. */
export async function probe(
  session: Session,
  { D, steps }: Pick<HeldOut, 'D' | 'steps'>,
): Promise<Float64Array | null> {
  try {
    return await session.differences('repair', D, steps, steps.length, 'probing')
  } catch (error) {
    if (error instanceof BlackboxError) return null
    throw error
  }
}
