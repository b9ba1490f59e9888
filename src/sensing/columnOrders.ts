/**
 * The orders in which a greedy coloring visits the vertices of a graph: of the column intersection graph, where two columns are
 * neighbours when they share a row, or of the adjacency graph of a symmetric pattern. Orders and their tie rules (stacks per
 * degree) follow ColPack (Gebremedhin, Nguyen, Patwary and Pothen 2013, doi:10.1145/2513109.2513110), so that published color
 * counts are reproduced.
 */

import type { Graph } from './graph.ts'

export type ColumnOrder = 'natural' | 'largest-first' | 'smallest-last' | 'incidence-degree' | 'dynamic-largest-first'

export const COLUMN_ORDERS: readonly ColumnOrder[] = [
  'natural',
  'largest-first',
  'smallest-last',
  'incidence-degree',
  'dynamic-largest-first',
]

/** The vertices 0 … n − 1 as they are numbered: the natural order. */
export function naturalOrder(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, v) => v)
}

/** The vertices of a graph in the given order, [vertices]. O(vertices + edges). */
export function orderVertices(graph: Graph, order: ColumnOrder): Int32Array {
  if (order === 'natural') return naturalOrder(graph.vertices)
  return order === 'largest-first' ? orderByDegree(graph.degrees) : orderDynamically(graph, order)
}

/** Decreasing degree, the lower vertex first on a tie. */
function orderByDegree(degrees: Int32Array): Int32Array {
  const n = degrees.length
  const next = new Int32Array(n + 1)
  for (let v = 0; v < n; v++) next[n - degrees[v]!]!++
  let filled = 0
  for (let k = 0; k <= n; k++) {
    const count = next[k]!
    next[k] = filled
    filled += count
  }
  const ordered = new Int32Array(n)
  for (let v = 0; v < n; v++) ordered[next[n - degrees[v]!]!++] = v
  return ordered
}

/**
 * Takes vertices one by one from the top of the lowest (smallest-last) or highest non-empty stack, and moves the neighbours
 * still waiting by one stack: down, or up for incidence-degree, which counts neighbours already taken.
 */
function orderDynamically(
  graph: Graph,
  order: 'smallest-last' | 'incidence-degree' | 'dynamic-largest-first',
): Int32Array {
  const n = graph.vertices
  const lowest = order === 'smallest-last'
  const change = order === 'incidence-degree' ? 1 : -1

  // Side by side, as they are needed together: the stack that v is in at 2v (−1: taken), its place there at 2v + 1.
  const at = new Int32Array(2 * n)
  const stacks: Int32Array[] = []
  const sizes: number[] = []
  const push = (v: number, degree: number) => {
    while (stacks.length <= degree) {
      stacks.push(new Int32Array(8))
      sizes.push(0)
    }
    const size = sizes[degree]!++
    if (size === stacks[degree]!.length) {
      const grown = new Int32Array(2 * size)
      grown.set(stacks[degree]!)
      stacks[degree] = grown
    }
    stacks[degree]![size] = v
    at[2 * v] = degree
    at[2 * v + 1] = size
  }
  for (let v = 0; v < n; v++) push(v, order === 'incidence-degree' ? 0 : graph.degrees[v]!)

  const ordered = new Int32Array(n)
  const neighbours = new Int32Array(n)
  let level = lowest ? 0 : stacks.length - 1
  for (let count = 0; count < n; count++) {
    // A step moves the best level by one at most, so the search starts next to the last one.
    if (lowest) {
      level = Math.max(0, level - 1)
      while (sizes[level] === 0) level++
    } else {
      level = Math.min(stacks.length - 1, level + 1)
      while (sizes[level] === 0) level--
    }
    const v = stacks[level]![--sizes[level]!]!
    at[2 * v] = -1
    ordered[lowest ? n - 1 - count : count] = v
    graph.neighboursInto(neighbours, v)
    for (let k = 0, degree = graph.degrees[v]!; k < degree; k++) {
      const w = neighbours[k]!
      const old = at[2 * w]!
      if (old === -1) continue
      const stack = stacks[old]!
      const top = stack[--sizes[old]!]!
      if (top !== w) {
        const place = at[2 * w + 1]!
        stack[place] = top
        at[2 * top + 1] = place
      }
      push(w, old + change)
    }
  }
  return ordered
}
