/**
 * Least squares without some of the equations Q x = y, where Q [k × n] has orthonormal columns: for the few equations E that are left
 * out, S = I − Q_E Q_Eᵀ is all that needs factoring, as (Q_Hᵀ Q_H)⁻¹ = I + Q_Eᵀ S⁻¹ Q_E for the others, H (Woodbury).
 */
import { dotAt } from '../linalg/flat.ts'
import { packedProducts } from '../linalg/packedProducts.ts'

const LEAST_PIVOT = 1e-9 // of S, whose eigenvalues are within 0 and 1

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
  const E = new Int32Array(k)
  let count = 0
  let L = new Float64Array(0) // S = L Lᵀ
  const d = new Float64Array(k)
  const { long } = products

  /** The first vector becomes Q Qᵀ v. */
  function project(): void {
    products.multiplyTransposed(1)
    products.multiply(1)
  }

  function solveInPlace(): void {
    for (let i = 0; i < count; i++) {
      let sum = d[i]!
      for (let j = 0; j < i; j++) sum -= L[i * count + j]! * d[j]!
      d[i] = sum / L[i * count + i]!
    }
    for (let i = count - 1; i >= 0; i--) {
      const value = d[i]! / L[i * count + i]!
      d[i] = value
      for (let j = 0; j < i; j++) d[j]! -= L[i * count + j]! * value
    }
  }

  return {
    leaveOut(isOut) {
      count = 0
      for (let t = 0; t < k; t++) if (isOut[t] !== 0) E[count++] = t
      if (count > k - n) return false
      if (L.length < count * count) L = new Float64Array(count * count)
      for (let i = 0; i < count; i++)
        for (let j = 0; j <= i; j++) {
          const ofQ = dotAt(Q, E[i]! * n, Q, E[j]! * n, n)
          const ofL = dotAt(L, i * count, L, j * count, j)
          const sum = (i === j ? 1 : 0) - ofQ - ofL
          if (i > j) L[i * count + j] = sum / L[j * count + j]!
          else if (sum > LEAST_PIVOT) L[i * count + i] = Math.sqrt(sum)
          else return false
        }
      return true
    },
    residualsInto(out, all) {
      // y is replaced by y − d on E, so that residuals vanish there: S d is what they were.
      for (let i = 0; i < count; i++) d[i] = -all[E[i]!]!
      solveInPlace()
      long.fill(0, 0, k)
      for (let i = 0; i < count; i++) long[E[i]!] = d[i]!
      project()
      for (let t = 0; t < k; t++) out[t] = all[t]! - long[t]!
    },
    projectInPlace(v) {
      // Q Qᵀ is taken off of v, to which something was added on E, so that there nothing changes.
      long.set(v)
      project()
      for (let i = 0; i < count; i++) d[i] = long[E[i]!]!
      solveInPlace()
      long.set(v)
      for (let i = 0; i < count; i++) long[E[i]!]! += d[i]!
      project()
      for (let t = 0, i = 0; t < k; t++)
        if (i < count && E[i] === t) i++
        else v[t]! -= long[t]!
    },
  }
}
