/** Cholesky factors of small symmetric positive definite matrices, flat and row-major. Nothing is allocated. */

/**
 * Overwrites the lower triangle of M [n × n] by L with M = L Lᵀ; reads nothing above the diagonal. −1 when done; else the row whose
 * pivot is not above `smallest` of its diagonal entry (M is garbage then): M is not positive definite to working precision.
 */
export function choleskyInPlace(M: Float64Array, n: number, smallest = 1e-14): number {
  for (let j = 0; j < n; j++) {
    const diagonal = M[j * n + j]!
    let pivot = diagonal
    for (let k = 0; k < j; k++) pivot -= M[j * n + k]! ** 2
    if (!(pivot > smallest * Math.abs(diagonal)) || pivot === Number.POSITIVE_INFINITY) return j
    const root = Math.sqrt(pivot)
    M[j * n + j] = root
    for (let i = j + 1; i < n; i++) {
      let sum = M[i * n + j]!
      for (let k = 0; k < j; k++) sum -= M[i * n + k]! * M[j * n + k]!
      M[i * n + j] = sum / root
    }
  }
  return -1
}

/** Solves L Lᵀ X = Y in place for all columns of Y [n × columns], L as `choleskyInPlace` leaves it. */
export function choleskySolveInPlace(L: Float64Array, Y: Float64Array, n: number, columns: number): void {
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) {
      const factor = L[i * n + k]!
      if (factor !== 0) for (let c = 0; c < columns; c++) Y[i * columns + c]! -= factor * Y[k * columns + c]!
    }
    const pivot = L[i * n + i]!
    for (let c = 0; c < columns; c++) Y[i * columns + c]! /= pivot
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) {
      const factor = L[k * n + i]!
      if (factor !== 0) for (let c = 0; c < columns; c++) Y[i * columns + c]! -= factor * Y[k * columns + c]!
    }
    const pivot = L[i * n + i]!
    for (let c = 0; c < columns; c++) Y[i * columns + c]! /= pivot
  }
}
