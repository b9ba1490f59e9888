/** Kernels that turn a direction into points, and the points' exact distance. Nothing is allocated. */

import { type Scheme, stencilOf } from './stencil.ts'

/** z_j = at_j + step · scale_j · D[offset + j]; z may not be `at`. A negative step gives the opposite point. */
export function pointInto(
  z: Float64Array, // [n]
  at: ArrayLike<number>, // [n]
  scale: ArrayLike<number>, // [n]
  D: ArrayLike<number>,
  offset: number,
  step: number,
): void {
  for (let j = 0; j < z.length; j++) z[j] = at[j]! + step * scale[j]! * D[offset + j]!
}

/**
 * What the difference along a direction is the Jacobian times, entry by entry and as rounded: z⁺ − z̄ forward, z⁺ − z⁻ central, and
 * the stencil's sum of weighted points in general. Dividing by it instead of by the nominal step removes the rounding error of
 * z̄ + p.
 */
export function spanInto(
  span: Float64Array, // [n]
  at: ArrayLike<number>, // [n]
  scale: ArrayLike<number>, // [n]
  D: ArrayLike<number>,
  offset: number,
  step: number,
  scheme: Scheme,
): void {
  const { offsets, weights, baseWeight } = stencilOf(scheme)
  for (let j = 0; j < span.length; j++) {
    // points are rounded as pointInto rounds them
    const size = scale[j]!
    const d = D[offset + j]!
    let sum = baseWeight * at[j]!
    for (let s = 0; s < offsets.length; s++) sum += weights[s]! * (at[j]! + offsets[s]! * step * size * d)
    span[j] = d === 0 ? 0 : sum
  }
}
