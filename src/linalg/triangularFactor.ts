/** R of M = QR by Householder reflections: of a tall matrix the singular values and right vectors, at the size of its columns. */
import type { Matrix } from 'ml-matrix'
import { fromFlat, toFlat } from './dense.ts'

/** R [columns × columns], upper triangular, signs as they come; M [rows × columns], rows ≥ columns. */
export function triangularFactor(M: Matrix): Matrix {
  const { rows, columns } = M
  const A = toFlat(M)
  const v = new Float64Array(rows)
  const dots = new Float64Array(columns)
  for (let k = 0; k < columns; k++) {
    let scale = 0
    for (let i = k; i < rows; i++) scale = Math.max(scale, Math.abs(A[i * columns + k]!))
    if (scale === 0) continue
    let norm2 = 0
    for (let i = k; i < rows; i++) {
      v[i] = A[i * columns + k]! / scale
      norm2 += v[i]! * v[i]!
    }
    const alpha = v[k]! > 0 ? -Math.sqrt(norm2) : Math.sqrt(norm2)
    const half = norm2 - v[k]! * alpha // vᵀv/2 after v_k −= alpha
    v[k]! -= alpha
    dots.fill(0, k)
    for (let i = k; i < rows; i++) for (let j = k + 1; j < columns; j++) dots[j]! += v[i]! * A[i * columns + j]!
    for (let j = k + 1; j < columns; j++) dots[j]! /= half
    for (let i = k; i < rows; i++) for (let j = k + 1; j < columns; j++) A[i * columns + j]! -= v[i]! * dots[j]!
    A[k * columns + k] = alpha * scale
    for (let i = k + 1; i < rows; i++) A[i * columns + k] = 0
  }
  return fromFlat(A.subarray(0, columns * columns), columns, columns)
}
