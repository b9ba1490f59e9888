/**
 * Small box-constrained quadratic programs min ½ xᵀHx + gᵀx, low ≤ x ≤ high, by projected Newton steps (Tassa, Mansard, Todorov 2014,
 * Control-limited differential dynamic programming, §III, doi:10.1109/ICRA.2014.6907001; Bertsekas 1982). Nothing is allocated.
 */
import { choleskyInPlace, choleskySolveInPlace } from '../../linalg/cholesky.ts'

export interface BoxQp {
  /**
   * Minimizes from x (clamped first), which becomes the solution; H [n × n] symmetric. 'indefinite': H is not positive definite on the
   * free entries, `culprit` names one.
   */
  solve(
    H: Float64Array,
    g: Float64Array,
    low: Float64Array,
    high: Float64Array,
    x: Float64Array,
  ): 'solved' | 'max-iterations' | 'indefinite'
  /** Entries that are not clamped at the solution, 1 or 0. */
  readonly free: Uint8Array // [n]
  /** Cholesky factor of H on the free entries, in their order, [numFree × numFree]. */
  readonly factor: Float64Array
  numFree: number
  culprit: number
}

const MAX_ITERATIONS = 100
const ARMIJO = 0.1
const BACKTRACK = 0.6
const LEAST_STEP = 1e-20
/** Projected gradients within this share of the terms that they are sums of count as zero. */
const ZERO = 1e-13
/** Changes of the value within this share of it are rounding. */
const LOST = 1e-15

export function createBoxQp(n: number): BoxQp {
  const free = new Uint8Array(n)
  const indices = new Int32Array(n)
  const factor = new Float64Array(n * n)
  const gradient = new Float64Array(n)
  const rounding = new Float64Array(n)
  const step = new Float64Array(n)
  const trial = new Float64Array(n)

  const valueAt = (H: Float64Array, g: Float64Array, x: Float64Array): number => {
    let value = 0
    for (let i = 0; i < n; i++) {
      let row = 0
      for (let j = 0; j < n; j++) row += H[i * n + j]! * x[j]!
      value += x[i]! * (0.5 * row + g[i]!)
    }
    return value
  }
  const clampInto = (out: Float64Array, x: Float64Array, low: Float64Array, high: Float64Array): void => {
    for (let i = 0; i < n; i++) out[i] = Math.min(Math.max(x[i]!, low[i]!), high[i]!)
  }

  const qp: BoxQp = {
    free,
    factor,
    numFree: 0,
    culprit: -1,
    solve(H, g, low, high, x) {
      clampInto(x, x, low, high)
      let value = valueAt(H, g, x)
      for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
        let numFree = 0
        let isStationary = true
        for (let i = 0; i < n; i++) {
          let sum = g[i]!
          let size = Math.abs(sum)
          for (let j = 0; j < n; j++) {
            const term = H[i * n + j]! * x[j]!
            sum += term
            size += Math.abs(term)
          }
          gradient[i] = sum
          rounding[i] = ZERO * size
          const isClamped = (x[i]! <= low[i]! && sum > 0) || (x[i]! >= high[i]! && sum < 0)
          free[i] = isClamped ? 0 : 1
          if (isClamped) continue
          indices[numFree++] = i
          if (Math.abs(sum) > rounding[i]!) isStationary = false
        }
        qp.numFree = numFree
        for (let a = 0; a < numFree; a++)
          for (let b = 0; b <= a; b++) factor[a * numFree + b] = H[indices[a]! * n + indices[b]!]!
        const failed = choleskyInPlace(factor, numFree)
        if (failed >= 0) {
          qp.culprit = indices[failed]!
          return 'indefinite'
        }
        if (isStationary || numFree === 0) return 'solved'
        for (let a = 0; a < numFree; a++) step[a] = -gradient[indices[a]!]!
        choleskySolveInPlace(factor, step, numFree, 1)
        let slope = 0
        for (let a = 0; a < numFree; a++) slope += gradient[indices[a]!]! * step[a]!

        let length = 1
        let isAccepted = false
        while (length > LEAST_STEP) {
          trial.set(x)
          for (let a = 0; a < numFree; a++) trial[indices[a]!]! += length * step[a]!
          clampInto(trial, trial, low, high)
          const next = valueAt(H, g, trial)
          let isMoved = false
          for (let i = 0; i < n; i++) if (trial[i] !== x[i]) isMoved = true
          if (!isMoved) break
          // a full step whose gain is lost in rounding is still a Newton step
          const slack = length === 1 ? LOST * (Math.abs(value) + Math.abs(next)) : 0
          if (next - value <= ARMIJO * length * slope + slack) {
            value = next
            isAccepted = true
            break
          }
          length *= BACKTRACK
        }
        // what is left is rounding
        if (!isAccepted) return 'solved'
        x.set(trial)
      }
      return 'max-iterations'
    },
  }
  return qp
}
