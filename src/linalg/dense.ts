/** Dense matrices: taking users' matrices in, and the few products and norms that ml-matrix lacks. */
import { Matrix } from 'ml-matrix'
import { solveMany } from './solveMany.ts'

/** What users may pass as a matrix: an ml-matrix `Matrix` or rows of numbers. */
export type MatrixLike = Matrix | readonly (readonly number[])[]

/**
 * A copy of a user's matrix. Misuse throws a TypeError (not a matrix, ragged rows) or a RangeError (an entry that is not
 * finite), naming the caller and the matrix: `lqr: R[1][0] is NaN`.
 */
export function toMatrix(value: MatrixLike, caller: string, name: string): Matrix {
  if (!Matrix.isMatrix(value) && !(Array.isArray(value) && value.every(Array.isArray)))
    throw new TypeError(
      `${caller}: ${name} must be a real matrix (ml-matrix Matrix or number[][]), got ${kindOf(value)}`,
    )
  const rows = Matrix.isMatrix(value) ? value.to2DArray() : (value as readonly (readonly number[])[])
  const columns = Matrix.isMatrix(value) ? value.columns : (rows[0]?.length ?? 0)
  const matrix = Matrix.zeros(rows.length, columns)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    if (row.length !== columns)
      throw new TypeError(
        `${caller}: ${name} has rows of different lengths: row 0 has ${columns}, row ${i} has ${row.length}`,
      )
    for (let j = 0; j < columns; j++) {
      const entry = row[j]!
      if (typeof entry !== 'number' || !Number.isFinite(entry))
        throw new RangeError(`${caller}: ${name}[${i}][${j}] is ${String(entry)}, expected a finite number`)
      matrix.set(i, j, entry)
    }
  }
  return matrix
}

/** As `toMatrix`, and of the given size: `lqr: R must be [nu × nu] = [2 × 2], got [3 × 3]`. */
export function toSizedMatrix(
  value: MatrixLike,
  caller: string,
  name: string,
  size: { rows: number; columns: number; symbols: string },
): Matrix {
  const matrix = toMatrix(value, caller, name)
  const { rows, columns, symbols } = size
  if (matrix.rows !== rows || matrix.columns !== columns)
    throw new RangeError(
      `${caller}: ${name} must be [${symbols}] = [${rows} × ${columns}], got [${matrix.rows} × ${matrix.columns}]`,
    )
  return matrix
}

/**
 * As `toSizedMatrix`, and symmetric to `tolerance` of the largest entry (throws naming the entry that differs most); rounding
 * is averaged away.
 */
export function toSymmetricMatrix(
  value: MatrixLike,
  caller: string,
  name: string,
  size: { rows: number; symbols: string },
  tolerance = 1e-8,
): Matrix {
  const matrix = toSizedMatrix(value, caller, name, { rows: size.rows, columns: size.rows, symbols: size.symbols })
  const scale = maxAbs(matrix)
  let worst = 0
  let place: [number, number] = [0, 0]
  for (let i = 0; i < matrix.rows; i++)
    for (let j = 0; j < i; j++) {
      const gap = Math.abs(matrix.get(i, j) - matrix.get(j, i))
      if (gap > worst) {
        worst = gap
        place = [i, j]
      }
    }
  if (worst > tolerance * scale) {
    const [i, j] = place
    throw new RangeError(
      `${caller}: ${name} must be symmetric, but ${name}[${i}][${j}] = ${matrix.get(i, j)} and ${name}[${j}][${i}] = ${matrix.get(j, i)}`,
    )
  }
  return symmetrized(matrix)
}

/** (M + Mᵀ)/2. */
export function symmetrized(M: Matrix): Matrix {
  const out = Matrix.zeros(M.rows, M.columns)
  for (let i = 0; i < M.rows; i++)
    for (let j = 0; j <= i; j++) {
      const mean = (M.get(i, j) + M.get(j, i)) / 2
      out.set(i, j, mean)
      out.set(j, i, mean)
    }
  return out
}

/** Largest absolute entry; 0 for an empty matrix, NaN where an entry is NaN. */
export function maxAbs(M: Matrix): number {
  let largest = 0
  for (let i = 0; i < M.rows; i++)
    for (let j = 0; j < M.columns; j++) {
      const size = Math.abs(M.get(i, j))
      if (!(size <= largest)) largest = size
      if (Number.isNaN(size)) return Number.NaN
    }
  return largest
}

/** Frobenius norm, safe against overflow. */
export function frobenius(M: Matrix): number {
  const scale = maxAbs(M)
  if (scale === 0 || !Number.isFinite(scale)) return scale
  let sum = 0
  for (let i = 0; i < M.rows; i++) for (let j = 0; j < M.columns; j++) sum += (M.get(i, j) / scale) ** 2
  return scale * Math.sqrt(sum)
}

/** Largest absolute column sum. */
export function norm1(M: Matrix): number {
  let largest = 0
  for (let j = 0; j < M.columns; j++) {
    let sum = 0
    for (let i = 0; i < M.rows; i++) sum += Math.abs(M.get(i, j))
    if (!(sum <= largest)) largest = sum
  }
  return largest
}

/** X with M X = Y by LU with partial pivoting; null when M is singular to working precision or the result is not finite. */
export function solveLinear(M: Matrix, Y: Matrix): Matrix | null {
  if (M.rows === 0) return Matrix.zeros(0, Y.columns)
  const X = toFlat(Y)
  if (!solveMany(toFlat(M), X, M.rows, Y.columns)) return null
  return X.every(Number.isFinite) ? fromFlat(X, Y.rows, Y.columns) : null
}

/** Row-major entries of a matrix, [rows · columns]. */
export function toFlat(M: Matrix): Float64Array {
  const flat = new Float64Array(M.rows * M.columns)
  for (let i = 0; i < M.rows; i++) for (let j = 0; j < M.columns; j++) flat[i * M.columns + j] = M.get(i, j)
  return flat
}

/** The [rows × columns] matrix with these row-major entries. */
export function fromFlat(flat: ArrayLike<number>, rows: number, columns: number): Matrix {
  const M = Matrix.zeros(rows, columns)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) M.set(i, j, flat[i * columns + j]!)
  return M
}

/** out = M·x for row-major M [rows × out-columns of x]; out may not be x. */
export function matVecInto(out: Float64Array, M: Float64Array, x: Float64Array): void {
  const columns = x.length
  for (let i = 0; i < out.length; i++) {
    let sum = 0
    const row = i * columns
    for (let j = 0; j < columns; j++) sum += M[row + j]! * x[j]!
    out[i] = sum
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array that does not hold rows of numbers'
  if (typeof value === 'object') return `an object with keys ${Object.keys(value).slice(0, 4).join(', ') || '(none)'}`
  return typeof value
}
