/** Whether `prepareSensing` with method 'auto' would color a pattern, told without coloring where it can be. */
import type { Pattern } from '../linalg/pattern.ts'

/**
 * At most `share` of the columns are colors: null where only coloring tells. There are at least as many as a row has entries, and at
 * most as many as there are columns that rows tie together, directly or through others. O(nonzeros).
 */
export function coloringPays({ rows, cols, colPtr, rowIdx }: Pattern, share: number): boolean | null {
  const inRow = new Int32Array(rows)
  for (let k = 0; k < colPtr[cols]!; k++) inRow[rowIdx[k]!]!++
  let longest = 0
  for (let i = 0; i < rows; i++) longest = Math.max(longest, inRow[i]!)
  if (longest > share * cols) return false

  const parent = Int32Array.from({ length: cols }, (_, j) => j)
  const find = (j: number): number => {
    let root = j
    while (parent[root] !== root) {
      parent[root] = parent[parent[root]!]!
      root = parent[root]!
    }
    return root
  }
  const firstOf = new Int32Array(rows).fill(-1) // the first column of each row
  for (let j = 0; j < cols; j++)
    for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) {
      const i = rowIdx[k]!
      if (firstOf[i]! < 0) firstOf[i] = j
      else parent[find(j)] = find(firstOf[i]!)
    }
  const size = new Int32Array(cols)
  let largest = 0
  for (let j = 0; j < cols; j++) largest = Math.max(largest, ++size[find(j)]!)
  return largest <= share * cols ? true : null
}
