/**
 * Nearly the least absolute deviations, min_x Σ_t |(Q x)_t − y_t|, by the alternating direction method of multipliers (Boyd, Parikh,
 * Chu, Peleato and Eckstein 2011, §6.1, doi:10.1561/2200000016), over-relaxed (§3.4.3), ρ balanced between the residuals (§3.4.1).
 * Differs from the text in that Q has orthonormal columns: the x-step is then a product with Qᵀ, and no factorization depends on
 * ρ, so that each right-hand side may have its own. Right-hand sides share what is read of Q, and each gets the same bits as
 * it would alone. Accurate to a few digits, which is enough to tell which equations hold.
 */
import { transposeInto } from '../linalg/flat.ts'

const RELAXATION = 1.6
const BALANCE = 5 // residuals may differ by this factor before ρ changes
const LANES = 4 // right-hand sides that are interleaved
const WIDTH = 4 * LANES // right-hand sides at a time

/** Where the iteration for one right-hand side stands. */
export interface AbsoluteSplit {
  readonly y: Float64Array // [k]
  readonly residuals: Float64Array // [k], Q x − y
  readonly errors: Float64Array // [k], z: nearly the residuals, and exactly zero where the equation seems to hold
  readonly multipliers: Float64Array // [k], within ±1; ±1 where the equation seems not to hold
  rho: number
}

/** A solver for many right-hand sides; its scratch is its own. */
export interface AbsoluteSplitting {
  /** So many iterations, each a product with Q and one with Qᵀ, and ρ balanced after them. */
  advance(splits: readonly AbsoluteSplit[], iterations: number): void
}

/** Scratch is for so many right-hand sides at a time. */
export function absoluteSplitting(Q: Float64Array, k: number, n: number, atMost: number): AbsoluteSplitting {
  const width = atMost <= 1 ? 1 : Math.min(WIDTH, LANES * Math.ceil(atMost / LANES))
  const Qt = new Float64Array(n * k)
  transposeInto(Qt, Q, k, n)
  const x = new Float64Array(n * width)
  const y = new Float64Array(k * width)
  const fitted = new Float64Array(k * width) // Q x
  const z = new Float64Array(k * width)
  const u = new Float64Array(k * width) // multipliers/ρ
  const target = new Float64Array(k * width)
  const threshold = new Float64Array(width) // 1/ρ

  function advanceTogether(splits: readonly AbsoluteSplit[], iterations: number): void {
    const lanes = splits.length === 1 ? 1 : LANES
    const blocks = Math.ceil(splits.length / lanes) // of [k × lanes], one after the other
    const place = (c: number) => Math.floor(c / lanes) * k * lanes + (c % lanes)
    splits.forEach((split, c) => {
      threshold[c] = 1 / split.rho
      for (let t = 0, i = place(c); t < k; t++, i += lanes) {
        y[i] = split.y[t]!
        z[i] = split.errors[t]!
        u[i] = split.multipliers[t]! / split.rho
      }
    })
    for (let iteration = 1; iteration <= iterations; iteration++) {
      const size = blocks * k * lanes // idle lanes hold what they held
      for (let i = 0; i < size; i++) target[i] = y[i]! + z[i]! - u[i]!
      multiplyInto(x, Qt, target, n, k, lanes, blocks)
      multiplyInto(fitted, Q, x, k, n, lanes, blocks)
      if (iteration === iterations) break
      for (let c = 0; c < splits.length; c++) shrinkInto(z, u, fitted, y, threshold[c]!, place(c), k, lanes)
    }
    for (const [c, split] of splits.entries()) finish(split, threshold[c]!, place(c), lanes)
  }

  /** The last step, which is also looked at. */
  function finish(split: AbsoluteSplit, threshold: number, first: number, lanes: number): void {
    const { residuals, errors, multipliers, rho } = split
    let apart = 0 // ‖Q x − y − z‖²
    let moved = 0 // ‖z − previous z‖²
    for (let t = 0, i = first; t < k; t++, i += lanes) {
      const before = z[i]!
      residuals[t] = fitted[i]! - y[i]!
      const relaxed = RELAXATION * residuals[t]! + (1 - RELAXATION) * before + u[i]!
      const after = shrunk(relaxed, threshold)
      errors[t] = after
      multipliers[t] = after === 0 ? relaxed * rho : Math.sign(after)
      apart += (residuals[t]! - after) ** 2
      moved += (after - before) ** 2
    }
    split.rho *= apart > BALANCE ** 2 * moved ? 2 : moved > BALANCE ** 2 * apart ? 0.5 : 1
  }

  return {
    advance(splits, iterations) {
      for (let first = 0; first < splits.length; first += width)
        advanceTogether(splits.slice(first, first + width), iterations)
    },
  }
}

const shrunk = (value: number, threshold: number): number =>
  value > threshold ? value - threshold : value < -threshold ? value + threshold : 0

/** z and u of one lane after the x-step. */
function shrinkInto(
  z: Float64Array,
  u: Float64Array,
  fitted: Float64Array,
  y: Float64Array,
  threshold: number,
  first: number,
  k: number,
  lanes: number,
): void {
  for (let t = 0, i = first; t < k; t++, i += lanes) {
    const relaxed = RELAXATION * (fitted[i]! - y[i]!) + (1 - RELAXATION) * z[i]! + u[i]!
    const after = shrunk(relaxed, threshold)
    z[i] = after
    u[i] = relaxed - after
  }
}

/** out = M V for blocks of V [inner × lanes], lanes 1 or 4; each sum is taken in the same order whatever lanes and blocks are. */
function multiplyInto(
  out: Float64Array,
  M: Float64Array, // [rows × inner]
  V: Float64Array,
  rows: number,
  inner: number,
  lanes: number,
  blocks: number,
): void {
  if (lanes === 1) multiplyOneInto(out, M, V, rows, inner)
  else
    for (let row = 0; row < rows; row += 2)
      for (let block = 0; block < blocks; block++)
        multiplyPairInto(out, LANES * (block * rows + row), M, V, LANES * block * inner, row, row + 1 < rows, inner)
}

/** Four rows at a time, so that additions need not wait for each other. */
function multiplyOneInto(out: Float64Array, M: Float64Array, v: Float64Array, rows: number, inner: number): void {
  let row = 0
  for (; row + 4 <= rows; row += 4) {
    let at0 = row * inner
    let at1 = at0 + inner
    let at2 = at1 + inner
    let at3 = at2 + inner
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    for (let j = 0; j < inner; j++) {
      const value = v[j]!
      a += M[at0++]! * value
      b += M[at1++]! * value
      c += M[at2++]! * value
      d += M[at3++]! * value
    }
    out[row] = a
    out[row + 1] = b
    out[row + 2] = c
    out[row + 3] = d
  }
  for (; row < rows; row++) {
    let sum = 0
    for (let j = 0; j < inner; j++) sum += M[row * inner + j]! * v[j]!
    out[row] = sum
  }
}

/** Two rows (or one) and four lanes at a time: eight sums from six numbers read. */
function multiplyPairInto(
  out: Float64Array,
  to: number,
  M: Float64Array,
  V: Float64Array,
  from: number,
  row: number,
  hasTwo: boolean,
  inner: number,
): void {
  let at = row * inner
  let next = hasTwo ? at + inner : at
  let a0 = 0
  let a1 = 0
  let a2 = 0
  let a3 = 0
  let b0 = 0
  let b1 = 0
  let b2 = 0
  let b3 = 0
  const end = from + LANES * inner
  for (let i = from; i < end; i += LANES) {
    const a = M[at++]!
    const b = M[next++]!
    const v0 = V[i]!
    const v1 = V[i + 1]!
    const v2 = V[i + 2]!
    const v3 = V[i + 3]!
    a0 += a * v0
    a1 += a * v1
    a2 += a * v2
    a3 += a * v3
    b0 += b * v0
    b1 += b * v1
    b2 += b * v2
    b3 += b * v3
  }
  out[to] = a0
  out[to + 1] = a1
  out[to + 2] = a2
  out[to + 3] = a3
  if (!hasTwo) return
  out[to + 4] = b0
  out[to + 5] = b1
  out[to + 6] = b2
  out[to + 7] = b3
}
