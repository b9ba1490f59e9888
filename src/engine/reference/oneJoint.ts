/**
 * A body on a hinge or slider to the world: M v̇ = Σ gear·u + f(q) − D v with f(q) = f₀ + f_c cos q + f_s sin q (gravity).
 * Step: (M + hD)(v⁺ − v) = h(Σ gear·u + f(q) − D v), q⁺ = q + h v⁺.
 */
import { type Component, fullMask } from './component.ts'

export interface OneJoint {
  readonly inertia: number // M: kg, or kg·m² about the axis
  readonly damping: number // D: N·s/m or N·m·s/rad
  readonly force: { readonly constant: number; readonly cosine: number; readonly sine: number } // N or N·m
  readonly gears: readonly number[] // [nu]
}

export function oneJoint({ inertia, damping, force, gears }: OneJoint): Component {
  const nu = gears.length
  const { constant, cosine, sine } = force
  return {
    nq: 1,
    nv: 1,
    nu,
    mask: fullMask(1, nu),
    substep(x, u, h, xNext) {
      const [q, v] = [x[0]!, x[1]!]
      let load = constant + cosine * Math.cos(q) + sine * Math.sin(q) - damping * v
      for (let k = 0; k < nu; k++) load += gears[k]! * u[k]!
      const vNext = v + (h * load) / (inertia + h * damping)
      xNext[0] = q + h * vNext
      xNext[1] = vNext
    },
    jacobian(x, _u, h, A, B) {
      const rate = h / (inertia + h * damping)
      const stiffness = -cosine * Math.sin(x[0]!) + sine * Math.cos(x[0]!)
      A[2] = rate * stiffness
      A[3] = 1 - rate * damping
      A[0] = 1 + h * A[2]
      A[1] = h * A[3]
      for (let k = 0; k < nu; k++) {
        B[nu + k] = rate * gears[k]!
        B[k] = h * B[nu + k]!
      }
    },
  }
}
