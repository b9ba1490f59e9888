/**
 * Column coloring: gives columns that share a row different colors, so that all columns of one color can be perturbed
 * together and each difference still belongs to one entry (Curtis, Powell and Reid 1974, doi:10.1093/imamat/13.1.117;
 * Coleman and Moré 1983, doi:10.1137/0720013). Greedy, deterministic.
 */

import { checkPattern } from '../linalg/checkPattern.ts'
import type { Pattern } from '../linalg/pattern.ts'
import { COLUMN_ORDERS, type ColumnOrder, naturalOrder, orderVertices } from './columnOrders.ts'
import { columnGraph, type Graph } from './graph.ts'

export interface ColumnColoring {
  readonly colors: Int32Array // [cols], 0 … numColors − 1; a column without entries gets color 0
  readonly numColors: number
  readonly order: ColumnOrder // the one that gave this coloring
  readonly lowerBound: number // the largest number of entries in a row: no coloring has fewer colors
  readonly optimal: boolean // numColors equals lowerBound: provably the fewest. false: not known
}

/**
 * Colors the columns of a pattern. `order: 'best'` (default) tries all orders and keeps the fewest colors, the earlier order
 * on a tie, and stops at a provably optimal one. Throws RangeError on a malformed pattern or an unknown order.
 */
export function colorColumns(
  pattern: Pattern,
  { order = 'best' }: { order?: ColumnOrder | 'best' } = {},
): ColumnColoring {
  checkPattern('colorColumns', pattern)
  if (order !== 'best' && !COLUMN_ORDERS.includes(order))
    throw new RangeError(`colorColumns: order must be one of ${COLUMN_ORDERS.join(', ')}, best; got ${order}`)
  const lowerBound = Math.max(Math.min(1, pattern.cols), largestRow(pattern))
  let graph: Graph | null = null
  let best: ColumnColoring | null = null
  for (const tried of order === 'best' ? COLUMN_ORDERS : [order]) {
    if (tried !== 'natural') graph ??= columnGraph(pattern)
    const ordered = graph === null ? naturalOrder(pattern.cols) : orderVertices(graph, tried)
    const { colors, numColors } = colorGreedily(pattern, ordered, lowerBound)
    if (best === null || numColors < best.numColors)
      best = { colors, numColors, order: tried, lowerBound, optimal: numColors === lowerBound }
    if (best.optimal) break
  }
  return best!
}

/** The largest number of entries in a row; 0 without rows. */
function largestRow({ rows, rowIdx }: Pattern): number {
  const counts = new Int32Array(rows)
  for (let k = 0; k < rowIdx.length; k++) counts[rowIdx[k]!]!++
  let largest = 0
  for (let i = 0; i < rows; i++) if (counts[i]! > largest) largest = counts[i]!
  return largest
}

/** So many columns are asked for at once. */
const AHEAD = 8

/**
 * Gives each column, in the order given, the lowest color that no neighbour has. The colors in use in a row are kept as bits, 32
 * to a word, so that a column costs O(its entries · words up to the first free color): far less than visiting its neighbours.
 */
function colorGreedily(
  pattern: Pattern,
  ordered: Int32Array,
  lowerBound: number,
): { colors: Int32Array; numColors: number } {
  const { rows, cols, colPtr, rowIdx } = pattern
  const words = Array.from({ length: (lowerBound + 31) >> 5 }, () => new Int32Array(rows)) // words[q][i]: colors 32q … of row i
  const colors = new Int32Array(cols)
  const readAhead = new Int32Array(AHEAD)
  let numColors = 0
  for (let t = 0; t < cols; t++) {
    const v = ordered[t]!
    // Unless in natural order, columns lie anywhere in memory. The next are asked for all at once, so that waits for them overlap.
    if (t % AHEAD === 0 && ordered[t + 1] !== v + 1)
      for (let s = t, end = Math.min(cols, t + AHEAD); s < end; s++) readAhead[s - t] = rowIdx[colPtr[ordered[s]!]!]!
    const from = colPtr[v]!
    const to = colPtr[v + 1]!
    let q = 0
    let taken = -1
    for (; ; q++) {
      if (q === words.length) words.push(new Int32Array(rows))
      const word = words[q]!
      taken = 0
      for (let k = from; k < to; k++) taken |= word[rowIdx[k]!]!
      if (taken !== -1) break
    }
    const free = ~taken & (taken + 1) // the lowest bit that is not taken
    const word = words[q]!
    for (let k = from; k < to; k++) word[rowIdx[k]!]! |= free
    const color = 32 * q + 31 - Math.clz32(free)
    colors[v] = color
    if (color >= numColors) numColors = color + 1
  }
  return { colors, numColors }
}
