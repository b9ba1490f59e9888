/**
 * Least squares without some of the equations Q x = y, where Q [k × n] has orthonormal columns: for the few equations E that are left
 * out, S = I − Q_E Q_Eᵀ is all that needs factoring, as (Q_Hᵀ Q_H)⁻¹ = I + Q_Eᵀ S⁻¹ Q_E for the others, H (Woodbury).
 */
import { addAt, dotAt } from '../linalg/flat.ts'

const LEAST_PIVOT = 1e-9 // of S, whose eigenvalues are within 0 and 1

export interface EquationsLeftOut {
  /** Leaves out equations where isOut is not zero; false where the others do not determine x well. */
  leaveOut(isOut: ArrayLike<number>): boolean
  /** Residuals Q x − y of all equations at the fit to those not left out; `all` holds those at the fit to all of them. */
  residualsInto(out: Float64Array, all: Float64Array): void
  /** The nearest v to the given one with Qᵀv = 0 that is the same where equations are left out. */
  projectInPlace(v: Float64Array): void
}

export function equationsLeftOut(Q: Float64Array, k: number, n: number): EquationsLeftOut {
  const E = new Int32Array(k)
  let count = 0
  let L = new Float64Array(0) // S = L Lᵀ
  const d = new Float64Array(k)
  const b = new Float64Array(n)

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
      b.fill(0)
      for (let i = 0; i < count; i++) addAt(b, d[i]!, Q, E[i]! * n, n)
      for (let t = 0; t < k; t++) out[t] = all[t]! - dotAt(Q, t * n, b, 0, n)
    },
    projectInPlace(v) {
      b.fill(0)
      for (let t = 0; t < k; t++) addAt(b, v[t]!, Q, t * n, n)
      for (let i = 0; i < count; i++) d[i] = dotAt(Q, E[i]! * n, b, 0, n)
      solveInPlace()
      for (let i = 0; i < count; i++) addAt(b, d[i]!, Q, E[i]! * n, n)
      for (let t = 0, i = 0; t < k; t++)
        if (i < count && E[i] === t) i++
        else v[t]! -= dotAt(Q, t * n, b, 0, n)
    },
  }
}
