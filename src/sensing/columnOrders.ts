/**
 * The orders in which a greedy coloring visits columns. Two columns are neighbours when they share a row; the degree of a
 * column is its number of neighbours. Orders and their tie rules (stacks per degree) follow ColPack (Gebremedhin, Nguyen,
 * Patwary and Pothen 2013, doi:10.1145/2513109.2513110), so that published color counts are reproduced.
 */

import type { Pattern } from '../linalg/pattern.ts'

export type ColumnOrder = 'natural' | 'largest-first' | 'smallest-last' | 'incidence-degree' | 'dynamic-largest-first'

export const COLUMN_ORDERS: readonly ColumnOrder[] = [
  'natural',
  'largest-first',
  'smallest-last',
  'incidence-degree',
  'dynamic-largest-first',
]

/** The columns of a pattern in the given order, [cols]. `byRow` is the transposed pattern. O(Σ_i (entries of row i)²). */
export function orderColumns(pattern: Pattern, byRow: Pattern, order: ColumnOrder): Int32Array {
  const n = pattern.cols
  if (order === 'natural') return Int32Array.from({ length: n }, (_, j) => j)
  if (order === 'largest-first') {
    const degrees = columnDegrees(pattern, byRow)
    return Int32Array.from({ length: n }, (_, j) => j).sort((a, b) => degrees[b]! - degrees[a]! || a - b)
  }
  return orderDynamically(pattern, byRow, order)
}

/** Number of distinct neighbours of each column, [cols]. */
function columnDegrees(pattern: Pattern, byRow: Pattern): Int32Array {
  const { cols, colPtr, rowIdx } = pattern
  const degrees = new Int32Array(cols)
  const seenBy = new Int32Array(cols).fill(-1)
  for (let v = 0; v < cols; v++) {
    seenBy[v] = v
    let degree = 0
    for (let k = colPtr[v]!; k < colPtr[v + 1]!; k++) {
      const i = rowIdx[k]!
      for (let l = byRow.colPtr[i]!; l < byRow.colPtr[i + 1]!; l++) {
        const w = byRow.rowIdx[l]!
        if (seenBy[w] === v) continue
        seenBy[w] = v
        degree++
      }
    }
    degrees[v] = degree
  }
  return degrees
}

/**
 * Takes columns one by one from the top of the lowest (smallest-last) or highest non-empty stack, and moves the neighbours
 * still waiting by one stack: down, or up for incidence-degree, which counts neighbours already taken.
 */
function orderDynamically(
  pattern: Pattern,
  byRow: Pattern,
  order: 'smallest-last' | 'incidence-degree' | 'dynamic-largest-first',
): Int32Array {
  const { cols, colPtr, rowIdx } = pattern
  const lowest = order === 'smallest-last'
  const change = order === 'incidence-degree' ? 1 : -1
  const degrees = order === 'incidence-degree' ? new Int32Array(cols) : columnDegrees(pattern, byRow)

  const stacks: number[][] = []
  const place = new Int32Array(cols) // position of a column within its stack
  const push = (v: number) => {
    const degree = degrees[v]!
    while (stacks.length <= degree) stacks.push([])
    const stack = stacks[degree]!
    place[v] = stack.length
    stack.push(v)
  }
  for (let v = 0; v < cols; v++) push(v)

  const ordered = new Int32Array(cols)
  const seenBy = new Int32Array(cols).fill(-1)
  const taken = new Uint8Array(cols)
  let level = lowest ? 0 : stacks.length - 1
  for (let count = 0; count < cols; count++) {
    // A step moves the best level by one at most, so the search starts next to the last one.
    if (lowest) {
      level = Math.max(0, level - 1)
      while (stacks[level]!.length === 0) level++
    } else {
      level = Math.min(stacks.length - 1, level + 1)
      while (stacks[level]!.length === 0) level--
    }
    const v = stacks[level]!.pop()!
    taken[v] = 1
    seenBy[v] = v
    ordered[lowest ? cols - 1 - count : count] = v
    for (let k = colPtr[v]!; k < colPtr[v + 1]!; k++) {
      const i = rowIdx[k]!
      for (let l = byRow.colPtr[i]!; l < byRow.colPtr[i + 1]!; l++) {
        const w = byRow.rowIdx[l]!
        if (taken[w] === 1 || seenBy[w] === v) continue
        seenBy[w] = v
        const stack = stacks[degrees[w]!]!
        const top = stack.pop()!
        if (top !== w) {
          stack[place[w]!] = top
          place[top] = place[w]!
        }
        degrees[w]! += change
        push(w)
      }
    }
  }
  return ordered
}
