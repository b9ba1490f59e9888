import type { AdjacencyGraph } from './adjacencyGraph.ts'
import { type GreedyColoring, giveLowest, type Separation } from './starColoring.ts'

/**
 * Greedy acyclic coloring: neighbours get different colors, and no cycle has only two, so that the entries of a symmetric matrix
 * follow from its products with the color classes by substitution from the leaves of the two-colored trees. The rule of
 * Gebremedhin, Tarafdar, Manne and Pothen 2007, doi:10.1137/050639879: trees are kept in disjoint sets of edges, and a vertex may
 * not close a tree that it has reached through another neighbour already.
 */
export function acyclicColoring(graph: AdjacencyGraph, ordered: Int32Array, separate?: Separation): GreedyColoring {
  const { vertices: n, edges, start, list, edgeOf } = graph
  const colors = new Int32Array(n).fill(-1)
  const forbiddenBy = new Int32Array(n + 1).fill(-1)
  const parent = Int32Array.from({ length: edges }, (_, e) => e)
  // The vertex from which each tree was last reached, and through which neighbour.
  const reachedBy = new Int32Array(edges).fill(-1)
  const reachedThrough = new Int32Array(edges)
  const firstSeenBy = new Int32Array(n + 1).fill(-1)
  const firstEdge = new Int32Array(n + 1)
  let numColors = 0

  const treeOf = (edge: number): number => {
    let e = edge
    while (parent[e] !== e) {
      parent[e] = parent[parent[e]!]!
      e = parent[e]!
    }
    return e
  }

  for (let t = 0; t < n; t++) {
    const v = ordered[t]!
    separate?.(v, colors, (color) => {
      forbiddenBy[color] = v
    })
    for (let k = start[v]!; k < start[v + 1]!; k++) {
      const color = colors[list[k]!]!
      if (color >= 0) forbiddenBy[color] = v
    }
    for (let k = start[v]!; k < start[v + 1]!; k++) {
      const w = list[k]!
      if (colors[w]! < 0) continue
      for (let l = start[w]!; l < start[w + 1]!; l++) {
        const x = list[l]!
        const color = colors[x]!
        if (x === v || color < 0 || forbiddenBy[color] === v) continue
        const tree = treeOf(edgeOf[l]!)
        if (reachedBy[tree] !== v) {
          reachedBy[tree] = v
          reachedThrough[tree] = w
        } else if (reachedThrough[tree] !== w) forbiddenBy[color] = v
      }
    }
    const chosen = giveLowest(colors, forbiddenBy, v)
    numColors = Math.max(numColors, chosen + 1)

    // Edges to neighbours of one color hang together at v.
    for (let k = start[v]!; k < start[v + 1]!; k++) {
      const color = colors[list[k]!]!
      if (color < 0) continue
      if (firstSeenBy[color] === v) parent[treeOf(edgeOf[k]!)] = treeOf(firstEdge[color]!)
      else {
        firstSeenBy[color] = v
        firstEdge[color] = edgeOf[k]!
      }
    }
    // An edge to w hangs together with the edges from w to vertices of v's color.
    for (let k = start[v]!; k < start[v + 1]!; k++) {
      const w = list[k]!
      if (colors[w]! < 0) continue
      for (let l = start[w]!; l < start[w + 1]!; l++)
        if (list[l] !== v && colors[list[l]!] === chosen) parent[treeOf(edgeOf[k]!)] = treeOf(edgeOf[l]!)
    }
  }
  return { colors, numColors }
}
