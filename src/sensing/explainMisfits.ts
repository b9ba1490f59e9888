/**
 * Tells a row that is merely flat from a wrong one. Where a row fails the certificate, or rounding hides it, by differences that are
 * small in its own units, the held-out direction is measured again with two coarser and three finer steps. Flat rows are of two kinds:
 *
 * - zero up to rounding: all differences stay at the level of rounding errors of the outputs, and e = 0 in Δ(h) = e·h + c·h^p up to
 *   the largest of the finest differences, p = 2 forward, 3 central, 5 with five points;
 * - zero up to curvature: e = 0 in misfit(h) / h = e + a·h + b·h² (forward) or e + a·h² + b·h⁴ (central; likewise with five points), up to
 *   the tolerance of the row's own difference, with a step fine enough for the tolerance.
 *
 * The linear part e comes from the steps h, 4h and 32h by Richardson's extrapolation. A missing entry, a wrong entry, or noise
 * above rounding are never flat. What counts as small, and as rounding, is told by `outputScale` of the blackbox; without it,
 * small is beside an output of size one, and rounding is that of the largest output, at least one, where some row is seen well.
 */

import { type HeldOut, isResolved, type Misfit, misfitOf, roundingFloor } from './certificate.ts'
import { probe } from './probe.ts'
import { callsPerDirection, stencilOf } from './stencil.ts'
import type { Session } from './session.ts'
import { ROUNDING_UNITS, ZERO_UNITS } from './steps.ts'

/** Factors of the steps; the coarser ones first. Three finer ones, as noise of one unit in the last place is often zero by chance. */
const FACTORS = [32, 4, 1 / 8, 1 / 16, 1 / 32]
const FINER = 2 // index of the first finer one
/**
 * The linear part of a row that is zero up to rounding is at most this share of its finest differences; a slope would show by 8 at least.
 */
const LINEAR_SHARE = 0.5

/** The rows, of those in doubt, that are flat. Their J stays as it is: it holds dirt, zero to within rounding or curvature. */
export async function explainMisfits(
  session: Session,
  J: Float64Array, // [m × n]
  heldOut: HeldOut,
  misfits: Misfit,
  doubtful: readonly number[],
  outputScale: ArrayLike<number>, // [m], of the measurements: probing may raise that of the session
  tolerance: number,
): Promise<number[]> {
  const { scheme, D, steps } = heldOut
  const n = heldOut.at.length
  const m = outputScale.length
  const { count, misfit, size } = misfits
  const isGiven = session.blackbox.outputScale !== undefined
  const floor = roundingFloor(outputScale)
  const power = stencilOf(scheme).order + 1
  const isInDoubt = (t: number, i: number) => size[t * m + i]! > 0 && !isResolved(misfits, t, i, outputScale, tolerance)

  // What rounding may do to rows whose own outputs do not tell the size of the numbers that cancelled in them.
  const rounding = floor.slice()
  if (!isGiven) {
    let largest = 0
    for (let t = 0; t < count; t++)
      for (let i = 0; i < m; i++)
        if (isResolved(misfits, t, i, outputScale, tolerance)) largest = Math.max(1, largest, outputScale[i]!)
    for (let i = 0; i < m; i++) rounding[i] = Math.max(floor[i]!, ROUNDING_UNITS * Number.EPSILON * largest)
  }
  const isSmall = (t: number, i: number) => {
    const unit = isGiven ? outputScale[i]! : Math.max(1, outputScale[i]!)
    return size[t * m + i]! <= Math.max(rounding[i]!, tolerance * steps[t]! * unit)
  }

  let open = [...doubtful]
  for (let t = 0; t < count; t++) open = open.filter((i) => !isInDoubt(t, i) || isSmall(t, i))
  for (let t = 0; t < count && open.length > 0; t++) {
    if (!open.some((i) => isInDoubt(t, i))) continue
    const numCalls = FACTORS.length * callsPerDirection(scheme)
    if (session.remaining() < numCalls) return []
    session.expect(numCalls)
    const direction = Array.from({ length: n }, (_, j) => D[t * n + j]!)
    const again = {
      ...heldOut,
      D: FACTORS.flatMap(() => direction),
      steps: FACTORS.map((factor) => factor * steps[t]!),
    }
    const Y = await probe(session, again)
    if (Y === null) return []
    const probed = misfitOf(J, m, { ...again, Y }).misfit
    const isFine = steps[t]! ** (power - 1) <= tolerance
    open = open.filter((i) => {
      if (!isInDoubt(t, i)) return true
      const Delta = Math.abs(heldOut.Y[t * m + i]!)
      const finest = Math.max(...[0, 1, 2].map((k) => Math.abs(Y[(FINER + k) * m + i]!)))
      const seen = Math.max(Delta, finest)
      const slope = linearPart([4, Y[m + i]!], [32, Y[i]!], power)
      const [D32, D4] = [Math.abs(Y[i]!), Math.abs(Y[m + i]!)]
      const unit = rounding[i]! / ROUNDING_UNITS
      // No slope: none seen, or too little in differences that do not grow in proportion to the step.
      const isLevel = Math.abs(slope) <= Math.max(LINEAR_SHARE * finest, Number.EPSILON * outputScale[i]!)
      const isQuiet = D32 <= ZERO_UNITS * unit && Math.abs(D32 - 8 * D4) > 0.1 * D32
      const isCurved = D32 > 8 ** 1.5 * D4 && Math.abs(slope) <= unit
      const isRounding = seen <= rounding[i]! && (isLevel || isQuiet || isCurved)
      const coarse = linearPart([4, probed[m + i]!], [32, probed[i]!], power)
      const fine = linearPart([1, misfit[t * m + i]!], [4, probed[m + i]!], power)
      // One order more: what is left in `coarse` is that in `fine` times the ratio of the outer steps to the same power.
      const ratio = 32 ** (power - 1)
      const error = (ratio * fine - coarse) / (ratio - 1)
      return isRounding || (isFine && Math.abs(error) <= tolerance * Delta)
    })
  }
  return open
}

/** e·h from Δ(a·h) and Δ(b·h), given as [a, Δ(a·h)], where Δ(s) = e·s + c·s^p. */
function linearPart([a, Da]: readonly [number, number], [b, Db]: readonly [number, number], p: number): number {
  const ratio = (a / b) ** p
  return (Da - ratio * Db) / (a - ratio * b)
}
