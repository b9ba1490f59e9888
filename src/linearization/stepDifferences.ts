/** A simulator's step as a blackbox of small motions around a point. */
import type { Blackbox } from '../blackbox/blackbox.ts'
import type { Engine, Layout, Point } from '../engine/engine.ts'
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
  return {
    inputs: ndx + nu,
    outputs: ndx,
    inputNames: inputs.map(({ name }) => name),
    outputNames: layout.dx.map(({ name }) => name),
    scale: Float64Array.from([...tangentScale(layout, xBar), ...controlScale(layout, uBar)]),
    inputGroups: [Array.from({ length: ndx }, (_, j) => j), Array.from({ length: nu }, (_, k) => ndx + k)],
    rowGroups: rowGroups(layout),
    outputScale: tangentScale(layout, fBar),
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

/** Half the range of each control where it is finite, and max(1, |value|) at least; [nu]. */
function controlScale(layout: Layout, uBar: Float64Array): Float64Array {
  return Float64Array.from(layout.u, ({ range: [low, high] }, k) => {
    const half = (high - low) / 2
    return Math.max(1, Math.abs(uBar[k]!), Number.isFinite(half) ? half : 0)
  })
}

/** max(1, |value|) of Euclidean coordinates (they have one name in x and dx), 1 for rotations; [ndx]. */
function tangentScale(layout: Layout, x: Float64Array): Float64Array {
  const places = new Map(layout.x.map(({ name }, k) => [name, k]))
  return Float64Array.from(layout.dx, ({ name }) => {
    const k = places.get(name)
    return k === undefined ? 1 : Math.max(1, Math.abs(x[k]!))
  })
}
