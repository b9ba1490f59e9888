/** Neighbourhoods as the coloring orders read them. */

import { type Pattern, transposePattern } from '../linalg/pattern.ts'

/** An undirected graph without loops. */
export interface Graph {
  readonly vertices: number
  readonly degrees: Int32Array // [vertices], number of distinct neighbours
  /** Writes the neighbours of v into `list` [≥ degrees[v]], in the order that ties are broken by. */
  neighboursInto(list: Int32Array, v: number): void
}

/** Neighbour lists are kept where they cannot hold more than so many numbers for each entry of the pattern; else rows are walked again. */
const KEPT_PER_ENTRY = 32
const ALWAYS_KEPT = 1 << 20

/**
 * The column intersection graph of a pattern: columns are neighbours when they share a row, in the order of first appearance when
 * the column's rows, and the columns of each, are walked ascending.
 * O(Σ_i (entries of row i)²) once, then O(neighbours) per list; memory proportional to the entries of the pattern.
 */
export function columnGraph(pattern: Pattern): Graph {
  const { cols, colPtr, rowIdx } = pattern
  const { colPtr: rowPtr, rowIdx: colIdx } = transposePattern(pattern)
  // A row with the entries of an earlier one adds no neighbours and changes no order.
  const isRepeated = repeatedRows(rowPtr, colIdx)
  const seenIn = new Int32Array(cols)
  let walks = 0

  /** Writes the neighbours of v to list[from …] and returns where they end. */
  const walk = (list: Int32Array, from: number, v: number): number => {
    const now = ++walks
    let to = from
    seenIn[v] = now
    for (let k = colPtr[v]!, last = colPtr[v + 1]!; k < last; k++) {
      const i = rowIdx[k]!
      if (isRepeated[i] === 1) continue
      for (let l = rowPtr[i]!, end = rowPtr[i + 1]!; l < end; l++) {
        const w = colIdx[l]!
        if (seenIn[w] === now) continue
        seenIn[w] = now
        list[to++] = w
      }
    }
    return to
  }

  // Lists are written as they are found; what is reserved beyond their end is never touched.
  let most = 0
  for (let i = 0; i < pattern.rows; i++) if (isRepeated[i] === 0) most += (rowPtr[i + 1]! - rowPtr[i]!) ** 2
  const keeps = most <= Math.max(ALWAYS_KEPT, KEPT_PER_ENTRY * rowIdx.length)
  const kept = new Int32Array(keeps ? most : cols)
  const degrees = new Int32Array(cols)
  const starts = new Int32Array(keeps ? cols + 1 : 1)
  for (let v = 0; v < cols; v++) {
    const from = keeps ? starts[v]! : 0
    const to = walk(kept, from, v)
    degrees[v] = to - from
    if (keeps) starts[v + 1] = to
  }

  return {
    vertices: cols,
    degrees,
    neighboursInto(list, v) {
      if (!keeps) {
        walk(list, 0, v)
        return
      }
      const start = starts[v]!
      for (let k = 0, degree = degrees[v]!; k < degree; k++) list[k] = kept[start + k]!
    },
  }
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
