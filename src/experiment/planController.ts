/** Plans of iLQR from a state to the point of a design, and what MPC begins with. */
import type { Matrix } from 'ml-matrix'
import { ilqr } from '../control/ilqr/ilqr.ts'
import type { IlqrResult } from '../control/ilqr/ilqrResult.ts'
import { quadraticTracking } from '../control/ilqr/quadraticTracking.ts'
import { lqrController } from '../control/lqrController.ts'
import type { Engine } from '../engine/engine.ts'
import { toMatrix } from '../linalg/dense.ts'
import { sensedDynamics } from '../linearization/trajectory/sensedDynamics.ts'
import { lastWeights } from './checkControllerSettings.ts'
import { type ControllerSettings, HORIZON } from './controllerSettings.ts'
import type { ControllerDesign, ControllerProblem, DesignControllerOptions } from './controllerDesign.ts'
import { DesignFailure } from './designFailure.ts'
import { firstGuess } from './firstGuess.ts'
import type { Cost } from './taskCost.ts'

interface PlanProblem extends ControllerProblem {
  readonly cost: Cost
  readonly P: Matrix | null // LQR's cost to go, which the last state weighs without `qf`
}

/** Throws DesignFailure where iLQR's first rollout gives no numbers. */
export async function planController(
  engine: Engine,
  linear: ControllerDesign,
  settings: ControllerSettings,
  { cost, x0, duration, P }: PlanProblem,
  { sensing = {}, openPool, signal, onProgress }: DesignControllerOptions,
): Promise<{ readonly design: ControllerDesign; readonly optimum: IlqrResult | null }> {
  const { qf, iterations, every } = settings
  const { xBar, uBar, K } = linear
  const Qf = qf === undefined ? P! : lastWeights(qf, engine.layout)
  const isReceding = settings.controller === 'mpc'
  const tracking = quadraticTracking(sensedDynamics(engine, sensing), { ...cost, Qf, xGoal: xBar, uGoal: uBar })
  const horizon = settings.horizon ?? (isReceding ? HORIZON : duration)
  const standing = K && lqrController({ A: toMatrix(linear.A, 'lqr', 'A'), xBar, uBar }, K, engine.difference)
  const point = { x: xBar, u: uBar }
  const guess = await firstGuess({ engine, point }, standing, { x0, horizon, cost: tracking }, signal)
  if (isReceding) {
    const [Q, R] = [cost.Q.to2DArray(), cost.R.to2DArray()]
    const own = { ...(iterations !== undefined && { iterations }), ...(every !== undefined && { every }) }
    return { design: { ...linear, receding: { Q, R, Qf: Qf.to2DArray(), horizon, U: guess.U, ...own } }, optimum: null }
  }
  const pool = await openPool?.()
  const optimum = await ilqr(
    sensedDynamics(engine, { ...sensing, pool }),
    { x0, cost: tracking, duration: horizon, guess },
    {
      ...(iterations !== undefined && { maxIterations: iterations }),
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    },
  ).finally(() => pool?.close())
  if (optimum.result === 'diverged' || optimum.result === 'indefinite')
    throw new DesignFailure(`ilqr: ${optimum.result}: ${optimum.message}`)
  const { X, U, K: gains, N, dt } = optimum
  return { design: { ...linear, trajectory: { X, U, K: gains, N, dt } }, optimum }
}
