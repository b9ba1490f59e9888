/** Costs along a trajectory: Σ_{k<N} ℓ_k(x_k, u_k) + ℓ_N(x_N), with derivatives in the tangent. */

/** Where derivatives of ℓ_k at (x ⊕ δx, u + δu) are written, row-major. */
export interface RunningExpansion {
  readonly lx: Float64Array // [ndx]
  readonly lu: Float64Array // [nu]
  readonly lxx: Float64Array // [ndx × ndx]
  readonly lux: Float64Array // [nu × ndx]
  readonly luu: Float64Array // [nu × nu]
}

/** The same of ℓ_N. */
export type TerminalExpansion = Pick<RunningExpansion, 'lx' | 'lxx'>

/**
 * A cost, per step. Second derivatives may be approximations, such as Gauss–Newton's; what has directions of negative curvature is
 * left to regularization. All entries of an expansion are to be written: they hold those of another step.
 */
export interface TrajectoryCost {
  running(x: Float64Array, u: Float64Array, k: number): number
  expandRunning(x: Float64Array, u: Float64Array, k: number, into: RunningExpansion): void
  terminal(x: Float64Array): number
  expandTerminal(x: Float64Array, into: TerminalExpansion): void
}
