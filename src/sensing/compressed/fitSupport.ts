/** Least squares on a few columns of a row-major matrix, and which of them are not needed. */
import { Matrix, QrDecomposition } from 'ml-matrix'

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
  if (s > 0) {
    const columns = new Matrix(q, s)
    for (let e = 0; e < q; e++) for (let c = 0; c < s; c++) columns.set(e, c, A[e * n + support[c]!]!)
    const decomposition = new QrDecomposition(columns)
    if (!decomposition.isFullRank()) return null
    const solution = decomposition.solve(Matrix.columnVector(y))
    for (let c = 0; c < s; c++) x[support[c]!] = solution.get(c, 0)
  }
  for (let e = 0; e < q; e++) {
    let rest = y[e]!
    for (const j of support) rest -= A[e * n + j]! * x[j]!
    if (!(Math.abs(rest) <= accuracy[e]!)) return null
  }
  return x
}
