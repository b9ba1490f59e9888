import type { Pattern } from './pattern.ts'

/**
 * Throws RangeError, beginning with `who`, unless the pattern is well formed (see Pattern) and, where sizes are given, is
 * [rows × cols]. O(nnz).
 */
export function checkPattern(who: string, pattern: Pattern, rows = pattern.rows, cols = pattern.cols): void {
  if (pattern.rows !== rows || pattern.cols !== cols)
    throw new RangeError(`${who}: the pattern must be [${rows} × ${cols}], got [${pattern.rows} × ${pattern.cols}]`)
  const { colPtr, rowIdx } = pattern
  if (colPtr.length !== cols + 1)
    throw new RangeError(`${who}: colPtr of the pattern must have ${cols + 1} entries, got ${colPtr.length}`)
  if (colPtr[0] !== 0 || colPtr[cols] !== rowIdx.length)
    throw new RangeError(
      `${who}: colPtr of the pattern must run from 0 to ${rowIdx.length}, got ${colPtr[0]} to ${colPtr[cols]}`,
    )
  for (let j = 0; j < cols; j++)
    if (colPtr[j + 1]! < colPtr[j]!) throw new RangeError(`${who}: colPtr of the pattern decreases at column ${j}`)
  for (let j = 0; j < cols; j++) {
    for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) {
      const row = rowIdx[k]!
      if (row < 0 || row >= rows)
        throw new RangeError(`${who}: row ${row} in column ${j} of the pattern lies outside 0 … ${rows - 1}`)
      if (k > colPtr[j]! && rowIdx[k - 1]! >= row)
        throw new RangeError(`${who}: rows in column ${j} of the pattern must ascend, got ${rowIdx[k - 1]} then ${row}`)
    }
  }
}
