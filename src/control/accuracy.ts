/** How well A and B are known: authority, cost and growth below that are taken for none. */
import type { Matrix } from 'ml-matrix'
import { maxAbs } from '../linalg/dense.ts'

/** Largest error to expect of an entry of A, and of B, in the entries' own units. */
export interface Accuracy {
  readonly A: number
  readonly B: number
}

/** What is needed of a sensed Jacobian's quality. */
export interface SensedQuality {
  readonly stepRange: readonly [number, number] // difference steps, in units of the inputs; zero for derivatives
  readonly noiseLevel: number | null // standard deviation of one output value
  readonly standardError?: Matrix | null // [ndx × (ndx + nu)], of each entry of [A B]
  readonly smoothing?: object | undefined // where A, B and c are means over a cloud
}

const ROUNDING = 64 // units of ε for matrices that are given, relative to their largest entries
const SENSED = 4 // units of the values' rounding, and of their noise, in a difference quotient

/** Matrices of unknown origin are taken at their word, up to rounding. */
export function roundingAccuracy(A: Matrix, B: Matrix): Accuracy {
  return { A: ROUNDING * Number.EPSILON * maxAbs(A), B: ROUNDING * Number.EPSILON * maxAbs(B) }
}

/**
 * Error of a difference quotient's entry: rounding (4 ε times the size of the state, at least 1) and noise, over the smallest
 * step: 1.5e-10 for central and 6e-8 for forward differences at their default steps. Curvature is left out: entries that stand
 * for nothing (a direction that no control moves) have none, and the held-out residual, which has it, would hide weak but
 * true authority. Under noise their standard errors count, the root mean square of those of A, and of B. Null for native derivatives,
 * which have no steps.
 */
export function sensedAccuracy(
  { stepRange, noiseLevel, standardError }: SensedQuality,
  xBar: ArrayLike<number> = [],
): number | Accuracy | null {
  const step = stepRange[0]
  if (standardError && noiseLevel !== null && noiseLevel > 0) {
    const ndx = standardError.rows
    const typical = (from: number, to: number): number => {
      let square = 0
      for (let i = 0; i < ndx; i++) for (let j = from; j < to; j++) square += standardError.get(i, j) ** 2
      return Math.sqrt(square / Math.max(1, ndx * (to - from)))
    }
    return { A: typical(0, ndx), B: typical(ndx, standardError.columns) }
  }
  if (!(step > 0)) return null
  let size = 1
  for (let i = 0; i < xBar.length; i++) size = Math.max(size, Math.abs(xBar[i]!))
  return (SENSED * (Number.EPSILON * size + (noiseLevel ?? 0))) / step
}
