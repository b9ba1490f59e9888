/** Feedback along a trajectory: u = uBar_k − K_k (x ⊖ xBar_k) − k_k at step k = t/dt. */
import { matVecInto, toFlat } from '../linalg/dense.ts'
import type { Controller } from './controller.ts'
import type { TimeVaryingLqr } from './timeVaryingLqr.ts'

/** What is needed of a linearization. */
export interface TrajectoryPoint {
  readonly xBar: Float64Array // [nx]
  readonly uBar: Float64Array // [nu]
  readonly dt: number // s
}

export interface TimeVaryingControllerOptions {
  readonly start?: number // s, when step 0 begins; default 0
  /** What takes over after the last step; default: the last step's feedback goes on. */
  readonly after?: Controller
}

/**
 * `difference` as of the engine: (x1, x0, dxOut). Allocates nothing per call. Throws RangeError when gains and points are not equally
 * many or of other sizes, and when there are none (a design that failed).
 */
export function timeVaryingLqrController(
  points: readonly TrajectoryPoint[],
  { K, k }: Pick<TimeVaryingLqr, 'K' | 'k'>,
  difference: (x1: Float64Array, x0: Float64Array, dxOut: Float64Array) => void,
  { start = 0, after }: TimeVaryingControllerOptions = {},
): Controller {
  const N = points.length
  if (N === 0 || K.length !== N || k.length !== N)
    throw new RangeError(
      `timeVaryingLqrController: needs as many gains as points, at least one, got ${K.length} for ${N} points`,
    )
  const { dt } = points[0]!
  const nu = points[0]!.uBar.length
  for (const [step, gain] of K.entries())
    if (gain.rows !== nu || gain.columns !== K[0]!.columns || k[step]!.length !== nu)
      throw new RangeError(
        `timeVaryingLqrController: K[${step}] must be [nu × ndx] = [${nu} × ${K[0]!.columns}], got [${gain.rows} × ${gain.columns}]`,
      )
  const gains = K.map(toFlat)
  const rests = points.map(({ uBar }, step) => uBar.map((value, i) => value - k[step]![i]!))
  const states = points.map(({ xBar }) => xBar.slice())
  const dx = new Float64Array(K[0]!.columns)
  return {
    name: 'tvlqr',
    control(x, t, uOut) {
      // A time that is a multiple of dt must not slip to the step before by its own rounding.
      const step = Math.floor((t - start) / dt + 1e-6)
      if (step >= N && after) {
        after.control(x, t, uOut)
        return
      }
      const at = Math.min(Math.max(step, 0), N - 1)
      difference(x, states[at]!, dx)
      matVecInto(uOut, gains[at]!, dx)
      for (let i = 0; i < nu; i++) uOut[i] = rests[at]![i]! - uOut[i]!
    },
  }
}
