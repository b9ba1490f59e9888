import { densePattern, type Pattern } from '../linalg/pattern.ts'
import type { Ties } from '../linalg/ties.ts'

/** What is left to measure of a pattern: its entries in rows and columns that are not tied. Without a pattern, all entries. */
export function restrictPattern(pattern: Pattern | null, ties: Ties): Pattern {
  const { rows, cols, colPtr, rowIdx } = pattern ?? densePattern(ties.rows, ties.cols)
  const isRowTied = new Uint8Array(rows)
  const isColumnTied = new Uint8Array(cols)
  for (const { row } of ties.tiedRows) isRowTied[row] = 1
  for (const { column } of ties.tiedColumns) isColumnTied[column] = 1
  const kept = new Int32Array(rowIdx.length)
  const keptPtr = new Int32Array(cols + 1)
  let count = 0
  for (let j = 0; j < cols; j++) {
    if (isColumnTied[j] === 0)
      for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) if (isRowTied[rowIdx[k]!] === 0) kept[count++] = rowIdx[k]!
    keptPtr[j + 1] = count
  }
  return { rows, cols, colPtr: keptPtr, rowIdx: kept.slice(0, count) }
}
