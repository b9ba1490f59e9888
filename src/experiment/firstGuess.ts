/** Controls that a plan begins with: held at the point's, or LQR's where that costs less. */
import type { Controller } from '../control/controller.ts'
import type { TrajectoryCost } from '../control/ilqr/trajectoryCost.ts'
import { openLoop } from '../control/openLoop.ts'
import type { Engine, Point } from '../engine/engine.ts'
import { simulate, type Trajectory } from './simulate.ts'

/** The cheapest of the runs from x0 that end; held controls where none does. */
export async function firstGuess(
  { engine, point }: { readonly engine: Engine; readonly point: Point },
  standing: Controller | null,
  { x0, horizon, cost }: { x0: Float64Array; horizon: number; cost: TrajectoryCost },
  signal?: AbortSignal,
): Promise<{ readonly U: Float64Array }> {
  const { nu } = engine.layout
  const N = Math.max(1, Math.round(horizon / engine.dt))
  let best: { readonly U: Float64Array } = { U: Float64Array.from({ length: N * nu }, (_, k) => point.u[k % nu]!) }
  let least = Number.POSITIVE_INFINITY
  for (const controller of [openLoop(point.u), ...(standing ? [standing] : [])]) {
    const run = await simulate(engine, controller, { x0, duration: horizon, ...(signal && { signal }) })
    const value = run.result === 'completed' ? costOf(run, cost) : Number.POSITIVE_INFINITY
    if (!(value < least)) continue
    least = value
    best = { U: run.U }
  }
  return best
}

function costOf({ X, U, steps, layout: { nx, nu } }: Trajectory, cost: TrajectoryCost): number {
  let sum = cost.terminal(X.slice(steps * nx))
  for (let k = 0; k < steps; k++) sum += cost.running(X.slice(k * nx, (k + 1) * nx), U.slice(k * nu, (k + 1) * nu), k)
  return sum
}
