/** Gradients of closed-loop costs against differences of the costs themselves. */
import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { createEngine } from '../../src/engine/createEngine.ts'
import { linearPolicy, mlpPolicy, type Policy, toeplitzPolicy } from '../../src/learn/policy/policies.ts'
import { rolloutCost } from '../../src/learn/policy/rolloutTask.ts'
import { random } from '../../src/linalg/random.ts'
import { sensedDynamics } from '../../src/linearization/trajectory/sensedDynamics.ts'
import { loadScene } from '../../src/scene/loadScene.ts'

const KINDS: readonly (readonly [string, (n: number, m: number) => Policy])[] = [
  ['linear', (n, m) => linearPolicy(n, m)],
  ['Toeplitz', (n, m) => toeplitzPolicy(n, m)],
  ['Toeplitz of two layers', (n, m) => toeplitzPolicy(n, m, [8])],
  ['network', (n, m) => mlpPolicy(n, m, [7, 5])],
]

describe.each(KINDS)('a %s policy', (_what, make) => {
  test('pulls back by parameters and state what differences of its values say', () => {
    const policy = make(4, 2)
    const source = random(7)
    const theta = policy.initial(3).map((value) => value + 0.3 * source.normal())
    const dx = Float64Array.from({ length: 4 }, () => source.normal())
    const w = Float64Array.of(0.7, -1.3)
    const gTheta = new Float64Array(policy.parameters)
    const gDx = new Float64Array(4)
    policy.pullback(theta, dx, w, gTheta, gDx)
    const value = (t: Float64Array, z: Float64Array) => {
      const out = new Float64Array(2)
      policy.act(t, z, out)
      return out[0]! * w[0]! + out[1]! * w[1]!
    }
    const h = 1e-6
    const slope = (at: Float64Array, k: number, f: (v: Float64Array) => number) => {
      const [up, down] = [at.slice(), at.slice()]
      up[k]! += h
      down[k]! -= h
      return (f(up) - f(down)) / (2 * h)
    }
    for (let k = 0; k < theta.length; k++)
      expect(gTheta[k]).toBeCloseTo(
        slope(theta, k, (t) => value(t, dx)),
        7,
      )
    for (let k = 0; k < 4; k++)
      expect(gDx[k]).toBeCloseTo(
        slope(dx, k, (z) => value(theta, z)),
        7,
      )
  })
})

describe.each(['cartpole', 'quadrotor'])('%s: the gradient of the cost of a run', (name) => {
  test('is that of differences of the cost, and the steps are those of the engine', async () => {
    const engine = await createEngine(await loadScene(name))
    const { ndx, nu, nx } = engine.layout
    let steps = 0
    const counted = {
      ...engine,
      step: (x: Float64Array, u: Float64Array, next: Float64Array) => {
        steps++
        engine.step(x, u, next)
      },
    }
    const dynamics = sensedDynamics(counted)
    const policy = mlpPolicy(ndx, nu, [6])
    const horizon = 12
    const task = {
      xGoal: engine.home.x,
      uGoal: engine.home.u,
      Q: Matrix.eye(ndx, ndx),
      R: Matrix.eye(nu, nu, 0.1),
      terminal: Matrix.eye(ndx, ndx, 3),
      horizon,
    }
    const { gradient, cost } = rolloutCost(dynamics, policy, task)
    const source = random(5)
    const theta = policy.initial(2).map((value) => value + 0.2 * source.normal())
    const starts = [0, 1].map(() => {
      const x = new Float64Array(nx)
      engine.integrate(
        engine.home.x,
        Float64Array.from({ length: ndx }, () => 0.2 * source.normal()),
        x,
      )
      return x
    })
    const g = new Float64Array(policy.parameters)
    const report = await gradient(theta, starts, g)
    expect(report.failed).toBeNull()
    expect(report.steps).toBe(steps)
    const h = 1e-5
    const size = Math.hypot(...g)
    for (let k = 0; k < theta.length; k += 3) {
      const [up, down] = [theta.slice(), theta.slice()]
      up[k]! += h
      down[k]! -= h
      const slope = (cost(up, starts).cost - cost(down, starts).cost) / (2 * h)
      expect(Math.abs(g[k]! - slope)).toBeLessThan(1e-5 * size)
    }
    engine.dispose()
  })
})
