/**
 * Basis pursuit, min Σ_j w_j |x_j| s.t. A x = y, by the alternating direction method of multipliers (Boyd, Parikh, Chu, Peleato and
 * Eckstein 2011, §6.2, doi:10.1561/2200000016), over-relaxed (§3.4.3). The equations are made orthonormal once, so that projecting
 * on them takes two products, whatever the right-hand side, the weights or ρ.
 */
import { CholeskyDecomposition, Matrix } from 'ml-matrix'

const RELAXATION = 1.6
/** The threshold of shrinking, relative to the largest entry of the smallest solution of the equations. */
const THRESHOLD = 0.5

export interface BasisPursuit {
  /** Starts anew from a right-hand side; scales as it does. */
  begin(y: Float64Array): void // [q]
  /** Goes on for so many iterations; weights of Infinity keep entries zero. Returns the shrunken x; overwritten by the next call. */
  run(weights: Float64Array, iterations: number): Float64Array // [n]
}

/** For A [q × n] of full row rank, q ≤ n; null otherwise. Cost of an iteration: O(qn). */
export function basisPursuit(A: Float64Array, q: number, n: number): BasisPursuit | null {
  const gram = new Matrix(q, q)
  for (let e = 0; e < q; e++)
    for (let f = 0; f <= e; f++) {
      let sum = 0
      for (let j = 0; j < n; j++) sum += A[e * n + j]! * A[f * n + j]!
      gram.set(e, f, sum)
      gram.set(f, e, sum)
    }
  const cholesky = new CholeskyDecomposition(gram)
  if (!cholesky.isPositiveDefinite()) return null
  const L = cholesky.lowerTriangularMatrix
  const Q = A.slice() // L⁻¹A: orthonormal rows
  for (let e = 0; e < q; e++) {
    for (let f = 0; f < e; f++) {
      const factor = L.get(e, f)
      for (let j = 0; j < n; j++) Q[e * n + j]! -= factor * Q[f * n + j]!
    }
    for (let j = 0; j < n; j++) Q[e * n + j]! /= L.get(e, e)
  }

  const right = new Float64Array(q) // L⁻¹y
  const x = new Float64Array(n)
  const z = new Float64Array(n)
  const u = new Float64Array(n)
  let threshold = 0

  /** x = the point nearest to z − u with A x = y. */
  const project = () => {
    for (let j = 0; j < n; j++) x[j] = z[j]! - u[j]!
    for (let e = 0; e < q; e++) {
      const at = e * n
      // two sums at once: each addition waits for the one before it
      let even = 0
      let odd = 0
      let j = 0
      for (; j + 1 < n; j += 2) {
        even += Q[at + j]! * x[j]!
        odd += Q[at + j + 1]! * x[j + 1]!
      }
      if (j < n) even += Q[at + j]! * x[j]!
      const gap = right[e]! - even - odd
      for (j = 0; j < n; j++) x[j]! += Q[at + j]! * gap
    }
  }

  return {
    begin(y) {
      for (let e = 0; e < q; e++) {
        right[e] = y[e]!
        for (let f = 0; f < e; f++) right[e]! -= L.get(e, f) * right[f]!
        right[e]! /= L.get(e, e)
      }
      z.fill(0)
      u.fill(0)
      project()
      threshold = 0
      for (let j = 0; j < n; j++) threshold = Math.max(threshold, THRESHOLD * Math.abs(x[j]!))
    },
    run(weights, iterations) {
      for (let iteration = 0; iteration < iterations; iteration++) {
        project()
        for (let j = 0; j < n; j++) {
          const relaxed = RELAXATION * x[j]! + (1 - RELAXATION) * z[j]!
          const value = relaxed + u[j]!
          const shrink = threshold * weights[j]!
          z[j] = value > shrink ? value - shrink : value < -shrink ? value + shrink : 0
          u[j] = value - z[j]!
        }
      }
      return z
    },
  }
}
