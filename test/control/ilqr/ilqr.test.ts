import { describe, expect, test } from 'vitest'
import { Matrix } from 'ml-matrix'
import { REGULARIZATIONS } from '../../../src/control/ilqr/backwardPass.ts'
import { ilqr } from '../../../src/control/ilqr/ilqr.ts'
import { quadraticTracking } from '../../../src/control/ilqr/quadraticTracking.ts'
import type { IlqrIteration } from '../../../src/control/ilqr/ilqrResult.ts'
import { createEngine } from '../../../src/engine/createEngine.ts'
import { referenceEngine } from '../../../src/engine/reference/referenceEngine.ts'
import { sensedDynamics } from '../../../src/linearization/trajectory/sensedDynamics.ts'
import { loadScene } from '../../../src/scene/loadScene.ts'
import { linearDynamics } from './linearDynamics.ts'

const N = 60
const LIMIT = 3 // N·m; holding the bar level takes 4.9
const pendulum = referenceEngine({ type: 'pendulum', mass: 1, inertia: 0.02, length: 0.5 }, { dt: 0.05 })
const dynamics = sensedDynamics(pendulum, { method: 'auto' })
const upright = Float64Array.of(Math.PI, 0)
const cost = quadraticTracking(dynamics, {
  Q: Matrix.diag([0.05, 0.01]),
  R: [[0.01]],
  Qf: Matrix.diag([100, 10]),
  xGoal: upright,
})
const limits = { low: Float64Array.of(-LIMIT), high: Float64Array.of(LIMIT) }
const hanging = { x0: new Float64Array(2), cost, N, limits }
const push = { U: new Float64Array(N).fill(0.1) }

/** The cost of playing controls on the engine. */
function play(U: Float64Array): number {
  const x = new Float64Array(2)
  let sum = 0
  for (let k = 0; k < N; k++) {
    sum += cost.running(x, U.slice(k, k + 1), k)
    pendulum.step(x, U.slice(k, k + 1), x)
  }
  return sum + cost.terminal(x)
}

describe('the swing-up of a pendulum with a weak motor', () => {
  test('ends upright, within the limits, at a minimum of the cost of the rollout', async () => {
    const found = await ilqr(dynamics, { ...hanging, guess: push }, { tolerance: 1e-10, maxIterations: 500 })
    expect(found.result).toBe('solved')
    expect(Math.abs(found.X[2 * N]! - Math.PI)).toBeLessThan(0.05)
    expect(Math.max(...found.U.map(Math.abs))).toBeLessThanOrEqual(LIMIT)
    expect(found.clamped).toBeGreaterThan(0)
    expect(play(found.U)).toBeCloseTo(found.cost, 9)
    for (let k = 0; k < N; k++) {
      const side = (sign: number) => {
        const U = found.U.slice()
        U[k]! += sign * 1e-6 // open-loop, controls of the beginning move the end 300 times as much
        return play(U)
      }
      const slope = (side(1) - side(-1)) / 2e-6
      const isHeld = Math.abs(found.U[k]!) === LIMIT && slope * found.U[k]! < 0
      if (!isHeld) expect(Math.abs(slope)).toBeLessThan(1e-3)
    }
  })

  test.each(REGULARIZATIONS.filter((kind) => kind !== 'none'))(
    'regularization %s finds as good a swing',
    async (kind) => {
      const found = await ilqr(dynamics, { ...hanging, guess: push }, { regularization: { kind, initial: 1 } })
      expect(found.result).toBe('solved')
      expect(Math.abs(found.X[2 * N]! - Math.PI)).toBeLessThan(0.05)
    },
  )

  test('the best of all step lengths lowers the merit at least as much as the first that will do', async () => {
    const first = await ilqr(dynamics, { ...hanging, guess: push }, { maxIterations: 1 })
    const best = await ilqr(dynamics, { ...hanging, guess: push }, { maxIterations: 1, lineSearch: { pick: 'best' } })
    expect(best.history[0]!.actual).toBeGreaterThanOrEqual(first.history[0]!.actual)
    expect(best.cost).toBe(play(best.U))
  })

  test('a straight line of states as a guess: gaps are closed, and the motion is one of the engine', async () => {
    const X = Float64Array.from({ length: 2 * (N + 1) }, (_, i) => (i % 2 === 0 ? (Math.PI * (i >> 1)) / N : 0))
    const found = await ilqr(dynamics, { ...hanging, guess: { X } })
    expect(found.result).toBe('solved')
    expect(found.history[0]!.largestGap).toBeGreaterThan(0)
    expect(found.largestGap).toBe(0)
    expect(play(found.U)).toBeCloseTo(found.cost, 9)
    expect(Math.abs(found.X[2 * N]! - Math.PI)).toBeLessThan(0.05)
    for (const { actual, expected } of found.history) expect([actual > 0, expected > 0]).toEqual([true, true])
  })

  test('with rotations, too, a full step leaves no gap, not even rounding', async () => {
    const engine = await createEngine(await loadScene('quadrotor'))
    const { layout, home } = engine
    const flying = sensedDynamics(engine)
    const hover = quadraticTracking(flying, {
      Q: Matrix.eye(layout.ndx),
      R: Matrix.eye(layout.nu),
      xGoal: home.x,
      uGoal: home.u,
    })
    const x0 = new Float64Array(layout.nx)
    engine.integrate(
      home.x,
      Float64Array.from({ length: layout.ndx }, (_, j) => 0.1 * (j + 1)),
      x0,
    )
    const U = Float64Array.from({ length: 20 * layout.nu }, (_, k) => home.u[k % layout.nu]!)
    const found = await ilqr(flying, { x0, cost: hover, N: 20, guess: { U } })
    expect([found.result, found.largestGap]).toEqual(['solved', 0])
    for (const { largestGap } of found.history) expect(largestGap).toBe(0)
  })

  test('progress is told, and an abort heard', async () => {
    const heard: IlqrIteration[] = []
    await ilqr(
      dynamics,
      { ...hanging, guess: push },
      { maxIterations: 3, onProgress: (_d, _t, last) => heard.push(last) },
    )
    expect(heard.map(({ iteration }) => iteration)).toEqual([1, 2, 3])
    const stop = new AbortController()
    const running = ilqr(
      dynamics,
      { ...hanging, guess: push },
      { signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) },
    )
    await expect(running).rejects.toThrow('enough')
  })

  test('the counts of the history are those of the engine', async () => {
    let steps = 0
    const counted = {
      ...pendulum,
      step: (...args: Parameters<typeof pendulum.step>) => {
        steps++
        pendulum.step(...args)
      },
    }
    const found = await ilqr(
      sensedDynamics(counted, { method: 'dense' }),
      { ...hanging, guess: push },
      { maxIterations: 7 },
    )
    const { rollouts, derivatives } = found.calls
    expect(rollouts + derivatives).toBe(steps)
    expect(derivatives).toBe(found.history.reduce((sum, one) => sum + one.derivatives.calls, 0))
    expect(derivatives).toBeLessThanOrEqual(1.05 * found.calls.denseDerivatives)
    expect(rollouts).toBe(N * (1 + found.history.reduce((sum, one) => sum + one.rollouts, 0)))
  })
})

describe('what can’t be done is told', () => {
  const inf = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const

  test('a cost without a minimum: the control and the time', async () => {
    const linear = linearDynamics([[1]], [[1]], inf)
    const odd = quadraticTracking(linear, { Q: [[0]], R: [[-1]], Qf: [[0]], xGoal: new Float64Array(1) })
    const problem = { x0: Float64Array.of(1), cost: odd, N: 4 }
    const found = await ilqr(linear, problem, { regularization: { kind: 'none' } })
    expect(found.result).toBe('indefinite')
    expect(found.message).toBe('Quu is not positive definite for u0 at t = 0.3 s, without regularization')
    const regularized = await ilqr(linear, problem, { regularization: { largest: 0.1 } })
    expect(regularized.message).toMatch(/^Quu is not positive definite for u0 at t = 0.3 s, at μ = 1e-1$/)
  })

  test('a guess that leaves the numbers: the coordinate and the time', async () => {
    const linear = linearDynamics([[1e200]], [[1]], inf)
    const plain = quadraticTracking(linear, { Q: [[0]], R: [[1]], xGoal: new Float64Array(1) })
    const found = await ilqr(linear, { x0: Float64Array.of(1), cost: plain, N: 5 })
    expect([found.result, found.lost]).toEqual(['diverged', { step: 1, time: 0.1, coordinate: 'x0' }])
    expect(found.message).toMatch(/^the guess gives no finite x0 from t = 0.1 s on; give guess.X/)
  })

  test('a step from near the trajectory without numbers names coordinate and knot', async () => {
    const broken = {
      ...pendulum,
      derivatives: undefined as never,
      step: (x: Float64Array, u: Float64Array, next: Float64Array) => {
        pendulum.step(x, u, next)
        if (u[0]! > 0.1) next[1] = Number.NaN
      },
    }
    const trial = ilqr(sensedDynamics(broken, { method: 'dense' }), { ...hanging, guess: push })
    await expect(trial).rejects.toThrow(/'pendulum.velocity' is NaN .*near knot 0, t = 0 s/)
  })

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['both N and duration', () => ilqr(dynamics, { ...hanging, duration: 1 }), /give N, .* or duration in s, not both/],
    ['neither', () => ilqr(dynamics, { x0: hanging.x0, cost }), /give N/],
    ['a short x0', () => ilqr(dynamics, { ...hanging, x0: new Float64Array(3) }), /x0 must have nx = 2 entries, got 3/],
    [
      'a short guess',
      () => ilqr(dynamics, { ...hanging, guess: { U: new Float64Array(3) } }),
      /guess.U must have N·nu = 60·1 entries/,
    ],
    [
      'NaN in a guess',
      () => ilqr(dynamics, { ...hanging, guess: { U: new Float64Array(N).fill(Number.NaN) } }),
      /guess.U\[0\] is NaN/,
    ],
    [
      'crossed limits',
      () => ilqr(dynamics, { ...hanging, limits: { low: Float64Array.of(1), high: Float64Array.of(0) } }),
      /limits of motor must have low ≤ high/,
    ],
    [
      'an unknown regularization',
      () => ilqr(dynamics, hanging, { regularization: { kind: 'much' as never } }),
      /kind must be one of control, state/,
    ],
    [
      'a factor of 1',
      () => ilqr(dynamics, hanging, { regularization: { factor: 1 } }),
      /factor must be finite and > 1, got 1/,
    ],
  ])('misuse throws: %s', async (_, run, message) => {
    await expect(run()).rejects.toThrow(message)
  })
})
