/** The controller that runs in the simulation, asked once a control period, with the state as it is measured. */
import type { ControllerDesign } from '../experiment/controllerDesign.ts'
import { controllerOf } from '../experiment/controllerOf.ts'
import { measurementNoise } from '../experiment/measurementNoise.ts'
import type { Engine } from '../engine/engine.ts'

export interface ControlLoop {
  readonly design: ControllerDesign
  /** Begins a period: measures, and plans where it is time for it; a promise where that takes time. */
  prepare(x: Float64Array): Promise<void> | void
  /** Ends it: the control of what was measured, not clipped. */
  control(x: Float64Array, uOut: Float64Array): void
  /** What the last control was made of, where it was an estimate. [nx] */
  estimate(): Float64Array | null
  /** Another state, from which everything begins anew; a plan from elsewhere is over. */
  restart(): void
  /** Ends planning; the loop is of no more use. */
  end(): void
}

/** `planning` hears of the iterations of each plan. */
export async function controlLoop(
  engine: Engine,
  design: ControllerDesign,
  planning: (done: number, total: number) => void,
): Promise<ControlLoop> {
  const { dt, layout } = engine
  const ending = new AbortController()
  const { controller, lqg } = await controllerOf(engine, design, { signal: ending.signal, onProgress: planning })
  const measurement = design.filter?.measurement
  let measured = measurement && measurementNoise(engine, measurement)
  let seen: Float64Array | null = null
  let period = 0
  let isAsked = false
  controller.reset?.()
  return {
    design,
    prepare(x) {
      seen = measured ? measured(x) : null
      return controller.prepare?.(seen ?? x, period * dt)
    },
    control(x, uOut) {
      controller.control(seen ?? x, period++ * dt, uOut)
      isAsked = true
    },
    estimate() {
      if (!lqg || !isAsked) return null
      const x = new Float64Array(layout.nx)
      engine.integrate(design.xBar, lqg.estimate(), x)
      return x
    },
    restart() {
      controller.reset?.()
      measured = measurement && measurementNoise(engine, measurement)
      period = design.trajectory?.N ?? 0
      isAsked = false
    },
    end: () => ending.abort(),
  }
}
