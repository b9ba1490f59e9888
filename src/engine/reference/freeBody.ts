/**
 * A rigid body in free flight, its frame at the centre of mass, pushed by forces fixed in the body:
 *
 *     v⁺ = v + h(g + R(q) Σ dₖ uₖ / m),   ω⁺ = ω + h I⁻¹(Σ tₖ uₖ − ω × Iω),   p⁺ = p + h v⁺,   q⁺ = q ⊗ exp(h ω⁺/2),
 *
 * v in the world, ω in the body frame. Tangent: (δp, δθ, δv, δω) with q ⊗ exp(δθ/2).
 */
import { inverse, Matrix } from 'ml-matrix'
import type { Inertia, Vec3 } from '../../scene/scene.ts'
import { rotationMatrixInto } from '../../scene/rotation.ts'
import { rightJacobianInto, turnQuatInto } from '../rotation.ts'
import type { Component } from './component.ts'

export interface FreeBody {
  readonly mass: number // kg
  readonly inertia: Inertia // kg·m²
  readonly gravity: Vec3 // m/s²
  readonly wrenches: readonly { readonly force: Vec3; readonly torque: Vec3 }[] // [nu] of one unit of control, body frame
}

const P = 0
const TH = 3
const V = 6
const W = 9

export function freeBody({ mass, inertia, gravity, wrenches }: FreeBody): Component {
  const nu = wrenches.length
  const [xx, yy, zz, xy, xz, yz] = inertia
  const I = Float64Array.of(xx, xy, xz, xy, yy, yz, xz, yz, zz)
  const Iinv = Float64Array.from(inverse(new Matrix([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])).to1DArray()) // biome-ignore format: a matrix
  const quat = new Float64Array(4)
  const R = new Float64Array(9)
  const force = new Float64Array(3) // in the body frame
  const vNext = new Float64Array(3)
  const wNext = new Float64Array(3)
  const Iw = new Float64Array(3)
  const torque = new Float64Array(3)

  /** R, force, Iω, v⁺ and ω⁺ into the scratch above. */
  function velocities(x: Float64Array, u: Float64Array, h: number): void {
    // the given quaternion may be of any length: a rotation needs length one
    const scale = 1 / Math.sqrt(x[3]! ** 2 + x[4]! ** 2 + x[5]! ** 2 + x[6]! ** 2)
    for (let i = 0; i < 4; i++) quat[i] = scale * x[3 + i]!
    rotationMatrixInto(R, 0, quat, 0)
    const w = x.subarray(10, 13)
    multiplyInto(Iw, I, w)
    for (let i = 0; i < 3; i++) {
      const [j, k] = [(i + 1) % 3, (i + 2) % 3]
      force[i] = 0
      torque[i] = -(w[j]! * Iw[k]! - w[k]! * Iw[j]!)
      for (let c = 0; c < nu; c++) {
        force[i]! += wrenches[c]!.force[i]! * u[c]!
        torque[i]! += wrenches[c]!.torque[i]! * u[c]!
      }
    }
    for (let i = 0; i < 3; i++) {
      let push = 0
      let turn = 0
      for (let j = 0; j < 3; j++) {
        push += R[3 * i + j]! * force[j]!
        turn += Iinv[3 * i + j]! * torque[j]!
      }
      vNext[i] = x[7 + i]! + h * (gravity[i]! + push / mass)
      wNext[i] = x[10 + i]! + h * turn
    }
  }

  return {
    nq: 7,
    nv: 6,
    nu,
    mask: freeBodyMask(nu),
    substep(x, u, h, xNext) {
      velocities(x, u, h)
      for (let i = 0; i < 3; i++) xNext[i] = x[i]! + h * vNext[i]!
      turnQuatInto(xNext, 3, x, 3, h * wNext[0]!, h * wNext[1]!, h * wNext[2]!)
      for (let i = 0; i < 3; i++) {
        xNext[7 + i] = vNext[i]!
        xNext[10 + i] = wNext[i]!
      }
    },
    jacobian(x, u, h, A, B) {
      velocities(x, u, h)
      const set = (row: number, column: number, M: ArrayLike<number>, factor: number) => {
        for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) A[(row + i) * 12 + column + j] = factor * M[3 * i + j]!
      }
      A.fill(0)
      set(V, V, IDENTITY, 1)
      set(V, TH, product(R, cross(force)), -h / mass)
      // τ = −ω × Iω has the derivative [Iω]× − [ω]× I.
      const spin = difference(cross(Iw), product(cross(x.subarray(10, 13)), I))
      const dW = product(Iinv, spin).map((value, k) => IDENTITY[k]! + h * value)
      set(W, W, dW, 1)
      set(P, P, IDENTITY, 1)
      set(P, V, IDENTITY, h)
      set(P, TH, product(R, cross(force)), (-h * h) / mass)
      const turn = wNext.map((value) => h * value)
      const back = new Float64Array(9)
      const Jr = new Float64Array(9)
      rightJacobianInto(back, Jr, turn)
      set(TH, TH, back, 1)
      set(TH, W, product(Jr, dW), h)
      for (let c = 0; c < nu; c++) {
        const dv = multiplyInto(new Float64Array(3), R, Float64Array.from(wrenches[c]!.force)).map(
          (f) => (h * f) / mass,
        )
        const dw = multiplyInto(new Float64Array(3), Iinv, Float64Array.from(wrenches[c]!.torque)).map((t) => h * t)
        const dth = multiplyInto(new Float64Array(3), Jr, dw)
        for (let i = 0; i < 3; i++) {
          B[(P + i) * nu + c] = h * dv[i]!
          B[(TH + i) * nu + c] = h * dth[i]!
          B[(V + i) * nu + c] = dv[i]!
          B[(W + i) * nu + c] = dw[i]!
        }
      }
    },
  }
}

/** Which block (p, θ, v, ω, u) reaches which in one step. */
function freeBodyMask(nu: number): boolean[] {
  const reached: Record<number, readonly number[]> = { [P]: [P], [TH]: [P, TH, V], [V]: [P, V], [W]: [TH, W] }
  return Array.from({ length: 12 * (12 + nu) }, (_, k) => {
    const [row, column] = [Math.floor(k / (12 + nu)), k % (12 + nu)]
    const block = 3 * Math.floor(row / 3)
    if (column >= 12) return true
    const from = 3 * Math.floor(column / 3)
    // Positions and velocities keep their axes apart; rotations mix them.
    if ((from === P || from === V) && row % 3 !== column % 3) return false
    return reached[from]!.includes(block)
  })
}

const IDENTITY = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1)

/** [a]×, with [a]× b = a × b. */
function cross(a: ArrayLike<number>): Float64Array {
  return Float64Array.of(0, -a[2]!, a[1]!, a[2]!, 0, -a[0]!, -a[1]!, a[0]!, 0)
}

function product(X: Float64Array, Y: Float64Array): Float64Array {
  const out = new Float64Array(9)
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) for (let k = 0; k < 3; k++) out[3 * i + j]! += X[3 * i + k]! * Y[3 * k + j]!
  return out
}

function difference(X: Float64Array, Y: Float64Array): Float64Array {
  return X.map((value, k) => value - Y[k]!)
}

function multiplyInto(out: Float64Array, X: Float64Array, y: Float64Array): Float64Array {
  for (let i = 0; i < 3; i++) out[i] = X[3 * i]! * y[0]! + X[3 * i + 1]! * y[1]! + X[3 * i + 2]! * y[2]!
  return out
}
