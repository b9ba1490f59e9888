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

/** Stacks are made of blocks of 2^SHIFT places. */
const SHIFT = 8
const LAST_IN_BLOCK = (1 << SHIFT) - 1

/**
 * Takes vertices one by one from the top of the lowest (smallest-last) or highest non-empty stack, and moves the neighbours
 * still waiting by one stack: down, or up for incidence-degree, which counts neighbours already taken. The top of a stack takes
 * the place of a vertex that leaves it.
 *
 * Neighbours lie anywhere in memory, so that on large graphs time goes into waiting for it. Hence all stacks share one array, in
 * blocks that know their stack: one number per vertex tells both stack and place. And a vertex's neighbours are first looked up
 * all together, whereby waits overlap, and then moved.
 */
function orderDynamically(
  graph: Graph,
  order: 'smallest-last' | 'incidence-degree' | 'dynamic-largest-first',
): Int32Array {
  const { vertices: n, degrees, list } = graph
  const lowest = order === 'smallest-last'
  const change = order === 'incidence-degree' ? 1 : -1

  let levels = 1
  let sum = 0
  for (let v = 0; v < n; v++) {
    levels = Math.max(levels, degrees[v]! + 1)
    sum += degrees[v]!
  }
  // No more stacks than k are filled at once: k different degrees sum up to k (k − 1) / 2 at least.
  const mostFilled = Math.min(n, levels, Math.ceil(Math.sqrt(2 * sum)) + 1)
  const blocks = (n >> SHIFT) + mostFilled
  const places = new Int32Array(blocks << SHIFT)
  const levelOf = new Int32Array(blocks) // [blocks], the stack that a block belongs to
  const below = new Int32Array(blocks) // [blocks], the last place of the block under it, or −1; of a free block the next free one
  const tops = new Int32Array(levels).fill(-1) // [levels], place of the top, −1: empty
  const placeOf = new Int32Array(n)
  let unused = 0
  let free = -1

  const push = (v: number, level: number) => {
    let place = tops[level]! + 1
    if ((place & LAST_IN_BLOCK) === 0) {
      let block = free
      if (block === -1) block = unused++
      else free = below[block]!
      below[block] = place - 1
      levelOf[block] = level
      place = block << SHIFT
    }
    tops[level] = place
    places[place] = v
    placeOf[v] = place
  }
  /** Takes the top off; what stood there can still be read. */
  const pop = (level: number, top: number) => {
    if ((top & LAST_IN_BLOCK) !== 0) {
      tops[level] = top - 1
      return
    }
    const block = top >> SHIFT
    tops[level] = below[block]!
    below[block] = free
    free = block
  }
  for (let v = 0; v < n; v++) push(v, order === 'incidence-degree' ? 0 : degrees[v]!)

  const ordered = new Int32Array(n)
  const isTaken = new Int32Array((n + 31) >> 5) // a bit for each vertex
  const waiting = new Int32Array(levels)
  const levelsOfWaiting = new Int32Array(levels)
  let level = lowest ? 0 : levels - 1
  for (let count = 0; count < n; count++) {
    // A step moves the best level by one at most, so the search starts next to the last one.
    if (lowest) {
      level = Math.max(0, level - 1)
      while (tops[level] === -1) level++
    } else {
      level = Math.min(levels - 1, level + 1)
      while (tops[level] === -1) level--
    }
    const v = places[tops[level]!]!
    pop(level, tops[level]!)
    isTaken[v >> 5]! |= 1 << (v & 31)
    ordered[lowest ? n - 1 - count : count] = v

    // Without branches, which nobody could predict.
    let found = 0
    for (let k = graph.locate(v), end = k + degrees[v]!; k < end; k++) {
      const w = list[k]!
      waiting[found] = w
      found += 1 - ((isTaken[w >> 5]! >>> (w & 31)) & 1)
    }
    for (let k = 0; k < found; k++) levelsOfWaiting[k] = levelOf[placeOf[waiting[k]!]! >> SHIFT]!
    for (let k = 0; k < found; k++) {
      const w = waiting[k]!
      const old = levelsOfWaiting[k]!
      const top = tops[old]!
      const moved = places[top]!
      const place = placeOf[w]!
      places[place] = moved
      placeOf[moved] = place
      pop(old, top)
      push(w, old + change)
    }
  }
  return ordered
}
