/**
 * Column coloring: gives columns that share a row different colors, so that all columns of one color can be perturbed
 * together and each difference still belongs to one entry (Curtis, Powell and Reid 1974, doi:10.1093/imamat/13.1.117;
 * Coleman and Moré 1983, doi:10.1137/0720013). Greedy, deterministic; columns are colored by walking rows, without an
 * intersection graph in memory.
 */

import { checkPattern } from '../linalg/checkPattern.ts'
import { type Pattern, transposePattern } from '../linalg/pattern.ts'
import { COLUMN_ORDERS, type ColumnOrder, orderColumns } from './columnOrders.ts'

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
  const byRow = transposePattern(pattern)
  let lowerBound = Math.min(1, pattern.cols)
  for (let i = 0; i < pattern.rows; i++) lowerBound = Math.max(lowerBound, byRow.colPtr[i + 1]! - byRow.colPtr[i]!)

  let best: ColumnColoring | null = null
  for (const tried of order === 'best' ? COLUMN_ORDERS : [order]) {
    const { colors, numColors } = colorGreedily(pattern, byRow, orderColumns(pattern, byRow, tried))
    if (best === null || numColors < best.numColors)
      best = { colors, numColors, order: tried, lowerBound, optimal: numColors === lowerBound }
    if (best.optimal) break
  }
  return best!
}

/** Gives each column, in the order given, the lowest color that no neighbour has. O(Σ_i (entries of row i)²). */
function colorGreedily(
  pattern: Pattern,
  byRow: Pattern,
  ordered: Int32Array,
): { colors: Int32Array; numColors: number } {
  const { cols, colPtr, rowIdx } = pattern
  const rowPtr = byRow.colPtr
  const colIdx = byRow.rowIdx
  // Slot 0 stands for 'no color yet', so that the inner loop needs no branch.
  const shifted = new Int32Array(cols)
  const forbiddenBy = new Int32Array(cols + 2).fill(-1)
  let numColors = 0
  for (let t = 0; t < cols; t++) {
    const v = ordered[t]!
    for (let k = colPtr[v]!; k < colPtr[v + 1]!; k++) {
      const i = rowIdx[k]!
      for (let l = rowPtr[i]!, end = rowPtr[i + 1]!; l < end; l++) forbiddenBy[shifted[colIdx[l]!]!] = v
    }
    let color = 1
    while (forbiddenBy[color] === v) color++
    shifted[v] = color
    if (color > numColors) numColors = color
  }
  for (let v = 0; v < cols; v++) shifted[v]!--
  return { colors: shifted, numColors }
}
