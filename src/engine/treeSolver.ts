/**
 * Velocities of a jointed forest after an impulse, exactly and in time linear in the number of bodies.
 *
 * Given body impulses b = M V_free (6 numbers a body), finds the V in the range of the joints that minimizes
 *   ½ (V − V_free)ᵀ M (V − V_free) + ½ h Σ d_j v_j²,
 * the solution of all joint rows G V = 0 at once, with joint damping d taken implicitly. Elimination from the leaves to the
 * root and back: the articulated-body algorithm (Featherstone, Rigid Body Dynamics Algorithms, 2008, §7.3) read as a block
 * factorization, equal to the multiplier form of Baraff, Linear-time dynamics using Lagrange multipliers, SIGGRAPH 1996.
 */
import type { TreeState } from './kinematics.ts'
import type { TreeModel } from './treeModel.ts'

export interface TreeSolver {
  /** Factors the system at the configuration of the TreeState; h [s] is the step that damping acts over. */
  factor(h: number): void
  /**
   * V := the velocities that impulses b [6n] leave, for bodies first … last − 1 (whole trees). b is overwritten. V has 6n numbers
   * from `start` (default 0) on.
   */
  solve(V: Float64Array, b: Float64Array, first: number, last: number, start?: number): void
}

export function createTreeSolver(model: TreeModel, state: TreeState): TreeSolver {
  const { numBodies: n, parent, type, damping } = model
  const { axis, fromAnchor, fromParent, rotation } = state
  const freedoms = Int32Array.from(type, (kind) => ({ free: 6, ball: 3, hinge: 1, slider: 1, fixed: 0 })[kind])
  const A = new Float64Array(36 * n) // articulated inertias
  const S = new Float64Array(36 * n) // joint motions, column k at 36i + 6k
  const U = new Float64Array(36 * n) // A S, column k at 36i + 6k
  const Dinv = new Float64Array(36 * n) // (SᵀAS + h·damping)⁻¹, k × k
  const y = new Float64Array(6 * n) // Sᵀ b
  const shifted = new Float64Array(6) // the parent's velocity at the child
  const rates = new Float64Array(6)
  const shiftedA = new Float64Array(36)

  /** Inertia about the centre of mass in world axes: diag(m, m, m) and R diag(I) Rᵀ. */
  function loadInertias(): void {
    A.fill(0)
    for (let i = 0; i < n; i++) {
      const a = 36 * i
      const m = model.mass[i]!
      A[a] = A[a + 7] = A[a + 14] = m
      const r = 9 * i
      const I0 = model.inertia[3 * i]!
      const I1 = model.inertia[3 * i + 1]!
      const I2 = model.inertia[3 * i + 2]!
      for (let row = 0; row < 3; row++)
        for (let col = row; col < 3; col++) {
          const p = r + 3 * row
          const q = r + 3 * col
          const value =
            I0 * rotation[p]! * rotation[q]! +
            I1 * rotation[p + 1]! * rotation[q + 1]! +
            I2 * rotation[p + 2]! * rotation[q + 2]!
          A[a + 6 * (3 + row) + 3 + col] = value
          A[a + 6 * (3 + col) + 3 + row] = value
        }
    }
  }

  /** S of body i: the body's velocity (at its centre of mass) per unit joint rate. Ball and free joints: along world axes. */
  function loadMotions(i: number): void {
    const s = 36 * i
    const i3 = 3 * i
    const kind = type[i]!
    if (kind === 'slider') {
      S[s] = axis[i3]!
      S[s + 1] = axis[i3 + 1]!
      S[s + 2] = axis[i3 + 2]!
    } else if (kind === 'hinge') {
      const x = axis[i3]!
      const y = axis[i3 + 1]!
      const z = axis[i3 + 2]!
      const cx = fromAnchor[i3]!
      const cy = fromAnchor[i3 + 1]!
      const cz = fromAnchor[i3 + 2]!
      S[s] = y * cz - z * cy
      S[s + 1] = z * cx - x * cz
      S[s + 2] = x * cy - y * cx
      S[s + 3] = x
      S[s + 4] = y
      S[s + 5] = z
    } else if (kind === 'ball') {
      const cx = fromAnchor[i3]!
      const cy = fromAnchor[i3 + 1]!
      const cz = fromAnchor[i3 + 2]!
      S.fill(0, s, s + 18)
      S[s + 1] = -cz // e_x × c
      S[s + 2] = cy
      S[s + 3] = 1
      S[s + 6] = cz // e_y × c
      S[s + 8] = -cx
      S[s + 10] = 1
      S[s + 12] = -cy // e_z × c
      S[s + 13] = cx
      S[s + 17] = 1
    } else if (kind === 'free') {
      for (let k = 0; k < 6; k++) S[s + 7 * k] = 1
    }
  }

  /** A[parent] += XᵀA^a X with A^a = A − U Dinv Uᵀ and X the shift of velocities from the parent's centre of mass to the child's. */
  function passInertia(i: number, p: number): void {
    const a = 36 * i
    const k = freedoms[i]!
    const T = shiftedA
    for (let e = 0; e < 36; e++) T[e] = A[a + e]!
    if (k === 1) {
      const d = Dinv[a]!
      for (let row = 0; row < 6; row++) {
        const factor = d * U[a + row]!
        for (let col = 0; col < 6; col++) T[6 * row + col]! -= factor * U[a + col]!
      }
    } else {
      for (let e = 0; e < k; e++)
        for (let f = 0; f < k; f++) {
          const d = Dinv[a + k * e + f]!
          if (d === 0) continue
          for (let row = 0; row < 6; row++) {
            const factor = d * U[a + 6 * e + row]!
            for (let col = 0; col < 6; col++) T[6 * row + col]! -= factor * U[a + 6 * f + col]!
          }
        }
    }
    const rx = fromParent[3 * i]!
    const ry = fromParent[3 * i + 1]!
    const rz = fromParent[3 * i + 2]!
    // T := T X, X = [1 −K; 0 1], K w = r × w: the angular columns lose (linear columns)·K
    for (let row = 0; row < 6; row++) {
      const t = 6 * row
      const x = T[t]!
      const y = T[t + 1]!
      const z = T[t + 2]!
      T[t + 3]! -= y * rz - z * ry
      T[t + 4]! -= z * rx - x * rz
      T[t + 5]! -= x * ry - y * rx
    }
    // A_p += Xᵀ T: the angular rows gain r × (linear rows)
    const to = 36 * p
    for (let col = 0; col < 6; col++) {
      const x = T[col]!
      const y = T[6 + col]!
      const z = T[12 + col]!
      A[to + col]! += x
      A[to + 6 + col]! += y
      A[to + 12 + col]! += z
      A[to + 18 + col]! += T[18 + col]! + ry * z - rz * y
      A[to + 24 + col]! += T[24 + col]! + rz * x - rx * z
      A[to + 30 + col]! += T[30 + col]! + rx * y - ry * x
    }
  }

  function factor(h: number): void {
    loadInertias()
    for (let i = n - 1; i >= 0; i--) {
      loadMotions(i)
      const a = 36 * i
      const k = freedoms[i]!
      for (let e = 0; e < k; e++)
        for (let row = 0; row < 6; row++) {
          let sum = 0
          for (let col = 0; col < 6; col++) sum += A[a + 6 * row + col]! * S[a + 6 * e + col]!
          U[a + 6 * e + row] = sum
        }
      const hd = h * damping[i]!
      if (k === 1) {
        let d = hd
        for (let row = 0; row < 6; row++) d += S[a + row]! * U[a + row]!
        Dinv[a] = 1 / d
      } else if (k > 1) {
        for (let e = 0; e < k; e++)
          for (let f = 0; f < k; f++) {
            let d = e === f ? hd : 0
            for (let row = 0; row < 6; row++) d += S[a + 6 * e + row]! * U[a + 6 * f + row]!
            Dinv[a + k * e + f] = d
          }
        invertSymmetric(Dinv, a, k)
      }
      if (parent[i]! >= 0) passInertia(i, parent[i]!)
    }
  }

  function solve(V: Float64Array, b: Float64Array, first: number, last: number, start = 0): void {
    for (let i = last - 1; i >= first; i--) {
      const a = 36 * i
      const b6 = 6 * i
      const k = freedoms[i]!
      for (let e = 0; e < k; e++) {
        let sum = 0
        for (let row = 0; row < 6; row++) sum += S[a + 6 * e + row]! * b[b6 + row]!
        y[b6 + e] = sum
      }
      const p = parent[i]!
      if (p < 0) continue
      for (let e = 0; e < k; e++) {
        let rate = 0
        for (let f = 0; f < k; f++) rate += Dinv[a + k * e + f]! * y[b6 + f]!
        if (rate !== 0) for (let row = 0; row < 6; row++) b[b6 + row]! -= U[a + 6 * e + row]! * rate
      }
      const fx = b[b6]!
      const fy = b[b6 + 1]!
      const fz = b[b6 + 2]!
      const rx = fromParent[3 * i]!
      const ry = fromParent[3 * i + 1]!
      const rz = fromParent[3 * i + 2]!
      const to = 6 * p
      b[to]! += fx
      b[to + 1]! += fy
      b[to + 2]! += fz
      b[to + 3]! += b[b6 + 3]! + ry * fz - rz * fy
      b[to + 4]! += b[b6 + 4]! + rz * fx - rx * fz
      b[to + 5]! += b[b6 + 5]! + rx * fy - ry * fx
    }
    for (let i = first; i < last; i++) {
      const a = 36 * i
      const b6 = 6 * i
      const k = freedoms[i]!
      const p = parent[i]!
      if (p < 0) shifted.fill(0)
      else {
        const from = start + 6 * p
        const wx = V[from + 3]!
        const wy = V[from + 4]!
        const wz = V[from + 5]!
        const rx = fromParent[3 * i]!
        const ry = fromParent[3 * i + 1]!
        const rz = fromParent[3 * i + 2]!
        shifted[0] = V[from]! + wy * rz - wz * ry
        shifted[1] = V[from + 1]! + wz * rx - wx * rz
        shifted[2] = V[from + 2]! + wx * ry - wy * rx
        shifted[3] = wx
        shifted[4] = wy
        shifted[5] = wz
        for (let e = 0; e < k; e++) {
          let sum = 0
          for (let row = 0; row < 6; row++) sum += U[a + 6 * e + row]! * shifted[row]!
          y[b6 + e]! -= sum
        }
      }
      for (let e = 0; e < k; e++) {
        let rate = 0
        for (let f = 0; f < k; f++) rate += Dinv[a + k * e + f]! * y[b6 + f]!
        rates[e] = rate
      }
      for (let row = 0; row < 6; row++) {
        let value = shifted[row]!
        for (let e = 0; e < k; e++) value += S[a + 6 * e + row]! * rates[e]!
        V[start + b6 + row] = value
      }
    }
  }

  return { factor, solve }
}

/** M[at…], k × k symmetric positive definite, becomes its inverse: Gauss–Jordan without pivoting, stable for such matrices. */
function invertSymmetric(M: Float64Array, at: number, k: number): void {
  for (let pivot = 0; pivot < k; pivot++) {
    const inverse = 1 / M[at + k * pivot + pivot]!
    M[at + k * pivot + pivot] = 1
    for (let col = 0; col < k; col++) M[at + k * pivot + col]! *= inverse
    for (let row = 0; row < k; row++) {
      if (row === pivot) continue
      const factor = M[at + k * row + pivot]!
      M[at + k * row + pivot] = 0
      if (factor !== 0) for (let col = 0; col < k; col++) M[at + k * row + col]! -= factor * M[at + k * pivot + col]!
    }
  }
}
