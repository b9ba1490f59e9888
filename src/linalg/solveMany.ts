/**
 * Linear equations with many right-hand sides: Gaussian elimination with partial pivoting, four pivots at a time, so that what is
 * left is changed by rank-four updates (rankFourUpdate.ts). Source: G. H. Golub, C. F. Van Loan, Matrix Computations, 4th ed., §3.2.11
 * and 3.4 (blocked LU).
 */
import { solveManyInPlace } from './flat.ts'
import { packRow, rankFourUpdate } from './rankFourUpdate.ts'

const WORTHWHILE = 16 // unknowns; for fewer, packing gains nothing

/** Y [n × columns] becomes X with M X = Y; M [n × n] is destroyed. False (both are garbage) where M is singular or not finite. */
export function solveMany(M: Float64Array, Y: Float64Array, n: number, columns: number): boolean {
  if (n < WORTHWHILE) return solveManyInPlace(M, Y, n, columns)
  const width = 2 * Math.ceil((n + columns) / 2)
  const four = (n + 2) * width // four rows, packed; row n and n + 1 take what odd numbers of rows leave over
  const factors = four + 4 * width
  const { numbers: N, add, release } = rankFourUpdate(factors + 4 * (n + 2))
  for (let i = 0; i < n; i++) {
    N.set(M.subarray(i * n, (i + 1) * n), i * width)
    N.set(Y.subarray(i * columns, (i + 1) * columns), i * width + n)
  }
  /** Rows [from, to) lose their parts along `count` rows from `first` on, in the columns from `start` (even) on. */
  const reduceRows = (from: number, to: number, first: number, count: number, start: number): void => {
    if (from >= to) return
    const length = width - start
    N.fill(0, four, four + 4 * length)
    for (let q = 0; q < count; q++) packRow(N, four, q, N, (first + q) * width + start, length)
    for (let i = from; i < to; i++)
      for (let q = 0; q < 4; q++) N[factors + 4 * (i - from) + q] = q < count ? -N[i * width + first + q]! : 0
    for (let i = from; i < to; i += 2) {
      const other = i + 1 < to ? i + 1 : n
      const at = factors + 4 * (i - from)
      add(i * width + start, other * width + start, four, four + 4 * length, at, at + 4)
    }
  }

  let regular = true
  for (let k = 0; k < n && regular; k += 4) {
    const count = Math.min(4, n - k)
    regular = factorPanel(N, width, n, k, count)
    // The panel's own columns hold factors now: what is left starts after them, at an even place.
    if (regular) reduceRows(k + count, n, k, count, k + count)
  }
  if (regular)
    for (let k = 4 * Math.floor((n - 1) / 4); k >= 0; k -= 4) {
      const count = Math.min(4, n - k)
      solveTriangle(N, width, n, columns, k, count)
      reduceRows(0, k, k, count, n - (n % 2))
    }
  if (regular) for (let i = 0; i < n; i++) Y.set(N.subarray(i * width + n, i * width + n + columns), i * columns)
  release()
  return regular
}

/** Pivots k … k + count − 1: rows are swapped, factors stand below the diagonal, and the pivots' rows are finished to the right. */
function factorPanel(N: Float64Array, width: number, n: number, k: number, count: number): boolean {
  for (let p = k; p < k + count; p++) {
    let pivot = p
    for (let i = p + 1; i < n; i++) if (Math.abs(N[i * width + p]!) > Math.abs(N[pivot * width + p]!)) pivot = i
    const value = N[pivot * width + p]!
    if (!(Math.abs(value) > 0 && Number.isFinite(value))) return false
    if (pivot !== p)
      for (let j = k; j < width; j++) {
        const kept = N[p * width + j]!
        N[p * width + j] = N[pivot * width + j]!
        N[pivot * width + j] = kept
      }
    for (let i = p + 1; i < n; i++) {
      const factor = N[i * width + p]! / value
      N[i * width + p] = factor
      if (factor !== 0) for (let j = p + 1; j < k + count; j++) N[i * width + j]! -= factor * N[p * width + j]!
    }
  }
  for (let i = k + 1; i < k + count; i++)
    for (let p = k; p < i; p++) {
      const factor = N[i * width + p]!
      for (let j = k + count; j < width; j++) N[i * width + j]! -= factor * N[p * width + j]!
    }
  return true
}

/** Right-hand sides of rows k … k + count − 1, those of later rows being eliminated already. */
function solveTriangle(N: Float64Array, width: number, n: number, columns: number, k: number, count: number): void {
  for (let p = k + count - 1; p >= k; p--) {
    for (let i = p + 1; i < k + count; i++) {
      const factor = N[p * width + i]!
      if (factor !== 0) for (let j = n; j < n + columns; j++) N[p * width + j]! -= factor * N[i * width + j]!
    }
    const pivot = N[p * width + p]!
    for (let j = n; j < n + columns; j++) N[p * width + j]! /= pivot
  }
}
