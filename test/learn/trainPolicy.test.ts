/** Gradients from values alone on functions whose gradient is known, and training on a simulator. */
import { describe, expect, test } from 'vitest'
import { BlackboxError } from '../../src/blackbox/blackboxError.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import { linearPolicy, mlpPolicy } from '../../src/learn/policy/policies.ts'
import { type Decoder, perturbedGradient } from '../../src/learn/policy/perturbedGradient.ts'
import { policyController } from '../../src/learn/policy/policyController.ts'
import { rolloutCost } from '../../src/learn/policy/rolloutTask.ts'
import { trainPolicy } from '../../src/learn/policy/trainPolicy.ts'
import { random } from '../../src/linalg/random.ts'
import { sensedDynamics } from '../../src/linearization/trajectory/sensedDynamics.ts'
import { loadScene } from '../../src/scene/loadScene.ts'

const P = 12
const slopes = Float64Array.from({ length: P }, (_, j) => (j % 4 === 0 ? j - 5 : 0)) // sparse, for the lasso
const theta = Float64Array.from({ length: P }, (_, j) => 0.1 * j)
const linear = (at: Float64Array) => at.reduce((sum, value, j) => sum + slopes[j]! * value, 3)

const diagonalOf = (n: number) =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)))

function apart(found: Float64Array): number {
  return Math.hypot(...found.map((value, j) => value - slopes[j]!)) / Math.hypot(...slopes)
}

describe('a linear function', () => {
  test.each<[Decoder, number, number]>([
    ['antithetic', P, 1e-12],
    ['ridge', 2 * P, 1e-2],
    ['lasso', 2 * P, 5e-3],
    ['lp', 2 * P, 1e-9],
  ])('%s with %i directions finds its gradient', (decoder, directions, tolerance) => {
    const g = new Float64Array(P)
    let calls = 0
    const taken = perturbedGradient(P, { decoder, directions }).estimate(
      theta,
      (at) => {
        calls++
        return linear(at)
      },
      g,
    )
    expect(taken).toBe(calls)
    expect(apart(g)).toBeLessThan(tolerance)
  })

  test('a fifth of the values grossly wrong: least absolute deviations find it, ridge and averages do not', () => {
    const errorOf = (decoder: Decoder) => {
      const source = random(3)
      let first = true // the value at the parameters themselves, asked last by regressions
      const directions = 4 * P
      let left = directions
      const g = new Float64Array(P)
      perturbedGradient(P, { decoder, directions }).estimate(
        theta,
        (at) => {
          first = left-- > 0
          return linear(at) + (first && source.uniform() < 0.2 ? 100 * source.rademacher() : 0)
        },
        g,
      )
      return apart(g)
    }
    expect(errorOf('lp')).toBeLessThan(1e-9)
    expect(errorOf('ridge')).toBeGreaterThan(1)
    expect(errorOf('antithetic')).toBeGreaterThan(1)
  })

  test('values of the call before save half of the new ones', () => {
    const { estimate } = perturbedGradient(P, { decoder: 'lp', directions: P / 2 + 1, reuse: 10 })
    const g = new Float64Array(P)
    estimate(theta, linear, g)
    estimate(theta, linear, g)
    expect(apart(g)).toBeLessThan(1e-9)
  })

  test('runs that fail are left out', () => {
    const g = new Float64Array(P)
    let k = 0
    const value = (at: Float64Array) => (k++ === 3 ? Number.POSITIVE_INFINITY : linear(at))
    perturbedGradient(P, { decoder: 'lp', directions: 2 * P }).estimate(theta, value, g)
    expect(apart(g)).toBeLessThan(1e-9)
  })
})

describe('training on a cart-pole', () => {
  const task = async (horizon = 20) => {
    const engine = await createEngine(await loadScene('cartpole'))
    const { layout, home, integrate } = engine
    const diagonal = (values: readonly number[]) =>
      values.map((value, i) => values.map((_, j) => (i === j ? value : 0)))
    const policy = linearPolicy(4, 1)
    const cost = rolloutCost(sensedDynamics(engine), policy, {
      xGoal: home.x,
      uGoal: home.u,
      Q: diagonal([1, 10, 0.1, 0.1]),
      R: [[1e-3]],
      terminal: diagonal([10, 100, 10, 10]),
      horizon,
    })
    const start = (uniform: () => number) => {
      const x = new Float64Array(layout.nx)
      integrate(
        home.x,
        Float64Array.from({ length: 4 }, () => 0.4 * uniform() - 0.2),
        x,
      )
      return x
    }
    return { engine, policy, cost, start }
  }

  test('lowers the cost, counts every step, and gives the same again', async () => {
    const { policy, cost, start } = await task()
    const options = { initial: policy.initial(), start, batch: 4, iterations: 25, rate: 0.5 }
    const found = await trainPolicy(cost, options)
    expect(found.result).toBe('iterations')
    expect(found.costs.at(-1)!).toBeLessThan(found.costs[0]! / 2)
    expect(found.steps).toBeGreaterThanOrEqual(25 * 4 * 20)
    expect((await trainPolicy(cost, options)).theta).toEqual(found.theta)
    const values = await trainPolicy(cost, { ...options, iterations: 3, gradient: { directions: 4 } })
    expect(values.steps).toBe(3 * 4 * 20 * 8)
    const controller = policyController(cost, found.theta)
    const u = Float64Array.of(0)
    controller.control(
      start(() => 1),
      0,
      u,
    )
    expect(Math.abs(u[0]!)).toBeLessThanOrEqual(20)
    expect(u[0]).not.toBe(0)
  })

  test('ends when told, at a bound of steps, and when aborted', async () => {
    const { policy, cost, start } = await task()
    const options = { initial: policy.initial(), start, batch: 2, iterations: 50 }
    expect((await trainPolicy(cost, { ...options, done: (_, steps) => steps > 300 })).result).toBe('done')
    expect((await trainPolicy(cost, { ...options, maxSteps: 500 })).result).toBe('steps')
    await expect(trainPolicy(cost, { ...options, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    )
  })

  test('runs that leave the numbers are told', async () => {
    const { policy, cost } = await task()
    const far = () => Float64Array.of(0, 0, 0, 1e200)
    const found = await trainPolicy(cost, { initial: policy.initial(), start: far, batch: 1 })
    expect(found.result).toBe('diverged')
    expect(found.message).toMatch(/no gradient in 20 iterations: \S+ is \S+ after/)
  })

  test('a step beside a run that leaves the numbers loses that run only, and is told', async () => {
    const { engine, policy, start } = await task()
    const dynamics = sensedDynamics(engine)
    const sizes = { xGoal: engine.home.x, uGoal: engine.home.u, Q: diagonalOf(4), R: [[1]], horizon: 5 }
    let asked = 0
    const failing: typeof dynamics = {
      ...dynamics,
      async linearizeInto(...knots) {
        if (asked++ !== 1) return dynamics.linearizeInto(...knots)
        throw new BlackboxError({
          evaluation: 6,
          purpose: 'knot 2',
          output: 1,
          outputName: 'pole.angle',
          value: Number.NaN,
        })
      },
    }
    const starts = [0.1, 0.2, 0.3].map((value) => start(() => value))
    const theta = policy.initial()
    const [g, part] = [new Float64Array(4), new Float64Array(4)]
    const found = await rolloutCost(failing, policy, sizes).gradient(theta, starts, g)
    expect(found.failed).toMatch(/'pole.angle' is NaN at evaluation 6 \(knot 2\)/)
    expect(found.cost).toBeGreaterThan(0)
    await rolloutCost(dynamics, policy, sizes).gradient(theta, [starts[0]!, starts[2]!], part)
    for (const [k, slope] of g.entries()) expect(slope).toBeCloseTo((2 / 3) * part[k]!, 10)
    const hopeless: typeof dynamics = {
      ...failing,
      linearizeInto: async () => Promise.reject(new Error('of the disk')),
    }
    await expect(rolloutCost(hopeless, policy, sizes).gradient(theta, starts, g)).rejects.toThrow('of the disk')
  })

  test('sizes that do not fit are refused', async () => {
    const { engine, cost, start } = await task()
    const sizes = { xGoal: engine.home.x, uGoal: engine.home.u, Q: [[1]], R: [[1]], horizon: 5 }
    expect(() => rolloutCost(sensedDynamics(engine), mlpPolicy(3, 1), sizes)).toThrow(/takes 3 and gives 1.*ndx = 4/)
    expect(() => rolloutCost(sensedDynamics(engine), mlpPolicy(4, 1), sizes)).toThrow(/Q/)
    expect(() => mlpPolicy(4, 0)).toThrow(/integers ≥ 1/)
    expect(() => perturbedGradient(3, { sigma: 0 })).toThrow(/sigma/)
    expect(() => policyController(cost, [1, 2])).toThrow(/4 parameters, got 2/)
    await expect(trainPolicy(cost, { initial: new Float64Array(3), start })).rejects.toThrow(/4 parameters, got 3/)
  })
})
