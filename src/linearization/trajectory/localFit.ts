/**
 * The Jacobian at one knot from differences at it and its neighbours: J_{k+j} ≈ J_k + j·G, weighted by nearness (local linear regression,
 * Cleveland 1979, doi:10.1080/01621459.1979.10481038, §2; weights tricube), row by row: by least squares, or, where differences may be
 * grossly wrong, by least absolute deviations (iteratively reweighted) and then least squares on those that agree.
 */
import { choleskyInPlace, choleskySolveInPlace } from '../../linalg/cholesky.ts'

export interface Equations {
  readonly N: number
  readonly n: number
  readonly ndx: number
  readonly count: number // directions of a knot
  readonly fitted: number // of which the first are fitted
  readonly spans: Float64Array // [N × count × n]
  readonly Y: Float64Array // [N × count × ndx], NaN: missing
  readonly scales: Float64Array // [N × n], typical magnitudes of the inputs
  readonly supports: readonly (readonly number[])[] // columns of each row's unknowns
}

const REWEIGHTINGS = 20
const AGREES = 4 // standard deviations
const FROM_MEDIAN = 1.4826
const RIDGE = 1e-10

/** Writes the rows of J [ndx × n] that have a support, zeros elsewhere; false where the knots do not tell all unknowns. */
export function createLocalFit(
  { N, n, ndx, count, fitted, spans, Y, scales, supports }: Equations,
  robust: boolean,
): (J: Float64Array, k: number, width: number) => boolean {
  const largest = Math.max(1, ...supports.map(({ length }) => length))
  const most = 2 * largest
  const G = new Float64Array(most * most)
  const L = new Float64Array(most * most)
  const rhs = new Float64Array(most)
  let X = new Float64Array(0) // equations, [E × p]
  let y = new Float64Array(0)
  let near = new Float64Array(0)
  let weight = new Float64Array(0)
  let size = new Float64Array(0)

  /** Solves for theta with the given weights; false where they do not tell it. */
  const solve = (E: number, p: number, weights: Float64Array): boolean => {
    for (let a = 0; a < p; a++) {
      rhs[a] = 0
      for (let b = 0; b <= a; b++) G[a * p + b] = 0
    }
    for (let e = 0; e < E; e++) {
      const w = weights[e]!
      if (w === 0) continue
      for (let a = 0; a < p; a++) {
        const xa = w * X[e * p + a]!
        rhs[a]! += xa * y[e]!
        for (let b = 0; b <= a; b++) G[a * p + b]! += xa * X[e * p + b]!
      }
    }
    let trace = 0
    for (let a = 0; a < p; a++) trace = Math.max(trace, G[a * p + a]!)
    for (let a = 0; a < p; a++) {
      for (let b = 0; b <= a; b++) L[a * p + b] = G[a * p + b]!
      L[a * p + a]! += RIDGE * trace
    }
    if (choleskyInPlace(L, p, RIDGE / 10) >= 0) return false
    choleskySolveInPlace(L, rhs, p, 1)
    return true
  }
  const residualsInto = (out: Float64Array, E: number, p: number): void => {
    for (let e = 0; e < E; e++) {
      let sum = y[e]!
      for (let a = 0; a < p; a++) sum -= X[e * p + a]! * rhs[a]!
      out[e] = Math.abs(sum)
    }
  }

  return (J, k, width) => {
    J.fill(0)
    // as many knots at the ends, too
    const from = Math.max(0, Math.min(k - width, N - 1 - 2 * width))
    const to = Math.min(N - 1, from + 2 * width)
    const centre = (from + to) / 2
    const ahead = (k - centre) / (width + 1)
    const room = (to - from + 1) * fitted
    if (y.length < room) {
      X = new Float64Array(room * most)
      y = new Float64Array(room)
      near = new Float64Array(room)
      weight = new Float64Array(room)
      size = new Float64Array(room)
    }
    for (let i = 0; i < ndx; i++) {
      const support = supports[i]!
      const s = support.length
      if (s === 0) continue
      const p = width === 0 ? s : 2 * s
      let E = 0
      for (let q = from; q <= to; q++) {
        const offset = (q - centre) / (width + 1)
        const nearness = (1 - Math.abs(offset) ** 3) ** 3
        for (let t = 0; t < fitted; t++) {
          const row = q * count + t
          const value = Y[row * ndx + i]!
          if (Number.isNaN(value)) continue
          for (let a = 0; a < s; a++) {
            const j = support[a]!
            const entry = spans[row * n + j]! / scales[k * n + j]!
            X[E * p + a] = entry
            if (width > 0) X[E * p + s + a] = offset * entry
          }
          y[E] = value
          near[E] = nearness
          E++
        }
      }
      if (E < p || !solve(E, p, near)) return false
      if (robust) {
        for (let round = 0; round < REWEIGHTINGS; round++) {
          residualsInto(size, E, p)
          const floor = 1e-3 * medianOfFirst(size, E, weight) + Number.MIN_VALUE
          residualsInto(size, E, p)
          for (let e = 0; e < E; e++) weight[e] = near[e]! / Math.max(size[e]!, floor)
          if (!solve(E, p, weight)) return false
        }
        residualsInto(size, E, p)
        // p of the residuals are nearly zero whatever the errors
        const scale = FROM_MEDIAN * quantileOfFirst(size, E, (E + p) / (2 * E), weight)
        let kept = 0
        for (let e = 0; e < E; e++) {
          weight[e] = size[e]! <= AGREES * scale ? near[e]! : 0
          if (weight[e]! > 0) kept++
        }
        if (kept >= p && !solve(E, p, weight)) return false
      }
      for (let a = 0; a < s; a++) {
        const value = rhs[a]! + (width > 0 ? ahead * rhs[s + a]! : 0)
        J[i * n + support[a]!] = value / scales[k * n + support[a]!]!
      }
    }
    return true
  }
}

function medianOfFirst(values: Float64Array, count: number, scratch: Float64Array): number {
  return quantileOfFirst(values, count, 0.5, scratch)
}

function quantileOfFirst(values: Float64Array, count: number, share: number, scratch: Float64Array): number {
  const sorted = scratch.subarray(0, count)
  sorted.set(values.subarray(0, count))
  sorted.sort()
  return sorted[Math.min(count - 1, Math.floor(share * count))]!
}
