/** A simulator's step as a blackbox of small motions around a point. */
import type { Blackbox } from '../blackbox/blackbox.ts'
import type { Engine, Point } from '../engine/engine.ts'
import { motionScale } from './motionScale.ts'
import { rowGroups } from './rowGroups.ts'

/**
 * z = (δx, δu) ↦ f(xBar ⊕ δx, uBar + δu) ⊖ f(xBar, uBar), [ndx] from [ndx + nu], named and scaled by the layout. States and controls
 * are groups of their own, so that a small B is certified beside the ones on A's diagonal. `onTrouble` hears what the engine says of
 * steps that it could not take properly.
 */
export function stepDifferences(
  engine: Engine,
  { x: xBar, u: uBar }: Point,
  fBar: Float64Array, // f(xBar, uBar), [nx]
  onTrouble?: (message: string) => void,
): Blackbox {
  const { layout } = engine
  const { nx, ndx, nu } = layout
  const x = new Float64Array(nx)
  const u = new Float64Array(nu)
  const inputs = [...layout.dx, ...layout.u]
  const { inputScaleInto, tangentScaleInto } = motionScale(layout)
  const scale = new Float64Array(ndx + nu)
  inputScaleInto(scale, xBar, uBar)
  const outputScale = new Float64Array(ndx)
  tangentScaleInto(outputScale, fBar)
  return {
    inputs: ndx + nu,
    outputs: ndx,
    inputNames: inputs.map(({ name }) => name),
    outputNames: layout.dx.map(({ name }) => name),
    scale,
    inputGroups: [Array.from({ length: ndx }, (_, j) => j), Array.from({ length: nu }, (_, k) => ndx + k)],
    rowGroups: rowGroups(layout),
    outputScale,
    evaluate(z, y) {
      engine.integrate(xBar, z.subarray(0, ndx), x)
      for (let k = 0; k < nu; k++) u[k] = uBar[k]! + z[ndx + k]!
      engine.step(x, u, x)
      const trouble = engine.trouble?.()
      if (trouble) onTrouble?.(trouble)
      engine.difference(x, fBar, y)
    },
  }
}
