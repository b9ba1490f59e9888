/** The engine's own derivatives as a Jacobian with a certificate: held against differences along random directions. */
import { Matrix } from 'ml-matrix'
import type { Blackbox } from '../blackbox/blackbox.ts'
import type { Engine, Point } from '../engine/engine.ts'
import { random } from '../linalg/random.ts'
import { misfitOf, roundingFloor, rowResiduals } from '../sensing/certificate.ts'
import { heldOutDirections } from '../sensing/heldOutDirections.ts'
import type { Quality } from '../sensing/quality.ts'
import type { SenseOptions } from '../sensing/sense.ts'
import { openSession } from '../sensing/session.ts'
import { defaultStep, defaultTolerance } from '../sensing/steps.ts'

/**
 * J = [A B], [ndx × (ndx + nu)], from `engine.derivatives`. `blackbox` gives f(xBar ⊕ δx, uBar + δu) ⊖ f(xBar, uBar) at the same point; calls: 1
 * or 2 per held-out direction. Throws RangeError when the derivatives are not finite, naming the entry.
 */
export async function nativeJacobian(
  engine: Engine,
  { x, u }: Point,
  blackbox: Blackbox,
  options: Omit<SenseOptions, 'method'>,
): Promise<{ J: Matrix; quality: Quality }> {
  const { scheme = 'central', heldOut = 2, seed = 1, step = defaultStep(scheme) } = options
  const tolerance = options.tolerance ?? defaultTolerance(scheme, step)
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

  const session = openSession('linearize', blackbox, { ...options, scheme })
  const D = heldOutDirections(random(seed), n, heldOut)
  const steps = new Array<number>(heldOut).fill(step)
  session.expect(heldOut * (scheme === 'central' ? 2 : 1))
  const Y = await session.differences('heldOut', D, steps, heldOut)
  const misfits = misfitOf(J, ndx, { at: session.at, scale: session.scale, scheme, D, steps, Y })
  const residuals = rowResiduals(misfits, roundingFloor(session.outputScale), tolerance)
  const failedRows = Array.from(residuals.keys()).filter((i) => !(residuals[i]! <= tolerance))
  const notes = [`the derivatives of engine '${engine.name}' itself`]
  if (heldOut === 0) notes.push('not certified: no held-out directions were measured')
  if (failedRows.length > 0)
    notes.push(`the engine's derivatives disagree with its step in ${failedRows.map((i) => dx[i]!.name).join(', ')}`)
  return {
    J: Matrix.from1DArray(ndx, n, J),
    quality: {
      method: 'native',
      scheme,
      calls: session.calls.heldOut,
      callsFor: { ...session.calls },
      directions: 0,
      colors: null,
      stepRange: [0, 0],
      noiseLevel: null,
      heldOutDirections: heldOut,
      heldOutResidual: residuals.reduce((worst, residual) => Math.max(worst, residual), 0),
      heldOutResidualByRow: residuals,
      tolerance,
      kinkedRows: session.kinkedRows(),
      failedRows,
      repairedRows: [],
      fallback: null,
      certified: failedRows.length === 0 && heldOut > 0,
      notes,
      seed,
    },
  }
}
