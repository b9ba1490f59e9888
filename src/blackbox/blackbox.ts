/** A function of which only values can be had: y = f(z), f: Rⁿ → Rᵐ. */
export interface Blackbox {
  readonly inputs: number // n
  readonly outputs: number // m
  /** Writes f(z) into y. Pure: the same z gives the same y. */
  evaluate(z: Float64Array, y: Float64Array): void // z [n], y [m]
  /** Writes f of `count` points laid end to end: z_t = Z[t·n …], y_t = Y[t·m …]. Same numbers as `evaluate`, possibly in parallel. */
  evaluateBatch?(Z: Float64Array, Y: Float64Array, count: number, options?: BatchOptions): void | Promise<void>
  /** Typical magnitude of each input, > 0; difference steps are proportional to it. Default max(1, |z|). */
  readonly scale?: Float64Array // [n]
  /**
   * Typical magnitude of each output, > 0: rounding errors are taken to be proportional to it. Default: the largest |f| seen.
   * Give it where outputs are small differences of large numbers, as with y = f(z) ⊖ f(z̄).
   */
  readonly outputScale?: Float64Array // [m]
  /**
   * Groups of inputs, each at most once, whose effects differ in size, such as states and controls: entries of each are certified
   * at their own scale, by held-out directions that move one group at a time (where there are as many directions).
   */
  readonly inputGroups?: readonly (readonly number[])[]
  /**
   * Groups of outputs whose rows of the Jacobian have their nonzeros in the same places, or nearly so, such as all velocities of one body;
   * a row may be in several. Where nobody knows the places, rows of a group are told together from fewer directions. A guess that
   * is wrong costs nothing but time.
   */
  readonly rowGroups?: readonly (readonly number[])[]
  /** Names of inputs and outputs, used in messages and tables. */
  readonly inputNames?: readonly string[]
  readonly outputNames?: readonly string[]
}

/** What can be heard of a batch, and said to it, while it lasts. */
export interface BatchOptions {
  /** Stops the batch early: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number) => void) | undefined // points of this batch that are evaluated
}
