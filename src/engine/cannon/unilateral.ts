/**
 * Impulses of contact, friction and joint-limit rows coupled through A (their Schur complement on the joint rows):
 *   w = A λ + eps λ − r,   limit and normal rows: λ ≥ 0, w ≥ 0, λw = 0,
 *   friction rows: |λ| ≤ μ λ_normal, w = 0 inside, w against λ at the bound.
 * Projected Gauss–Seidel finds which rows are active; the impulses are then solved exactly on that set and held against every
 * condition above, so that the result is a smooth function of its data wherever the set does not change.
 */
import { solveInPlace } from '../../linalg/solveInPlace.ts'

export interface RowSet {
  size: number
  A: Float64Array // [size × size], symmetric positive semidefinite
  eps: Float64Array // [size] compliance
  r: Float64Array // [size] target velocity
  normal: Int32Array // [size] for a friction row the row of its normal, else −1
  mu: Float64Array // [size] friction coefficient, 0 on other rows
  lambda: Float64Array // [size] out: impulses
}

const STAGES = [20, 200, 2000] // Gauss–Seidel sweeps before each attempt at an exact solution
const FLIPS = 8 // corrections of the active set in one attempt

const INACTIVE = 0
const SOLVED = 1
const AT_UPPER = 2
const AT_LOWER = 3

export interface UnilateralSolver {
  /** Fills rows.lambda. False where no exact solution was found: lambda then holds the last Gauss–Seidel iterate. */
  solve(rows: RowSet): boolean
}

export function createUnilateralSolver(): UnilateralSolver {
  let capacity = 0
  let M = new Float64Array(0)
  let rhs = new Float64Array(0)
  let exact = new Float64Array(0)
  let status = new Uint8Array(0)
  let index = new Int32Array(0)

  function reserve(size: number): void {
    if (size <= capacity) return
    capacity = Math.max(size, 2 * capacity)
    M = new Float64Array(capacity * capacity)
    rhs = new Float64Array(capacity)
    exact = new Float64Array(capacity)
    status = new Uint8Array(capacity)
    index = new Int32Array(capacity)
  }

  function sweep({ size, A, eps, r, normal, mu, lambda }: RowSet): number {
    let change = 0
    for (let i = 0; i < size; i++) {
      let w = eps[i]! * lambda[i]! - r[i]!
      for (let j = 0; j < size; j++) w += A[i * size + j]! * lambda[j]!
      const old = lambda[i]!
      let next = old - w / (A[i * size + i]! + eps[i]!)
      const n = normal[i]!
      if (n < 0) next = Math.max(0, next)
      else {
        const bound = mu[i]! * lambda[n]!
        next = Math.min(bound, Math.max(-bound, next))
      }
      lambda[i] = next
      change = Math.max(change, Math.abs(next - old))
    }
    return change
  }

  function classify({ size, normal, mu, lambda }: RowSet): void {
    for (let i = 0; i < size; i++) {
      const n = normal[i]!
      if (n < 0) status[i] = lambda[i]! > 0 ? SOLVED : INACTIVE
      else {
        const bound = mu[i]! * lambda[n]!
        if (bound <= 0) status[i] = INACTIVE
        else if (lambda[i]! >= bound) status[i] = AT_UPPER
        else status[i] = lambda[i]! <= -bound ? AT_LOWER : SOLVED
      }
    }
  }

  /** Solves for the impulses of the SOLVED rows, sliding friction tied to its normal. False where singular. */
  function solveOnSet({ size, A, eps, r, normal, mu }: RowSet): boolean {
    let k = 0
    for (let i = 0; i < size; i++) index[i] = status[i] === SOLVED ? k++ : -1
    M.fill(0, 0, k * k)
    for (let i = 0; i < size; i++) {
      const row = index[i]!
      if (row < 0) continue
      rhs[row] = r[i]!
      M[row * k + row]! += eps[i]!
      for (let j = 0; j < size; j++) {
        if (status[j] === SOLVED) M[row * k + index[j]!]! += A[i * size + j]!
        else if (status[j] !== INACTIVE && index[normal[j]!]! >= 0) {
          const slope = status[j] === AT_UPPER ? mu[j]! : -mu[j]!
          M[row * k + index[normal[j]!]!]! += slope * A[i * size + j]!
        }
      }
    }
    if (!solveInPlace(M, rhs, k)) return false
    for (let i = 0; i < size; i++) if (status[i] === SOLVED) exact[i] = rhs[index[i]!]!
    for (let i = 0; i < size; i++) {
      if (status[i] === INACTIVE) exact[i] = 0
      else if (status[i] !== SOLVED) exact[i] = (status[i] === AT_UPPER ? mu[i]! : -mu[i]!) * exact[normal[i]!]!
    }
    return true
  }

  /** Moves every row that breaks its condition to the set it belongs to; returns how many did. */
  function correct({ size, A, eps, r, normal, mu }: RowSet): number {
    let scale = 0
    let speed = 0
    for (let i = 0; i < size; i++) {
      scale = Math.max(scale, Math.abs(exact[i]!))
      speed = Math.max(speed, Math.abs(r[i]!))
    }
    const slack = 1e-11 * scale
    const slowest = 1e-11 * speed
    let moved = 0
    for (let i = 0; i < size; i++) {
      const n = normal[i]!
      if (status[i] === SOLVED) {
        if (n < 0) {
          if (exact[i]! < -slack) {
            status[i] = INACTIVE
            moved++
          }
        } else {
          const bound = mu[i]! * Math.max(0, exact[n]!)
          if (Math.abs(exact[i]!) > bound + slack) {
            status[i] = bound === 0 ? INACTIVE : exact[i]! > 0 ? AT_UPPER : AT_LOWER
            moved++
          }
        }
        continue
      }
      let w = eps[i]! * exact[i]! - r[i]!
      for (let j = 0; j < size; j++) w += A[i * size + j]! * exact[j]!
      if (n < 0) {
        if (w < -slowest) {
          status[i] = SOLVED
          moved++
        }
      } else if (status[i] === INACTIVE) {
        if (mu[i]! * exact[n]! > slack) {
          status[i] = SOLVED
          moved++
        }
      } else if (status[i] === AT_UPPER ? w > slowest : w < -slowest) {
        status[i] = SOLVED
        moved++
      }
    }
    return moved
  }

  function solve(rows: RowSet): boolean {
    const { size, lambda } = rows
    reserve(size)
    lambda.fill(0, 0, size)
    for (const sweeps of STAGES) {
      for (let s = 0; s < sweeps; s++) if (sweep(rows) === 0) break
      classify(rows)
      for (let flip = 0; flip < FLIPS; flip++) {
        if (!solveOnSet(rows)) break
        if (correct(rows) === 0) {
          for (let i = 0; i < size; i++) lambda[i] = exact[i]!
          return true
        }
      }
    }
    return false
  }

  return { solve }
}
