/**
 * The forward pass of iLQR: the simulator along u = ū + α d − K (x ⊖ x̄), gaps of the trajectory shrinking by 1 − α: x_{k+1} =
 * f(x_k, u_k) ⊕ (α − 1) gap_{k+1} (Mastalli et al. 2020, doi:10.1109/ICRA40945.2020.9196673, eq. 8).
 */
import type { Dynamics } from '../../linearization/trajectory/dynamics.ts'
import type { TrajectoryCost } from './trajectoryCost.ts'

/** States, controls, and where they lead. */
export interface RolledOut {
  readonly X: Float64Array // [(N + 1) × nx]
  readonly U: Float64Array // [N × nu]
  readonly F: Float64Array // [N × nx], f(x_k, u_k)
}

/** Where numbers ended. */
export interface Lost {
  readonly step: number // the step that failed
  readonly time: number // s, at its beginning
  readonly coordinate: string // name of what was not finite: of a state or control, or 'cost'
}

export interface ForwardPass {
  /** Rolls out into `to`; the cost, NaN where numbers end (`lost` says where). `calls` counts steps. */
  run(
    x0: Float64Array,
    from: RolledOut,
    to: RolledOut,
    gaps: Float64Array,
    d: Float64Array,
    K: Float64Array,
    alpha: number,
  ): number
  /** Takes every x_k as it is: writes F, returns the cost. */
  shoot(at: RolledOut): number
  /**
   * Takes over a trajectory that was rolled out elsewhere in so many steps, up to the entry of (u, x) that was not finite (−1: all were):
   * the cost as of `run`.
   */
  adopt(at: RolledOut, steps: number, culprit: number): number
  calls: number
  lost: Lost | null
}

/** `low`, `high` [nu]: limits of the controls. Allocates nothing per pass. */
export function createForwardPass(
  dynamics: Pick<Dynamics, 'layout' | 'dt' | 'step' | 'integrate' | 'difference'>,
  cost: Pick<TrajectoryCost, 'running' | 'terminal'>,
  N: number,
  { low, high }: { readonly low: Float64Array; readonly high: Float64Array },
): ForwardPass {
  const { layout, dt } = dynamics
  const { nx, ndx, nu } = layout
  const x = new Float64Array(nx)
  const xOld = new Float64Array(nx)
  const next = new Float64Array(nx)
  const u = new Float64Array(nu)
  const dx = new Float64Array(ndx)

  const lose = (step: number, coordinate: string): number => {
    pass.lost = { step, time: step * dt, coordinate }
    return Number.NaN
  }
  const copy = (out: Float64Array, from: Float64Array, at: number): void => {
    for (let i = 0; i < out.length; i++) out[i] = from[at + i]!
  }
  /** Steps from x with u into next; false where that gives no numbers. */
  const stepped = (k: number): boolean => {
    for (let a = 0; a < nu; a++)
      if (!Number.isFinite(u[a]!)) {
        lose(k, layout.u[a]!.name)
        return false
      }
    dynamics.step(x, u, next)
    pass.calls++
    for (let i = 0; i < nx; i++)
      if (!Number.isFinite(next[i]!)) {
        lose(k, layout.x[i]!.name)
        return false
      }
    return true
  }

  const pass: ForwardPass = {
    calls: 0,
    lost: null,
    run(x0, from, to, gaps, d, K, alpha) {
      pass.lost = null
      let total = 0
      const shrink = (k: number) => {
        if (alpha === 1) return
        for (let i = 0; i < ndx; i++) dx[i] = (alpha - 1) * gaps[k * ndx + i]!
        dynamics.integrate(x, dx, x)
      }
      x.set(x0)
      shrink(0)
      to.X.set(x)
      for (let k = 0; k < N; k++) {
        copy(xOld, from.X, k * nx)
        dynamics.difference(x, xOld, dx)
        for (let a = 0; a < nu; a++) {
          let sum = from.U[k * nu + a]! + alpha * d[k * nu + a]!
          const row = (k * nu + a) * ndx
          for (let j = 0; j < ndx; j++) sum -= K[row + j]! * dx[j]!
          u[a] = Math.min(Math.max(sum, low[a]!), high[a]!)
        }
        if (!stepped(k)) return Number.NaN
        total += cost.running(x, u, k)
        if (!Number.isFinite(total)) return lose(k, 'cost')
        to.U.set(u, k * nu)
        to.F.set(next, k * nx)
        x.set(next)
        shrink(k + 1)
        to.X.set(x, (k + 1) * nx)
      }
      total += cost.terminal(x)
      return Number.isFinite(total) ? total : lose(N, 'cost')
    },
    adopt(at, steps, culprit) {
      pass.lost = null
      pass.calls += steps
      let total = 0
      const ended = culprit < 0 ? N : culprit < nu ? steps : steps - 1
      for (let k = 0; k < ended; k++) {
        copy(x, at.X, k * nx)
        copy(u, at.U, k * nu)
        total += cost.running(x, u, k)
        if (!Number.isFinite(total)) return lose(k, 'cost')
      }
      if (culprit >= 0) return lose(ended, (culprit < nu ? layout.u[culprit] : layout.x[culprit - nu])!.name)
      copy(x, at.X, N * nx)
      total += cost.terminal(x)
      return Number.isFinite(total) ? total : lose(N, 'cost')
    },
    shoot(at) {
      pass.lost = null
      let total = 0
      for (let k = 0; k < N; k++) {
        copy(x, at.X, k * nx)
        copy(u, at.U, k * nu)
        if (!stepped(k)) return Number.NaN
        at.F.set(next, k * nx)
        total += cost.running(x, u, k)
        if (!Number.isFinite(total)) return lose(k, 'cost')
      }
      copy(x, at.X, N * nx)
      total += cost.terminal(x)
      return Number.isFinite(total) ? total : lose(N, 'cost')
    },
  }
  return pass
}
