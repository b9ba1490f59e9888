/** Kernels that turn a direction into points, and the points' exact distance. Nothing is allocated. */

import type { Scheme } from './plan.ts'

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
 * The distance between the points that are evaluated along a direction, entry by entry and as rounded: z⁺ − z̄ forward,
 * z⁺ − z⁻ central. Dividing by it instead of by the nominal step removes the rounding error of z̄ + p.
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
  for (let j = 0; j < span.length; j++) {
    const p = step * scale[j]! * D[offset + j]!
    span[j] = at[j]! + p - (scheme === 'central' ? at[j]! - p : at[j]!)
  }
}
