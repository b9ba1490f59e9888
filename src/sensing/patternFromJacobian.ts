import type { Matrix } from 'ml-matrix'
import { type Pattern, patternFromColumns } from '../linalg/pattern.ts'

/**
 * The pattern of the entries of a Jacobian that stand out from dirt: |J_ij| · scale_j > max(floor_i, relative · largest in row i).
 * `floor` is one number or one per row, in units of the outputs; with both thresholds 0 (default) it is every entry that is not
 * exactly zero. Throws RangeError on sizes that do not fit, on thresholds that are not ≥ 0 and on entries that are not finite.
 */
export function patternFromJacobian(
  J: Matrix | readonly (readonly number[])[], // [m × n]
  options: {
    readonly floor?: number | ArrayLike<number> | undefined // [m]
    readonly relative?: number | undefined
    readonly scale?: ArrayLike<number> | undefined // [n], typical magnitude of each input; default 1
    readonly cols?: number | undefined // n, needed for a number[][] without rows
  } = {},
): Pattern {
  const { floor = 0, relative = 0, scale } = options
  const rows: readonly ArrayLike<number>[] = 'to2DArray' in J ? J.to2DArray() : J
  const m = rows.length
  const n = 'to2DArray' in J ? J.columns : (options.cols ?? rows[0]?.length ?? 0)
  if (scale !== undefined && scale.length !== n)
    throw new RangeError(`patternFromJacobian: scale must have ${n} entries, got ${scale.length}`)
  if (typeof floor !== 'number' && floor.length !== m)
    throw new RangeError(`patternFromJacobian: floor must have ${m} entries, got ${floor.length}`)
  if (!(relative >= 0)) throw new RangeError(`patternFromJacobian: relative must be ≥ 0, got ${relative}`)

  const columns: number[][] = Array.from({ length: n }, () => [])
  rows.forEach((row, i) => {
    if (row.length !== n)
      throw new RangeError(`patternFromJacobian: row ${i} must have ${n} entries, got ${row.length}`)
    const size = (j: number) => Math.abs(row[j]!) * (scale === undefined ? 1 : scale[j]!)
    let largest = 0
    for (let j = 0; j < n; j++) {
      if (!Number.isFinite(row[j]!))
        throw new RangeError(`patternFromJacobian: entry (${i}, ${j}) must be finite, got ${row[j]}`)
      largest = Math.max(largest, size(j))
    }
    const dirt = typeof floor === 'number' ? floor : floor[i]!
    if (!(dirt >= 0)) throw new RangeError(`patternFromJacobian: floor must be ≥ 0, got ${dirt}`)
    const threshold = Math.max(dirt, relative * largest)
    for (let j = 0; j < n; j++) if (size(j) > threshold) columns[j]!.push(i)
  })
  return patternFromColumns(m, columns)
}
