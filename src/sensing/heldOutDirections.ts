import type { Random } from '../linalg/random.ts'

/**
 * Random directions for checking a Jacobian, [count × n]: normal entries, so that errors of two entries cancel with probability
 * zero, divided by the largest, so that no input moves further than where the Jacobian was measured.
 */
export function heldOutDirections(source: Random, n: number, count: number): number[] {
  const D = new Array<number>(count * n)
  for (let t = 0; t < count; t++) {
    let largest = 0
    for (let j = 0; j < n; j++) {
      D[t * n + j] = source.normal()
      largest = Math.max(largest, Math.abs(D[t * n + j]!))
    }
    for (let j = 0; j < n; j++) D[t * n + j]! /= largest
  }
  return D
}
