/** No feedback: the control stays at uBar. The baseline that closed loops are compared with. */
import type { Controller } from './controller.ts'

/** The controller u = uBar at all times, uBar [nu]. */
export function openLoop(uBar: Float64Array): Controller {
  const held = uBar.slice()
  return {
    name: 'none',
    control(_x, _t, uOut) {
      uOut.set(held)
    },
  }
}
