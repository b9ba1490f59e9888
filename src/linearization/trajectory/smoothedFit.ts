/**
 * Jacobians along a trajectory from more or fewer differences than entries at each knot: least squares with a penalty on how they bend
 * from knot to knot, Σ w (y − J_k p)² + ρ Σ |J_{k+1} − 2 J_k + J_{k−1}|² (a smoothing spline in discrete time: Whittaker 1922; Reinsch
 * 1967, doi:10.1007/BF02162161), entries in units of their columns' typical magnitudes and weights in those of the differences.
 */
import { bandedCholeskyInPlace, bandedSolveInPlace } from '../../linalg/bandedCholesky.ts'

export interface Equations {
  readonly N: number
  readonly n: number
  readonly ndx: number
  readonly count: number // directions of a knot
  readonly spans: Float64Array // [N × count × n]
  readonly Y: Float64Array // [N × count × ndx]
  readonly units: Float64Array // [n], typical size of the spans' entries
  readonly supports: readonly (readonly number[])[] // [ndx], columns of each row's unknowns
}

export interface SmoothedFit {
  /**
   * Writes the rows of all J_k that have unknowns into J [N × ndx × n], zeros elsewhere; `weights` [N × count] of the equations, 0 leaves
   * out. False where they do not tell all unknowns.
   */
  fitInto(J: Float64Array, weights: Float64Array, rho: number): boolean
}

const RIDGE = 1e-9

export function smoothedFit({ N, n, ndx, count, spans, Y, units, supports }: Equations): SmoothedFit {
  // rows with the same unknowns are solved together
  const groups = new Map<string, number[]>()
  for (let i = 0; i < ndx; i++)
    if (supports[i]!.length > 0) {
      const key = supports[i]!.join()
      groups.set(key, [...(groups.get(key) ?? []), i])
    }

  const fitGroup = (J: Float64Array, rows: readonly number[], weights: Float64Array, rho: number): boolean => {
    const support = supports[rows[0]!]!
    const s = support.length
    const size = N * s
    const b = N > 2 ? 3 * s - 1 : 2 * s - 1
    const width = b + 1
    const M = new Float64Array(size * width)
    const T = new Float64Array(size * rows.length)
    const x = new Float64Array(s)
    const at = (i: number, j: number) => i * width + j - i + b
    for (let k = 0; k < N; k++)
      for (let t = 0; t < count; t++) {
        const p = k * count + t
        const w = weights[p]!
        if (w === 0) continue
        for (let a = 0; a < s; a++) x[a] = spans[p * n + support[a]!]! / units[support[a]!]!
        for (let a = 0; a < s; a++) {
          const i = k * s + a
          const xa = w * x[a]!
          for (let c = 0; c <= a; c++) M[at(i, k * s + c)]! += xa * x[c]!
          for (let r = 0; r < rows.length; r++) T[i * rows.length + r]! += xa * Y[p * ndx + rows[r]!]!
        }
      }
    // second differences; first ones where there are but two knots
    const bend = N > 2 ? [1, -2, 1] : [1, -1]
    for (let k = 0; k + bend.length <= N; k++)
      for (let c = 0; c < bend.length; c++)
        for (let d = 0; d <= c; d++)
          for (let a = 0; a < s; a++) M[at((k + c) * s + a, (k + d) * s + a)]! += rho * bend[c]! * bend[d]!
    for (let i = 0; i < size; i++) M[at(i, i)]! += RIDGE
    if (!bandedCholeskyInPlace(M, size, b, RIDGE * 1e-4)) return false
    bandedSolveInPlace(M, T, size, b, rows.length)
    for (let k = 0; k < N; k++)
      for (let a = 0; a < s; a++)
        for (let r = 0; r < rows.length; r++)
          J[(k * ndx + rows[r]!) * n + support[a]!] = T[(k * s + a) * rows.length + r]! / units[support[a]!]!
    return true
  }

  return {
    fitInto(J, weights, rho) {
      J.fill(0)
      return [...groups.values()].every((rows) => fitGroup(J, rows, weights, rho))
    },
  }
}
