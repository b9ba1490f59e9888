/** A control law (x, t) → u. Allocation is the caller's: u is written into `uOut`. */
export interface Controller {
  readonly name: string // 'lqr', 'none', …
  /** Writes the control for state x at time t into uOut. Not saturated: `simulate` does that with the layout's ranges. */
  control(x: Float64Array, t: number, uOut: Float64Array): void // x [nx], t s, uOut [nu]
  /** Forgets what earlier calls left in it, where it has a memory (an estimate, an integral). Runs begin with it. */
  reset?(): void
  /** What takes time, such as planning: `simulate` waits for it before `control`, with the same x (not to be kept) and t. */
  prepare?(x: Float64Array, t: number): Promise<void> | void
}
