/** Least squares on a few columns of a row-major matrix, and which of them are not needed. */

/** Columns that depend on those before them to this share of their length are not solved for. */
const DEPENDENT = 1e-10

/**
 * x [n], zero outside `support`, with the least |A x − y|₂; null unless every equation then holds to its accuracy. Columns whose part
 * of every equation is within the accuracy are left out where the others do without them.
 */
export function fitSupport(
  A: Float64Array, // [q × n]
  y: Float64Array, // [q]
  n: number,
  support: readonly number[],
  accuracy: Float64Array, // [q]
): Float64Array | null {
  const x = solveWithin(A, y, n, support, accuracy)
  if (x === null) return null
  const needed = support.filter((j) => {
    for (let e = 0; e < y.length; e++) if (Math.abs(A[e * n + j]! * x[j]!) > accuracy[e]!) return true
    return false
  })
  return needed.length < support.length ? (solveWithin(A, y, n, needed, accuracy) ?? x) : x
}

/** QR decomposition by Gram–Schmidt, twice, so that the columns are orthogonal to rounding. */
function solveWithin(
  A: Float64Array,
  y: Float64Array,
  n: number,
  support: readonly number[],
  accuracy: Float64Array,
): Float64Array | null {
  const q = y.length
  const s = support.length
  const x = new Float64Array(n)
  if (s > q) return null
  const Q = new Float64Array(s * q) // column c at Q[c·q …]
  const R = new Float64Array(s * s)
  const rest = y.slice()
  const parts = new Float64Array(s) // Qᵀy
  for (let c = 0; c < s; c++) {
    const column = Q.subarray(c * q, (c + 1) * q)
    for (let e = 0; e < q; e++) column[e] = A[e * n + support[c]!]!
    const length = Math.sqrt(dot(column, column))
    for (let pass = 0; pass < 2; pass++)
      for (let d = 0; d < c; d++) {
        const other = Q.subarray(d * q, (d + 1) * q)
        const along = dot(column, other)
        R[d * s + c]! += along
        for (let e = 0; e < q; e++) column[e]! -= along * other[e]!
      }
    const left = Math.sqrt(dot(column, column))
    if (!(left > DEPENDENT * length)) return null
    R[c * s + c] = left
    for (let e = 0; e < q; e++) column[e]! /= left
    parts[c] = dot(rest, column)
    for (let e = 0; e < q; e++) rest[e]! -= parts[c]! * column[e]!
  }
  for (let e = 0; e < q; e++) if (!(Math.abs(rest[e]!) <= accuracy[e]!)) return null

  for (let c = s - 1; c >= 0; c--) {
    let value = parts[c]!
    for (let d = c + 1; d < s; d++) value -= R[c * s + d]! * x[support[d]!]!
    x[support[c]!] = value / R[c * s + c]!
  }
  return x
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let e = 0; e < a.length; e++) sum += a[e]! * b[e]!
  return sum
}
