/**
 * Rows that fail the certificate only because they are curved along a held-out direction, more than at the steps of the Jacobian itself:
 * friction of the kind |v|·z at rest has no curvature along any one input, and a steep one where two move together. Such a row has a
 * derivative, and the misfit per step goes to zero with the step; where a Jacobian is wrong it goes to that error, where the blackbox is
 * noisy it grows, and where it is not smooth it stays.
 *
 * The held-out directions are measured again with steps h/16 and h/64. A row holds where misfit(h)/h has fallen on the way and
 * what is left, e in misfit(h)/h = e + a·h, is within the tolerance that it failed at h. Where it has fallen and more is left, the entries of
 * the row are curved as well, and are measured again one by one with steps h/64.
 */
import { type HeldOut, isResolved, type Misfit, misfitOf } from './certificate.ts'
import { spanInto } from './perturb.ts'
import { probe } from './probe.ts'
import type { Session } from './session.ts'
import { callsPerDirection } from './stencil.ts'

const CLOSER = 1 / 16
const CLOSEST = 1 / 64
/** Linear in the step, the misfit falls to a sixteenth, and then to a quarter: this share of it is allowed. */
const FALLS = 4
const FALLS_ON = 2

/**
 * The rows, of those that `failed`, that hold at shorter steps, with their residuals there; their entries in J may have changed. No call
 * where there are none, or too few left.
 */
export async function lookCloser(
  session: Session,
  J: Float64Array, // [m × n]
  heldOut: HeldOut,
  failed: readonly number[],
  outputScale: ArrayLike<number>, // [m], of the measurements
  tolerance: number,
): Promise<Map<number, number>> {
  const { at, scale, scheme, D } = heldOut
  const m = outputScale.length
  const n = at.length
  const count = heldOut.steps.length
  const perDirection = callsPerDirection(scheme)
  const holds = new Map<number, number>()
  if (failed.length === 0 || session.remaining() < 2 * count * perDirection) return holds
  session.expect(2 * count * perDirection)
  const steps = [CLOSER, CLOSEST].flatMap((share) => Array.from(heldOut.steps, (step) => share * step))
  const closer = { ...heldOut, D: [...Array.from(D), ...Array.from(D)], steps }
  const Y = await probe(session, closer)
  if (Y === null) return holds

  judge(failed)
  const curved = failed.filter((i) => !holds.has(i) && judgedAs(misfitsOf(), i) === 'curved')
  const before = J.slice()
  if (curved.length > 0 && (await measureOneByOne(curved))) judge(curved)
  for (const i of curved) if (!holds.has(i)) J.set(before.subarray(i * n, (i + 1) * n), i * n)
  return holds

  function misfitsOf(): { far: Misfit; near: Misfit } {
    return { far: misfitOf(J, m, heldOut), near: misfitOf(J, m, { ...closer, Y: Y! }) }
  }

  function judge(rows: readonly number[]): void {
    const misfits = misfitsOf()
    for (const i of rows) {
      const judged = judgedAs(misfits, i)
      if (typeof judged === 'number') holds.set(i, judged)
    }
  }

  /** The residual of a row that holds; 'curved' where its misfits fall with the step, and not as far as they should. */
  function judgedAs({ far, near }: { far: Misfit; near: Misfit }, i: number): number | 'curved' | 'wrong' {
    let worst = 0
    for (let t = 0; t < count; t++) {
      const [here, last] = [t * m + i, (count + t) * m + i]
      if (far.size[here] === 0 || isResolved(far, t, i, outputScale, tolerance)) continue
      if (!(Number.EPSILON * outputScale[i]! <= tolerance * near.size[last]!)) return 'wrong'
      const first = far.misfit[here]! / far.size[here]!
      const close = near.misfit[here]! / near.size[here]!
      const closest = near.misfit[last]! / near.size[last]!
      const hasFallen = FALLS * Math.abs(close) <= Math.abs(first) && FALLS_ON * Math.abs(closest) <= Math.abs(close)
      if (!hasFallen && !(Math.abs(closest) <= tolerance)) return 'wrong'
      worst = Math.max(worst, Math.abs((CLOSER * closest - CLOSEST * close) / (CLOSER - CLOSEST)))
    }
    return worst <= tolerance ? worst : 'curved'
  }

  /** Takes the rows' entries other than zero from differences with the shortest steps; false where no call is left, or no value there. */
  async function measureOneByOne(rows: readonly number[]): Promise<boolean> {
    const moved = Array.from({ length: n }, (_, j) => j).filter((j) => rows.some((i) => J[i * n + j] !== 0))
    if (session.remaining() < moved.length * perDirection) return false
    session.expect(moved.length * perDirection)
    const units = new Float64Array(moved.length * n)
    for (const [k, j] of moved.entries()) units[k * n + j] = 1
    const step = CLOSEST * Math.min(...Array.from(heldOut.steps))
    const single = await probe(session, { D: units, steps: moved.map(() => step) })
    if (single === null) return false
    const span = new Float64Array(n)
    for (const [k, j] of moved.entries()) {
      spanInto(span, at, scale, units, k * n, step, scheme)
      for (const i of rows) if (J[i * n + j] !== 0) J[i * n + j] = single[k * m + i]! / span[j]!
    }
    return true
  }
}

/** What to say of such rows. */
export function closerNote(rows: Iterable<number>): string {
  return `curved at the steps of the certificate: rows ${[...rows].join(', ')}, held against ${1 / CLOSER} and ${1 / CLOSEST} times shorter ones`
}
