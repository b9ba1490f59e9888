/**
 * Solves A x = b by Gaussian elimination with partial pivoting on flat arrays; A and b are overwritten, b becomes x.
 * False where a pivot is below 1e-14 of the largest entry of A (then A and b are garbage). Allocates nothing.
 */
export function solveInPlace(A: Float64Array, b: Float64Array, n: number): boolean {
  let largest = 0
  for (let k = 0; k < n * n; k++) largest = Math.max(largest, Math.abs(A[k]!))
  const smallestPivot = 1e-14 * largest
  for (let col = 0; col < n; col++) {
    let pivot = col
    for (let row = col + 1; row < n; row++) if (Math.abs(A[row * n + col]!) > Math.abs(A[pivot * n + col]!)) pivot = row
    const value = A[pivot * n + col]!
    if (!(Math.abs(value) > smallestPivot)) return false
    if (pivot !== col) {
      for (let k = col; k < n; k++) {
        const kept = A[col * n + k]!
        A[col * n + k] = A[pivot * n + k]!
        A[pivot * n + k] = kept
      }
      const kept = b[col]!
      b[col] = b[pivot]!
      b[pivot] = kept
    }
    for (let row = col + 1; row < n; row++) {
      const factor = A[row * n + col]! / value
      if (factor === 0) continue
      for (let k = col + 1; k < n; k++) A[row * n + k]! -= factor * A[col * n + k]!
      b[row]! -= factor * b[col]!
    }
  }
  for (let row = n - 1; row >= 0; row--) {
    let sum = b[row]!
    for (let k = row + 1; k < n; k++) sum -= A[row * n + k]! * b[k]!
    b[row] = sum / A[row * n + row]!
  }
  return true
}
