/**
 * Impulses of contact, friction and joint-limit rows coupled through A (their Schur complement on the joint rows), with
 * w = A λ + eps λ − r the velocities that they leave:
 *   limit and normal rows: λ ≥ 0, w ≥ 0, λ w = 0 (Signorini),
 *   pairs of friction rows: |λ_t| ≤ μ λ_n, w_t = 0 inside, λ_t = −μ λ_n w_t/|w_t| at the bound (Coulomb's cone).
 * Projected Gauss–Seidel comes near; a semismooth Newton method on the equivalent equations
 *   λ_n = max(0, λ_n − ρ w_n),   λ_t = projection of λ_t − ρ w_t on the disk of radius μ λ_n
 * (Alart and Curnier 1991, doi:10.1016/0045-7825(91)90022-X) then solves them to rounding, so that the result is a smooth
 * function of its data wherever no contact changes between open, sticking and sliding.
 */
import { solveInPlace } from '../../linalg/solveInPlace.ts'

export interface RowSet {
  size: number
  A: Float64Array // [size × size], symmetric positive semidefinite
  eps: Float64Array // [size] compliance
  r: Float64Array // [size] target velocity
  normal: Int32Array // [size] for the two friction rows of a contact, which follow each other, the row of their normal, else −1
  mu: Float64Array // [size] friction coefficient, 0 on other rows
  lambda: Float64Array // [size] out: impulses
}

const STAGES = [10, 40, 160] // Gauss–Seidel sweeps before each run of Newton's method
const NEWTON_STEPS = 20
const CONVERGED = 1e-13 // of the largest impulse
const ACCEPTED = 1e-10 // where rounding stops progress

const OPEN = 0 // λ = 0
const HELD = 1 // w = 0: closed, at a limit, or sticking
const SLIDING = 2

export interface UnilateralSolver {
  /** Fills rows.lambda. False where Newton's method did not converge: lambda then holds the last Gauss–Seidel iterate. */
  solve(rows: RowSet): boolean
}

export function createUnilateralSolver(): UnilateralSolver {
  let capacity = 0
  let M = new Float64Array(0)
  let step = new Float64Array(0)
  let lambda = new Float64Array(0) // Newton's iterate
  let w = new Float64Array(0)
  let rho = new Float64Array(0)
  let status = new Uint8Array(0)
  let index = new Int32Array(0)

  function reserve(size: number): void {
    if (size <= capacity) return
    capacity = Math.max(size, 2 * capacity)
    M = new Float64Array(capacity * capacity)
    step = new Float64Array(capacity)
    lambda = new Float64Array(capacity)
    w = new Float64Array(capacity)
    rho = new Float64Array(capacity)
    status = new Uint8Array(capacity)
    index = new Int32Array(capacity)
  }

  function velocity({ size, A, eps, r }: RowSet, impulses: Float64Array, i: number): number {
    let sum = eps[i]! * impulses[i]! - r[i]!
    for (let j = 0; j < size; j++) sum += A[i * size + j]! * impulses[j]!
    return sum
  }

  /** Step length of each row: the inverse of its diagonal, for a friction pair of its 2 × 2 block's larger eigenvalue. */
  function loadSteps({ size, A, eps, normal }: RowSet): void {
    for (let i = 0; i < size; i++) {
      const a = A[i * size + i]! + eps[i]!
      rho[i] = 1 / a
      if (normal[i]! < 0) continue
      const d = A[(i + 1) * size + i + 1]! + eps[i + 1]!
      const b = A[i * size + i + 1]!
      rho[i] = rho[i + 1] = 1 / ((a + d) / 2 + Math.sqrt(((a - d) / 2) ** 2 + b * b))
      i++
    }
  }

  function sweep(rows: RowSet): void {
    const { size, normal, mu, lambda: x } = rows
    for (let i = 0; i < size; i++) {
      const n = normal[i]!
      if (n < 0) {
        x[i] = Math.max(0, x[i]! - rho[i]! * velocity(rows, x, i))
        continue
      }
      const first = x[i]! - rho[i]! * velocity(rows, x, i)
      const second = x[i + 1]! - rho[i]! * velocity(rows, x, i + 1)
      const bound = mu[i]! * x[n]!
      const length = Math.sqrt(first * first + second * second)
      const scale = length > bound ? bound / length : 1
      x[i] = scale * first
      x[i + 1] = scale * second
      i++
    }
  }

  /** Sorts rows by their projections; those that open lose their impulse. Returns the number of unknowns left. */
  function classify(rows: RowSet): number {
    const { size, normal, mu } = rows
    for (let i = 0; i < size; i++) w[i] = velocity(rows, lambda, i)
    let unknowns = 0
    for (let i = 0; i < size; i++) {
      const n = normal[i]!
      if (n < 0) status[i] = lambda[i]! - rho[i]! * w[i]! > 0 ? HELD : OPEN
      else {
        const bound = status[n] === HELD ? mu[i]! * Math.max(0, lambda[n]!) : 0
        const length = Math.hypot(lambda[i]! - rho[i]! * w[i]!, lambda[i + 1]! - rho[i]! * w[i + 1]!)
        status[i] = status[i + 1] = bound === 0 ? OPEN : length > bound ? SLIDING : HELD
        i++
      }
    }
    for (let i = 0; i < size; i++) {
      index[i] = status[i] === OPEN ? -1 : unknowns++
      if (status[i] === OPEN) lambda[i] = 0
    }
    return unknowns
  }

  /** Newton's method from rows.lambda; true where `lambda` solves the equations. */
  function newton(rows: RowSet): boolean {
    const { size, A, eps, normal, mu } = rows
    for (let i = 0; i < size; i++) lambda[i] = rows.lambda[i]!
    let previous = Number.POSITIVE_INFINITY
    for (let iteration = 0; iteration < NEWTON_STEPS; iteration++) {
      let largest = 0
      let opened = 0 // impulse lost by rows that open
      for (let i = 0; i < size; i++) largest = Math.max(largest, Math.abs(lambda[i]!))
      step.set(lambda.subarray(0, size))
      const k = classify(rows)
      for (let i = 0; i < size; i++) opened = Math.max(opened, Math.abs(step[i]! - lambda[i]!))
      for (let i = 0; i < size; i++) w[i] = velocity(rows, lambda, i)

      let worst = opened
      M.fill(0, 0, k * k)
      for (let i = 0; i < size; i++) {
        const row = index[i]!
        if (row < 0) continue
        if (status[i] === HELD) {
          for (let j = 0; j < size; j++) if (index[j]! >= 0) M[row * k + index[j]!] = rho[i]! * A[i * size + j]!
          M[row * k + row]! += rho[i]! * eps[i]!
          step[row] = -rho[i]! * w[i]!
          worst = Math.max(worst, Math.abs(step[row]!))
          continue
        }
        // λ_t = μ λ_n p/|p|, p = λ_t − ρ w_t
        const n = normal[i]!
        const px = lambda[i]! - rho[i]! * w[i]!
        const py = lambda[i + 1]! - rho[i]! * w[i + 1]!
        const length = Math.hypot(px, py)
        const x = px / length
        const y = py / length
        const bound = mu[i]! * lambda[n]!
        const ratio = bound / length
        const second = row + 1
        for (let j = 0; j < size; j++) {
          const to = index[j]!
          if (to < 0) continue
          // derivative of p along λ_j, then its part across p
          const dx = (j === i ? 1 - rho[i]! * eps[i]! : 0) - rho[i]! * A[i * size + j]!
          const dy = (j === i + 1 ? 1 - rho[i]! * eps[i + 1]! : 0) - rho[i]! * A[(i + 1) * size + j]!
          const along = x * dx + y * dy
          M[row * k + to] = (j === i ? 1 : 0) - ratio * (dx - along * x) - (j === n ? mu[i]! * x : 0)
          M[second * k + to] = (j === i + 1 ? 1 : 0) - ratio * (dy - along * y) - (j === n ? mu[i]! * y : 0)
        }
        step[row] = bound * x - lambda[i]!
        step[second] = bound * y - lambda[i + 1]!
        worst = Math.max(worst, Math.abs(step[row]!), Math.abs(step[second]!))
        i++
      }
      if (worst <= CONVERGED * largest || (worst >= previous && worst <= ACCEPTED * largest)) return true
      previous = worst
      if (!solveInPlace(M, step, k)) return false
      for (let i = 0; i < size; i++) if (index[i]! >= 0) lambda[i]! += step[index[i]!]!
    }
    return false
  }

  function solve(rows: RowSet): boolean {
    const { size } = rows
    reserve(size)
    loadSteps(rows)
    rows.lambda.fill(0, 0, size)
    for (const sweeps of STAGES) {
      for (let s = 0; s < sweeps; s++) sweep(rows)
      if (newton(rows)) {
        for (let i = 0; i < size; i++) rows.lambda[i] = lambda[i]!
        return true
      }
    }
    return false
  }

  return { solve }
}
