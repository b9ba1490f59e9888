/**
 * Rows that only one block of inputs ails, such as the controls: entries that are small beside the rest of their row, and yet are
 * certified at a scale of their own. All inputs moving at once do not tell them; moved one by one, they are told exactly.
 */
import { isResolved, misfitOf, rowResidual } from './certificate.ts'
import { perturbedAlone } from './perturbedAlone.ts'
import type { Measurements, Plan } from './plan.ts'
import { callsPerDirection } from './stencil.ts'
import type { Session } from './session.ts'

/** A block is measured by itself where it has at most this share of the inputs. */
const SMALL = 0.5

/**
 * Measures the inputs of a block one by one where a held-out direction that moves them alone is all that `rows` fail by, or are hidden
 * in; writes their entries into J [m × n] and the rows' residuals. Returns the rows that are right then: all of them or none.
 */
export async function repairBlocks(
  session: Session,
  plan: Plan,
  measurements: Measurements,
  state: { J: Float64Array; residuals: Float64Array; floor: Float64Array; rows: readonly number[] },
): Promise<readonly number[]> {
  const { J, residuals, floor, rows } = state
  const { inputs: n, outputs: m, tolerance, heldOut: D, heldOutSteps: steps } = plan
  const { at, scale, scheme, outputScale, heldOutY: Y } = measurements
  const heldOut = { at, scale, scheme, D, steps, Y }
  const before = misfitOf(J, m, heldOut)
  const isRight = (misfits: typeof before, t: number, i: number) =>
    misfits.size[t * m + i] === 0 || isResolved(misfits, t, i, outputScale, tolerance)
  const amiss = steps.map((_, t) => t).filter((t) => rows.some((i) => !isRight(before, t, i)))
  const block = Array.from({ length: n }, (_, j) => j).filter((j) => amiss.some((t) => D[t * n + j] !== 0))
  const perDirection = callsPerDirection(plan.scheme)
  if (rows.length === 0 || block.length === 0 || block.length > SMALL * n) return []
  if (block.length * perDirection > session.remaining()) return []

  const kept = J.slice()
  await perturbedAlone(session, plan, measurements, { J, rows, columns: block, purpose: 'repair' })
  const misfits = misfitOf(J, m, heldOut)
  const isMended = rows.every((i) => rowResidual(misfits, i, floor, tolerance) <= tolerance)
  if (!isMended) {
    J.set(kept)
    return []
  }
  for (const i of rows) residuals[i] = rowResidual(misfits, i, floor, tolerance)
  return rows
}
