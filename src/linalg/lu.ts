/** LU factors of a square matrix with partial pivoting, P M = L U, kept for many solves. */
import { dotAt, transposeInto } from './flat.ts'

export interface LuFactors {
  /** v becomes M⁻¹ v. */
  solveInPlace(v: Float64Array): void
  /** v becomes M⁻ᵀ v. */
  solveTransposedInPlace(v: Float64Array): void
}

/** M [n × n], row-major, is overwritten by its factors and must be left alone after; null where it is singular or not finite. */
export function luInPlace(M: Float64Array, n: number): LuFactors | null {
  const order = new Int32Array(n) // row i of P M is row order[i] of M
  for (let i = 0; i < n; i++) order[i] = i
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (Math.abs(M[i * n + k]!) > Math.abs(M[pivot * n + k]!)) pivot = i
    const value = M[pivot * n + k]!
    if (!(Math.abs(value) > 0 && Number.isFinite(value))) return null
    if (pivot !== k) {
      const kept = order[k]!
      order[k] = order[pivot]!
      order[pivot] = kept
      for (let j = 0; j < n; j++) {
        const entry = M[k * n + j]!
        M[k * n + j] = M[pivot * n + j]!
        M[pivot * n + j] = entry
      }
    }
    for (let i = k + 1; i < n; i++) {
      const factor = M[i * n + k]! / value
      M[i * n + k] = factor
      if (factor === 0) continue
      const row = i * n
      const from = k * n
      for (let j = k + 1; j < n; j++) M[row + j]! -= factor * M[from + j]!
    }
  }

  const scratch = new Float64Array(n)
  const Mt = new Float64Array(n * n) // so that both solves read along rows
  transposeInto(Mt, M, n, n)
  return {
    solveInPlace(v) {
      for (let i = 0; i < n; i++) scratch[i] = v[order[i]!]! - dotAt(M, i * n, scratch, 0, i)
      for (let i = n - 1; i >= 0; i--)
        v[i] = (scratch[i]! - dotAt(M, i * n + i + 1, v, i + 1, n - 1 - i)) / M[i * n + i]!
    },
    solveTransposedInPlace(v) {
      for (let i = 0; i < n; i++) scratch[i] = (v[i]! - dotAt(Mt, i * n, scratch, 0, i)) / M[i * n + i]!
      for (let i = n - 1; i >= 0; i--) scratch[i]! -= dotAt(Mt, i * n + i + 1, scratch, i + 1, n - 1 - i)
      for (let i = 0; i < n; i++) v[order[i]!] = scratch[i]!
    },
  }
}
