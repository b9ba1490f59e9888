/** What iLQR and MPC did, for people, as JSON and for the report. */
import type { IlqrResult } from '../control/ilqr/ilqrResult.ts'
import type { MpcController } from '../control/mpc/mpc.ts'
import type { Optimization } from '../report/content.ts'
import { counted, formatNumber } from '../experiment/format.ts'

/** 'ilqr  solved: cost 16.9 after 67 iterations …', and what it took. */
export function planText({ optimum, planner }: { optimum: IlqrResult | null; planner: MpcController | null }): string {
  if (optimum !== null) {
    const { calls, history, result, message, clamped } = optimum
    const checked = history.reduce((sum, { derivatives }) => sum + derivatives.checked, 0)
    const certified = history.reduce((sum, { derivatives }) => sum + derivatives.certified, 0)
    const limits = clamped === 0 ? '' : `; ${counted(clamped, 'control')} at a limit`
    return (
      `ilqr  ${result}: ${message}${limits}\n` +
      `      ${counted(calls.derivatives, 'step')} for derivatives (dense differences: ${calls.denseDerivatives}), ${calls.rollouts} for rollouts; ` +
      `${certified} of ${checked} held-out checks passed\n`
    )
  }
  if (planner === null) return ''
  const { plans, iterations, calls, failures, realTimeFactor } = planner.report()
  const pace = Number.isFinite(realTimeFactor) ? `; ${formatNumber(realTimeFactor, 2)} times as fast as the clock` : ''
  const failed =
    failures.length === 0 ? '' : `      ${counted(failures.length, 'plan')} failed, the first: ${failures[0]}\n`
  return (
    `mpc   ${counted(plans, 'plan')}, ${counted(iterations, 'iteration')}${pace}\n` +
    `      ${counted(calls.derivatives, 'step')} for derivatives, ${calls.rollouts} for rollouts\n${failed}`
  )
}

/** The same for programs; seconds are left out, as they differ from run to run. */
export function planJson({ optimum, planner }: { optimum: IlqrResult | null; planner: MpcController | null }) {
  if (optimum !== null) {
    const { result, message, cost, N, dt, iterations, gradient, clamped, largestGap, calls, history, X, U } = optimum
    return { ilqr: { result, message, cost, N, dt, iterations, gradient, clamped, largestGap, calls, history, X, U } }
  }
  if (planner === null) return {}
  const { plans, iterations, ends, failures, calls } = planner.report()
  return { mpc: { plans, iterations, ends, failures, calls } }
}

export function optimizationOf(optimum: IlqrResult): Optimization {
  const { result, message, history, calls, N, dt } = optimum
  return {
    result,
    message,
    horizon: N * dt,
    calls,
    iterations: history.map(({ iteration, cost, stepLength, regularization, derivatives }) => ({
      iteration,
      cost,
      stepLength,
      regularization,
      calls: derivatives.calls,
      checked: derivatives.checked,
      certified: derivatives.certified,
    })),
  }
}
