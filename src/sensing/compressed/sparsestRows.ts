/** Rows of a Jacobian from differences along directions that all rows share, each row by its fewest entries. */
import { transposePattern } from '../../linalg/pattern.ts'
import { sparsestSolver } from './sparsestSolver.ts'

export interface Differences {
  readonly spans: Float64Array // [count × n], the exact distance between the points of each direction
  readonly Y: ArrayLike<number> // [count × m]
  readonly count: number
  readonly n: number
  readonly m: number
}

/** A row is explained when it fits to this share of what the certificate allows, so that it passes there too. */
const SHARE = 0.1

/**
 * Writes the sparsest explanation of each of `rows` into J [m × n]; rows that have none are left as they are, and returned.
 * `superset`: the only entries that may be nonzero. `floor`: what rounding may do to a difference of each row.
 */
export function sparsestRowsInto(
  J: Float64Array,
  { spans, Y, count: q, n, m }: Differences,
  rows: readonly number[],
  options: {
    readonly superset: { readonly colPtr: readonly number[]; readonly rowIdx: readonly number[] } | null
    readonly tolerance: number
    readonly floor: Float64Array // [m]
  },
): number[] {
  const { superset, tolerance, floor } = options
  // Columns are divided by their largest span: unknowns are output differences of about one step each.
  const unit = new Float64Array(n)
  for (let e = 0; e < q; e++) for (let j = 0; j < n; j++) unit[j] = Math.max(unit[j]!, Math.abs(spans[e * n + j]!))
  const A = new Float64Array(q * n)
  const size = new Float64Array(q) // root mean square entry of each equation
  let moved = 0
  for (let j = 0; j < n; j++) if (unit[j]! > 0) moved++
  for (let e = 0; e < q; e++) {
    for (let j = 0; j < n; j++) {
      if (unit[j] === 0) continue
      A[e * n + j] = spans[e * n + j]! / unit[j]!
      size[e]! += A[e * n + j]! ** 2 / moved
    }
    size[e] = Math.max(Math.sqrt(size[e]!), 1e-3)
  }
  const byRow =
    superset === null
      ? null
      : transposePattern({
          rows: m,
          cols: n,
          colPtr: Int32Array.from(superset.colPtr),
          rowIdx: Int32Array.from(superset.rowIdx),
        })

  const solver = sparsestSolver(A, q, n)
  const isDiagonal = q === moved && movesOneEach(A, q, n)
  const y = new Float64Array(q)
  const accuracy = new Float64Array(q)
  return rows.filter((i) => {
    let largest = 0
    for (let e = 0; e < q; e++) {
      y[e] = Y[e * m + i]!
      largest = Math.max(largest, Math.abs(y[e]!))
    }
    const candidates = byRow === null ? null : Array.from(byRow.rowIdx.subarray(byRow.colPtr[i]!, byRow.colPtr[i + 1]!))
    if (isDiagonal) {
      const places = candidates ?? Array.from({ length: n }, (_, j) => j)
      for (const j of places)
        for (let e = 0; e < q; e++) if (A[e * n + j] !== 0) J[i * n + j] = y[e]! / spans[e * n + j]!
      return false
    }
    for (let e = 0; e < q; e++) accuracy[e] = SHARE * tolerance * largest * size[e]! + floor[i]!
    const { x, isExplained } = solver.solve(y, accuracy, candidates)
    if (!isExplained) return true
    for (let j = 0; j < n; j++) J[i * n + j] = unit[j] === 0 ? 0 : x[j]! / unit[j]!
    return false
  })
}

/** Whether every equation has one column, and so every column one equation. */
function movesOneEach(A: Float64Array, q: number, n: number): boolean {
  for (let e = 0; e < q; e++) {
    let entries = 0
    for (let j = 0; j < n; j++) if (A[e * n + j] !== 0) entries++
    if (entries !== 1) return false
  }
  return true
}
