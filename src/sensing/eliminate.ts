import type { Pattern } from '../linalg/pattern.ts'

/** How entries that share differences are told apart: one after the other, by what is known already. */
export interface Elimination {
  /** Entries in the order in which they are read: each stands alone in its difference once the earlier ones are taken away. */
  readonly order: readonly number[]
  readonly twin: readonly number[] // [nnz], the entry that takes the same value; −1: none
  /** The largest number of differences that an entry is made from: its error is at most the sum of theirs. 1: all are read directly. */
  readonly terms: number
}

/**
 * The order in which the entries of a pattern can be read off the differences along the color classes, an entry and its twin having
 * one value; null when some can't. Entries that stand alone come first, so that the fewest are substituted; then those that follow
 * from them, generation by generation. Entries are numbered by their place in rowIdx. Linear in the entries.
 */
export function eliminate(
  pattern: Pattern,
  twin: ArrayLike<number>, // [nnz]
  colors: ArrayLike<number>, // [cols]
  numColors: number,
): Elimination | null {
  const { rows: m, cols, colPtr, rowIdx } = pattern
  const nnz = rowIdx.length
  const equationOf = new Int32Array(nnz)
  // Per difference: its unknown entries, their numbers XORed (which is the number of the last one), and the terms taken away.
  const unknown = new Int32Array(numColors * m)
  const mixed = new Int32Array(numColors * m)
  const taken = new Float64Array(numColors * m)
  for (let j = 0; j < cols; j++)
    for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) {
      const e = colors[j]! * m + rowIdx[k]!
      equationOf[k] = e
      unknown[e]!++
      mixed[e]! ^= k
    }

  const queue: number[] = []
  for (let e = 0; e < unknown.length; e++) if (unknown[e] === 1) queue.push(e)
  const order: number[] = []
  let found = 0
  let terms = 1
  const settle = (k: number, sum: number) => {
    const e = equationOf[k]!
    found++
    unknown[e]!--
    mixed[e]! ^= k
    taken[e]! += sum
    if (unknown[e] === 1) queue.push(e)
  }
  for (let head = 0; head < queue.length; head++) {
    const e = queue[head]!
    if (unknown[e] !== 1) continue
    const k = mixed[e]!
    const sum = 1 + taken[e]!
    terms = Math.max(terms, sum)
    order.push(k)
    settle(k, sum)
    if (twin[k]! >= 0) settle(twin[k]!, sum)
  }
  return found === nnz ? { order, twin: Array.from(twin), terms } : null
}
