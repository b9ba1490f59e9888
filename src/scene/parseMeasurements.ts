/** Values that were measured elsewhere, from a CSV file: one row for each planned point, columns found by name. */
import { InputError } from './inputError.ts'
import type { Coordinate } from './layout.ts'
import { listed, suggestion } from './nearest.ts'
import { parseCsv } from './parseCsv.ts'

/** The column that says which planned point a row answers. */
const INDEX_COLUMN = 'index'
/** Digits with which doubles are written in full, or nearly so. */
export const FULL_DIGITS = 15

export interface MeasurementTable {
  readonly count: number // rows to be found, one for each planned point
  readonly columns: readonly Coordinate[] // [m], to be read
  /** Columns that may stand there too; where they do, they must hold the planned points, to within the tolerance. */
  readonly planned?: {
    readonly columns: readonly Coordinate[] // [n]
    readonly values: ArrayLike<number> // [count × n]
    readonly tolerance: ArrayLike<number> // [n]
  }
}

export interface MeasuredValues {
  readonly values: Float64Array // [count × m]
  readonly digits: number // of the values as they are written, the most
  /** The last place to which each column is written; 0 where the table is written in full. */
  readonly resolution: Float64Array // [m]
}

/**
 * The values of a table. The header names the columns, in any order, as `name` or `name [unit]`; others are allowed.
 * Rows come in the planned order, or in any where a column "index" (from 1) says which point each belongs to. Throws InputError
 * naming line and column on a missing or repeated column or row, a row of another length, and a value that is no finite number.
 */
export function parseMeasurements(text: string, table: MeasurementTable, file: string | null = null): MeasuredValues {
  const fail = (path: string, expected: string, found: string): never => {
    throw new InputError({ file, path, expected, found })
  }
  const { count, columns, planned } = table
  const wanted = `a header with the ${columns.length === 1 ? 'column' : 'columns'} ${listed(columns.map(({ name }) => name))}`
  const [head, ...rows] = parseCsv(text, file)
  if (head === undefined) return fail('', wanted, 'an empty file')
  const header = head.cells.map((cell) => cell.trim())
  const headPath = `line ${head.line}`
  if (header.length === 1 && /[;\t]/.test(header[0]!))
    fail(headPath, `${wanted}, separated by commas`, header[0]!.includes(';') ? 'semicolons' : 'tabs')
  const placesIn = new Map<string, number[]>()
  header.forEach((cell, k) => {
    const before = placesIn.get(cell)
    if (before === undefined) placesIn.set(cell, [k])
    else before.push(k)
  })
  const placesOf = ({ name, unit }: Coordinate) => [
    ...(placesIn.get(name) ?? []),
    ...(unit === '' ? [] : (placesIn.get(`${name} [${unit}]`) ?? [])),
  ]
  const measured = new Set(columns.map(({ name }) => name))
  const places = columns.map((column) => {
    const [place, again] = placesOf(column)
    if (place === undefined)
      fail(headPath, `a column "${column.name}"`, `${listed(header)}${suggestion(column.name, header)}`)
    if (again !== undefined) fail(headPath, `the column "${column.name}" once`, 'it twice')
    return place!
  })
  const isIndex = { name: INDEX_COLUMN, unit: '' }
  const [indexPlace, indexAgain] = measured.has(INDEX_COLUMN) ? [] : placesOf(isIndex)
  if (indexAgain !== undefined) fail(headPath, 'the column "index" once', 'it twice')
  // A name that is measured too stands for the measured value.
  const checks = (planned?.columns ?? []).flatMap((column, j) => {
    const [place] = measured.has(column.name) ? [] : placesOf(column)
    return place === undefined ? [] : [{ name: column.name, place, j }]
  })

  const values = new Float64Array(count * columns.length)
  const lineOf = new Int32Array(count) // 0: not seen
  const digits = new Int32Array(columns.length)
  rows.forEach(({ line, cells }, k) => {
    if (cells.length !== header.length)
      fail(`line ${line}`, `${header.length} cells, as in the header`, `${cells.length}`)
    const p = indexPlace === undefined ? k : pointOf(cells[indexPlace]!, line)
    const where = indexPlace === undefined ? `line ${line}` : `line ${line} (index ${p + 1})`
    if (p >= count) fail(where, `${counted(count)}, one for each planned point`, `${rows.length}`)
    if (lineOf[p] !== 0)
      fail(`line ${line}, column index`, 'each index once', `${p + 1}, which line ${lineOf[p]} has too`)
    lineOf[p] = line
    places.forEach((place, i) => {
      values[p * columns.length + i] = finite(cells[place]!, `${where}, column ${columns[i]!.name}`)
      digits[i] = Math.max(digits[i]!, digitsOf(cells[place]!))
    })
    for (const { name, place, j } of checks) {
      const path = `${where}, column ${name}`
      const due = planned!.values[p * planned!.columns.length + j]!
      if (!(Math.abs(finite(cells[place]!, path) - due) <= planned!.tolerance[j]!))
        fail(path, `${due}, the planned point`, cells[place]!.trim())
    }
  })
  const missing = Array.from(lineOf.keys()).filter((p) => lineOf[p] === 0)
  if (missing.length > 0) {
    const more = missing.length > 1 ? ` and ${missing.length - 1} more` : ''
    const keyed = indexPlace === undefined ? `${rows.length}` : `none with index ${missing[0]! + 1}${more}`
    fail('', `${counted(count)}, one for each planned point`, keyed)
  }
  const most = Math.max(0, ...digits)
  return {
    values,
    digits: most,
    resolution:
      digits.length === 0 || most >= FULL_DIGITS ? new Float64Array(columns.length) : lastPlaces(values, digits),
  }

  function pointOf(cell: string, line: number): number {
    const index = /^\s*\d+(\.0*)?\s*$/.test(cell) ? Number(cell) : Number.NaN
    if (!(index >= 1 && index <= count))
      fail(`line ${line}, column index`, `a whole number from 1 to ${count}`, JSON.stringify(cell.slice(0, 40)))
    return index - 1
  }

  function finite(cell: string, path: string): number {
    const trimmed = cell.trim()
    const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed)
    const value = isNumber ? Number(trimmed) : Number.NaN
    if (!Number.isFinite(value))
      fail(path, 'a finite number', trimmed === '' ? 'nothing' : JSON.stringify(trimmed.slice(0, 40)))
    return value
  }
}

/** The place of the last of so many digits in the largest value of each column; 0 where all are zero. */
function lastPlaces(values: Float64Array, digits: Int32Array): Float64Array {
  const m = digits.length
  const largest = new Float64Array(m)
  for (let k = 0; k < values.length; k++) largest[k % m] = Math.max(largest[k % m]!, Math.abs(values[k]!))
  return largest.map((value, i) => (value === 0 ? 0 : 10 ** (Math.floor(Math.log10(value)) + 1 - digits[i]!)))
}

/** Significant digits of a decimal number: '-0.0120e5' has three. */
function digitsOf(cell: string): number {
  return cell
    .replace(/[eE].*/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '').length
}

function counted(count: number): string {
  return `${count} ${count === 1 ? 'row' : 'rows'}`
}
