/**
 * An orthonormal basis Q of the range of A, and which columns of A span it: Gram–Schmidt, every projection done twice (Giraud,
 * Langou and Rozložník 2005, doi:10.1007/s00211-005-0615-4), columns taken by what is left of them, largest first.
 */
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
    const column = columns.subarray(j * k, (j + 1) * k)
    for (let t = 0; t < k; t++) column[t] = A[t * n + j]! / largest
    const size = Math.sqrt(dot(column, column))
    for (let t = 0; t < k; t++) column[t]! /= size
    left[j] = 1
  }

  const smallest = 8 * Math.max(k, n) * Number.EPSILON
  const order: number[] = []
  for (let r = 0; r < Math.min(k, n); r++) {
    let next = -1
    for (let j = 0; j < n; j++) if (left[j]! > smallest && (next < 0 || left[j]! > left[next]!)) next = j
    if (next < 0) break
    const q = columns.subarray(next * k, (next + 1) * k)
    for (const other of order) takeOut(q, columns.subarray(other * k, (other + 1) * k))
    const size = Math.sqrt(dot(q, q))
    for (let t = 0; t < k; t++) q[t]! /= size
    left[next] = 0
    order.push(next)
    for (let j = 0; j < n; j++) {
      if (left[j] === 0) continue
      const column = columns.subarray(j * k, (j + 1) * k)
      takeOut(column, q)
      left[j] = Math.sqrt(dot(column, column))
    }
  }

  const rank = order.length
  const Q = new Float64Array(k * rank)
  for (let r = 0; r < rank; r++) for (let t = 0; t < k; t++) Q[t * rank + r] = columns[order[r]! * k + t]!
  const dependent: number[] = []
  if (rank < n) for (let j = 0; j < n; j++) if (!order.includes(j)) dependent.push(j)
  return { rank, Q, kept: Int32Array.from(order).sort(), dependent }
}

/** column −= q (qᵀ column), for a q of length one. */
function takeOut(column: Float64Array, q: Float64Array): void {
  const share = dot(q, column)
  for (let t = 0; t < q.length; t++) column[t]! -= share * q[t]!
}

/** Four sums at a time, so that additions need not wait for each other. */
function dot(x: Float64Array, y: Float64Array): number {
  const whole = x.length - (x.length % 4)
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  for (let t = 0; t < whole; t += 4) {
    a += x[t]! * y[t]!
    b += x[t + 1]! * y[t + 1]!
    c += x[t + 2]! * y[t + 2]!
    d += x[t + 3]! * y[t + 3]!
  }
  for (let t = whole; t < x.length; t++) a += x[t]! * y[t]!
  return a + b + (c + d)
}
