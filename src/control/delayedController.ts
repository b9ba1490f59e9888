/** Controls that act late: what a controller asks for now is applied some control periods later, as through a slow bus. */
import type { Controller } from './controller.ts'

/**
 * u(k) is what `controller` asked for at step k − periods, and uBar [nu] before there was anything. The controller itself does not know.
 * To be called once per step, in order. Throws RangeError unless `periods` is an integer ≥ 0.
 */
export function delayedController(controller: Controller, periods: number, uBar: Float64Array): Controller {
  if (!(Number.isInteger(periods) && periods >= 0))
    throw new RangeError(`delayedController: periods must be an integer ≥ 0, got ${periods}`)
  if (periods === 0) return controller
  const nu = uBar.length
  const held = uBar.slice()
  const waiting = new Float64Array(periods * nu) // a ring, the oldest at `next`
  let next = 0
  const now = new Float64Array(nu)
  const reset = () => {
    next = 0
    for (let k = 0; k < periods; k++) waiting.set(held, k * nu)
  }
  reset()
  return {
    name: controller.name,
    reset() {
      controller.reset?.()
      reset()
    },
    ...(controller.prepare && { prepare: (x: Float64Array, t: number) => controller.prepare!(x, t) }),
    control(x, t, uOut) {
      controller.control(x, t, now)
      const slot = waiting.subarray(next * nu, (next + 1) * nu)
      uOut.set(slot)
      slot.set(now)
      next = (next + 1) % periods
    },
  }
}
