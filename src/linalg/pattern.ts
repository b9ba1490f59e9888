/** Sparsity patterns of matrices in compressed sparse column (CSC) form, and the few operations that every room needs. */

export interface Pattern {
  readonly rows: number
  readonly cols: number
  readonly colPtr: Int32Array // [cols + 1], column j holds rowIdx[colPtr[j]] … rowIdx[colPtr[j + 1] − 1]
  readonly rowIdx: Int32Array // [nnz], ascending and without repeats within a column
}

/** The pattern holding the given (row, column) pairs; repeats are merged. Throws RangeError on a pair outside [rows × cols]. */
export function patternFromEntries(rows: number, cols: number, entries: Iterable<readonly [number, number]>): Pattern {
  const byColumn: number[][] = Array.from({ length: cols }, () => [])
  for (const [i, j] of entries) {
    if (!(Number.isInteger(i) && Number.isInteger(j) && i >= 0 && i < rows && j >= 0 && j < cols))
      throw new RangeError(`pattern: entry (${i}, ${j}) lies outside [${rows} × ${cols}]`)
    byColumn[j]!.push(i)
  }
  return patternFromColumns(rows, byColumn)
}

/** The pattern whose column j holds the rows `columns[j]`, in any order, repeats allowed. */
export function patternFromColumns(rows: number, columns: readonly (readonly number[])[]): Pattern {
  const colPtr = new Int32Array(columns.length + 1)
  const known = new Map<readonly number[], Int32Array>() // columns of one island share their list
  const sorted = columns.map((column) => {
    const rows = known.get(column) ?? Int32Array.from(new Set(column)).sort()
    known.set(column, rows)
    return rows
  })
  for (let j = 0; j < sorted.length; j++) colPtr[j + 1] = colPtr[j]! + sorted[j]!.length
  const rowIdx = new Int32Array(colPtr[sorted.length]!)
  for (let j = 0; j < sorted.length; j++) rowIdx.set(sorted[j]!, colPtr[j]!)
  return { rows, cols: columns.length, colPtr, rowIdx }
}

/** The pattern of all entries. */
export function densePattern(rows: number, cols: number): Pattern {
  const colPtr = Int32Array.from({ length: cols + 1 }, (_, j) => j * rows)
  const rowIdx = Int32Array.from({ length: rows * cols }, (_, k) => k % rows)
  return { rows, cols, colPtr, rowIdx }
}

/** Number of entries in a pattern. */
export function countNonzeros(pattern: Pattern): number {
  return pattern.colPtr[pattern.cols]!
}

/** True when (i, j) belongs to the pattern. O(log column length). */
export function patternHas(pattern: Pattern, i: number, j: number): boolean {
  let low = pattern.colPtr[j]!
  let high = pattern.colPtr[j + 1]! - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const row = pattern.rowIdx[middle]!
    if (row === i) return true
    if (row < i) low = middle + 1
    else high = middle - 1
  }
  return false
}

/** The rows view of a pattern: the same entries with rows and columns exchanged, O(nnz). */
export function transposePattern(pattern: Pattern): Pattern {
  const { rows, cols, colPtr, rowIdx } = pattern
  const rowPtr = new Int32Array(rows + 1)
  for (let k = 0; k < rowIdx.length; k++) rowPtr[rowIdx[k]! + 1]!++
  for (let i = 0; i < rows; i++) rowPtr[i + 1]! += rowPtr[i]!
  const next = rowPtr.slice(0, rows)
  const colIdx = new Int32Array(rowIdx.length)
  for (let j = 0; j < cols; j++) for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) colIdx[next[rowIdx[k]!]!++] = j
  return { rows: cols, cols: rows, colPtr: rowPtr, rowIdx: colIdx }
}
