import { type Pattern, patternHas } from '../linalg/pattern.ts'
import { patternFromTriplets } from '../linalg/patternFromTriplets.ts'

/** A square part of the Jacobian that is symmetric: J[rows[a], columns[b]] = J[rows[b], columns[a]]. */
export interface SymmetricBlock {
  readonly rows: readonly number[]
  readonly columns: readonly number[]
}

/** true: all of a square Jacobian. */
export type Symmetry = true | SymmetricBlock | readonly SymmetricBlock[]

/** Which entries of a pattern are mirror images of each other. Entries are numbered by their place in rowIdx. */
export interface Twins {
  readonly twin: Int32Array // [nnz], the mirror image of each entry; −1: none, or on a block's diagonal
  readonly block: Int32Array // [nnz], the block that an entry with a mirror image lies in, else −1
  readonly isWhole: boolean // the whole square Jacobian is one block
}

/**
 * The mirror images that symmetric blocks give to the entries of a pattern. Throws RangeError on blocks that are not square, lie
 * outside the pattern or overlap, and names an entry whose mirror image is missing. O(nnz log(column length)) a block.
 */
export function findTwins(who: string, pattern: Pattern, symmetry: Symmetry): Twins {
  const { rows: m, cols: n, colPtr, rowIdx } = pattern
  if (symmetry === true && m !== n)
    throw new RangeError(`${who}: a symmetric Jacobian must be square, got [${m} × ${n}]`)
  const blocks = blocksOf(symmetry, n)
  const twin = new Int32Array(rowIdx.length).fill(-1)
  const block = new Int32Array(rowIdx.length).fill(-1)
  const claimedBy = new Int32Array(rowIdx.length).fill(-1)
  blocks.forEach(({ rows, columns }, b) => {
    if (rows.length !== columns.length)
      throw new RangeError(`${who}: symmetric block ${b} must be square, got [${rows.length} × ${columns.length}]`)
    const rowAt = positions(`${who}: row of symmetric block ${b}`, rows, m)
    positions(`${who}: column of symmetric block ${b}`, columns, n)
    columns.forEach((j, c) => {
      for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) {
        const i = rowIdx[k]!
        const r = rowAt[i]!
        if (r < 0) continue
        if (claimedBy[k]! >= 0)
          throw new RangeError(`${who}: entry (${i}, ${j}) lies in symmetric blocks ${claimedBy[k]} and ${b}`)
        claimedBy[k] = b
        if (r === c) continue
        const mirrored = placeOf(pattern, rows[c]!, columns[r]!)
        if (mirrored < 0)
          throw new RangeError(
            `${who}: the pattern is not symmetric in block ${b}: it has entry (${i}, ${j}) but not (${rows[c]}, ${columns[r]})`,
          )
        twin[k] = mirrored
        block[k] = b
      }
    })
  })
  const [only] = blocks
  const isWhole =
    blocks.length === 1 && m === n && only!.rows.length === n && only!.rows.every((i, a) => i === only!.columns[a])
  return { twin, block, isWhole }
}

function blocksOf(symmetry: Symmetry, n: number): readonly SymmetricBlock[] {
  if (symmetry !== true) return [symmetry].flat()
  const all = Array.from({ length: n }, (_, j) => j)
  return [{ rows: all, columns: all }]
}

/** The pattern with the missing mirror images of the entries of symmetric blocks; for patterns found by probing. */
export function withMirrorImages(pattern: Pattern, symmetry: Symmetry): Pattern {
  const { rows: m, cols: n, colPtr, rowIdx } = pattern
  const I = Array.from(rowIdx)
  const J: number[] = []
  for (let j = 0; j < n; j++) for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) J.push(j)
  for (const { rows, columns } of blocksOf(symmetry, n))
    columns.forEach((j, c) => {
      for (let r = 0; r < rows.length; r++)
        if (patternHas(pattern, rows[r]!, j)) {
          I.push(rows[c]!)
          J.push(columns[r]!)
        }
    })
  return patternFromTriplets(m, n, I, J)
}

/** The position of each index in a list, [size]; −1 where it is not in it. */
function positions(what: string, list: readonly number[], size: number): Int32Array {
  const at = new Int32Array(size).fill(-1)
  list.forEach((index, position) => {
    if (!(Number.isInteger(index) && index >= 0 && index < size))
      throw new RangeError(`${what}: ${index} lies outside 0 … ${size - 1}`)
    if (at[index] !== -1) throw new RangeError(`${what}: ${index} is given twice`)
    at[index] = position
  })
  return at
}

/** The place of entry (i, j) in rowIdx; −1 when the pattern lacks it. */
function placeOf(pattern: Pattern, i: number, j: number): number {
  if (!patternHas(pattern, i, j)) return -1
  let low = pattern.colPtr[j]!
  let high = pattern.colPtr[j + 1]! - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (pattern.rowIdx[middle]! < i) low = middle + 1
    else high = middle
  }
  return low
}
