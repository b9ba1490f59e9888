/**
 * What is known of a matrix J before it is measured: entries, columns that follow from other columns, rows that follow from
 * other rows. With Θ the entries of the remaining rows and columns, J = J₀ + L Θ C for known sparse J₀, L and C.
 */

/** One known summand, or one factor of a combination. */
export interface Term {
  readonly index: number
  readonly value: number
}

/** J[i, column] = Σ value · J[i, from] + known, for the rows i that are not derived themselves. */
export interface TiedColumn {
  readonly column: number
  readonly from: readonly Term[] // index: a column that is measured, or tied earlier in the list
  readonly known: readonly Term[] // index: row
  readonly reason: string // 'translation along x changes nothing'
}

/** J[row, j] = Σ value · J[from, j] + known, for every column j. */
export interface TiedRow {
  readonly row: number
  readonly from: readonly Term[] // index: a row that is not tied
  readonly known: readonly Term[] // index: column
  readonly reason: string
}

export interface Ties {
  readonly rows: number
  readonly cols: number
  readonly tiedColumns: readonly TiedColumn[]
  readonly tiedRows: readonly TiedRow[]
}

/** Fills tied rows and columns of J [rows × cols, row-major] in place from the others. Throws RangeError on an index out of range. */
export function expandTies(J: Float64Array, ties: Ties): void {
  const { rows, cols, tiedColumns, tiedRows } = ties
  const derived = new Uint8Array(rows)
  for (const { row } of tiedRows) derived[row] = 1
  for (const { column, from, known } of tiedColumns) {
    for (let i = 0; i < rows; i++) {
      if (derived[i] === 1) continue
      let sum = 0
      for (const { index, value } of from) sum += value * J[i * cols + index]!
      J[i * cols + column] = sum
    }
    for (const { index, value } of known) if (derived[index] === 0) J[index * cols + column]! += value
  }
  for (const { row, from, known } of tiedRows) {
    J.fill(0, row * cols, (row + 1) * cols)
    for (const { index, value } of from)
      for (let j = 0; j < cols; j++) J[row * cols + j]! += value * J[index * cols + j]!
    for (const { index, value } of known) J[row * cols + index]! += value
  }
}
