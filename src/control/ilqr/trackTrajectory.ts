/** Feedback along a trajectory: u = U_k − K_k (x ⊖ X_k) at time k·dt, and another controller after its end. */
import { openLoop } from '../openLoop.ts'
import type { Controller } from '../controller.ts'
import type { IlqrResult } from './ilqrResult.ts'

/**
 * A controller that follows what `ilqr` found, from t = 0; `then` takes over at its end (default: the last control is held), hearing the
 * same times. `difference` as of the engine. Allocates nothing per call.
 */
export function trackTrajectory(
  { X, U, K, N, dt }: Pick<IlqrResult, 'X' | 'U' | 'K' | 'N' | 'dt'>,
  difference: (x1: Float64Array, x0: Float64Array, dxOut: Float64Array) => void,
  then?: Controller,
): Controller {
  const nx = X.length / (N + 1)
  const nu = U.length / N
  const ndx = K.length / (N * nu)
  for (const [name, size] of Object.entries({ 'X over N + 1': nx, 'U over N': nu, 'K over N·nu': ndx }))
    if (!Number.isInteger(size)) throw new RangeError(`trackTrajectory: ${name} must be whole, got ${size}`)
  const after = then ?? openLoop(U.slice((N - 1) * nu))
  const states = Array.from({ length: N }, (_, k) => X.slice(k * nx, (k + 1) * nx))
  const dx = new Float64Array(ndx)
  const stepAt = (t: number) => Math.floor(t / dt + 1e-6)
  return {
    ...(after.prepare && { prepare: (x, t) => (stepAt(t) >= N ? after.prepare!(x, t) : undefined) }),
    name: then ? `ilqr, then ${then.name}` : 'ilqr',
    control(x, t, uOut) {
      const k = stepAt(t)
      if (k >= N) {
        after.control(x, t, uOut)
        return
      }
      difference(x, states[k]!, dx)
      for (let a = 0; a < nu; a++) {
        let sum = U[k * nu + a]!
        for (let j = 0; j < ndx; j++) sum -= K[(k * nu + a) * ndx + j]! * dx[j]!
        uOut[a] = sum
      }
    },
  }
}
