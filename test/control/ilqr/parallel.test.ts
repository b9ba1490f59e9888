import { Matrix } from 'ml-matrix'
import { expect, test } from 'vitest'
import { ilqr } from '../../../src/control/ilqr/ilqr.ts'
import { quadraticTracking } from '../../../src/control/ilqr/quadraticTracking.ts'
import { createEngine } from '../../../src/engine/createEngine.ts'
import { rolloutBlackbox } from '../../../src/control/ilqr/rolloutBlackbox.ts'
import type { Dynamics } from '../../../src/linearization/trajectory/dynamics.ts'
import { openEnginePool } from '../../../src/experiment/openEnginePool.ts'
import { pointFromNames } from '../../../src/experiment/point.ts'
import { taskCost } from '../../../src/experiment/taskCost.ts'
import { sensedDynamics } from '../../../src/linearization/trajectory/sensedDynamics.ts'
import { loadScene } from '../../../src/scene/loadScene.ts'

test('step lengths rolled out by workers all at once give the same plan, bit for bit, in as many steps', async () => {
  const scene = await loadScene('cartpole')
  const engine = await createEngine(scene)
  const pool = await openEnginePool(scene, { workers: 2, headStart: 0 })
  let shared = 0
  const counting = {
    ...pool,
    rollouts(...asked: Parameters<NonNullable<typeof pool.rollouts>>) {
      shared++
      return pool.rollouts!(...asked)
    },
  }
  const { x: x0 } = pointFromNames(engine, { positions: { pole: [1.4] }, velocities: {}, controls: {} })
  const solve = (withPool: typeof counting | undefined) => {
    const dynamics = sensedDynamics(engine, { pool: withPool })
    const { Q, R } = taskCost(scene.task!, engine.layout)
    const cost = quadraticTracking(dynamics, { Q, R, Qf: Q.clone().mul(50), xGoal: engine.home.x })
    return ilqr(dynamics, { x0, cost, duration: 0.6 }, { maxIterations: 8, lineSearch: { pick: 'best' } })
  }
  try {
    const { timings: _one, ...serial } = await solve(undefined)
    const { timings: _other, ...parallel } = await solve(counting)
    expect(parallel).toEqual(serial)
    // Ten rollouts of 60 steps an iteration, and the guess; none is done twice.
    const tried = serial.history.reduce((sum, { rollouts }) => sum + rollouts, 0)
    expect(tried).toBe(10 * shared)
    expect(serial.calls.rollouts).toBe(60 * (tried + 1))
    expect(serial.history.some(({ stepLength }) => stepLength < 1 && stepLength > 1e-3)).toBe(true)
  } finally {
    await pool.close()
    engine.dispose()
  }
})

test('step lengths that lead to no numbers are lost in the same way, and cost the steps up to there', async () => {
  const engine = await createEngine(await loadScene('cartpole'))
  const { nx } = engine.layout
  let steps = 0
  const plain = sensedDynamics(engine)
  const fragile: Dynamics = {
    ...plain,
    step(x, u, xNext) {
      steps++
      plain.step(x, u, xNext)
      if (Math.abs(xNext[3]!) > 4) xNext[3] = Number.NaN // the pole turns faster than it holds
    },
  }
  const sharing: Dynamics = {
    ...fragile,
    rollouts(task) {
      const blackbox = rolloutBlackbox(fragile, task)
      const { outputs, evaluate } = blackbox
      return {
        ...blackbox,
        evaluateBatch: (Z, Y, count) => {
          for (let p = 0; p < count; p++) evaluate(Z.subarray(p, p + 1), Y.subarray(p * outputs, (p + 1) * outputs))
          return Promise.resolve()
        },
      }
    },
  }
  const x0 = new Float64Array(nx)
  x0[1] = 0.9
  const solve = async (dynamics: Dynamics) => {
    const cost = quadraticTracking(dynamics, {
      Q: Matrix.eye(4),
      R: [[1e-4]],
      Qf: Matrix.eye(4, 4, 1e3),
      xGoal: engine.home.x,
    })
    const before = steps
    const { timings: _, ...found } = await ilqr(
      dynamics,
      { x0, cost, duration: 0.3, limits: 'none' },
      { maxIterations: 6, lineSearch: { pick: 'best' } },
    )
    expect(found.calls.rollouts).toBe(steps - before)
    return found
  }
  const serial = await solve(fragile)
  expect(await solve(sharing)).toEqual(serial)
  const tried = serial.history.reduce((sum, { rollouts }) => sum + rollouts, 0)
  expect(serial.calls.rollouts).toBeLessThan(30 * (tried + 1)) // some ended early
  engine.dispose()
})
