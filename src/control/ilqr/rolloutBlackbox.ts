/** Rollouts by step length as a blackbox, so that workers can share them: α ↦ X, U, F, steps taken, and what was not finite. */
import type { Dynamics, RolloutTask } from '../../linearization/trajectory/dynamics.ts'
import { createForwardPass, type RolledOut } from './forwardPass.ts'

const FREE = { running: () => 0, terminal: () => 0 } // costs are the caller's

/** Views on what a rollout of the blackbox gives: a trajectory, then two numbers. */
export function rolloutParts(y: Float64Array, N: number, nx: number, nu: number): RolledOut & { ends: Float64Array } {
  const [u, f, ends] = [(N + 1) * nx, (N + 1) * nx + N * nu, (2 * N + 1) * nx + N * nu]
  return { X: y.subarray(0, u), U: y.subarray(u, f), F: y.subarray(f, ends), ends: y.subarray(ends, ends + 2) }
}

/** `ends`: the steps that were taken, and the entry of (u, x) that was not finite, −1 where all were. */
export function rolloutBlackbox(
  dynamics: Pick<Dynamics, 'layout' | 'dt' | 'step' | 'integrate' | 'difference'>,
  { N, x0, X, U, gaps, d, K, low, high }: RolloutTask,
): ReturnType<NonNullable<Dynamics['rollouts']>> {
  const { nx, nu, x: states, u: controls } = dynamics.layout
  const names = [...controls, ...states].map(({ name }) => name)
  const forward = createForwardPass(dynamics, FREE, N, { low, high })
  const from = { X, U, F: new Float64Array(N * nx) }
  return {
    inputs: 1,
    outputs: (2 * N + 1) * nx + N * nu + 2,
    evaluate([alpha], y) {
      const { ends, ...to } = rolloutParts(y, N, nx, nu)
      forward.calls = 0
      forward.run(x0, from, to, gaps, d, K, alpha!)
      ends[0] = forward.calls
      ends[1] = forward.lost === null ? -1 : names.indexOf(forward.lost.coordinate)
    },
  }
}
