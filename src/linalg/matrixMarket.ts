/**
 * Reads the sparsity pattern of a Matrix Market file (Boisvert, Pozo and Remington, The Matrix Market Exchange Formats:
 * Initial Design, NISTIR 5935, 1996): coordinate and array formats, every field and symmetry.
 */

import { type Pattern, transposePattern } from './pattern.ts'
import { patternFromTriplets } from './patternFromTriplets.ts'

export interface MatrixMarket {
  readonly pattern: Pattern
  readonly format: 'coordinate' | 'array'
  readonly field: 'pattern' | 'real' | 'integer' | 'complex'
  readonly symmetry: 'general' | 'symmetric' | 'skew-symmetric' | 'hermitian' // as the header declares it
  readonly symmetric: boolean // the pattern equals its transpose, whatever the header says
}

/** A text that is no Matrix Market file: the line (from 1), what was expected there and what was found. */
export class MatrixMarketError extends SyntaxError {
  readonly line: number
  readonly expected: string
  readonly found: string

  constructor(line: number, expected: string, found: string) {
    super(`line ${line}: expected ${expected}, found ${found}`)
    this.name = 'MatrixMarketError'
    this.line = line
    this.expected = expected
    this.found = found
  }
}

/** Rows, columns or entries that a header may announce: index arrays of this size still fit into memory. */
const MAX_SIZE = 2e7

const FORMATS = ['coordinate', 'array'] as const
const FIELDS = ['pattern', 'real', 'double', 'integer', 'complex'] as const
const SYMMETRIES = ['general', 'symmetric', 'skew-symmetric', 'hermitian'] as const

/**
 * The pattern of a Matrix Market text (uncompressed). In the coordinate format every stored entry counts, zeros included,
 * and repeats are merged; in the array format, which cannot leave entries out, zeros are no entries. Of symmetric,
 * skew-symmetric and Hermitian files both triangles are returned. Throws MatrixMarketError naming the line, what was expected
 * and what was found; a size beyond 2e7 is refused as well.
 */
export function parseMatrixMarket(text: string): MatrixMarket {
  const lines = text.split(/\r\n|\n|\r/)
  const { format, field, symmetry } = parseHeader(lines[0] ?? '')

  const sizeLine = nextLine(lines, 1)
  const sizeNames = format === 'array' ? ['rows', 'columns'] : ['rows', 'columns', 'entries']
  const sizeTokens = tokensOf(lines[sizeLine])
  if (sizeTokens.length !== sizeNames.length)
    fail(sizeLine, `${sizeNames.length} sizes (${sizeNames.join(', ')})`, found(lines[sizeLine]))
  const [rows, cols, stored = 0] = sizeTokens.map((token, k) => {
    const size = parseIndex(token)
    if (!(size >= 0)) fail(sizeLine, `a number of ${sizeNames[k]} ≥ 0`, quoted(token))
    if (size > MAX_SIZE) fail(sizeLine, `at most ${MAX_SIZE} ${sizeNames[k]}`, token)
    return size
  }) as [number, number, number?]
  if (symmetry !== 'general' && rows !== cols)
    fail(sizeLine, `a square size, the matrix being ${symmetry}`, `${rows} × ${cols}`)

  const valuesPerEntry = field === 'pattern' ? 0 : field === 'complex' ? 2 : 1
  const values = valuesPerEntry === 0 ? ' and nothing else' : valuesPerEntry === 1 ? ' and a value' : ' and two values'
  const I: number[] = []
  const J: number[] = []
  const add = (i: number, j: number) => {
    I.push(i)
    J.push(j)
    if (symmetry !== 'general' && i !== j) {
      I.push(j)
      J.push(i)
    }
  }

  let line = sizeLine
  const next = (wanted: string) => {
    line = nextLine(lines, line + 1)
    if (line >= lines.length) fail(lines.length, wanted, 'the end of the file')
    return tokensOf(lines[line])
  }
  if (format === 'coordinate') {
    for (let k = 0; k < stored; k++) {
      const tokens = next(`entry ${k + 1} of ${stored}`)
      // Published files exist that leave out the value of a stored zero.
      if (tokens.length !== 2 + valuesPerEntry && tokens.length !== 2)
        fail(line, `a row, a column${values}`, found(lines[line]))
      const i = parseIndex(tokens[0]!)
      if (!(i >= 1 && i <= rows)) fail(line, `a row from 1 to ${rows}`, quoted(tokens[0]!))
      const j = parseIndex(tokens[1]!)
      if (!(j >= 1 && j <= cols)) fail(line, `a column from 1 to ${cols}`, quoted(tokens[1]!))
      if (symmetry === 'skew-symmetric' && i === j)
        fail(line, 'an entry off the diagonal, the matrix being skew-symmetric', `(${i}, ${j})`)
      checkValues(line, tokens, 2)
      add(i - 1, j - 1)
    }
  } else {
    const firstRow = (j: number) => (symmetry === 'general' ? 0 : symmetry === 'skew-symmetric' ? j + 1 : j)
    for (let j = 0; j < cols; j++) {
      for (let i = firstRow(j); i < rows; i++) {
        const tokens = next(`the value of (${i + 1}, ${j + 1})`)
        if (tokens.length !== valuesPerEntry)
          fail(line, valuesPerEntry === 1 ? '1 value' : `${valuesPerEntry} values`, found(lines[line]))
        checkValues(line, tokens, 0)
        if (tokens.some((token) => Number(token) !== 0)) add(i, j)
      }
    }
  }
  const extra = nextLine(lines, line + 1)
  if (extra < lines.length) fail(extra, 'the end of the file', found(lines[extra]))

  const pattern = patternFromTriplets(rows, cols, I, J)
  return { pattern, format, field, symmetry, symmetric: symmetry !== 'general' || equalsTranspose(pattern) }
}

function parseHeader(line: string): Pick<MatrixMarket, 'format' | 'field' | 'symmetry'> {
  const [banner = '', object, format, field, symmetry, ...rest] = tokensOf(line).map((token) => token.toLowerCase())
  if (banner !== '%%matrixmarket') fail(0, 'the header "%%MatrixMarket matrix …"', found(line))
  if (object !== 'matrix') fail(0, 'the object "matrix"', found(object))
  const isFormat = oneOf(FORMATS, format)
  if (isFormat === undefined) fail(0, `a format among ${FORMATS.join(', ')}`, found(format))
  const isField = oneOf(FIELDS, field)
  if (isField === undefined) fail(0, `a field among ${FIELDS.join(', ')}`, found(field))
  if (isField === 'pattern' && isFormat === 'array') fail(0, 'a field with values, the format being array', '"pattern"')
  const isSymmetry = oneOf(SYMMETRIES, symmetry)
  if (isSymmetry === undefined) fail(0, `a symmetry among ${SYMMETRIES.join(', ')}`, found(symmetry))
  if (rest.length > 0) fail(0, 'five words in the header', `${quoted(rest[0]!)} after them`)
  return { format: isFormat, field: isField === 'double' ? 'real' : isField, symmetry: isSymmetry }
}

function oneOf<T extends string>(names: readonly T[], word: string | undefined): T | undefined {
  return names.find((name) => name === word)
}

/** Index of the first line from `from` on that is neither blank nor a comment. */
function nextLine(lines: readonly string[], from: number): number {
  let line = from
  while (line < lines.length && /^\s*(%|$)/.test(lines[line]!)) line++
  return line
}

function tokensOf(line: string | undefined): string[] {
  const trimmed = (line ?? '').trim()
  return trimmed === '' ? [] : trimmed.split(/\s+/)
}

function parseIndex(token: string): number {
  return /^\d+$/.test(token) ? Number(token) : Number.NaN
}

function checkValues(line: number, tokens: readonly string[], from: number): void {
  for (let k = from; k < tokens.length; k++)
    if (Number.isNaN(Number(tokens[k])) && !/^[+-]?(nan|inf(inity)?)$/i.test(tokens[k]!))
      fail(line, 'a number', quoted(tokens[k]!))
}

function equalsTranspose(pattern: Pattern): boolean {
  if (pattern.rows !== pattern.cols) return false
  const transpose = transposePattern(pattern)
  return (
    pattern.colPtr.every((start, j) => start === transpose.colPtr[j]) &&
    pattern.rowIdx.every((row, k) => row === transpose.rowIdx[k])
  )
}

function found(text: string | undefined): string {
  if (text === undefined || text.trim() === '') return 'nothing'
  return quoted(text)
}

function quoted(text: string): string {
  return `"${text.length > 60 ? `${text.slice(0, 60)}…` : text}"`
}

function fail(line: number, expected: string, what: string): never {
  throw new MatrixMarketError(line + 1, expected, what)
}
