import type { Random } from '../linalg/random.ts'

/**
 * Random directions for checking a Jacobian, [count × n]: normal entries, so that errors of two entries cancel with probability
 * zero, divided by the largest, so that no input moves further than where the Jacobian was measured. With groups of inputs, and at
 * least as many directions, each direction moves one group, in turn, and all else only where no group holds it.
 */
export function heldOutDirections(
  source: Random,
  n: number,
  count: number,
  groups: readonly (readonly number[])[] = [],
): number[] {
  const D = new Array<number>(count * n)
  const isDivided = groups.length > 1 && groups.length <= count
  const groupOf = new Int32Array(n).fill(-1)
  if (isDivided) for (const [g, inputs] of groups.entries()) for (const j of inputs) groupOf[j] = g
  for (let t = 0; t < count; t++) {
    let largest = 0
    for (let j = 0; j < n; j++) {
      const isMoved = groupOf[j] === -1 || groupOf[j] === t % groups.length
      D[t * n + j] = isMoved ? source.normal() : 0
      largest = Math.max(largest, Math.abs(D[t * n + j]!))
    }
    if (largest === 0) continue
    for (let j = 0; j < n; j++) D[t * n + j]! /= largest
  }
  return D
}
