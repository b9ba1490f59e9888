/**
 * Coloring of Jacobians with symmetric blocks, the other entries of which share rows and columns with them. Two columns may have
 * one color only if in each row that holds both, both entries lie off the diagonal of the same block: such a sum can be resolved
 * through the mirror images. Where in addition the columns of the blocks' off-diagonal entries (columns[a] and columns[b] are
 * neighbours) have a star coloring, every entry or its mirror image stands alone in some difference; where they have an acyclic
 * one, all entries follow by substitution: the entries that share a difference are the edges of a two-colored tree at one of its
 * vertices, so a leaf stands alone, and taking leaves away leaves a tree. On a symmetric matrix with a full diagonal this is star
 * or acyclic coloring itself.
 */

import type { Pattern } from '../linalg/pattern.ts'
import { patternFromTriplets } from '../linalg/patternFromTriplets.ts'
import { acyclicColoring } from './acyclicColoring.ts'
import { adjacencyGraph } from './adjacencyGraph.ts'
import { colorSymmetric, type SymmetricProblem } from './colorSymmetric.ts'
import { COLUMN_ORDERS, type ColumnOrder, orderVertices } from './columnOrders.ts'
import { columnGraph } from './graph.ts'
import { type Separation, starColoring2005, starColoring2007 } from './starColoring.ts'
import type { Twins } from './symmetricBlocks.ts'

export interface TwinColoring {
  readonly colors: Int32Array // [cols]
  readonly numColors: number
  readonly order: ColumnOrder
}

/** The fewest colors over all orders and rules. `problem` says how entries are to be recovered: star reads, acyclic substitutes. */
export function colorTwins(pattern: Pattern, twins: Twins, problem: SymmetricProblem): TwinColoring {
  if (twins.isWhole) return colorSymmetric(pattern, { problem })
  const { cols: n } = pattern
  const graph = adjacencyGraph('sensing', blockGraph(pattern, twins))
  const separate = separation(pattern, twins)
  const conflicts = columnGraph(pattern)
  const rules = problem === 'star' ? [starColoring2005, starColoring2007] : [acyclicColoring]
  let best: TwinColoring = { colors: new Int32Array(n), numColors: Number.POSITIVE_INFINITY, order: 'natural' }
  for (const order of COLUMN_ORDERS) {
    const ordered = orderVertices(conflicts, order)
    for (const rule of rules) {
      const coloring = rule(graph, ordered, separate)
      if (coloring.numColors < best.numColors) best = { ...coloring, order }
    }
  }
  return best
}

/** Columns are neighbours when an entry and its mirror image lie in them. */
function blockGraph({ cols: n, colPtr }: Pattern, { twin }: Twins): Pattern {
  const columnOf = new Int32Array(twin.length)
  for (let j = 0; j < n; j++) columnOf.fill(j, colPtr[j]!, colPtr[j + 1]!)
  const from: number[] = []
  const to: number[] = []
  for (let k = 0; k < twin.length; k++) {
    if (twin[k]! < 0 || columnOf[k] === columnOf[twin[k]!]) continue
    from.push(columnOf[k]!)
    to.push(columnOf[twin[k]!]!)
  }
  return patternFromTriplets(n, n, from, to)
}

/** Forbids the colors of columns that share a row other than by entries off the diagonal of one block. */
function separation({ rows, cols, colPtr, rowIdx }: Pattern, { block }: Twins): Separation {
  const rowPtr = new Int32Array(rows + 1)
  for (let k = 0; k < rowIdx.length; k++) rowPtr[rowIdx[k]! + 1]!++
  for (let i = 0; i < rows; i++) rowPtr[i + 1]! += rowPtr[i]!
  const columns = new Int32Array(rowIdx.length)
  const blocks = new Int32Array(rowIdx.length)
  const next = rowPtr.slice(0, rows)
  for (let j = 0; j < cols; j++)
    for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) {
      const place = next[rowIdx[k]!]!++
      columns[place] = j
      blocks[place] = block[k]!
    }
  return (v, colors, forbid) => {
    for (let k = colPtr[v]!; k < colPtr[v + 1]!; k++) {
      const i = rowIdx[k]!
      for (let l = rowPtr[i]!; l < rowPtr[i + 1]!; l++) {
        const w = columns[l]!
        if (w === v || colors[w]! < 0) continue
        if (block[k]! < 0 || blocks[l] !== block[k]) forbid(colors[w]!)
      }
    }
  }
}
