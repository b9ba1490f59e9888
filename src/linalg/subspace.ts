/** Subspaces given by columns: the orthogonal complement, and the basis that elimination makes sparse. */
import { Matrix } from 'ml-matrix'

/**
 * [n × (n − k)] orthonormal columns orthogonal to V's; V [n × k] has orthonormal columns. Gram–Schmidt, twice, on the unit
 * vectors, always the one that sticks out farthest next: where V holds unit vectors the complement does too.
 */
export function orthogonalComplement(V: Matrix): Matrix {
  const n = V.rows
  const taken: Float64Array[] = Array.from({ length: V.columns }, (_, k) => Float64Array.from(V.getColumn(k)))
  const left = Array.from({ length: n }, (_, i) => withoutParts(unitVector(n, i), taken))
  const columns: Float64Array[] = []
  while (columns.length < n - V.columns) {
    const farthest = left.reduce((best, v, i) => (norm(v) > norm(left[best]!) + 1e-12 ? i : best), 0)
    const [v] = left.splice(farthest, 1)
    const column = normalized(withoutParts(normalized(v!), [...taken, ...columns]))
    columns.push(column)
    for (const [i, other] of left.entries()) left[i] = withoutParts(other, [column])
  }
  const out = Matrix.zeros(n, columns.length)
  for (const [j, column] of columns.entries()) for (let i = 0; i < n; i++) out.set(i, j, column[i]!)
  return out
}

/**
 * Columns that span the same space as V's (linearly independent), each 1 in a row where the others are 0: Gauss–Jordan
 * elimination with the largest entry as pivot, the first of those that tie. In the order of those rows.
 */
export function reducedColumns(V: Matrix): Matrix {
  const W = V.clone()
  const pivots: number[] = []
  for (let k = 0; k < W.columns; k++) {
    let [row, column, largest] = [0, k, 0]
    for (let i = 0; i < W.rows; i++)
      for (let j = k; j < W.columns; j++)
        if (Math.abs(W.get(i, j)) > largest * (1 + 1e-6)) [row, column, largest] = [i, j, Math.abs(W.get(i, j))]
    W.swapColumns(k, column)
    W.mulColumn(k, 1 / W.get(row, k))
    for (let j = 0; j < W.columns; j++) {
      const factor = W.get(row, j)
      if (j !== k) for (let i = 0; i < W.rows; i++) W.set(i, j, W.get(i, j) - factor * W.get(i, k))
    }
    pivots.push(row)
  }
  const order = Array.from(pivots.keys()).sort((a, b) => pivots[a]! - pivots[b]!)
  return W.subMatrixColumn(order)
}

function unitVector(n: number, i: number): Float64Array {
  const e = new Float64Array(n)
  e[i] = 1
  return e
}

/** v without its parts along orthonormal vectors. */
function withoutParts(v: Float64Array, vectors: readonly Float64Array[]): Float64Array {
  const rest = v.slice()
  for (const e of vectors) {
    let dot = 0
    for (let i = 0; i < e.length; i++) dot += e[i]! * rest[i]!
    if (dot !== 0) for (let i = 0; i < e.length; i++) rest[i]! -= dot * e[i]!
  }
  return rest
}

function normalized(v: Float64Array): Float64Array {
  const size = norm(v)
  return v.map((entry) => entry / size)
}

function norm(v: Float64Array): number {
  let sum = 0
  for (const entry of v) sum += entry * entry
  return Math.sqrt(sum)
}
