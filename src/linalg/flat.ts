/** Kernels on flat row-major Float64Array matrices: product, transpose, LU with partial pivoting. Nothing is allocated. */

/** out = X·Y, X [rows × inner], Y [inner × columns]; out may be neither. */
export function matMulInto(
  out: Float64Array,
  X: Float64Array,
  Y: Float64Array,
  rows: number,
  inner: number,
  columns: number,
): void {
  out.fill(0, 0, rows * columns)
  for (let i = 0; i < rows; i++) {
    const to = i * columns
    for (let k = 0; k < inner; k++) {
      const x = X[i * inner + k]!
      if (x === 0) continue
      const from = k * columns
      for (let j = 0; j < columns; j++) out[to + j]! += x * Y[from + j]!
    }
  }
}

/** out = Xᵀ, X [rows × columns]; out may not be X. */
export function transposeInto(out: Float64Array, X: Float64Array, rows: number, columns: number): void {
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = X[i * columns + j]!
}

/** X = (X + Xᵀ)/2, X [n × n]. */
export function symmetrizeInPlace(X: Float64Array, n: number): void {
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const mean = (X[i * n + j]! + X[j * n + i]!) / 2
      X[i * n + j] = mean
      X[j * n + i] = mean
    }
}

/** Euclidean norm of the entries. */
export function norm2(X: Float64Array): number {
  let scale = 0
  for (let k = 0; k < X.length; k++) {
    const size = Math.abs(X[k]!)
    if (size > scale) scale = size
    else if (Number.isNaN(size)) return Number.NaN
  }
  if (scale === 0 || scale === Number.POSITIVE_INFINITY) return scale
  let sum = 0
  for (let k = 0; k < X.length; k++) sum += (X[k]! / scale) ** 2
  return scale * Math.sqrt(sum)
}

/**
 * Solves M X = Y for all columns at once by Gaussian elimination with partial pivoting; M [n × n] is destroyed, Y [n × columns]
 * becomes X. False (both are garbage) when a pivot is not above `smallest` of the largest entry of M (default: zero), or not a
 * number.
 */
export function solveManyInPlace(M: Float64Array, Y: Float64Array, n: number, columns: number, smallest = 0): boolean {
  let least = 0
  if (smallest > 0) for (let k = 0; k < n * n; k++) least = Math.max(least, smallest * Math.abs(M[k]!))
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (Math.abs(M[i * n + k]!) > Math.abs(M[pivot * n + k]!)) pivot = i
    const value = M[pivot * n + k]!
    if (!(Math.abs(value) > least)) return false
    if (pivot !== k) {
      swapRows(M, k, pivot, n)
      swapRows(Y, k, pivot, columns)
    }
    for (let i = k + 1; i < n; i++) {
      const factor = M[i * n + k]! / value
      if (factor === 0) continue
      for (let j = k + 1; j < n; j++) M[i * n + j]! -= factor * M[k * n + j]!
      for (let j = 0; j < columns; j++) Y[i * columns + j]! -= factor * Y[k * columns + j]!
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let i = k + 1; i < n; i++) {
      const factor = M[k * n + i]!
      if (factor === 0) continue
      for (let j = 0; j < columns; j++) Y[k * columns + j]! -= factor * Y[i * columns + j]!
    }
    const inverse = M[k * n + k]!
    for (let j = 0; j < columns; j++) Y[k * columns + j]! /= inverse
  }
  return true
}

function swapRows(X: Float64Array, a: number, b: number, columns: number): void {
  for (let j = 0; j < columns; j++) {
    const kept = X[a * columns + j]!
    X[a * columns + j] = X[b * columns + j]!
    X[b * columns + j] = kept
  }
}

/** Σ_j X[x + j]·Y[y + j] for j < n; four sums at a time, so that additions need not wait for each other. */
export function dotAt(X: Float64Array, x: number, Y: Float64Array, y: number, n: number): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let j = 0
  for (; j + 4 <= n; j += 4) {
    a += X[x + j]! * Y[y + j]!
    b += X[x + j + 1]! * Y[y + j + 1]!
    c += X[x + j + 2]! * Y[y + j + 2]!
    d += X[x + j + 3]! * Y[y + j + 3]!
  }
  for (; j < n; j++) a += X[x + j]! * Y[y + j]!
  return a + b + (c + d)
}

/** v[j] += factor·X[x + j] for j < n. */
export function addAt(v: Float64Array, factor: number, X: Float64Array, x: number, n: number): void {
  let j = 0
  for (; j + 2 <= n; j += 2) {
    v[j]! += factor * X[x + j]!
    v[j + 1]! += factor * X[x + j + 1]!
  }
  if (j < n) v[j]! += factor * X[x + j]!
}
