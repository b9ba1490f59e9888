/**
 * Greedy star coloring: neighbours get different colors, and no path on four vertices has only two, so that each pair of mirrored
 * entries of a symmetric matrix can be read off one difference. Two rules, neither of which always wins.
 */

import type { AdjacencyGraph } from './adjacencyGraph.ts'

/** What else keeps colors from a vertex: calls `forbid` with the color of each vertex that v must differ from. */
export type Separation = (v: number, colors: Int32Array, forbid: (color: number) => void) => void

export interface GreedyColoring {
  readonly colors: Int32Array // [vertices]
  readonly numColors: number
}

/**
 * The rule of Gebremedhin, Manne and Pothen 2005, Algorithm 4.1, doi:10.1137/S0036144504444711: neighbours of a vertex that is not
 * colored yet get different colors, so that every later path on four vertices is seen from its end.
 */
export function starColoring2005(graph: AdjacencyGraph, ordered: Int32Array, separate?: Separation): GreedyColoring {
  const { vertices: n, start, list } = graph
  const colors = new Int32Array(n).fill(-1)
  const forbiddenBy = new Int32Array(n + 1).fill(-1)
  let numColors = 0
  for (let t = 0; t < n; t++) {
    const v = ordered[t]!
    separate?.(v, colors, (color) => {
      forbiddenBy[color] = v
    })
    for (let k = start[v]!; k < start[v + 1]!; k++) {
      const w = list[k]!
      const color = colors[w]!
      if (color >= 0) forbiddenBy[color] = v
      for (let l = start[w]!; l < start[w + 1]!; l++) {
        const x = list[l]!
        const far = colors[x]!
        if (far < 0 || x === v || forbiddenBy[far] === v) continue
        if (color < 0 || hasOther(graph, colors, x, w, color)) forbiddenBy[far] = v
      }
    }
    numColors = Math.max(numColors, giveLowest(colors, forbiddenBy, v) + 1)
  }
  return { colors, numColors }
}

/** True when x has a neighbour of the given color other than w. */
function hasOther({ start, list }: AdjacencyGraph, colors: Int32Array, x: number, w: number, color: number): boolean {
  for (let k = start[x]!; k < start[x + 1]!; k++) {
    const y = list[k]!
    if (y !== w && colors[y] === color) return true
  }
  return false
}

/**
 * The rule of Gebremedhin, Tarafdar, Manne and Pothen 2007, Algorithm 4.1, doi:10.1137/050639879, which keeps the two-colored
 * stars and their hubs: only the hub's color is forbidden to a new leaf.
 */
export function starColoring2007(graph: AdjacencyGraph, ordered: Int32Array, separate?: Separation): GreedyColoring {
  const { vertices: n, edges, start, list, edgeOf } = graph
  const colors = new Int32Array(n).fill(-1)
  const forbiddenBy = new Int32Array(n + 1).fill(-1)
  const treatedBy = new Int32Array(n).fill(-1)
  const starOf = new Int32Array(edges).fill(-1)
  const hubOf: number[] = [] // by star; −1 for a single edge
  // The first neighbour of v met with each color, and its place in `list`.
  const firstSeenBy = new Int32Array(n + 1).fill(-1)
  const firstPlace = new Int32Array(n + 1)
  let numColors = 0

  const forbidNeighbours = (v: number, w: number) => {
    for (let l = start[w]!; l < start[w + 1]!; l++) {
      const color = colors[list[l]!]!
      if (color >= 0) forbiddenBy[color] = v
    }
    treatedBy[w] = v
  }

  for (let t = 0; t < n; t++) {
    const v = ordered[t]!
    separate?.(v, colors, (color) => {
      forbiddenBy[color] = v
    })
    for (let k = start[v]!; k < start[v + 1]!; k++) {
      const w = list[k]!
      const color = colors[w]!
      if (color < 0) continue
      forbiddenBy[color] = v
      if (firstSeenBy[color] === v) {
        const q = list[firstPlace[color]!]!
        if (treatedBy[q] !== v) forbidNeighbours(v, q)
        forbidNeighbours(v, w)
        continue
      }
      firstSeenBy[color] = v
      firstPlace[color] = k
      for (let l = start[w]!; l < start[w + 1]!; l++) {
        const x = list[l]!
        if (x !== v && colors[x]! >= 0 && hubOf[starOf[edgeOf[l]!]!] === x) forbiddenBy[colors[x]!] = v
      }
    }
    const chosen = giveLowest(colors, forbiddenBy, v)
    numColors = Math.max(numColors, chosen + 1)

    for (let k = start[v]!; k < start[v + 1]!; k++) {
      const w = list[k]!
      if (colors[w]! < 0) continue
      let l = start[w]!
      while (l < start[w + 1]! && (list[l] === v || colors[list[l]!] !== chosen)) l++
      const first = firstPlace[colors[w]!]!
      if (l < start[w + 1]!) {
        starOf[edgeOf[k]!] = starOf[edgeOf[l]!]!
        hubOf[starOf[edgeOf[l]!]!] = w
      } else if (first !== k) {
        starOf[edgeOf[k]!] = starOf[edgeOf[first]!]!
        hubOf[starOf[edgeOf[first]!]!] = v
      } else {
        starOf[edgeOf[k]!] = hubOf.length
        hubOf.push(-1)
      }
    }
  }
  return { colors, numColors }
}

/** Gives v the lowest color that is not forbidden, and returns it. */
export function giveLowest(colors: Int32Array, forbiddenBy: Int32Array, v: number): number {
  let color = 0
  while (forbiddenBy[color] === v) color++
  colors[v] = color
  return color
}
