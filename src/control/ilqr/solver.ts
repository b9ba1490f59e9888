/** The loop of iLQR with all it works in, for one problem after another of the same size. */
import { matMulInto } from '../../linalg/flat.ts'
import { createBackwardPass, type LocalProblem } from './backwardPass.ts'
import type { DerivativeReport, Dynamics } from '../../linearization/trajectory/dynamics.ts'
import { createExpectedChange } from './expectedChange.ts'
import { createForwardPass } from './forwardPass.ts'
import type { IlqrOptions, ResolvedOptions } from './ilqrOptions.ts'
import type { IlqrEnd, IlqrIteration, IlqrResult } from './ilqrResult.ts'
import { penaltyFor, searchAlong } from './lineSearch.ts'
import { rolloutParts } from './rolloutBlackbox.ts'
import { regularizationSchedule } from './regularizationSchedule.ts'
import type { TrajectoryCost } from './trajectoryCost.ts'

export interface IlqrSolver {
  /** From a guess; X null: the rollout of U from x0. What it returns is the caller's own. */
  solve(
    x0: Float64Array,
    guess: { readonly X: Float64Array | null; readonly U: Float64Array },
    run: Pick<IlqrOptions, 'signal' | 'onProgress' | 'maxIterations'>,
  ): Promise<IlqrResult>
}

/** The reduction was as promised, or the step long: less regularization. The opposite: more. As in MuJoCo MPC's iLQG planner. */
const GOOD = { ratio: 0.5, length: 0.3 }
const POOR = { ratio: 0.1, length: 0.06 }
/** No step is tried for a promise of less than this share of the tolerance. */
const LITTLE = 1e-3
/** Where no step lowers the cost, noisy derivatives are measured anew after so many raises of μ, and so many times. */
const RAISES = 4
const REDRAWS = 10
/** As many iterations in a row that hardly lower the cost, under regularization or by short steps, are the end. */
const SMALL_STEPS = 10

export function createIlqrSolver(
  dynamics: Dynamics,
  cost: TrajectoryCost,
  N: number,
  limits: { readonly low: Float64Array; readonly high: Float64Array },
  options: ResolvedOptions,
): IlqrSolver {
  const { layout, dt } = dynamics
  const { nx, ndx: n, nu: m } = layout
  const rolledOut = () => {
    const [X, U, F] = [new Float64Array((N + 1) * nx), new Float64Array(N * m), new Float64Array(N * nx)]
    return { X, U, F, xs: rowsOf(X, N + 1), us: rowsOf(U, N), fs: rowsOf(F, N) }
  }
  const problem: LocalProblem = {
    N,
    A: new Float64Array(N * n * n),
    B: new Float64Array(N * n * m),
    gaps: new Float64Array((N + 1) * n),
    lx: new Float64Array((N + 1) * n),
    lxx: new Float64Array((N + 1) * n * n),
    lu: new Float64Array(N * m),
    luu: new Float64Array(N * m * m),
    lux: new Float64Array(N * m * n),
    low: new Float64Array(N * m),
    high: new Float64Array(N * m),
  }
  const gapAt = rowsOf(problem.gaps, N + 1)
  const backward = createBackwardPass(N, n, m)
  const expectedChange = createExpectedChange(n, m)
  const forward = createForwardPass(dynamics, cost, N, limits)
  const parts = expansions(problem, n, m)
  const transport = createTransport(dynamics, problem)
  let current = rolledOut()
  let trial = rolledOut()
  let kept = rolledOut()

  /** What step lengths give, one after the other; where workers can share them, all of them at once before that. */
  const rollouts = async (x0: Float64Array, signal?: AbortSignal): Promise<(alpha: number, k: number) => number> => {
    const { d, K } = backward
    if (options.pick === 'first' || !dynamics.rollouts)
      return (alpha) => forward.run(x0, current, trial, problem.gaps, d, K, alpha)
    const { X, U } = current
    const blackbox = dynamics.rollouts({ N, x0, X, U, gaps: problem.gaps, d, K, ...limits })
    const { stepLengths } = options
    const size = blackbox.outputs
    const Y = new Float64Array(stepLengths.length * size)
    await blackbox.evaluateBatch!(stepLengths, Y, stepLengths.length, signal && { signal })
    return (_alpha, k) => {
      const { X, U, F, ends } = rolloutParts(Y.subarray(k * size, (k + 1) * size), N, nx, m)
      trial.X.set(X)
      trial.U.set(U)
      trial.F.set(F)
      return forward.adopt(trial, ends[0]!, ends[1]!)
    }
  }

  /** Writes the gaps of `current`; their largest entry, and the sum of their sizes. */
  const findGaps = (x0: Float64Array): { largest: number; sum: number } => {
    let largest = 0
    let sum = 0
    for (let k = 0; k <= N; k++) {
      const gap = gapAt[k]!
      const reached = k === 0 ? x0 : current.fs[k - 1]!
      const at = current.xs[k]!
      // the difference of a quaternion from itself may leave rounding
      if (isSame(reached, at)) {
        gap.fill(0)
        continue
      }
      dynamics.difference(reached, at, gap)
      for (let i = 0; i < n; i++) {
        const size = Math.abs(gap[i]!)
        sum += size
        if (size > largest) largest = size
      }
    }
    return { largest, sum }
  }
  const expand = (): void => {
    const { U, xs, us } = current
    for (let k = 0; k < N; k++) cost.expandRunning(xs[k]!, us[k]!, k, parts[k]!)
    cost.expandTerminal(xs[N]!, parts[N]!)
    for (let k = 0; k < N * m; k++) {
      problem.low[k] = limits.low[k % m]! - U[k]!
      problem.high[k] = limits.high[k % m]! - U[k]!
    }
  }

  return {
    async solve(x0, guess, { signal, onProgress, maxIterations = options.maxIterations }) {
      const began = performance.now()
      const spent = { rollouts: 0, derivatives: 0, cost: 0, backward: 0 }
      const timed = <T>(phase: keyof typeof spent, work: () => T): T => {
        const start = performance.now()
        const value = work()
        spent[phase] += performance.now() - start
        return value
      }
      const history: IlqrIteration[] = []
      const { kind, initial, smallest, largest, factor, stepLengths, pick, tolerance } = options
      const schedule = regularizationSchedule(initial, smallest, largest, factor)
      const calls = { derivatives: 0, denseDerivatives: 0 }
      forward.calls = 0
      backward.gradient = Number.NaN
      backward.clamped = 0
      backward.d.fill(0)
      backward.K.fill(0)
      signal?.throwIfAborted()

      let value = timed('rollouts', () => {
        current.U.set(guess.U)
        if (guess.X !== null) {
          current.X.set(guess.X)
          return forward.shoot(current)
        }
        for (let k = 0; k <= N; k++) trial.X.set(x0, k * nx) // any state: there is no feedback yet
        trial.U.set(guess.U)
        return forward.run(x0, trial, current, problem.gaps, backward.d, backward.K, 1)
      })
      const finish = (result: IlqrEnd, message: string, largestGap: number): IlqrResult => ({
        result,
        message,
        N,
        dt,
        X: current.X.slice(),
        U: current.U.slice(),
        K: backward.K.slice(),
        k: backward.d.slice(),
        Vx: backward.Vx.slice(),
        Vxx: backward.Vxx.slice(),
        cost: value,
        largestGap,
        gradient: backward.gradient,
        clamped: backward.clamped,
        iterations: history.length,
        history,
        calls: { rollouts: forward.calls, ...calls },
        timings: { ...spent, total: performance.now() - began },
        lost: result === 'diverged' ? forward.lost : null,
      })
      if (Number.isNaN(value)) {
        const { time, coordinate } = forward.lost!
        const remedy = guess.X === null ? '; give guess.X, states that need not be a motion, or other controls' : ''
        const message = `the guess gives no finite ${coordinate} from t = ${shown(time)} s on${remedy}`
        return finish('diverged', message, Number.NaN)
      }

      let gaps = findGaps(x0)
      let nu = 0 // weight of the gaps in the merit
      let smallSteps = 0
      let redraws = 0 // in a row
      for (;;) {
        signal?.throwIfAborted()
        if (history.length >= maxIterations)
          return finish('max-iterations', `cost ${shown(value)} after ${maxIterations} iterations`, gaps.largest)
        const start = performance.now()
        const derivatives: DerivativeReport = await dynamics.linearizeInto(
          problem.A,
          problem.B,
          { N, X: current.X, U: current.U, F: current.F },
          signal,
        )
        if (gaps.largest > 0) transport(current)
        spent.derivatives += performance.now() - start
        calls.derivatives += derivatives.calls
        calls.denseDerivatives += derivatives.denseCalls
        timed('cost', expand)

        let tried = 0
        let raised = 0
        for (;;) {
          const failedAt = timed('backward', () => backward.run(problem, schedule.mu, kind))
          if (failedAt >= 0) {
            if (kind !== 'none' && schedule.raise()) continue
            const name = layout.u[backward.culprit]?.name
            const what =
              name === undefined ? 'the cost to go is not finite' : `Quu is not positive definite for ${name}`
            const much = kind === 'none' ? 'without regularization' : `at μ = ${schedule.mu.toExponential(0)}`
            return finish('indefinite', `${what} at t = ${shown(failedAt * dt)} s, ${much}`, gaps.largest)
          }
          const change = gaps.largest > 0 ? expectedChange(problem, backward) : backward
          const promised = -(change.linear + change.quadratic)
          const isFeasible = gaps.largest === 0
          const isFlat = backward.gradient <= options.gradientTolerance * (1 + Math.abs(value))
          const isOver = schedule.mu === 0 && promised <= LITTLE * tolerance * Math.abs(value)
          if (isFeasible && (isFlat || isOver)) {
            const how = isFlat ? `gradient ${backward.gradient.toExponential(1)}` : 'no more reduction is expected'
            return finish('solved', `cost ${shown(value)} after ${history.length} iterations: ${how}`, 0)
          }
          nu = penaltyFor(nu, change, gaps.sum)
          const before = { cost: value, sumOfGaps: gaps.sum, nu }
          const startOfSearch = performance.now()
          const tryAt = await rollouts(x0, signal)
          const found = searchAlong(stepLengths, pick, before, change, tryAt, () => {
            ;[trial, kept] = [kept, trial]
          })
          spent.rollouts += performance.now() - startOfSearch
          tried += found.tried
          if (found.alpha === 0) {
            if (isFeasible && schedule.mu === 0 && promised <= tolerance * Math.abs(value))
              return finish('solved', `cost ${shown(value)} after ${history.length} iterations: no step lowers it`, 0)
            raised++
            if (derivatives.isRandom && raised > RAISES && redraws < REDRAWS) {
              redraws++
              schedule.reset()
              break
            }
            if (kind !== 'none' && schedule.raise()) continue
            const { lost } = forward
            const ended =
              lost === null ? '' : `; the shortest step gives no finite ${lost.coordinate} at t = ${shown(lost.time)} s`
            const message = `no step lowers the cost ${shown(value)}, of which ${shown(promised)} were expected${ended}`
            return finish('stalled', message, gaps.largest)
          }
          redraws = 0
          ;[current, kept] = [kept, current]
          const previous = value
          value = found.cost
          const gradient = backward.gradient
          const { mu } = schedule
          const ratio = found.actual / found.expected
          if (ratio > GOOD.ratio || found.alpha > GOOD.length) schedule.lower()
          else if ((ratio < POOR.ratio || found.alpha < POOR.length) && kind !== 'none') schedule.raise()
          const wasFeasible = isFeasible
          gaps = findGaps(x0)
          const entry: IlqrIteration = {
            iteration: history.length + 1,
            cost: value,
            expected: found.expected,
            actual: found.actual,
            regularization: mu,
            stepLength: found.alpha,
            gradient,
            largestGap: gaps.largest,
            clamped: backward.clamped,
            rollouts: tried,
            derivatives,
          }
          history.push(entry)
          onProgress?.(history.length, maxIterations, entry)
          const isSmall = wasFeasible && previous - value <= tolerance * Math.abs(value)
          smallSteps = isSmall ? smallSteps + 1 : 0
          if (isSmall && mu === 0 && found.alpha > GOOD.length)
            return finish('solved', `cost ${shown(value)} after ${history.length} iterations: reductions are small`, 0)
          if (smallSteps >= SMALL_STEPS)
            return finish('stalled', `${SMALL_STEPS} iterations in a row hardly lower the cost ${shown(value)}`, 0)
          break
        }
      }
    },
  }
}

/** Views on `count` rows of equal length. */
function rowsOf(values: Float64Array, count: number): Float64Array[] {
  const size = values.length / count
  return Array.from({ length: count }, (_, k) => values.subarray(k * size, (k + 1) * size))
}

/** Views on the derivatives of each step's cost. */
function expansions({ N, lx, lxx, lu, luu, lux }: LocalProblem, n: number, m: number) {
  const part = (values: Float64Array, k: number, size: number) => values.subarray(k * size, (k + 1) * size)
  return Array.from({ length: N + 1 }, (_, k) => ({
    lx: part(lx, k, n),
    lxx: part(lxx, k, n * n),
    lu: part(lu, k, m),
    luu: part(luu, k, m * m),
    lux: part(lux, k, m * n),
  }))
}

/** A and B end in the tangent at f(x_k, u_k); where a gap turns a rotation, that at x_{k+1} is another. */
function createTransport(dynamics: Dynamics, { N, A, B }: LocalProblem) {
  const { nx, ndx: n, nu: m } = dynamics.layout
  const E = new Float64Array(n * n)
  const moved = new Float64Array(n * Math.max(n, m))
  return ({ X, F }: { readonly X: Float64Array; readonly F: Float64Array }): void => {
    for (let k = 0; k < N; k++) {
      dynamics.differenceJacobian(F.subarray(k * nx, (k + 1) * nx), X.subarray((k + 1) * nx, (k + 2) * nx), E)
      for (const [J, columns] of [
        [A, n],
        [B, m],
      ] as const) {
        const block = J.subarray(k * n * columns, (k + 1) * n * columns)
        matMulInto(moved, E, block, n, n, columns)
        for (let i = 0; i < n * columns; i++) block[i] = moved[i]!
      }
    }
  }
}

function isSame(one: Float64Array, other: Float64Array): boolean {
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false
  return true
}

function shown(value: number): string {
  return String(Number(value.toPrecision(6)))
}
