import type { Engine } from '../../engine/engine.ts'

/** Of differences of smooth functions of unit scale: error 1e-10. */
const STEP = 1e-5

/** The engine's, or central differences of x1 ⊕ δ ⊖ x0 where it has none; these step nothing. */
export function createDifferenceJacobian(
  engine: Engine,
): (x1: Float64Array, x0: Float64Array, E: Float64Array) => void {
  const { nx, ndx } = engine.layout
  if (engine.differenceJacobian) return (x1, x0, E) => engine.differenceJacobian!(x1, x0, E)
  const moved = new Float64Array(nx)
  const delta = new Float64Array(ndx)
  const [plus, minus] = [new Float64Array(ndx), new Float64Array(ndx)]
  return (x1, x0, E) => {
    for (let j = 0; j < ndx; j++) {
      delta.fill(0)
      delta[j] = STEP
      engine.integrate(x1, delta, moved)
      engine.difference(moved, x0, plus)
      delta[j] = -STEP
      engine.integrate(x1, delta, moved)
      engine.difference(moved, x0, minus)
      for (let i = 0; i < ndx; i++) E[i * ndx + j] = (plus[i]! - minus[i]!) / (2 * STEP)
    }
  }
}
