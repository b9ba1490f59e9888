/**
 * One independent mechanism of a reference engine, in local coordinates x = (q, v), dx = (δq, δv): a closed-form
 * semi-implicit Euler step and its exact derivatives.
 */
export interface Component {
  readonly nq: number
  readonly nv: number
  readonly nu: number // controls that act on it
  /** Writes x after a step of h seconds into xNext, which may be x. */
  substep(x: Float64Array, u: Float64Array, h: number, xNext: Float64Array): void // x [nq + nv], u [nu]
  /** Writes the derivatives of that step at (x, u), row-major. */
  jacobian(x: Float64Array, u: Float64Array, h: number, A: Float64Array, B: Float64Array): void // A [2nv × 2nv], B [2nv × nu]
  /** True where A B of one substep can be other than zero, row-major [2nv × (2nv + nu)]. */
  readonly mask: readonly boolean[]
}

/** All of [2nv × (2nv + nu)]. */
export function fullMask(nv: number, nu: number): boolean[] {
  return Array.from({ length: 2 * nv * (2 * nv + nu) }, () => true)
}
