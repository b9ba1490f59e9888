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

/** Fills tied rows and columns of J [rows × cols, row-major] in place from the others; see checkTies. */
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

/**
 * Throws RangeError, beginning with `who`, unless ties are of a [rows × cols] matrix, with indices inside it, no column or row tied
 * twice, columns made of columns that are measured or tied before them, and rows made of rows that are not tied.
 */
export function checkTies(who: string, ties: Ties, rows: number, cols: number): void {
  if (ties.rows !== rows || ties.cols !== cols)
    throw new RangeError(`${who}: ties must be of [${rows} × ${cols}], got [${ties.rows} × ${ties.cols}]`)
  const inside = (what: string, index: number, bound: number): void => {
    if (!(Number.isInteger(index) && index >= 0 && index < bound))
      throw new RangeError(`${who}: ${what} of the ties must lie in 0 … ${bound - 1}, got ${index}`)
  }
  const finite = (terms: readonly Term[]): void => {
    for (const { value } of terms)
      if (!Number.isFinite(value)) throw new RangeError(`${who}: factors of the ties must be finite, got ${value}`)
  }
  const tiedLater = new Set(ties.tiedColumns.map(({ column }) => column))
  const tiedRows = new Set(ties.tiedRows.map(({ row }) => row))
  if (tiedLater.size < ties.tiedColumns.length) throw new RangeError(`${who}: a column is tied twice`)
  if (tiedRows.size < ties.tiedRows.length) throw new RangeError(`${who}: a row is tied twice`)
  for (const { column, from, known } of ties.tiedColumns) {
    inside('column', column, cols)
    for (const { index } of from) {
      inside('column', index, cols)
      if (tiedLater.has(index))
        throw new RangeError(`${who}: column ${column} is tied to column ${index}, which comes later`)
    }
    for (const { index } of known) inside('row', index, rows)
    finite(from)
    finite(known)
    tiedLater.delete(column)
  }
  for (const { row, from, known } of ties.tiedRows) {
    inside('row', row, rows)
    for (const { index } of from) {
      inside('row', index, rows)
      if (tiedRows.has(index)) throw new RangeError(`${who}: row ${row} is tied to row ${index}, which is tied itself`)
    }
    for (const { index } of known) inside('column', index, cols)
    finite(from)
    finite(known)
  }
}
