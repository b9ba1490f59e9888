/** The engine's own derivatives as a Jacobian with a certificate: held against differences along random directions. */
import type { Blackbox } from '../blackbox/blackbox.ts'
import type { Engine, Point } from '../engine/engine.ts'
import { misfitOf, roundingFloor, rowResiduals, unresolvedRows } from '../sensing/certificate.ts'
import { closerNote, lookCloser } from '../sensing/lookCloser.ts'
import { lookFarther } from '../sensing/lookFarther.ts'
import { explainMisfits } from '../sensing/explainMisfits.ts'
import { callsPerDirection } from '../sensing/stencil.ts'
import { prepareSensing } from '../sensing/prepareSensing.ts'
import type { Quality } from '../sensing/quality.ts'
import { qualityOf } from '../sensing/recover.ts'
import type { SenseOptions } from '../sensing/senseOptions.ts'
import { openSession } from '../sensing/session.ts'

/**
 * J = [A B], [ndx × (ndx + nu)], row-major, from `engine.derivatives`. `blackbox` gives f(xBar ⊕ δx, uBar + δu) ⊖ f(xBar, uBar) at the same point;
 * calls: 1 or 2 per held-out direction, and those of rows in doubt. Throws RangeError on options that `prepareSensing` refuses, on a plan,
 * and when the derivatives are not finite, naming the entry.
 */
export async function nativeJacobian(
  engine: Engine,
  { x, u }: Point,
  blackbox: Blackbox,
  options: Omit<SenseOptions, 'method'>,
): Promise<{ values: Float64Array; quality: Quality }> {
  if (options.plan !== undefined)
    throw new RangeError("linearize: method 'native' measures no plan; leave out the plan, or take another method")
  const { ndx, nu, dx, u: controls } = engine.layout
  const n = ndx + nu
  const A = new Float64Array(ndx * ndx)
  const B = new Float64Array(ndx * nu)
  engine.derivatives!(x, u, A, B)
  const J = new Float64Array(ndx * n)
  for (let i = 0; i < ndx; i++)
    for (let j = 0; j < n; j++) {
      const entry = j < ndx ? A[i * ndx + j]! : B[i * nu + j - ndx]!
      if (!Number.isFinite(entry)) {
        const input = j < ndx ? dx[j]! : controls[j - ndx]!
        throw new RangeError(
          `linearize: engine '${engine.name}' gives the derivative of ${dx[i]!.name} by ${input.name} as ${entry}`,
        )
      }
      J[i * n + j] = entry
    }

  const { outputs: m, inputGroups } = blackbox
  const plan = prepareSensing({ inputs: n, outputs: m, inputGroups }, { ...options, method: 'dense' })
  const { scheme, tolerance, heldOutDirections: count, heldOutSteps: steps } = plan
  const session = openSession('linearize', blackbox, { ...options, scheme })
  session.expect(count * callsPerDirection(scheme))
  const Y = await session.differences('heldOut', plan.heldOut, steps, count)
  const outputScale = session.outputScale.slice()
  const heldOut = { at: session.at, scale: session.scale, scheme, D: plan.heldOut, steps, Y }
  const misfits = misfitOf(J, m, heldOut)
  const residuals = rowResiduals(misfits, roundingFloor(outputScale), tolerance)
  const hidden = unresolvedRows(misfits, residuals, outputScale, tolerance)
  const above = Array.from(residuals.keys()).filter((i) => !(residuals[i]! <= tolerance))
  const doubtful = [...above, ...hidden.map(({ row }) => row)]
  const flatRows =
    doubtful.length > 0 ? await explainMisfits(session, J, heldOut, misfits, doubtful, outputScale, tolerance) : []

  const stillHidden = hidden.map(({ row }) => row).filter((row) => !flatRows.includes(row))
  const confirmed = await lookFarther(session, J, heldOut, misfits, stillHidden, outputScale, tolerance)

  const notes = [`the derivatives of engine '${engine.name}' itself`]
  const kinkedRows = session.kinkedRows()
  const bent = above.filter((i) => !flatRows.includes(i))
  const smooth = bent.filter((i) => !kinkedRows?.includes(i))
  const closer = await lookCloser(session, J, heldOut, smooth, outputScale, tolerance)
  for (const [i, residual] of closer) residuals[i] = residual
  if (closer.size > 0) notes.push(closerNote(closer.keys()))
  const failed = bent.filter((i) => !closer.has(i))
  if (failed.length > 0)
    notes.push(`the engine's derivatives disagree with its step in ${failed.map((i) => dx[i]!.name).join(', ')}`)
  const quality = qualityOf({ ...plan, notes: [] }, residuals, {
    calls: session.calls,
    stepRange: [0, 0],
    flatRows,
    unresolved: hidden.filter(({ row }) => !flatRows.includes(row) && !confirmed.includes(row)),
    kinkedRows,
    notes,
  })
  return { values: J, quality: { ...quality, method: 'native', directions: 0, colors: null } }
}
