/** Neighbourhoods as the coloring orders read them. */

import { type Pattern, transposePattern } from '../linalg/pattern.ts'

/** An undirected graph without loops. */
export interface Graph {
  readonly vertices: number
  readonly degrees: Int32Array // [vertices], number of distinct neighbours
  readonly list: Int32Array // neighbours, where `locate` says
  /** Where the neighbours of v begin in `list`, in the order that ties are broken by. They stay until the next call. */
  locate(v: number): number
}

/** Neighbour lists are kept where they cannot hold more than so many numbers for each entry of the pattern; else rows are walked again. */
const KEPT_PER_ENTRY = 32
const ALWAYS_KEPT = 1 << 20

/** So many columns have their rows looked up together. */
const GROUP = 8

/**
 * The column intersection graph of a pattern: columns are neighbours when they share a row, in the order of first appearance when
 * the column's rows, and the columns of each, are walked ascending.
 * O(Σ_i (entries of row i)²) once, then O(1) per list, or O(neighbours) where lists are not kept; memory proportional to the
 * entries of the pattern.
 */
export function columnGraph(pattern: Pattern): Graph {
  const { cols, colPtr, rowIdx } = pattern
  const { colPtr: rowPtr, rowIdx: colIdx } = transposePattern(pattern)
  const isRepeated = repeatedRows(rowPtr, colIdx)
  const degrees = new Int32Array(cols)
  const widest = widestGroup(colPtr)
  const walk: Walk = {
    ...{ colPtr, rowIdx, rowPtr, colIdx, isRepeated, degrees },
    rowFrom: new Int32Array(widest),
    rowTo: new Int32Array(widest),
    readAhead: new Int32Array(widest),
    seenIn: new Int32Array(cols),
    walked: 0,
  }

  // Lists are written as they are found; what is reserved beyond their end is never touched.
  let most = 0
  for (let i = 0; i < pattern.rows; i++) if (isRepeated[i] === 0) most += (rowPtr[i + 1]! - rowPtr[i]!) ** 2
  if (most > Math.max(ALWAYS_KEPT, KEPT_PER_ENTRY * rowIdx.length)) {
    const list = new Int32Array(cols)
    for (let v = 0; v < cols; v++) walkInto(list, 0, v, v + 1, walk)
    const locate = (v: number) => {
      walkInto(list, 0, v, v + 1, walk)
      return 0
    }
    return { vertices: cols, degrees, list, locate }
  }
  const list = new Int32Array(most)
  for (let v = 0, to = 0; v < cols; v += GROUP) to = walkInto(list, to, v, Math.min(cols, v + GROUP), walk)
  const starts = new Int32Array(cols)
  for (let v = 1; v < cols; v++) starts[v] = starts[v - 1]! + degrees[v - 1]!
  return { vertices: cols, degrees, list, locate: (v) => starts[v]! }
}

/** What walks along the rows of columns need. */
interface Walk {
  readonly colPtr: Int32Array
  readonly rowIdx: Int32Array
  readonly rowPtr: Int32Array
  readonly colIdx: Int32Array
  readonly isRepeated: Uint8Array // [rows], 1: has the entries of an earlier row, so adds no neighbours and changes no order
  readonly degrees: Int32Array // [cols], written
  readonly rowFrom: Int32Array // scratch, [entries of a group of columns]
  readonly rowTo: Int32Array
  readonly readAhead: Int32Array
  readonly seenIn: Int32Array // [cols], the last walk in which a column was met
  walked: number // walks so far, one a column
}

/**
 * Writes the neighbours of columns first … last − 1 to list[to …], one column after the other, and their numbers to `degrees`.
 * Returns where they end.
 */
function walkInto(list: Int32Array, to: number, first: number, last: number, walk: Walk): number {
  const { colPtr, rowIdx, rowPtr, colIdx, isRepeated, degrees, rowFrom, rowTo, readAhead, seenIn } = walk
  const base = colPtr[first]!
  const entries = colPtr[last]! - base
  // Rows lie anywhere in memory. All are asked for before the first is needed, so that waits for them overlap.
  for (let k = 0; k < entries; k++) {
    const i = rowIdx[base + k]!
    const from = rowPtr[i]!
    rowFrom[k] = from
    rowTo[k] = isRepeated[i] === 1 ? from : rowPtr[i + 1]!
  }
  for (let k = 0; k < entries; k++) readAhead[k] = colIdx[rowFrom[k]!]!

  let end = to
  let now = walk.walked
  for (let v = first; v < last; v++) {
    const start = end
    seenIn[v] = ++now
    for (let k = colPtr[v]! - base, lastRow = colPtr[v + 1]! - base; k < lastRow; k++)
      for (let l = rowFrom[k]!, rowEnd = rowTo[k]!; l < rowEnd; l++) {
        const w = colIdx[l]!
        if (seenIn[w] === now) continue
        seenIn[w] = now
        list[end++] = w
      }
    degrees[v] = end - start
  }
  walk.walked = now
  return end
}

/** The most entries in a group of columns. */
function widestGroup(colPtr: Int32Array): number {
  const cols = colPtr.length - 1
  let widest = 0
  for (let v = 0; v < cols; v += GROUP) widest = Math.max(widest, colPtr[Math.min(cols, v + GROUP)]! - colPtr[v]!)
  return widest
}

/** Marks lists (of rowPtr and colIdx) that equal an earlier one, [rows]. O(entries). */
function repeatedRows(rowPtr: Int32Array, colIdx: Int32Array): Uint8Array {
  const rows = rowPtr.length - 1
  const isRepeated = new Uint8Array(rows)
  let slots = 1
  while (slots < 2 * rows) slots *= 2
  const firstOf = new Int32Array(slots).fill(-1) // open addressing by hash
  for (let i = 0; i < rows; i++) {
    const from = rowPtr[i]!
    const length = rowPtr[i + 1]! - from
    let hash = length
    for (let l = 0; l < length; l++) hash = Math.imul(hash ^ colIdx[from + l]!, 0x01000193) ^ (hash >>> 15)
    let slot = (hash ^ (hash >>> 16)) & (slots - 1)
    for (; firstOf[slot] !== -1; slot = (slot + 1) & (slots - 1)) {
      const other = rowPtr[firstOf[slot]!]!
      if (rowPtr[firstOf[slot]! + 1]! - other !== length) continue
      let l = 0
      while (l < length && colIdx[other + l] === colIdx[from + l]) l++
      if (l < length) continue
      isRepeated[i] = 1
      break
    }
    if (firstOf[slot] === -1) firstOf[slot] = i
  }
  return isRepeated
}
