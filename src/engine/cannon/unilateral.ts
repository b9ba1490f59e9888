/**
 * Impulses of contact, friction and joint-limit rows coupled through A (their Schur complement on the joint rows), with
 * w = A λ + eps λ − r the velocities that they leave:
 *   limit and normal rows: λ ≥ 0, w ≥ 0, λ w = 0 (Signorini),
 *   pairs of friction rows: |λ_t| ≤ μ λ_n, w_t = 0 inside, λ_t = −μ λ_n w_t/|w_t| at the bound (Coulomb's cone).
 * Projected Gauss–Seidel comes near; a semismooth Newton method on the equivalent equations
 *   λ_n = max(0, λ_n − ρ w_n),   λ_t = projection of λ_t − ρ w_t on the disk of radius μ λ_n
 * (Alart and Curnier 1991, doi:10.1016/0045-7825(91)90022-X) then solves them to rounding, so that the result is a smooth
 * function of its data wherever no contact changes between open, sticking and sliding.
 *
 * Where contacts are redundant, A is all but singular along the ways of sharing friction between them, and Newton's method
 * cycles between sticking and sliding. Then friction is first taken much more compliant, which makes A well conditioned, and its
 * compliance is led back to its own value, every solution being the start of the next (continuation; a step that fails is tried
 * again with half the change of the logarithm).
 */
import { solveManyInPlace } from '../../linalg/flat.ts'

export interface RowSet {
  size: number
  A: Float64Array // [size × size], symmetric positive semidefinite
  eps: Float64Array // [size] compliance
  r: Float64Array // [size] target velocity
  normal: Int32Array // [size] for the two friction rows of a contact, which follow each other, the row of their normal, else −1
  mu: Float64Array // [size] friction coefficient, 0 on other rows
  lambda: Float64Array // [size] out: impulses
}

const SWEEPS = 10 // of Gauss–Seidel, before Newton's method
const FIRST_SWEEPS = 20 // the same, before the first problem of the continuation
const NEWTON_STEPS = [12, 30] // at most, in the first and the second attempt
const CONVERGED = 1e-13 // of the largest impulse there is, or that a single row would take
const ACCEPTED = 1e-10 // where rounding stops progress
const SINGULAR = 1e-14 // smallest pivot, of the largest entry

// the continuation's added friction compliance, in units of the rows' own response
const SOFTEST = 1
const HARDEST = 1e-6
const FASTEST = 1e-2 // change in one step
const SLOWEST = 0.95
const MOST_PROBLEMS = 80

const OPEN = 0 // λ = 0
const HELD = 1 // w = 0: closed, at a limit, or sticking
const SLIDING = 2

export interface UnilateralSolver {
  /**
   * Fills rows.lambda; true where it solves the conditions above. Else it solves them with friction more compliant than asked,
   * or, where not even that was found, holds the last Gauss–Seidel iterate.
   */
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
  let own = new Float64Array(0) // compliance as given
  let unit = new Float64Array(0) // compliance added for 1
  let solved = new Float64Array(0) // the last solution of the continuation

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
    own = new Float64Array(capacity)
    unit = new Float64Array(capacity)
    solved = new Float64Array(capacity)
  }

  function velocity({ size, A, eps, r }: RowSet, impulses: Float64Array, i: number): number {
    let sum = eps[i]! * impulses[i]! - r[i]!
    for (let j = 0; j < size; j++) sum += A[i * size + j]! * impulses[j]!
    return sum
  }

  /**
   * Step length of each row: the inverse of its diagonal, for a friction pair of its 2 × 2 block's larger eigenvalue; 0 for rows
   * that nothing moves.
   */
  function loadSteps({ size, A, eps, normal }: RowSet): void {
    for (let i = 0; i < size; i++) {
      const a = A[i * size + i]! + eps[i]!
      rho[i] = a > 0 ? 1 / a : 0
      if (normal[i]! < 0) continue
      const d = A[(i + 1) * size + i + 1]! + eps[i + 1]!
      const b = A[i * size + i + 1]!
      const largest = (a + d) / 2 + Math.sqrt(((a - d) / 2) ** 2 + b * b)
      rho[i] = rho[i + 1] = largest > 0 ? 1 / largest : 0
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
        const px = lambda[i]! - rho[i]! * w[i]!
        const py = lambda[i + 1]! - rho[i]! * w[i + 1]!
        const length = Math.sqrt(px * px + py * py)
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

  /** Newton's method from rows.lambda; true where it solved the equations, and rows.lambda is the solution. */
  function newton(rows: RowSet, most: number): boolean {
    const { size, A, eps, r, normal, mu } = rows
    for (let i = 0; i < size; i++) lambda[i] = rows.lambda[i]!
    let previous = Number.POSITIVE_INFINITY
    for (let iteration = 0; iteration < most; iteration++) {
      let largest = Number.EPSILON ** 6 // below it, nothing moves
      let opened = 0 // impulse lost by rows that open
      for (let i = 0; i < size; i++) largest = Math.max(largest, Math.abs(lambda[i]!), Math.abs(rho[i]! * r[i]!))
      for (let i = 0; i < size; i++) step[i] = lambda[i]!
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
        const length = Math.sqrt(px * px + py * py)
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
      if (worst <= CONVERGED * largest || (worst >= previous && worst <= ACCEPTED * largest)) {
        for (let i = 0; i < size; i++) rows.lambda[i] = lambda[i]!
        return true
      }
      previous = worst
      if (!solveManyInPlace(M, step, k, 1, SINGULAR)) return false
      for (let i = 0; i < size; i++) if (index[i]! >= 0) lambda[i]! += step[index[i]!]!
    }
    return false
  }

  /** Leads the compliance of friction from `SOFTEST` back to its own; rows.lambda is the solution of the hardest problem solved. */
  function continueFriction(rows: RowSet, mostSteps: number): boolean {
    const { size, eps, normal, lambda: x } = rows
    for (let i = 0; i < size; i++) own[i] = eps[i]!
    loadSteps(rows)
    for (let i = 0; i < size; i++) unit[i] = normal[i]! < 0 || rho[i] === 0 ? 0 : 1 / rho[i]!
    let added = SOFTEST
    let reached = Number.POSITIVE_INFINITY // least added compliance that was solved
    let change = 0.1
    let done = false
    x.fill(0, 0, size)
    for (let k = 0; k < MOST_PROBLEMS && !done; k++) {
      for (let i = 0; i < size; i++) eps[i] = own[i]! + added * unit[i]!
      loadSteps(rows)
      if (reached > SOFTEST) for (let s = 0; s < FIRST_SWEEPS; s++) sweep(rows)
      if (newton(rows, mostSteps)) {
        for (let i = 0; i < size; i++) solved[i] = x[i]!
        done = added === 0
        reached = added
        change = Math.max(change * change, FASTEST)
        added = added * change < HARDEST ? 0 : added * change
      } else if (reached > SOFTEST) break
      else {
        change = Math.sqrt(change)
        if (change > SLOWEST) break
        added = reached * change
        for (let i = 0; i < size; i++) x[i] = solved[i]!
      }
    }
    for (let i = 0; i < size; i++) eps[i] = own[i]!
    if (reached <= SOFTEST) for (let i = 0; i < size; i++) x[i] = solved[i]!
    return done
  }

  function solve(rows: RowSet): boolean {
    const { size, r } = rows
    reserve(size)
    loadSteps(rows)
    rows.lambda.fill(0, 0, size)
    for (let i = 0; i < size; i++)
      if (!Number.isFinite(r[i]!)) {
        rows.lambda.fill(Number.NaN, 0, size)
        return false
      }
    for (let s = 0; s < SWEEPS; s++) sweep(rows)
    return newton(rows, NEWTON_STEPS[0]!) || NEWTON_STEPS.some((most) => continueFriction(rows, most))
  }

  return { solve }
}
