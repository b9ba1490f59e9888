/** What the linear-quadratic problem around a trajectory with gaps expects of a step: a sweep forward along its solution. */
import type { BackwardPass, LocalProblem } from './backwardPass.ts'

export interface ExpectedChange {
  /** The change of the cost at step length α is about α·linear + α²·quadratic, gaps closing with it. */
  linear: number
  quadratic: number
}

/** Returns the function; it allocates nothing. */
export function createExpectedChange(
  n: number,
  m: number,
): (problem: LocalProblem, pass: BackwardPass) => ExpectedChange {
  const dx = new Float64Array(n)
  const next = new Float64Array(n)
  const du = new Float64Array(m)
  const change = { linear: 0, quadratic: 0 }
  const state = (lx: Float64Array, lxx: Float64Array, k: number): void => {
    for (let i = 0; i < n; i++) {
      let row = 0
      for (let j = 0; j < n; j++) row += lxx[(k * n + i) * n + j]! * dx[j]!
      change.linear += lx[k * n + i]! * dx[i]!
      change.quadratic += 0.5 * dx[i]! * row
    }
  }
  return ({ N, A, B, gaps, lx, lxx, lu, luu, lux }, { d, K }) => {
    change.linear = 0
    change.quadratic = 0
    for (let i = 0; i < n; i++) dx[i] = gaps[i]!
    for (let k = 0; k < N; k++) {
      for (let a = 0; a < m; a++) {
        let sum = d[k * m + a]!
        for (let j = 0; j < n; j++) sum -= K[(k * m + a) * n + j]! * dx[j]!
        du[a] = sum
      }
      state(lx, lxx, k)
      for (let a = 0; a < m; a++) {
        let row = 0
        for (let b = 0; b < m; b++) row += 0.5 * luu[(k * m + a) * m + b]! * du[b]!
        for (let j = 0; j < n; j++) row += lux[(k * m + a) * n + j]! * dx[j]!
        change.linear += lu[k * m + a]! * du[a]!
        change.quadratic += du[a]! * row
      }
      for (let i = 0; i < n; i++) {
        let sum = gaps[(k + 1) * n + i]!
        for (let j = 0; j < n; j++) sum += A[(k * n + i) * n + j]! * dx[j]!
        for (let a = 0; a < m; a++) sum += B[(k * n + i) * m + a]! * du[a]!
        next[i] = sum
      }
      dx.set(next)
    }
    state(lx, lxx, N)
    return change
  }
}
