/**
 * An orthonormal basis Q of the range of A, and which columns of A span it: Gram–Schmidt, every projection done twice (Giraud,
 * Langou and Rozložník 2005, doi:10.1007/s00211-005-0615-4), columns taken by what is left of them, largest first.
 */
import { dotAt } from '../linalg/flat.ts'

export interface OrthonormalColumns {
  readonly rank: number // r
  readonly Q: Float64Array // [k × r], row-major
  readonly kept: Int32Array // [r], columns of A that span its range, ascending
  readonly dependent: readonly number[] // the other columns, ascending
}

/**
 * A is row-major [k × n]. A column counts as dependent where less than 8·max(k, n)·ε of it is left after the others are taken out,
 * in proportion to the column itself: scaling columns changes nothing.
 */
export function orthonormalColumns(A: Float64Array, k: number, n: number): OrthonormalColumns {
  // Transposed, so that columns are contiguous.
  const columns = new Float64Array(n * k)
  const left = new Float64Array(n) // what is left of each column, relative to itself
  for (let j = 0; j < n; j++) {
    let largest = 0
    for (let t = 0; t < k; t++) largest = Math.max(largest, Math.abs(A[t * n + j]!))
    if (largest === 0) continue
    for (let t = 0; t < k; t++) columns[j * k + t] = A[t * n + j]! / largest
    normalize(columns, j * k, k)
    left[j] = 1
  }

  const smallest = 8 * Math.max(k, n) * Number.EPSILON
  const order: number[] = []
  for (let r = 0; r < Math.min(k, n); r++) {
    let next = -1
    for (let j = 0; j < n; j++) if (left[j]! > smallest && (next < 0 || left[j]! > left[next]!)) next = j
    if (next < 0) break
    for (const other of order) takeOut(columns, next * k, other * k, k)
    normalize(columns, next * k, k)
    left[next] = 0
    order.push(next)
    for (let j = 0; j < n; j++) if (left[j] !== 0) left[j] = takeOut(columns, j * k, next * k, k)
  }

  const rank = order.length
  const Q = new Float64Array(k * rank)
  for (let r = 0; r < rank; r++) for (let t = 0; t < k; t++) Q[t * rank + r] = columns[order[r]! * k + t]!
  const dependent: number[] = []
  if (rank < n) for (let j = 0; j < n; j++) if (!order.includes(j)) dependent.push(j)
  return { rank, Q, kept: Int32Array.from(order).sort(), dependent }
}

function normalize(columns: Float64Array, at: number, k: number): void {
  const size = Math.sqrt(dotAt(columns, at, columns, at, k))
  for (let t = at; t < at + k; t++) columns[t]! /= size
}

/** v −= q (qᵀ v), for the q of length one that starts at `q` and the v that starts at `v`; the length of what is left. */
function takeOut(columns: Float64Array, v: number, q: number, k: number): number {
  const share = dotAt(columns, v, columns, q, k)
  const end = v + k
  let a = 0
  let b = 0
  let i = v
  let j = q
  for (; i + 2 <= end; i += 2, j += 2) {
    const one = columns[i]! - share * columns[j]!
    const other = columns[i + 1]! - share * columns[j + 1]!
    columns[i] = one
    columns[i + 1] = other
    a += one * one
    b += other * other
  }
  if (i < end) {
    columns[i]! -= share * columns[j]!
    a += columns[i]! ** 2
  }
  return Math.sqrt(a + b)
}
