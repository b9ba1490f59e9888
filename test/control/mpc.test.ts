import { describe, expect, test } from 'vitest'
import { Matrix } from 'ml-matrix'
import { dare } from '../../src/control/dare.ts'
import { quadraticTracking } from '../../src/control/ilqr/quadraticTracking.ts'
import { lqr } from '../../src/control/lqr.ts'
import { lqrController } from '../../src/control/lqrController.ts'
import { mpc } from '../../src/control/mpc/mpc.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { simulate } from '../../src/experiment/simulate.ts'
import { taskCost } from '../../src/experiment/taskCost.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { sensedDynamics } from '../../src/linearization/trajectory/sensedDynamics.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { linearDynamics, randomProblem } from './ilqr/linearDynamics.ts'

const free = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const

describe('on a linear system', () => {
  const { A, B, Q, R, x0 } = randomProblem(3, 2, 4)
  const { P } = dare(A, B, Q, R)
  const { K } = lqr({ A, B }, { Q, R })
  const origin = { x: new Float64Array(3), u: new Float64Array(2) }
  const engineOf = (range: readonly [number, number]): Engine => ({
    ...linearDynamics(A, B, range),
    name: 'linear',
    home: origin,
    dispose: () => {},
  })

  test('whatever the horizon, with P at its end and no limits it is LQR', async () => {
    const engine = engineOf(free)
    const dynamics = linearDynamics(A, B, free)
    const controller = mpc(dynamics, {
      cost: quadraticTracking(dynamics, { Q, R, Qf: P!, xGoal: origin.x }),
      N: 4,
    })
    const run = await simulate(engine, controller, { x0, duration: 2 })
    const lin = { A: new Matrix(A), xBar: origin.x, uBar: origin.u }
    const expected = await simulate(engine, lqrController(lin, K!, dynamics.difference), { x0, duration: 2 })
    for (let k = 0; k < run.U.length; k++) expect(run.U[k]! - expected.U[k]!).toBeCloseTo(0, 8)
    expect(controller.report()).toMatchObject({ plans: 20, failures: [] })
  })

  test('planning every third step only, with the plan’s own feedback between, is LQR as well', async () => {
    const dynamics = linearDynamics(A, B, free)
    const cost = quadraticTracking(dynamics, { Q, R, Qf: P!, xGoal: origin.x })
    const controller = mpc(dynamics, { cost, N: 5 }, { every: 3 })
    const kick = { time: 0.4, coordinate: 'x1', amount: 0.5 } // between two plans
    const run = await simulate(engineOf(free), controller, { x0, duration: 2, disturbances: [kick] })
    const lin = { A: new Matrix(A), xBar: origin.x, uBar: origin.u }
    const plain = lqrController(lin, K!, dynamics.difference)
    const expected = await simulate(engineOf(free), plain, { x0, duration: 2, disturbances: [kick] })
    for (let k = 0; k < run.U.length; k++) expect(run.U[k]! - expected.U[k]!).toBeCloseTo(0, 8)
    expect(controller.report().plans).toBe(7)
  })

  test('a run that begins again begins with a new plan, and gives the same', async () => {
    const dynamics = linearDynamics(A, B, [-1, 1])
    const controller = mpc(dynamics, { cost: quadraticTracking(dynamics, { Q, R, xGoal: origin.x }), N: 8 })
    const first = await simulate(engineOf([-1, 1]), controller, { x0, duration: 1 })
    const second = await simulate(engineOf([-1, 1]), controller, { x0, duration: 1 })
    expect(second.U).toEqual(first.U)
    expect(controller.report().plans).toBe(10)
  })

  test('a goal that moves is followed', async () => {
    const dynamics = linearDynamics([[1]], [[1]], free)
    const costAt = (step: number) =>
      quadraticTracking(dynamics, {
        Q: [[1]],
        R: [[1e-9]],
        xGoal: Float64Array.from({ length: 4 }, (_, k) => (step + k) ** 2),
      })
    const controller = mpc(dynamics, { cost: costAt, N: 3 })
    const engine: Engine = {
      ...linearDynamics([[1]], [[1]], free),
      name: 'sum',
      home: { x: new Float64Array(1), u: new Float64Array(1) },
      dispose: () => {},
    }
    const { X } = await simulate(engine, controller, { duration: 1 })
    for (let k = 0; k <= 10; k++) expect(X[k]! - k ** 2).toBeCloseTo(0, 5)
  })
})

test('the cart-pole is caught from where LQR alone falls, within the limits of its motor', async () => {
  const scene = await loadScene('cartpole')
  const engine = await createEngine(scene)
  const cost = taskCost(scene.task!, engine.layout)
  const lin = await linearize(engine)
  const { K, P } = lqr(lin, cost)
  const x0 = engine.home.x.slice()
  x0[1] = 1.1
  const standing = lqrController(lin, K!, engine.difference)
  const fallen = await simulate(engine, standing, { x0, duration: 2 })
  expect(Math.abs(fallen.dX.at(-3)!)).toBeGreaterThan(0.5)
  const dynamics = sensedDynamics(engine)
  const goal = { ...cost, Qf: P!, xGoal: engine.home.x }
  const controller = mpc(dynamics, { cost: quadraticTracking(dynamics, goal), N: 40 }, { every: 2 })
  const run = await simulate(engine, controller, { x0, duration: 2 })
  expect(Math.abs(run.dX.at(-3)!)).toBeLessThan(0.1)
  expect(run.saturatedFraction).toBe(0)
  const { plans, calls, failures, realTimeFactor } = controller.report()
  expect([plans, failures]).toEqual([100, []])
  expect(calls.derivatives).toBeGreaterThan(0)
  expect(realTimeFactor).toBeGreaterThan(0)
})

test('misuse throws', () => {
  const dynamics = linearDynamics([[1]], [[1]], free)
  const cost = quadraticTracking(dynamics, { Q: [[1]], R: [[1]], xGoal: new Float64Array(1) })
  expect(() => mpc(dynamics, { cost })).toThrow(/mpc: give N, the number of steps, or duration/)
  expect(() => mpc(dynamics, { cost, N: 3 }, { every: 4 })).toThrow(/every must be at most N = 3, got 4/)
  expect(() => mpc(dynamics, { cost, N: 3 }, { iterations: 0 })).toThrow(/iterations must be an integer ≥ 1, got 0/)
  expect(() => mpc(dynamics, { cost, N: 3 }).control(new Float64Array(1), 0, new Float64Array(1))).toThrow(
    /await prepare/,
  )
})
