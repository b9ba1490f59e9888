import type { Pattern } from './pattern.ts'

/**
 * The pattern holding entries (rowIndex[k], colIndex[k]), in any order, repeats merged; O(rows + cols + entries), for large
 * patterns. Throws RangeError on a pair outside [rows × cols].
 */
export function patternFromTriplets(
  rows: number,
  cols: number,
  rowIndex: ArrayLike<number>,
  colIndex: ArrayLike<number>,
): Pattern {
  const count = rowIndex.length
  if (colIndex.length !== count)
    throw new RangeError(`pattern: ${count} row indices and ${colIndex.length} column indices`)
  for (let k = 0; k < count; k++) {
    const i = rowIndex[k]!
    const j = colIndex[k]!
    if (!(Number.isInteger(i) && Number.isInteger(j) && i >= 0 && i < rows && j >= 0 && j < cols))
      throw new RangeError(`pattern: entry (${i}, ${j}) lies outside [${rows} × ${cols}]`)
  }

  // Sorting by row and then, stably, by column leaves the rows ascending within each column.
  const byRow = countingSort(rows, rowIndex, null)
  const byColumn = countingSort(cols, colIndex, byRow)

  const colPtr = new Int32Array(cols + 1)
  const rowIdx = new Int32Array(count)
  let filled = 0
  let j = 0
  for (let k = 0; k < count; k++) {
    const entry = byColumn[k]!
    while (j < colIndex[entry]!) colPtr[++j] = filled
    const i = rowIndex[entry]!
    if (filled === colPtr[j]! || rowIdx[filled - 1] !== i) rowIdx[filled++] = i
  }
  while (j < cols) colPtr[++j] = filled
  return { rows, cols, colPtr, rowIdx: rowIdx.slice(0, filled) }
}

/** Positions sorted by keys[position] in 0 … size − 1, stable with respect to the order of `positions` (null: 0, 1, 2, …). */
function countingSort(size: number, keys: ArrayLike<number>, positions: Int32Array | null): Int32Array {
  const next = new Int32Array(size + 1)
  for (let k = 0; k < keys.length; k++) next[keys[k]! + 1]!++
  for (let i = 0; i < size; i++) next[i + 1]! += next[i]!
  const sorted = new Int32Array(keys.length)
  for (let k = 0; k < keys.length; k++) {
    const position = positions === null ? k : positions[k]!
    sorted[next[keys[position]!]!++] = position
  }
  return sorted
}
