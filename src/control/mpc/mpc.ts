/** Model-predictive control: iLQR over a receding horizon, warm-started by the plan before, a few iterations each time. */
import type { Dynamics } from '../../linearization/trajectory/dynamics.ts'
import type { Controller } from '../controller.ts'
import { type IlqrOptions, resolveOptions } from '../ilqr/ilqrOptions.ts'
import { type IlqrProblem, resolveProblem } from '../ilqr/ilqrProblem.ts'
import type { IlqrEnd, IlqrResult } from '../ilqr/ilqrResult.ts'
import { createIlqrSolver } from '../ilqr/solver.ts'
import type { TrajectoryCost } from '../ilqr/trajectoryCost.ts'
import { checkWhole, recedingCost, shiftedPlan } from './plan.ts'

export interface MpcProblem {
  /** Of the horizon; or a function that gives it for the step at which the horizon begins. Its last state may weigh P of `lqr`. */
  readonly cost: TrajectoryCost | ((step: number) => TrajectoryCost)
  readonly N?: number // steps of the horizon; or `duration` in s
  readonly duration?: number
  readonly guess?: NonNullable<IlqrProblem['guess']> // of the first plan
  readonly limits?: NonNullable<IlqrProblem['limits']>
}

export interface MpcOptions extends Omit<IlqrOptions, 'maxIterations'> {
  readonly iterations?: number // of each plan, default 1
  readonly firstIterations?: number // of the first one, default 100
  readonly every?: number // steps from plan to plan; its own feedback runs between; default 1
}

export interface MpcController extends Controller {
  /** Plans where it is time for it. */
  prepare(x: Float64Array, t: number): Promise<void> | void
  /** What planning took so far. */
  report(): MpcReport
  /** The plan that is followed; null before the first. */
  readonly plan: IlqrResult | null
}

export interface MpcReport {
  readonly plans: number
  readonly iterations: number
  readonly ends: Readonly<Partial<Record<IlqrEnd, number>>> // how plans ended; 'max-iterations' is the rule
  readonly failures: readonly string[] // messages of plans that could not be made: the one before was followed on
  readonly calls: { readonly rollouts: number; readonly derivatives: number }
  readonly ms: number // of all plans
  readonly worstMs: number // of one plan but the first
  /** Time that was controlled over time that plans took, but for the first: above 1 it keeps up with the clock. */
  readonly realTimeFactor: number
}

/**
 * A controller for `simulate`: at each step (or every few) it solves from the state that it sees, starting from the plan before, moved on,
 * whose gap to that state it closes. A run that begins again at an earlier time makes it begin again. Misuse throws as `ilqr`.
 */
export function mpc(dynamics: Dynamics, problem: MpcProblem, options: MpcOptions = {}): MpcController {
  const { iterations = 1, firstIterations = 100, every = 1, signal, onProgress, ...rest } = options
  for (const [name, value] of Object.entries({ iterations, firstIterations, every })) checkWhole('mpc', name, value)
  const { layout, dt } = dynamics
  const { nx, ndx, nu } = layout
  const resolved = resolveOptions('mpc', { ...rest, maxIterations: firstIterations })
  const { N, U, X, low, high } = resolveProblem('mpc', dynamics, problem)
  if (every > N) throw new RangeError(`mpc: every must be at most N = ${N}, got ${every}`)
  const receding = recedingCost(problem.cost)
  const solver = createIlqrSolver(dynamics, receding.cost, N, { low, high }, resolved)
  const dx = new Float64Array(ndx)

  let plan: IlqrResult | null = null
  let plannedAt = -1 // step
  let last = -1
  let report = emptyReport()

  const replan = async (x: Float64Array, step: number): Promise<void> => {
    const begun = performance.now()
    receding.moveTo(step)
    const isFirst = plan === null
    const guess = plan === null ? { X, U } : shiftedPlan(dynamics, plan, step - plannedAt)
    const run = { signal, onProgress, maxIterations: isFirst ? firstIterations : iterations }
    const found = await solver.solve(x, guess, run)
    const ms = performance.now() - begun
    const { result } = found
    report.plans++
    report.iterations += found.iterations
    report.ends[result] = (report.ends[result] ?? 0) + 1
    report.calls.rollouts += found.calls.rollouts
    report.calls.derivatives += found.calls.derivatives
    report.ms += ms
    if (!isFirst) {
      report.worstMs = Math.max(report.worstMs, ms)
      report.laterMs += ms
      report.laterSteps += step - plannedAt
    }
    const isBroken = result === 'diverged' || result === 'indefinite'
    if (isBroken) report.failures.push(`t = ${Number((step * dt).toPrecision(6))} s: ${found.message}`)
    // a plan that could not be made: the one before, moved on, still has its feedback
    if (!isBroken || plan === null) {
      plan = found
      plannedAt = step
    }
  }
  const feedback = (
    { X: states, U: controls, K }: IlqrResult,
    x: Float64Array,
    step: number,
    uOut: Float64Array,
  ): void => {
    const k = Math.min(N - 1, step - plannedAt)
    dynamics.difference(x, states.subarray(k * nx, (k + 1) * nx), dx)
    for (let a = 0; a < nu; a++) {
      let sum = controls[k * nu + a]!
      for (let j = 0; j < ndx; j++) sum -= K[(k * nu + a) * ndx + j]! * dx[j]!
      uOut[a] = Math.min(Math.max(sum, low[a]!), high[a]!)
    }
  }

  return {
    name: 'mpc',
    get plan() {
      return plan
    },
    report() {
      const { laterMs, laterSteps, ends, failures, calls, ...counts } = report
      const realTimeFactor = laterMs > 0 ? (1000 * laterSteps * dt) / laterMs : Number.NaN
      return { ...counts, ends: { ...ends }, failures: [...failures], calls: { ...calls }, realTimeFactor }
    },
    prepare(x, t) {
      const step = Math.round(t / dt)
      if (step < last) {
        plan = null
        report = emptyReport()
      }
      last = step
      return plan !== null && step - plannedAt < every ? undefined : replan(x.slice(), step)
    },
    /** Throws RangeError where nothing was planned yet: `prepare` comes first. */
    control(x, t, uOut) {
      if (plan === null) throw new RangeError('mpc: await prepare(x, t) before control, as simulate does')
      feedback(plan, x, Math.round(t / dt), uOut)
    },
  }
}

function emptyReport() {
  return {
    plans: 0,
    iterations: 0,
    ends: {} as Partial<Record<IlqrEnd, number>>,
    failures: [] as string[],
    calls: { rollouts: 0, derivatives: 0 },
    ms: 0,
    worstMs: 0,
    laterMs: 0,
    laterSteps: 0,
  }
}
