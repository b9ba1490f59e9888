/**
 * A cart on a slider (s) that carries a pole on a hinge (θ). With m₁₂(θ) = a cos θ − b sin θ the mass matrix is
 * M = [[m₁₁, m₁₂], [m₁₂, m₂₂]] and
 *
 *     M (s̈, θ̈) = (F_s + f_s − m₁₂′ θ̇² − d_s ṡ, F_θ + g_c cos θ + g_s sin θ − d_θ θ̇).
 *
 * Step: (M + hD)(v⁺ − v) = h · right-hand side at (q, v), q⁺ = q + h v⁺.
 */
import type { Component } from './component.ts'

export interface CartPole {
  readonly totalMass: number // m₁₁: cart and pole, kg
  readonly poleInertia: number // m₂₂: about the hinge, kg·m²
  readonly coupling: { readonly cosine: number; readonly minusSine: number } // a, b, kg·m
  readonly railForce: number // f_s: gravity along the rail, N
  readonly gravityTorque: { readonly cosine: number; readonly sine: number } // g_c, g_s, N·m
  readonly damping: readonly [slider: number, hinge: number] // N·s/m, N·m·s/rad
  readonly gears: readonly (readonly [slider: number, hinge: number])[] // [nu]
}

export function cartPole(model: CartPole): Component {
  const { totalMass, poleInertia, coupling, railForce, gravityTorque, damping, gears } = model
  const nu = gears.length
  const [ds, dt] = damping

  /** (M + hD)⁻¹ (r1, r2) into out[at], out[at + stride]. */
  function solveInto(
    out: Float64Array,
    at: number,
    stride: number,
    m12: number,
    h: number,
    r1: number,
    r2: number,
  ): void {
    const m11 = totalMass + h * ds
    const m22 = poleInertia + h * dt
    const determinant = m11 * m22 - m12 * m12
    out[at] = (m22 * r1 - m12 * r2) / determinant
    out[at + stride] = (m11 * r2 - m12 * r1) / determinant
  }

  const change = new Float64Array(2)
  /** v⁺ − v into `change`. */
  function velocityChange(x: Float64Array, u: Float64Array, h: number): void {
    const [c, s] = [Math.cos(x[1]!), Math.sin(x[1]!)]
    const m12 = coupling.cosine * c - coupling.minusSine * s
    const slope = -coupling.cosine * s - coupling.minusSine * c // m₁₂′
    const [vs, vt] = [x[2]!, x[3]!]
    let force = railForce - slope * vt * vt - ds * vs
    let torque = gravityTorque.cosine * c + gravityTorque.sine * s - dt * vt
    for (let k = 0; k < nu; k++) {
      force += gears[k]![0] * u[k]!
      torque += gears[k]![1] * u[k]!
    }
    solveInto(change, 0, 1, m12, h, h * force, h * torque)
  }

  // Nothing depends on s but s itself; on ṡ only through the slider's damping.
  const mask = Array.from({ length: 4 * (4 + nu) }, (_, k) => {
    const [row, column] = [Math.floor(k / (4 + nu)), k % (4 + nu)]
    if (column === 0) return row === 0
    if (column === 2 && ds === 0) return row === 0 || row === 2
    return true
  })

  return {
    nq: 2,
    nv: 2,
    nu,
    mask,
    substep(x, u, h, xNext) {
      velocityChange(x, u, h)
      for (let k = 0; k < 2; k++) {
        const v = x[2 + k]! + change[k]!
        xNext[2 + k] = v
        xNext[k] = x[k]! + h * v
      }
    },
    jacobian(x, u, h, A, B) {
      velocityChange(x, u, h)
      const [c, s] = [Math.cos(x[1]!), Math.sin(x[1]!)]
      const m12 = coupling.cosine * c - coupling.minusSine * s
      const slope = -coupling.cosine * s - coupling.minusSine * c
      const vt = x[3]!
      A.fill(0)
      // Differentiate (M + hD)Δ = h·rhs: (M + hD) ∂Δ = h ∂rhs − ∂M Δ; m₁₂″ = −m₁₂.
      solveInto(
        A,
        2 * 4 + 1,
        4,
        m12,
        h,
        h * m12 * vt * vt - slope * change[1]!,
        h * (-gravityTorque.cosine * s + gravityTorque.sine * c) - slope * change[0]!,
      )
      solveInto(A, 2 * 4 + 2, 4, m12, h, -h * ds, 0)
      solveInto(A, 2 * 4 + 3, 4, m12, h, -2 * h * slope * vt, -h * dt)
      A[2 * 4 + 2]! += 1
      A[3 * 4 + 3]! += 1
      for (let k = 0; k < nu; k++) solveInto(B, 2 * nu + k, nu, m12, h, h * gears[k]![0], h * gears[k]![1])
      for (let row = 0; row < 2; row++) {
        for (let j = 0; j < 4; j++) A[row * 4 + j] = h * A[(2 + row) * 4 + j]!
        A[row * 4 + row]! += 1
        for (let k = 0; k < nu; k++) B[row * nu + k] = h * B[(2 + row) * nu + k]!
      }
    },
  }
}
