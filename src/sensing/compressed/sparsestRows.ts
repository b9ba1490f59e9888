/** Rows of a Jacobian from differences along directions that all rows share, each row by its fewest entries. */
import { transposePattern } from '../../linalg/pattern.ts'
import { explainShared, type SharedRow } from './sharedSupports.ts'
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

export interface SparsestRows {
  readonly unexplained: number[] // rows that were left as they are
  readonly given: number[] // rows explained with rows of a group that was given
  readonly found: number[] // rows explained by entries of rows that nobody named
}

/**
 * Writes the sparsest explanation of each of `rows` into J [m × n]; rows that have none are left as they are. `superset`: the only
 * entries that may be nonzero. `groups`: rows said to share their support. `floor`: what rounding may do to a difference of each
 * row. Rows not asked for are taken to be in J already: those that are help to explain those that share their support.
 */
export function sparsestRowsInto(
  J: Float64Array,
  { spans, Y, count: q, n, m }: Differences,
  rows: readonly number[],
  options: {
    readonly superset: { readonly colPtr: readonly number[]; readonly rowIdx: readonly number[] } | null
    readonly groups: readonly (readonly number[])[]
    readonly tolerance: number
    readonly floor: Float64Array // [m]
  },
): SparsestRows {
  const { superset, tolerance, floor, groups } = options
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

  const candidatesOf = (i: number) =>
    byRow === null ? null : Array.from(byRow.rowIdx.subarray(byRow.colPtr[i]!, byRow.colPtr[i + 1]!))
  if (q === moved && movesOneEach(A, q, n)) {
    for (const i of rows)
      for (const j of candidatesOf(i) ?? Array.from({ length: n }, (_, k) => k))
        for (let e = 0; e < q; e++) if (A[e * n + j] !== 0) J[i * n + j] = Y[e * m + i]! / spans[e * n + j]!
    return { unexplained: [], given: [], found: [] }
  }

  const prepared = (i: number) => {
    const y = Float64Array.from({ length: q }, (_, e) => Y[e * m + i]!)
    let largest = 0
    for (let e = 0; e < q; e++) largest = Math.max(largest, Math.abs(y[e]!))
    const accuracy = size.map((one) => SHARE * tolerance * largest * one + floor[i]!)
    return { y, accuracy, candidates: candidatesOf(i) }
  }
  const solver = sparsestSolver(A, q, n)
  const own = rows.map((i): SharedRow => {
    const row = prepared(i)
    const { x, isExplained, picks } = solver.quick(row.y, row.accuracy, row.candidates)
    return { ...row, picks, x: isExplained ? x : null, by: 'itself' }
  })
  if (own.some(isOpen)) {
    const place = new Map(rows.map((i, p) => [i, p]))
    const others: SharedRow[] = []
    for (let i = 0; i < m; i++) {
      if (place.has(i)) continue
      place.set(i, own.length + others.length)
      const x = Float64Array.from(unit, (scale, j) => J[i * n + j]! * scale)
      others.push({ ...prepared(i), picks: [], x, by: 'itself' })
    }
    const all = [...own, ...others]
    const places = groups.map((group) => group.map((i) => place.get(i)!))
    explainShared(A, q, n, all, places)
    const left = own.filter(isOpen)
    for (const row of left) {
      const { x, isExplained } = solver.thorough(row.y, row.accuracy, row.candidates)
      if (isExplained) row.x = x
    }
    if (left.some(isOpen) && !left.every(isOpen)) explainShared(A, q, n, all, places)
  }
  for (const [p, i] of rows.entries()) {
    const { x } = own[p]!
    if (x !== null) for (let j = 0; j < n; j++) J[i * n + j] = unit[j] === 0 ? 0 : x[j]! / unit[j]!
  }
  return {
    unexplained: rows.filter((_, p) => isOpen(own[p]!)),
    given: rows.filter((_, p) => own[p]!.by === 'group'),
    found: rows.filter((_, p) => own[p]!.by === 'others'),
  }
}

function isOpen({ x }: SharedRow): boolean {
  return x === null
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
