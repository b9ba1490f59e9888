import type { Blackbox } from '../blackbox/blackbox.ts'
import type { Engine } from '../engine/engine.ts'

/** The engine's step from anywhere as a blackbox, (x, u) ↦ f(x, u), [nx] from [nx + nu]. */
export function engineSteps(engine: Engine): Blackbox {
  const { nx, nu } = engine.layout
  return {
    inputs: nx + nu,
    outputs: nx,
    evaluate: (z, xNext) => engine.step(z.subarray(0, nx), z.subarray(nx, nx + nu), xNext),
  }
}
