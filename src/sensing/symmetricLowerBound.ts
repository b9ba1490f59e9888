import type { AdjacencyGraph } from './adjacencyGraph.ts'
import { orderVertices } from './columnOrders.ts'

/**
 * Colors that a star or acyclic coloring of the graph must have. Two classes of an acyclic coloring induce a forest, so k colors
 * allow at most (k − 1)·s − k(k − 1)/2 edges on s vertices; each subgraph that smallest-last ordering leaves behind is held against
 * that count, which gives r on r mutual neighbours and β + 1 on a band. A star coloring moreover needs three colors where there is
 * a path on four vertices. O(vertices + edges).
 */
export function symmetricLowerBound(graph: AdjacencyGraph, problem: 'star' | 'acyclic'): number {
  const { vertices: n, edges, start, list } = graph
  if (n === 0) return 0
  let bound = 1
  let vertices = n
  let remaining = edges
  const isGone = new Uint8Array(n)
  const ordered = orderVertices(graph, 'smallest-last')
  for (let t = n - 1; t >= 0; t--) {
    while (bound < vertices && (bound - 1) * vertices - (bound * (bound - 1)) / 2 < remaining) bound++
    const v = ordered[t]!
    isGone[v] = 1
    for (let k = start[v]!; k < start[v + 1]!; k++) if (isGone[list[k]!] === 0) remaining--
    vertices--
  }
  return problem === 'star' && bound === 2 && hasPathOfFour(graph) ? 3 : bound
}

/** In a graph without cycles: an edge between two vertices that both have another neighbour. */
function hasPathOfFour({ vertices: n, degrees, start, list }: AdjacencyGraph): boolean {
  for (let v = 0; v < n; v++)
    if (degrees[v]! >= 2) for (let k = start[v]!; k < start[v + 1]!; k++) if (degrees[list[k]!]! >= 2) return true
  return false
}
