/**
 * How long does column coloring take? On generated patterns of 1e4 to 5e6 nonzeros, time per nonzero should not grow by more than
 * memory itself slows down, which a bare walk shows: on random patterns it waits for caches, then for memory. Beside it,
 * SciPy's group_columns in the same (natural) order on the same patterns, where python3 with scipy is there. With the environment
 * variable JACSENSE_MATRICES naming a folder, its .mtx and .mtx.gz files, and .patd.gz files (columns as differences), come first.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { type Benchmark, colorColumns, type Pattern, parseMatrixMarket } from 'jacsense'

export interface Row {
  readonly pattern: string
  readonly columns: number
  readonly nonzeros: number
  readonly 'colors, natural': number
  readonly 'natural (ms)': number
  readonly 'natural (ns per nonzero)': number
  readonly 'colors, smallest-last': number
  readonly 'smallest-last (ms)': number
  readonly 'smallest-last (ns per nonzero)': number
  readonly 'bare walk (ns per nonzero)': number // reads and writes alone, see bareWalk
  readonly 'smallest-last / bare walk': number
  readonly 'SciPy, natural (ms)': number | string
}

const SIZES = [1e4, 1e5, 1e6, 5e6] // nonzeros
const PER_ROW = 5
const WARM_UP = 5 // rounds

/** Medians of `budget` rounds. */
export const run: Benchmark<Row> = async ({ budget = 5, signal, onProgress } = {}) => {
  const cases: (() => [string, Pattern])[] = [
    ...matrices(process.env.JACSENSE_MATRICES),
    () => ['flow, 40 × 40 cells', flow(40)],
    ...SIZES.map((size) => (): [string, Pattern] => ['band 2 + 1 + 2', band(Math.round(size / PER_ROW))]),
    ...SIZES.map((size) => (): [string, Pattern] => ['random, 5 a row', scattered(Math.round(size / PER_ROW))]),
  ]
  const rows: Row[] = []
  const notes = [`medians of ${budget} rounds`]
  // For the compiler.
  for (const order of ['natural', 'smallest-last'] as const) time(flow(20), order, WARM_UP)
  timeBareWalk(flow(20), WARM_UP)
  for (const make of cases) {
    signal?.throwIfAborted()
    const [name, pattern] = make()
    const nonzeros = pattern.rowIdx.length
    const natural = time(pattern, 'natural', budget)
    const smallestLast = time(pattern, 'smallest-last', budget)
    const bare = timeBareWalk(pattern, budget)
    rows.push({
      pattern: name,
      columns: pattern.cols,
      nonzeros,
      'colors, natural': natural.colors,
      'natural (ms)': rounded(natural.ms),
      'natural (ns per nonzero)': rounded((natural.ms * 1e6) / nonzeros),
      'colors, smallest-last': smallestLast.colors,
      'smallest-last (ms)': rounded(smallestLast.ms),
      'smallest-last (ns per nonzero)': rounded((smallestLast.ms * 1e6) / nonzeros),
      'bare walk (ns per nonzero)': rounded((bare * 1e6) / nonzeros),
      'smallest-last / bare walk': rounded(smallestLast.ms / bare),
      'SciPy, natural (ms)': await timeScipy(pattern, budget, notes, signal),
    })
    onProgress?.(rows.length, cases.length)
  }
  return { rows, notes, seeds: 'random patterns: 12345' }
}

function time(pattern: Pattern, order: 'natural' | 'smallest-last', rounds: number): { colors: number; ms: number } {
  const times: number[] = []
  let colors = 0
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    colors = colorColumns(pattern, { order }).numColors
    times.push(performance.now() - start)
  }
  return { colors, ms: median(times) }
}

/** ms. */
function timeBareWalk(pattern: Pattern, rounds: number): number {
  const byRow = rowsOf(pattern)
  const met = new Int32Array(pattern.cols)
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    bareWalk(pattern, byRow, met)
    times.push(performance.now() - start)
  }
  return median(times)
}

/** Raises a counter for each column of each row of each column: the accesses by which any order meets neighbours, and no more. */
function bareWalk({ cols, colPtr, rowIdx }: Pattern, byRow: Pattern, met: Int32Array): void {
  for (let v = 0; v < cols; v++)
    for (let k = colPtr[v]!, last = colPtr[v + 1]!; k < last; k++) {
      const i = rowIdx[k]!
      for (let l = byRow.colPtr[i]!, end = byRow.colPtr[i + 1]!; l < end; l++) met[byRow.rowIdx[l]!]!++
    }
}

/** The transpose of a pattern. */
function rowsOf({ rows, cols, colPtr, rowIdx }: Pattern): Pattern {
  const rowPtr = new Int32Array(rows + 1)
  for (const i of rowIdx) rowPtr[i + 1]!++
  for (let i = 0; i < rows; i++) rowPtr[i + 1]! += rowPtr[i]!
  const next = rowPtr.slice(0, rows)
  const colIdx = new Int32Array(rowIdx.length)
  for (let j = 0; j < cols; j++) for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) colIdx[next[rowIdx[k]!]!++] = j
  return { rows: cols, cols: rows, colPtr: rowPtr, rowIdx: colIdx }
}

const SCIPY = `
import sys, time, numpy, scipy.sparse
from scipy.optimize._numdiff import group_columns
folder, rows, cols, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
ptr = numpy.fromfile(folder + '/ptr', dtype=numpy.int32)
idx = numpy.fromfile(folder + '/idx', dtype=numpy.int32)
A = scipy.sparse.csc_matrix((numpy.ones(len(idx), dtype=numpy.int32), idx, ptr), shape=(rows, cols))
order = numpy.arange(cols)
times = []
for _ in range(rounds):
    start = time.perf_counter()
    group_columns(A, order)
    times.append(time.perf_counter() - start)
print(1e3 * sorted(times)[len(times) // 2], scipy.__version__)
`

/** ms; '–' where SciPy is not to be had, which a note says once. */
async function timeScipy(
  pattern: Pattern,
  rounds: number,
  notes: string[],
  signal: AbortSignal | undefined,
): Promise<number | string> {
  const missing = 'python3 with scipy was not found: no comparison'
  if (notes.includes(missing)) return '–'
  const folder = mkdtempSync(join(tmpdir(), 'jacsense-coloring-'))
  try {
    writeFileSync(join(folder, 'ptr'), pattern.colPtr)
    writeFileSync(join(folder, 'idx'), pattern.rowIdx)
    const argv = ['-c', SCIPY, folder, `${pattern.rows}`, `${pattern.cols}`, `${rounds}`]
    const { stdout } = await promisify(execFile)('python3', argv, signal === undefined ? {} : { signal })
    const [ms, version] = stdout.trim().split(' ') as [string, string]
    const note = `SciPy ${version}, group_columns, timed within Python`
    if (!notes.includes(note)) notes.push(note)
    return rounded(Number(ms))
  } catch {
    signal?.throwIfAborted()
    notes.push(missing)
    return '–'
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Matrices of a folder, read when their turn comes. */
function matrices(folder: string | undefined): (() => [string, Pattern])[] {
  if (folder === undefined || !existsSync(folder)) return []
  const files = readdirSync(folder).filter((file) => /\.(mtx|mtx\.gz|patd\.gz)$/.test(file))
  return files.sort().map((file) => () => {
    const bytes = readFileSync(join(folder, file))
    const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
    return [file, file.endsWith('.patd.gz') ? parseDifferences(text) : parseMatrixMarket(text).pattern]
  })
}

/** 'm n nnz', then for each column its rows, the first as it is and the others as differences. */
function parseDifferences(text: string): Pattern {
  const lines = text.split('\n').filter((line) => !line.startsWith('%'))
  const [rows, cols] = lines[0]!.split(' ').map(Number) as [number, number]
  const colPtr = new Int32Array(cols + 1)
  const rowIdx: number[] = []
  for (let j = 0; j < cols; j++) {
    let row = 0
    for (const difference of lines[j + 1]!.split(' ').filter((token) => token !== '')) {
      row += Number(difference)
      rowIdx.push(row)
    }
    colPtr[j + 1] = rowIdx.length
  }
  return { rows, cols, colPtr, rowIdx: Int32Array.from(rowIdx) }
}

/** Two velocities at the corners, edges and centre and a pressure at the corners of square cells: as flow problems have. */
function flow(cells: number): Pattern {
  const side = 2 * cells + 1
  const unknowns: number[][] = [] // of each node
  let n = 0
  for (let b = 0; b < side; b++)
    for (let a = 0; a < side; a++) unknowns.push(a % 2 === 0 && b % 2 === 0 ? [n++, n++, n++] : [n++, n++])
  const columns = Array.from({ length: n }, () => new Set<number>())
  for (let B = 0; B < cells; B++)
    for (let A = 0; A < cells; A++) {
      const nodes: number[] = []
      for (let b = 2 * B; b <= 2 * B + 2; b++) for (let a = 2 * A; a <= 2 * A + 2; a++) nodes.push(b * side + a)
      const inCell = nodes.flatMap((node) => unknowns[node]!)
      for (const j of inCell) for (const i of inCell) columns[j]!.add(i)
    }
  return fromColumns(
    n,
    columns.map((rows) => Int32Array.from(rows).sort()),
  )
}

/** Entries with |i − j| ≤ 2. */
function band(n: number): Pattern {
  return fromColumns(
    n,
    Array.from({ length: n }, (_, j) => {
      const first = Math.max(0, j - 2)
      return Int32Array.from({ length: Math.min(n, j + 3) - first }, (_, k) => first + k)
    }),
  )
}

/** Five entries in each column, spread by a multiplicative generator; rows hold five in the mean, as many as chance has it. */
function scattered(n: number): Pattern {
  let state = 12345
  const next = () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9
    return ((state ^ (state >>> 13)) >>> 0) % n
  }
  return fromColumns(
    n,
    Array.from({ length: n }, () => {
      const rows = new Set<number>()
      while (rows.size < PER_ROW) rows.add(next())
      return Int32Array.from(rows).sort()
    }),
  )
}

function fromColumns(rows: number, columns: readonly Int32Array[]): Pattern {
  const colPtr = new Int32Array(columns.length + 1)
  columns.forEach((column, j) => {
    colPtr[j + 1] = colPtr[j]! + column.length
  })
  const rowIdx = new Int32Array(colPtr[columns.length]!)
  columns.forEach((column, j) => {
    rowIdx.set(column, colPtr[j])
  })
  return { rows, cols: columns.length, colPtr, rowIdx }
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
const rounded = (value: number): number => Number(value.toPrecision(3))
