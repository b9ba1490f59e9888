/**
 * Tells a wrong Jacobian from a row that is merely flat. Where a row fails the certificate by a misfit that is small beside the
 * whole Jacobian, or beside an output of size 1, the held-out direction is measured again with one coarser and three finer steps.
 * A missing or wrong entry makes the misfit proportional to the step. Curvature makes it grow faster (square forward, cube
 * central); it is accepted when the step is fine enough for the tolerance: the row is zero up to the scheme's own error. Rounding
 * or noise keeps the misfit from shrinking with the step; it is accepted below tolerance × the largest row. The floor of accepted
 * rows is raised to their misfit. A blackbox that gives `outputScale` spares itself these calls.
 */

import { type HeldOut, type Misfit, misfitOf } from './certificate.ts'
import { callsPerDirection } from './plan.ts'
import type { Session } from './session.ts'

const COARSER = 32
/** Factors of the finer steps: three, as noise of one unit in the last place is often zero by chance. */
const FINER = [1 / 8, 1 / 16, 1 / 32]

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

  // Candidates have small misfits along every direction; those that are small beside the largest row may be noise.
  const worst = new Float64Array(m)
  const isCandidate = new Uint8Array(m).fill(1)
  const mayBeNoise = new Uint8Array(m).fill(1)
  for (let t = 0; t < count; t++) {
    let largest = 0
    for (let i = 0; i < m; i++) largest = Math.max(largest, size[t * m + i]!)
    for (let i = 0; i < m; i++) {
      const error = Math.abs(misfit[t * m + i]!)
      worst[i] = Math.max(worst[i]!, error)
      if (error > tolerance * largest) mayBeNoise[i] = 0
      if (error > tolerance * Math.max(largest, steps[t]!)) isCandidate[i] = 0
    }
  }

  const explained: number[] = []
  let open = failed.filter((i) => isCandidate[i] === 1)
  for (let t = 0; t < count && open.length > 0; t++) {
    const fails = (i: number) => Math.abs(misfit[t * m + i]!) > tolerance * size[t * m + i]! + floor[i]!
    if (!open.some(fails)) continue
    const factors = [COARSER, ...FINER]
    const numCalls = factors.length * callsPerDirection(scheme)
    if (session.remaining() < numCalls) break
    session.expect(numCalls)
    const direction = Array.from({ length: n }, (_, j) => D[t * n + j]!)
    const again = {
      ...heldOut,
      D: factors.flatMap(() => direction),
      steps: factors.map((factor) => factor * steps[t]!),
    }
    const Y = await session.differences('repair', again.D, again.steps, factors.length)
    const probed = misfitOf(J, m, { ...again, Y }).misfit
    const isFine = (scheme === 'central' ? steps[t]! ** 2 : steps[t]!) <= tolerance
    const isExplained = (i: number) => {
      const error = Math.abs(misfit[t * m + i]!)
      const finest = Math.max(...FINER.map((_, k) => Math.abs(probed[(k + 1) * m + i]!)))
      const isNoise = finest > 2 * FINER[0]! * error
      const isCurvature = Math.abs(probed[i]!) > COARSER ** 1.5 * error
      return (isNoise && mayBeNoise[i] === 1) || (isCurvature && isFine)
    }
    for (const i of open) if (fails(i) && isExplained(i)) explained.push(i)
    open = open.filter((i) => !explained.includes(i) && !fails(i))
  }
  for (const i of explained) floor[i] = Math.max(floor[i]!, worst[i]!)
  return explained
}
