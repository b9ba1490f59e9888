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
  const degrees = order === 'incidence-degree' ? new Int32Array(n) : graph.degrees.slice()

  const stacks: number[][] = []
  const place = new Int32Array(n) // position of a vertex within its stack
  const push = (v: number, degree: number) => {
    while (stacks.length <= degree) stacks.push([])
    const stack = stacks[degree]!
    place[v] = stack.length
    stack.push(v)
  }
  for (let v = 0; v < n; v++) push(v, degrees[v]!)

  const ordered = new Int32Array(n)
  const neighbours = new Int32Array(n)
  const isTaken = new Uint8Array(n)
  let level = lowest ? 0 : stacks.length - 1
  for (let count = 0; count < n; count++) {
    // A step moves the best level by one at most, so the search starts next to the last one.
    if (lowest) {
      level = Math.max(0, level - 1)
      while (stacks[level]!.length === 0) level++
    } else {
      level = Math.min(stacks.length - 1, level + 1)
      while (stacks[level]!.length === 0) level--
    }
    const v = stacks[level]!.pop()!
    isTaken[v] = 1
    ordered[lowest ? n - 1 - count : count] = v
    graph.neighboursInto(neighbours, v)
    for (let k = 0, degree = graph.degrees[v]!; k < degree; k++) {
      const w = neighbours[k]!
      if (isTaken[w] === 1) continue
      const stack = stacks[degrees[w]!]!
      const top = stack.pop()!
      if (top !== w) {
        stack[place[w]!] = top
        place[top] = place[w]!
      }
      degrees[w]! += change
      push(w, degrees[w]!)
    }
  }
  return ordered
}
