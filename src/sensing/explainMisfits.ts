/**
 * Tells a wrong Jacobian from a row that is merely flat. Where a row fails the certificate by a misfit that is small beside the
 * whole Jacobian, or beside an output of size 1, the held-out direction is measured once more with a step COARSER times as large:
 * a missing or wrong entry makes the misfit grow like the step, curvature like its square (forward) or cube (central), and
 * rounding or noise not at all. Curvature is accepted when the step is fine enough for the tolerance, so the entries are zero up
 * to the scheme's own error; noise is accepted when it is below tolerance × the largest row. The floor of accepted rows is raised
 * to their misfit.
 */

import { type HeldOut, type Misfit, misfitOf } from './certificate.ts'
import { callsPerDirection } from './plan.ts'
import type { Session } from './session.ts'

const COARSER = 32

/** Raises `floor` [m] for the failed rows that are explained. Returns their numbers. */
export async function explainMisfits(
  session: Session,
  J: Float64Array, // [m × n]
  heldOut: HeldOut,
  misfits: Misfit,
  failed: readonly number[],
  floor: Float64Array, // [m]
  tolerance: number,
): Promise<number[]> {
  const { scheme, D, steps } = heldOut
  const n = heldOut.at.length
  const m = floor.length
  const { count, misfit, size } = misfits
  const central = scheme === 'central'
  const fails = (t: number, i: number) => Math.abs(misfit[t * m + i]!) > tolerance * size[t * m + i]! + floor[i]!

  // A candidate's misfit is small along every direction.
  let candidates = [...failed]
  const largest = new Float64Array(count)
  for (let t = 0; t < count; t++) {
    for (let i = 0; i < m; i++) largest[t] = Math.max(largest[t]!, size[t * m + i]!)
    const small = tolerance * Math.max(largest[t]!, steps[t]!)
    candidates = candidates.filter((i) => Math.abs(misfit[t * m + i]!) <= small)
  }

  let explained = candidates
  const raised = floor.slice()
  for (let t = 0; t < count; t++) {
    if (!explained.some((i) => fails(t, i))) continue
    if (session.remaining() < callsPerDirection(scheme)) return []
    const direction = Float64Array.from({ length: n }, (_, j) => D[t * n + j]!)
    const coarse = [COARSER * steps[t]!]
    const Y = await session.differences('repair', direction, coarse, 1)
    const again = misfitOf(J, m, { ...heldOut, D: direction, steps: coarse, Y })
    const fine = central ? steps[t]! ** 2 <= tolerance : steps[t]! <= tolerance
    explained = explained.filter((i) => {
      if (!fails(t, i)) return true
      const error = Math.abs(misfit[t * m + i]!)
      const growth = Math.abs(again.misfit[i]!) / error
      const isNoise = growth < Math.sqrt(COARSER)
      const isCurvature = growth > COARSER ** 1.5
      const accepted = (isNoise && error <= tolerance * largest[t]!) || (isCurvature && fine)
      if (accepted) raised[i] = Math.max(raised[i]!, error)
      return accepted
    })
  }
  for (const i of explained) floor[i] = raised[i]!
  return explained
}
