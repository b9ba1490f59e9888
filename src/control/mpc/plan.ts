/** Plans of a receding horizon: moved on to a later step, and costs that move with them. */
import type { Dynamics } from '../../linearization/trajectory/dynamics.ts'
import type { IlqrResult } from '../ilqr/ilqrResult.ts'
import type { TrajectoryCost } from '../ilqr/trajectoryCost.ts'

/** The plan from `steps` later on; its last control goes on, from where it ended. */
export function shiftedPlan(
  { layout: { nx, nu }, step }: Pick<Dynamics, 'layout' | 'step'>,
  { X, U, N }: Pick<IlqrResult, 'X' | 'U' | 'N'>,
  steps: number,
): { readonly X: Float64Array; readonly U: Float64Array } {
  const moved = { X: new Float64Array(X.length), U: new Float64Array(U.length) }
  const kept = Math.max(0, N - steps)
  moved.X.set(X.subarray(Math.min(steps, N) * nx))
  moved.U.set(U.subarray(Math.min(steps, N) * nu))
  const u = U.slice((N - 1) * nu)
  const x = X.slice(N * nx)
  const next = new Float64Array(nx)
  for (let k = kept; k < N; k++) {
    moved.U.set(u, k * nu)
    step(x, u, next)
    if (next.every(Number.isFinite)) x.set(next)
    moved.X.set(x, (k + 1) * nx)
  }
  return moved
}

/** One cost for the solver, whichever the horizon's is. */
export function recedingCost(given: TrajectoryCost | ((step: number) => TrajectoryCost)): {
  readonly cost: TrajectoryCost
  moveTo(step: number): void
} {
  let now = typeof given === 'function' ? given(0) : given
  return {
    moveTo(step) {
      if (typeof given === 'function') now = given(step)
    },
    cost: {
      running: (x, u, k) => now.running(x, u, k),
      expandRunning: (x, u, k, into) => now.expandRunning(x, u, k, into),
      terminal: (x) => now.terminal(x),
      expandTerminal: (x, into) => now.expandTerminal(x, into),
    },
  }
}

export function checkWhole(who: string, name: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 1))
    throw new RangeError(`${who}: ${name} must be an integer ≥ 1, got ${value}`)
}
