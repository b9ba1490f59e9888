/** Cholesky factors of symmetric positive definite band matrices, flat: row i holds columns i − b … i. Nothing is allocated. */

/**
 * Overwrites M [n × (b + 1)], entry (i, j) of the lower triangle at i·(b + 1) + j − i + b, by L with M = L Lᵀ. False (M is garbage then)
 * where a pivot is not above `smallest` of its diagonal entry.
 */
export function bandedCholeskyInPlace(M: Float64Array, n: number, b: number, smallest = 1e-14): boolean {
  const width = b + 1
  for (let i = 0; i < n; i++) {
    const row = i * width + b - i // of column 0
    const diagonal = M[row + i]!
    for (let j = Math.max(0, i - b); j <= i; j++) {
      const other = j * width + b - j
      let sum = M[row + j]!
      for (let k = Math.max(0, i - b, j - b); k < j; k++) sum -= M[row + k]! * M[other + k]!
      if (j < i) M[row + j] = sum / M[other + j]!
      else {
        if (!(sum > smallest * diagonal)) return false
        M[row + i] = Math.sqrt(sum)
      }
    }
  }
  return true
}

/** Solves L Lᵀ X = Y in place for all columns of Y [n × columns], L as `bandedCholeskyInPlace` leaves it. */
export function bandedSolveInPlace(L: Float64Array, Y: Float64Array, n: number, b: number, columns: number): void {
  const width = b + 1
  for (let i = 0; i < n; i++) {
    const row = i * width + b - i
    for (let k = Math.max(0, i - b); k < i; k++) {
      const factor = L[row + k]!
      if (factor !== 0) for (let c = 0; c < columns; c++) Y[i * columns + c]! -= factor * Y[k * columns + c]!
    }
    const pivot = L[row + i]!
    for (let c = 0; c < columns; c++) Y[i * columns + c]! /= pivot
  }
  for (let i = n - 1; i >= 0; i--) {
    const row = i * width + b - i
    const pivot = L[row + i]!
    for (let c = 0; c < columns; c++) Y[i * columns + c]! /= pivot
    for (let k = Math.max(0, i - b); k < i; k++) {
      const factor = L[row + k]!
      if (factor !== 0) for (let c = 0; c < columns; c++) Y[k * columns + c]! -= factor * Y[i * columns + c]!
    }
  }
}
