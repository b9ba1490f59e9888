/**
 * Nearly the least absolute deviations, min_x Σ_t |(Q x)_t − y_t|, by the alternating direction method of multipliers (Boyd, Parikh,
 * Chu, Peleato and Eckstein 2011, §6.1, doi:10.1561/2200000016), over-relaxed (§3.4.3), ρ balanced between the residuals (§3.4.1).
 * Differs from the text in that Q has orthonormal columns: the x-step is then a product with Qᵀ, and no factorization depends on
 * ρ, so that each right-hand side may have its own. Right-hand sides share what is read of Q, and each gets the same bits as
 * it would alone. Accurate to a few digits, which is enough to tell which equations hold.
 */
import type { PackedProducts } from '../linalg/packedProducts.ts'

const RELAXATION = 1.7
const BALANCE = 5 // residuals may differ by this factor before ρ changes

/** Where the iteration for one right-hand side stands. */
export interface AbsoluteSplit {
  readonly y: Float64Array // [k]
  readonly residuals: Float64Array // [k], Q x − y
  readonly errors: Float64Array // [k], z: nearly the residuals, and exactly zero where the equation seems to hold
  readonly multipliers: Float64Array // [k], within ±1; ±1 where the equation seems not to hold
  rho: number
}

/** A solver for many right-hand sides. */
export interface AbsoluteSplitting {
  /** So many iterations, each a product with Qᵀ and one with Q, and ρ balanced after them. */
  advance(splits: readonly AbsoluteSplit[], iterations: number): void
}

/** Scratch is for `atMost` right-hand sides at a time. */
export function absoluteSplitting(products: PackedProducts, k: number, atMost: number): AbsoluteSplitting {
  const { long, longStride: stride } = products // y + z − u, then Q x in its place
  const y = new Float64Array(atMost * stride)
  const z = new Float64Array(atMost * stride)
  const u = new Float64Array(atMost * stride) // multipliers/ρ

  function advanceTogether(splits: readonly AbsoluteSplit[], iterations: number): void {
    for (const [c, split] of splits.entries())
      for (let t = 0, i = c * stride; t < k; t++, i++) {
        y[i] = split.y[t]!
        z[i] = split.errors[t]!
        u[i] = split.multipliers[t]! / split.rho
        long[i] = y[i]! + z[i]! - u[i]!
      }
    for (let iteration = 1; iteration <= iterations; iteration++) {
      products.multiplyTransposed(splits.length)
      products.multiply(splits.length)
      if (iteration === iterations) break
      for (const [c, { rho }] of splits.entries()) shrinkInto(long, z, u, y, 1 / rho, c * stride, c * stride + k)
    }
    for (const [c, split] of splits.entries()) finish(split, c * stride)
  }

  /** The last step, which is also looked at. */
  function finish(split: AbsoluteSplit, first: number): void {
    const { residuals, errors, multipliers, rho } = split
    const threshold = 1 / rho
    let apart = 0 // ‖Q x − y − z‖²
    let moved = 0 // ‖z − previous z‖²
    for (let t = 0, i = first; t < k; t++, i++) {
      const before = z[i]!
      residuals[t] = long[i]! - y[i]!
      const relaxed = RELAXATION * residuals[t]! + (1 - RELAXATION) * before + u[i]!
      const after = relaxed > threshold ? relaxed - threshold : relaxed < -threshold ? relaxed + threshold : 0
      errors[t] = after
      multipliers[t] = after === 0 ? relaxed * rho : Math.sign(after)
      apart += (residuals[t]! - after) ** 2
      moved += (after - before) ** 2
    }
    split.rho *= apart > BALANCE ** 2 * moved ? 2 : moved > BALANCE ** 2 * apart ? 0.5 : 1
  }

  return {
    advance(splits, iterations) {
      for (let first = 0; first < splits.length; first += atMost)
        advanceTogether(splits.slice(first, first + atMost), iterations)
    },
  }
}

/** z, u and the next y + z − u of one right-hand side after the x-step; the last comes in place of Q x. */
function shrinkInto(
  long: Float64Array,
  z: Float64Array,
  u: Float64Array,
  y: Float64Array,
  threshold: number,
  first: number,
  end: number,
): void {
  for (let i = first; i < end; i++) {
    const relaxed = RELAXATION * (long[i]! - y[i]!) + (1 - RELAXATION) * z[i]! + u[i]!
    const kept = (Math.abs(relaxed + threshold) - Math.abs(relaxed - threshold)) / 2 // within ±threshold, without a branch
    z[i] = relaxed - kept
    u[i] = kept
    long[i] = y[i]! + z[i]! - kept
  }
}
