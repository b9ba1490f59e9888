/** Aligned text tables with labelled rows and columns. */
import type { Matrix } from 'ml-matrix'
import type { Coordinate } from '../engine/engine.ts'
import { counted, formatComplex, formatNumber } from '../experiment/format.ts'
import { shownEigenvalues } from '../experiment/rounding.ts'

const MAX_COLUMNS = 14 // of a matrix printed in full

/** Rows of cells under a header: the first column left, the others right-aligned unless named in `left`. */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly number[] = [0],
): string {
  const all = [header, ...rows]
  const widths = header.map((_, k) => Math.max(...all.map((row) => (row[k] ?? '').length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, k) => (left.includes(k) ? cell.padEnd(widths[k]!) : cell.padStart(widths[k]!)))
      .join('  ')
      .trimEnd()
  return `${all.map(line).join('\n')}\n`
}

/** A matrix with the names and units of its rows and columns; only its size where it is too wide for a terminal. */
export function matrixTable(
  name: string,
  M: Matrix,
  rows: readonly Coordinate[],
  columns: readonly Coordinate[],
): string {
  if (M.columns === 0) return `${name}: no columns\n`
  if (M.columns > MAX_COLUMNS || M.rows > 3 * MAX_COLUMNS) {
    const nonzeros = M.to1DArray().filter((value) => value !== 0).length
    return `${name}: ${M.rows} × ${M.columns}, ${counted(nonzeros, 'entry', 'entries')} other than 0 (all of them: --json)\n`
  }
  const body = rows.map((row, i) => [row.name, row.unit, ...columns.map((_, j) => formatNumber(M.get(i, j), 5))])
  const units = ['', '', ...columns.map(({ unit }) => unit)]
  return textTable([name, '', ...columns.map((column) => column.name)], [units, ...body], [0, 1])
}

/** '1.0524, 1 (2 times), 0.98519 ± 0.004i': imaginary parts that only split a double eigenvalue are left out. */
export function eigenvalueList({ re, im }: { re: ArrayLike<number>; im: ArrayLike<number> }): string {
  const values = shownEigenvalues(Array.from(re, (value, k) => ({ re: value, im: im[k]! })))
  const counts = new Map<string, number>()
  for (const value of values) {
    if (value.im < 0) continue
    const text = value.im > 0 ? formatComplex(value.re, value.im).replace(' + ', ' ± ') : formatNumber(value.re, 5)
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  const texts = [...counts].map(([text, count]) => (count > 1 ? `${text} (${count} times)` : text))
  const shown = texts.slice(0, 24)
  return texts.length > shown.length ? `${shown.join(', ')} and ${texts.length - shown.length} more` : shown.join(', ')
}
