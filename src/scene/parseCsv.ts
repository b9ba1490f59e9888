/** Comma-separated values (RFC 4180), as programs and spreadsheets write them, with errors that say in which line. */
import { InputError } from './inputError.ts'

export interface CsvRow {
  readonly line: number // from 1, where the row begins
  readonly cells: readonly string[] // quotes taken off
}

/**
 * The rows of a CSV text. Lines end in CRLF, LF or CR; a byte order mark and lines that are empty but for blanks are skipped; a
 * cell in double quotes may hold commas, line ends and doubled quotes. Throws InputError, naming the line, on a quote that is not
 * closed, inside an unquoted cell, or followed by more text.
 */
export function parseCsv(text: string, file: string | null = null): CsvRow[] {
  const fail = (line: number, expected: string, found: string): never => {
    throw new InputError({ file, path: `line ${line}`, expected, found })
  }
  const rows: CsvRow[] = []
  const plain = /[^,\r\n]*/y
  let at = text.startsWith('\uFEFF') ? 1 : 0
  let line = 1
  while (at < text.length) {
    const first = line
    const cells: string[] = []
    let isBlank = true
    for (;;) {
      if (text[at] === '"') {
        const { cell, end } = quotedCell(text, at)
        if (end < 0) fail(line, 'a double quote that closes the cell', 'none in the rest of the file')
        line += cell.match(/\r\n|\n|\r/g)?.length ?? 0
        at = end
        isBlank = false
        cells.push(cell)
        if (at < text.length && !',\r\n'.includes(text[at]!))
          fail(line, 'a comma or the end of the line after the closing quote', JSON.stringify(text[at]))
      } else {
        plain.lastIndex = at
        const cell = plain.exec(text)![0]
        if (cell.includes('"')) fail(line, 'quotes around the whole cell or none', JSON.stringify(cell.slice(0, 60)))
        at += cell.length
        if (cell.trim() !== '') isBlank = false
        cells.push(cell)
      }
      if (text[at] !== ',') break
      at++
    }
    if (cells.length > 1 || !isBlank) rows.push({ line: first, cells })
    if (at < text.length) {
      at += text.startsWith('\r\n', at) ? 2 : 1
      line++
    }
  }
  return rows
}

/** The cell that opens at `start`, and the place after its closing quote; −1 where there is none. */
function quotedCell(text: string, start: number): { cell: string; end: number } {
  let cell = ''
  for (let from = start + 1; ; ) {
    const close = text.indexOf('"', from)
    if (close < 0) return { cell, end: -1 }
    cell += text.slice(from, close)
    if (text[close + 1] !== '"') return { cell, end: close + 1 }
    cell += '"'
    from = close + 2
  }
}
