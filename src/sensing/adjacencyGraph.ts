import { type Pattern, patternHas } from '../linalg/pattern.ts'
import type { Graph } from './graph.ts'

/** A graph in adjacency lists, with a number for each edge. */
export interface AdjacencyGraph extends Graph {
  readonly edges: number
  readonly start: Int32Array // [vertices + 1]
  readonly list: Int32Array // [2 · edges], neighbours of v ascending at list[start[v] …]
  readonly edgeOf: Int32Array // [2 · edges], the edge that each place in `list` belongs to: the same from both ends
}

/**
 * The adjacency graph of a symmetric pattern: i and j ≠ i are neighbours when (i, j) is an entry. Throws RangeError naming an
 * entry without its mirror image, or the sizes of a pattern that is not square. O(nnz log(column length)).
 */
export function adjacencyGraph(who: string, pattern: Pattern): AdjacencyGraph {
  const { rows, cols: n, colPtr, rowIdx } = pattern
  if (rows !== n) throw new RangeError(`${who}: a symmetric pattern must be square, got [${rows} × ${n}]`)
  const start = new Int32Array(n + 1)
  const list = new Int32Array(rowIdx.length)
  let filled = 0
  for (let j = 0; j < n; j++) {
    for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) {
      const i = rowIdx[k]!
      if (i === j) continue
      if (!patternHas(pattern, j, i))
        throw new RangeError(`${who}: the pattern is not symmetric: it has entry (${i}, ${j}) but not (${j}, ${i})`)
      list[filled++] = i
    }
    start[j + 1] = filled
  }
  const edges = filled / 2
  const edgeOf = new Int32Array(filled)
  // Visiting v ascending meets the edges to lower neighbours in the order in which those met theirs to v.
  const next = start.slice(0, n)
  let count = 0
  for (let v = 0; v < n; v++)
    for (let k = start[v]!; k < start[v + 1]!; k++) {
      const w = list[k]!
      if (w < v) continue
      edgeOf[k] = count
      edgeOf[next[w]!++] = count
      count++
    }
  return {
    vertices: n,
    edges,
    degrees: Int32Array.from({ length: n }, (_, v) => start[v + 1]! - start[v]!),
    start,
    list: list.subarray(0, filled),
    edgeOf,
    locate: (v) => start[v]!,
  }
}
