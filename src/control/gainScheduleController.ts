/** Feedback with scheduled gains: u = uBar(σ) − K(σ)(x ⊖ xBar(σ)), σ a function of state and time. */
import { matVecInto } from '../linalg/dense.ts'
import type { Controller } from './controller.ts'
import type { GainSchedule, StateSpace } from './gainSchedule.ts'

/** What is needed of a layout. */
export interface ScheduledSizes {
  readonly nx: number
  readonly ndx: number
  readonly nu: number
}

/**
 * `scheduling` gives σ at (x, t), such as the place that is asked for at a time; NaN is passed on as NaN controls. Changes of σ make no
 * bumps: u is continuous in it. Allocates nothing per call.
 */
export function gainScheduleController(
  schedule: Pick<GainSchedule, 'at'>,
  scheduling: (x: Float64Array, t: number) => number,
  { nx, ndx, nu }: ScheduledSizes,
  { difference }: Pick<StateSpace, 'difference'>,
): Controller {
  const now = { K: new Float64Array(nu * ndx), xBar: new Float64Array(nx), uBar: new Float64Array(nu) }
  const dx = new Float64Array(ndx)
  return {
    name: 'scheduled lqr',
    control(x, t, uOut) {
      schedule.at(scheduling(x, t), now)
      difference(x, now.xBar, dx)
      matVecInto(uOut, now.K, dx)
      for (let k = 0; k < nu; k++) uOut[k] = now.uBar[k]! - uOut[k]!
    },
  }
}
