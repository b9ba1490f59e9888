import type { Random } from '../linalg/random.ts'

const SHORTEST = 0.6 // of the step

/**
 * Random directions for checking a Jacobian, [count × n]: normal entries, so that errors of two entries cancel with probability
 * zero, divided by somewhat more than the largest, so that no input moves further than where the Jacobian was measured, nor visits
 * the same points where it moves alone. With groups of inputs, and at least as many directions, each direction moves one group, in turn,
 * and all else only where no group holds it. `isOpposed`: every input moves to the other side than in the direction before that moved
 * it, for forward differences, which else might all look at the same side of a kink.
 */
export function heldOutDirections(
  source: Random,
  n: number,
  count: number,
  groups: readonly (readonly number[])[] = [],
  isOpposed = false,
): number[] {
  const D = new Array<number>(count * n)
  const isDivided = groups.length > 1 && groups.length <= count
  const groupOf = new Int32Array(n).fill(-1)
  if (isDivided) for (const [g, inputs] of groups.entries()) for (const j of inputs) groupOf[j] = g
  const side = new Float64Array(n) // where each input moved last
  for (let t = 0; t < count; t++) {
    let largest = 0
    for (let j = 0; j < n; j++) {
      const isMoved = groupOf[j] === -1 || groupOf[j] === t % groups.length
      const entry = isMoved ? source.normal() : 0
      const isTurned = isOpposed && entry * side[j]! > 0
      D[t * n + j] = isTurned ? -entry : entry
      if (entry !== 0) side[j] = D[t * n + j]!
      largest = Math.max(largest, Math.abs(D[t * n + j]!))
    }
    if (largest > 0) for (let j = 0; j < n; j++) D[t * n + j]! /= largest
  }
  for (let t = 0; t < count; t++) {
    const shorter = SHORTEST + (1 - SHORTEST) * source.uniform()
    for (let j = 0; j < n; j++) D[t * n + j]! *= shorter
  }
  return D
}
