/**
 * Nearly the least absolute deviations, min_x Σ_t |(Q x)_t − y_t|, by the alternating direction method of multipliers (Boyd, Parikh,
 * Chu, Peleato and Eckstein 2011, §6.1, doi:10.1561/2200000016), over-relaxed (§3.4.3), ρ balanced between the residuals (§3.4.1).
 * Differs from the text in that Q has orthonormal columns: the x-step is then a product with Qᵀ, and no factorization depends on
 * ρ, so that each right-hand side may have its own. Accurate to a few digits, which is enough to tell which equations hold.
 */

const RELAXATION = 1.6
const ROUND = 10 // iterations between looks at the residuals
const BALANCE = 5 // residuals may differ by this factor before ρ changes

/** What splitting tells of the best x. */
export interface AbsoluteGuess {
  readonly residuals: Float64Array // [k], Q x − y
  readonly multipliers: Float64Array // [k], within ±1; strictly inside where the equation holds
}

/** A solver for many right-hand sides; its scratch is its own. */
export interface AbsoluteSplitting {
  /** Valid until the next call; one iteration is one product with Q and one with Qᵀ. */
  solve(y: Float64Array, maxIterations: number, tolerance: number): AbsoluteGuess
}

export function absoluteSplitting(Q: Float64Array, k: number, n: number): AbsoluteSplitting {
  const x = new Float64Array(n)
  const fitted = new Float64Array(k) // Q x
  const z = new Float64Array(k) // stands for Q x − y
  const u = new Float64Array(k) // scaled multipliers
  const target = new Float64Array(k)
  return {
    solve(y, maxIterations, tolerance) {
      transposedInto(x, Q, y, k, n)
      productInto(fitted, Q, x, k, n)
      let mean = 0
      for (let t = 0; t < k; t++) {
        z[t] = fitted[t]! - y[t]!
        mean += Math.abs(z[t]!) / k
      }
      u.fill(0)
      let rho = mean > 0 ? 1 / mean : 0
      for (let iteration = 1; rho > 0 && Number.isFinite(rho) && iteration <= maxIterations; iteration++) {
        for (let t = 0; t < k; t++) target[t] = y[t]! + z[t]! - u[t]!
        transposedInto(x, Q, target, k, n)
        productInto(fitted, Q, x, k, n)
        const threshold = 1 / rho
        let apart = 0 // ‖Q x − y − z‖²
        let moved = 0 // ‖z − previous z‖²
        let size = 0
        for (let t = 0; t < k; t++) {
          const before = z[t]!
          const relaxed = RELAXATION * (fitted[t]! - y[t]!) + (1 - RELAXATION) * before + u[t]!
          const after = relaxed > threshold ? relaxed - threshold : relaxed < -threshold ? relaxed + threshold : 0
          z[t] = after
          u[t] = relaxed - after
          apart += (fitted[t]! - y[t]! - after) ** 2
          moved += (after - before) ** 2
          size += after * after
        }
        if (iteration % ROUND !== 0) continue
        // ρ·moved bounds ‖Qᵀ multipliers‖², of which each entry is of the order of 1
        if (apart <= tolerance ** 2 * size && rho * rho * moved <= tolerance ** 2 * k) break
        const factor = apart > BALANCE ** 2 * moved ? 2 : moved > BALANCE ** 2 * apart ? 0.5 : 1
        if (factor === 1) continue
        rho *= factor
        for (let t = 0; t < k; t++) u[t]! /= factor
      }
      for (let t = 0; t < k; t++) fitted[t]! -= y[t]!
      for (let t = 0; t < k; t++) u[t]! *= rho
      return { residuals: fitted, multipliers: u }
    },
  }
}

/** out = Q x; four sums at a time, so that additions need not wait for each other. */
function productInto(out: Float64Array, Q: Float64Array, x: Float64Array, k: number, n: number): void {
  const whole = n - (n % 4)
  for (let t = 0; t < k; t++) {
    const row = t * n
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    for (let j = 0; j < whole; j += 4) {
      a += Q[row + j]! * x[j]!
      b += Q[row + j + 1]! * x[j + 1]!
      c += Q[row + j + 2]! * x[j + 2]!
      d += Q[row + j + 3]! * x[j + 3]!
    }
    for (let j = whole; j < n; j++) a += Q[row + j]! * x[j]!
    out[t] = a + b + (c + d)
  }
}

/** out = Qᵀ v. */
function transposedInto(out: Float64Array, Q: Float64Array, v: Float64Array, k: number, n: number): void {
  out.fill(0)
  const whole = k - (k % 2)
  for (let t = 0; t < whole; t += 2) {
    const row = t * n
    const next = row + n
    const a = v[t]!
    const b = v[t + 1]!
    for (let j = 0; j < n; j++) out[j]! += a * Q[row + j]! + b * Q[next + j]!
  }
  if (whole < k) for (let j = 0; j < n; j++) out[j]! += v[whole]! * Q[whole * n + j]!
}
