/**
 * Least squares without some of the equations Q x = y, where Q [k × n] has orthonormal columns. E being the equations left out and H the
 * others, Q_Hᵀ Q_H = I − Q_Eᵀ Q_E [n × n] needs factoring or, where E are fewer than n, S = I − Q_E Q_Eᵀ only, as
 * (Q_Hᵀ Q_H)⁻¹ = I + Q_Eᵀ S⁻¹ Q_E (Woodbury).
 */
import { addAt, dotAt } from '../linalg/flat.ts'
import { packedProducts } from '../linalg/packedProducts.ts'

const LEAST_PIVOT = 1e-9 // of matrices whose eigenvalues are within 0 and 1

export interface EquationsLeftOut {
  /** Leaves out equations where isOut is not zero; false where the others do not determine x well. */
  leaveOut(isOut: ArrayLike<number>): boolean
  /** Residuals Q x − y of all equations at the fit to those not left out; `all` holds those at the fit to all of them. */
  residualsInto(out: Float64Array, all: Float64Array): void
  /** The nearest v to the given one with Qᵀv = 0 that is the same where equations are left out. */
  projectInPlace(v: Float64Array): void
}

/** `products` are those of Q; what they hold is overwritten. */
export function equationsLeftOut(
  Q: Float64Array,
  k: number,
  n: number,
  products = packedProducts(Q, k, n, 1),
): EquationsLeftOut {
  const { long, short } = products
  const E = new Int32Array(k)
  let count = 0
  let size = 0 // of the matrix factored, L Lᵀ
  let L = new Float64Array(0)
  const d = new Float64Array(k)

  /** The lower part of S or Q_Hᵀ Q_H. */
  function fill(): void {
    if (size < n) {
      for (let i = 0; i < size; i++)
        for (let j = 0; j <= i; j++) L[i * size + j] = (i === j ? 1 : 0) - dotAt(Q, E[i]! * n, Q, E[j]! * n, n)
      return
    }
    L.fill(0, 0, n * n)
    for (let i = 0; i < n; i++) L[i * n + i] = 1
    for (let e = 0; e < count; e++)
      for (let i = 0; i < n; i++) {
        const factor = Q[E[e]! * n + i]!
        for (let j = 0; j <= i; j++) L[i * n + j]! -= factor * Q[E[e]! * n + j]!
      }
  }

  /** v becomes (L Lᵀ)⁻¹ v. */
  function solveInPlace(v: Float64Array): void {
    for (let i = 0; i < size; i++) v[i] = (v[i]! - dotAt(L, i * size, v, 0, i)) / L[i * size + i]!
    for (let i = size - 1; i >= 0; i--) {
      const value = v[i]! / L[i * size + i]!
      v[i] = value
      addAt(v, -value, L, i * size, i)
    }
  }

  /** `long`, v, becomes Q (Q_Hᵀ Q_H)⁻¹ Qᵀ v. */
  function correct(): void {
    products.multiplyTransposed(1)
    if (size === n) solveInPlace(short)
    else {
      // b + Q_Eᵀ S⁻¹ Q_E b
      for (let i = 0; i < size; i++) d[i] = dotAt(Q, E[i]! * n, short, 0, n)
      solveInPlace(d)
      for (let i = 0; i < size; i++) addAt(short, d[i]!, Q, E[i]! * n, n)
    }
    products.multiply(1)
  }

  return {
    leaveOut(isOut) {
      count = 0
      for (let t = 0; t < k; t++) if (isOut[t] !== 0) E[count++] = t
      if (count > k - n) return false
      size = Math.min(count, n)
      if (L.length < size * size) L = new Float64Array(size * size)
      fill()
      for (let i = 0; i < size; i++)
        for (let j = 0; j <= i; j++) {
          const sum = L[i * size + j]! - dotAt(L, i * size, L, j * size, j)
          if (i > j) L[i * size + j] = sum / L[j * size + j]!
          else if (sum > LEAST_PIVOT) L[i * size + i] = Math.sqrt(sum)
          else return false
        }
      return true
    },
    residualsInto(out, all) {
      long.fill(0, 0, k)
      for (let e = 0; e < count; e++) long[E[e]!] = all[E[e]!]!
      correct()
      for (let t = 0; t < k; t++) out[t] = all[t]! + long[t]!
    },
    projectInPlace(v) {
      long.set(v)
      correct()
      for (let e = 0; e < count; e++) long[E[e]!] = 0
      for (let t = 0; t < k; t++) v[t]! -= long[t]!
    },
  }
}
