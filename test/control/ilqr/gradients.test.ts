/** Derivatives of costs and of the whole problem, against finite differences of the simulator's own rollouts. */
import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { createBackwardPass, type LocalProblem } from '../../../src/control/ilqr/backwardPass.ts'
import { quadraticTracking } from '../../../src/control/ilqr/quadraticTracking.ts'
import type { TrajectoryCost } from '../../../src/control/ilqr/trajectoryCost.ts'
import { createEngine } from '../../../src/engine/createEngine.ts'
import type { Engine } from '../../../src/engine/engine.ts'
import { random } from '../../../src/linalg/random.ts'
import { sensedDynamics } from '../../../src/linearization/trajectory/sensedDynamics.ts'
import { loadScene } from '../../../src/scene/loadScene.ts'

const quadrotor = await createEngine(await loadScene('quadrotor'))

/** A state far from home in all coordinates, turned by a large angle. */
function somewhere(engine: Engine, seed: number, size = 1): Float64Array {
  const source = random(seed)
  const x = new Float64Array(engine.layout.nx)
  engine.integrate(
    engine.home.x,
    Float64Array.from({ length: engine.layout.ndx }, () => size * source.normal()),
    x,
  )
  return x
}

function weights(n: number, seed: number): Matrix {
  const source = random(seed)
  const M = new Matrix(Array.from({ length: n }, () => Array.from({ length: n }, () => source.normal())))
  return M.mmul(M.transpose())
}

describe('x ⊖ xGoal', () => {
  test.each([1, 2, 3, 4, 5, 6])('its derivative on rotations is that of differences (state %i)', (seed) => {
    const { ndx, nx } = quadrotor.layout
    const dynamics = sensedDynamics(quadrotor)
    const [x1, x0] = [somewhere(quadrotor, seed, 0.7), somewhere(quadrotor, seed + 50, 0.7)]
    const E = new Float64Array(ndx * ndx)
    dynamics.differenceJacobian(x1, x0, E)
    // an engine that does not know it
    const { differenceJacobian: _, ...without } = quadrotor
    const other = new Float64Array(ndx * ndx)
    sensedDynamics(without).differenceJacobian(x1, x0, other)
    for (let k = 0; k < E.length; k++) expect(E[k]! - other[k]!).toBeCloseTo(0, 8)
    expect(nx).toBe(ndx + 1)
    expect(Math.max(...E.map((value, k) => Math.abs(value - (k % (ndx + 1) === 0 ? 1 : 0))))).toBeGreaterThan(0.05)
  })

  test('it stays finite at a half turn', () => {
    const { ndx } = quadrotor.layout
    const half = quadrotor.home.x.slice()
    half.set([0, 1, 0, 0], 3)
    const E = new Float64Array(ndx * ndx)
    sensedDynamics(quadrotor).differenceJacobian(half, quadrotor.home.x, E)
    expect(E.every(Number.isFinite)).toBe(true)
  })
})

test('the gradient of quadratic tracking is that of its values', () => {
  const { ndx, nu, nx } = quadrotor.layout
  const dynamics = sensedDynamics(quadrotor)
  const cost = quadraticTracking(dynamics, {
    Q: weights(ndx, 1),
    R: weights(nu, 2),
    Qf: weights(ndx, 3),
    xGoal: somewhere(quadrotor, 4, 0.5),
    uGoal: Float64Array.of(1, 2, 3, 4),
    per: 'second',
  })
  const x = somewhere(quadrotor, 5, 0.5)
  const u = Float64Array.of(0.5, -1, 2, 0.3)
  const into = {
    lx: new Float64Array(ndx),
    lu: new Float64Array(nu),
    lxx: new Float64Array(ndx * ndx),
    lux: new Float64Array(nu * ndx),
    luu: new Float64Array(nu * nu),
  }
  const moved = new Float64Array(nx)
  const slope = (value: (x: Float64Array, u: Float64Array) => number, j: number) => {
    const h = 1e-5
    const at = (side: number) => {
      const d = new Float64Array(ndx)
      const v = u.slice()
      if (j < ndx) d[j] = side * h
      else v[j - ndx]! += side * h
      quadrotor.integrate(x, d, moved)
      return value(moved, v)
    }
    return (at(1) - at(-1)) / (2 * h)
  }
  cost.expandRunning(x, u, 0, into)
  for (let j = 0; j < ndx; j++) expect(into.lx[j]! - slope((a, b) => cost.running(a, b, 0), j)).toBeCloseTo(0, 6)
  for (let a = 0; a < nu; a++)
    expect(into.lu[a]! - slope((one, b) => cost.running(one, b, 0), ndx + a)).toBeCloseTo(0, 6)
  cost.expandTerminal(x, into)
  for (let j = 0; j < ndx; j++) expect(into.lx[j]! - slope((a) => cost.terminal(a), j)).toBeCloseTo(0, 4)
})

/** Σ of the costs of a rollout, from x0 ⊕ δ. */
function total(engine: Engine, cost: TrajectoryCost, x0: Float64Array, U: Float64Array): number {
  const { nu } = engine.layout
  const x = x0.slice()
  let sum = 0
  for (let k = 0; k < U.length / nu; k++) {
    const u = U.slice(k * nu, (k + 1) * nu)
    sum += cost.running(x, u, k)
    engine.step(x, u, x)
  }
  return sum + cost.terminal(x)
}

test.each(['quadrotor', 'double-cartpole'])(
  '%s: the adjoint of sensed A and B is the gradient of the rollout',
  async (name) => {
    const engine = await createEngine(await loadScene(name))
    const { nx, ndx: n, nu: m } = engine.layout
    const N = 8
    const dynamics = sensedDynamics(engine, { scheme: 'central' })
    const cost = quadraticTracking(dynamics, { Q: weights(n, 1), R: weights(m, 2), xGoal: engine.home.x })
    const source = random(3)
    const U = Float64Array.from({ length: N * m }, (_, k) => engine.home.u[k % m]! + 0.3 * source.normal())
    const X = new Float64Array((N + 1) * nx)
    const F = new Float64Array(N * nx)
    X.set(somewhere(engine, 8, 0.3))
    for (let k = 0; k < N; k++) {
      engine.step(X.slice(k * nx, (k + 1) * nx), U.slice(k * m, (k + 1) * m), F.subarray(k * nx, (k + 1) * nx))
      X.set(F.subarray(k * nx, (k + 1) * nx), (k + 1) * nx)
    }
    // controls that may not move: the cost to go is that of the rollout, and its gradient the adjoint
    const sizes = { A: N * n * n, B: N * n * m, gaps: (N + 1) * n, lx: (N + 1) * n, lxx: (N + 1) * n * n, lu: N * m }
    const more = { luu: N * m * m, lux: N * m * n, low: N * m, high: N * m }
    const arrays = Object.entries({ ...sizes, ...more }).map(([key, size]) => [key, new Float64Array(size)])
    const problem: LocalProblem = { N, ...Object.fromEntries(arrays) }
    await dynamics.linearizeInto(problem.A, problem.B, { N, X, U, F })
    for (let k = 0; k < N; k++)
      cost.expandRunning(X.slice(k * nx, (k + 1) * nx), U.slice(k * m, (k + 1) * m), k, {
        lx: problem.lx.subarray(k * n, (k + 1) * n),
        lxx: problem.lxx.subarray(k * n * n, (k + 1) * n * n),
        lu: problem.lu.subarray(k * m, (k + 1) * m),
        luu: problem.luu.subarray(k * m * m, (k + 1) * m * m),
        lux: problem.lux.subarray(k * m * n, (k + 1) * m * n),
      })
    cost.expandTerminal(X.slice(N * nx), { lx: problem.lx.subarray(N * n), lxx: problem.lxx.subarray(N * n * n) })
    const pass = createBackwardPass(N, n, m)
    expect(pass.run(problem, 0, 'none')).toBe(-1)

    const x0 = X.slice(0, nx)
    const scale = total(engine, cost, x0, U)
    const h = 1e-5
    for (let j = 0; j < n; j++) {
      const side = (sign: number) => {
        const moved = new Float64Array(nx)
        engine.integrate(
          x0,
          Float64Array.from({ length: n }, (_, i) => (i === j ? sign * h : 0)),
          moved,
        )
        return total(engine, cost, moved, U)
      }
      expect((pass.Vx[j]! - (side(1) - side(-1)) / (2 * h)) / scale).toBeCloseTo(0, 6)
    }
    for (const k of [0, 3, N - 1])
      for (let a = 0; a < m; a++) {
        const side = (sign: number) => {
          const moved = U.slice()
          moved[k * m + a]! += sign * h
          return total(engine, cost, x0, moved)
        }
        let slope = problem.lu[k * m + a]!
        for (let i = 0; i < n; i++) slope += problem.B[(k * n + i) * m + a]! * pass.Vx[(k + 1) * n + i]!
        expect((slope - (side(1) - side(-1)) / (2 * h)) / scale).toBeCloseTo(0, 6)
      }
  },
)
