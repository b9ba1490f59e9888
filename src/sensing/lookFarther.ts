/**
 * Rows that rounding hides at the steps of the plan, measured with a thousand times larger ones. There small blocks of a row, such as
 * what motors do to a speed that a symmetry keeps, stand out from rounding. Where a Jacobian does not predict the held-out
 * directions with these steps to the accuracy that small blocks are asked for (certificate.ts), the inputs that such a direction moves
 * are measured one by one, with the same large steps, and the row's entries in them are taken from there; then it is held against the
 * direction again. Curvature, which grows with the step, can only refuse a row.
 */
import { type HeldOut, isResolved, type Misfit, misfitOf } from './certificate.ts'
import { spanInto } from './perturb.ts'
import { probe } from './probe.ts'
import type { Session } from './session.ts'
import { callsPerDirection } from './stencil.ts'

const FARTHER = 1024
/** Inputs are measured one by one where a direction moves at most this share of them, such as the controls alone. */
const FEW = 0.5

/**
 * Those of the `hidden` rows that are confirmed along every held-out direction where they are hidden; their entries in J may have
 * changed. Takes no call where there are none, or too few are left.
 */
export async function lookFarther(
  session: Session,
  J: Float64Array, // [m × n]
  heldOut: HeldOut,
  misfits: Misfit, // along them, with their own steps
  hidden: readonly number[],
  outputScale: ArrayLike<number>, // [m], of the measurements
  tolerance: number,
): Promise<number[]> {
  const { at, scale, scheme, D } = heldOut
  const m = outputScale.length
  const n = at.length
  const perDirection = callsPerDirection(scheme)
  const steps = Array.from(heldOut.steps, (step) => FARTHER * step)
  if (hidden.length === 0 || session.remaining() < steps.length * perDirection) return []
  session.expect(steps.length * perDirection)
  const farther = { ...heldOut, steps }
  const Y = await probe(session, farther)
  if (Y === null) return []

  const accuracy = Math.sqrt(tolerance)
  const isHidden = (t: number, i: number): boolean =>
    misfits.size[t * m + i]! > 0 && !isResolved(misfits, t, i, outputScale, tolerance)
  const isSeenBy = ({ misfit, size }: Misfit, t: number, i: number): boolean => {
    const doubt = Math.max(Math.abs(misfit[t * m + i]!), Number.EPSILON * outputScale[i]!)
    return doubt <= accuracy * size[t * m + i]!
  }
  let confirmed = [...hidden]
  for (let t = 0; t < steps.length; t++) {
    const predicted = misfitOf(J, m, { ...farther, Y })
    const rows = confirmed.filter((i) => isHidden(t, i) && !isSeenBy(predicted, t, i))
    if (rows.length === 0) continue
    const before = J.slice()
    await measureOneByOne(t, rows)
    const now = misfitOf(J, m, { ...farther, Y })
    const failing = new Set(rows.filter((i) => !isSeenBy(now, t, i)))
    for (const i of failing) J.set(before.subarray(i * n, (i + 1) * n), i * n)
    confirmed = confirmed.filter((i) => !failing.has(i))
  }
  return confirmed

  /** Takes the rows' entries in the inputs that direction t moves from differences with its large step. */
  async function measureOneByOne(t: number, rows: readonly number[]): Promise<void> {
    const moved = Array.from({ length: n }, (_, j) => j).filter((j) => D[t * n + j] !== 0)
    if (moved.length > FEW * n || session.remaining() < moved.length * perDirection) return
    const units = new Float64Array(moved.length * n)
    for (const [k, j] of moved.entries()) units[k * n + j] = 1
    session.expect(moved.length * perDirection)
    const single = await probe(session, { D: units, steps: moved.map(() => steps[t]!) })
    if (single === null) return
    const span = new Float64Array(n)
    for (const [k, j] of moved.entries()) {
      spanInto(span, at, scale, units, k * n, steps[t]!, scheme)
      for (const i of rows) J[i * n + j] = single[k * m + i]! / span[j]!
    }
  }
}
