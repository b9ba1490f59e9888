/** Typical magnitudes of small motions around a point, to which difference steps are proportional. */
import type { Layout } from '../engine/engine.ts'

export interface MotionScale {
  /** max(1, |value|) of Euclidean coordinates (they have one name in x and dx), 1 for rotations. */
  tangentScaleInto(out: Float64Array, x: Float64Array): void // [ndx]
  /**
   * The same for states, but 1 for angles: what a hinge does in the next radian does not depend on how far it has turned. For controls half
   * the range where it is finite, and max(1, |value|) at least.
   */
  inputScaleInto(out: Float64Array, x: Float64Array, u: Float64Array): void // [ndx + nu]
}

export function motionScale({ ndx, nu, x: states, dx, u: controls }: Layout): MotionScale {
  const placeOf = new Map(states.map(({ name }, k) => [name, k]))
  const places = Int32Array.from(dx, ({ name }) => placeOf.get(name) ?? -1)
  const angles = Array.from(dx.keys()).filter((i) => dx[i]!.unit === 'rad')
  const halves = Float64Array.from(controls, ({ range: [low, high] }) => {
    const half = (high - low) / 2
    return Number.isFinite(half) ? Math.max(1, half) : 1
  })
  const tangentScaleInto = (out: Float64Array, x: Float64Array): void => {
    for (let i = 0; i < ndx; i++) out[i] = places[i]! < 0 ? 1 : Math.max(1, Math.abs(x[places[i]!]!))
  }
  return {
    tangentScaleInto,
    inputScaleInto(out, x, u) {
      tangentScaleInto(out, x)
      for (const i of angles) out[i] = 1
      for (let k = 0; k < nu; k++) out[ndx + k] = Math.max(halves[k]!, Math.abs(u[k]!))
    },
  }
}
