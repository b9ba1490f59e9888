import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { gainSchedule } from '../../src/control/gainSchedule.ts'
import { gainScheduleController } from '../../src/control/gainScheduleController.ts'
import { lqr } from '../../src/control/lqr.ts'
import { lqrController } from '../../src/control/lqrController.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import { simulate } from '../../src/experiment/simulate.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { linearEngine } from '../experiment/engines.ts'

const line = linearEngine([[1]], [[1]])
const pointOf = (at: number, a: number, k: number, x = at, u = -at) => ({
  at,
  lin: { A: new Matrix([[a]]), B: new Matrix([[1]]), xBar: Float64Array.of(x), uBar: Float64Array.of(u) },
  K: [[k]],
})
const valuesAt = (schedule: ReturnType<typeof gainSchedule>, sigma: number) => {
  const out = { K: new Float64Array(1), xBar: new Float64Array(1), uBar: new Float64Array(1) }
  schedule.at(sigma, out)
  return [out.K[0]!, out.xBar[0]!, out.uBar[0]!]
}

describe('gainSchedule', () => {
  test('is exact at its points, linear in between, and holds beyond the ends; points in any order', () => {
    const schedule = gainSchedule([pointOf(2, 1.2, 0.6), pointOf(0, 1.1, 0.2), pointOf(3, 1.2, 1)], line)
    expect(valuesAt(schedule, 0)).toEqual([0.2, 0, -0])
    expect(valuesAt(schedule, 2)).toEqual([0.6, 2, -2])
    for (const [sigma, expected] of [
      [0.5, [0.3, 0.5, -0.5]],
      [2.25, [0.7, 2.25, -2.25]],
      [-7, [0.2, 0, 0]],
      [9, [1, 3, -3]],
    ] as const)
      for (const [k, value] of valuesAt(schedule, sigma).entries()) expect(value).toBeCloseTo(expected[k]!, 13)
    expect(schedule.range).toEqual([0, 3])
    expect(schedule.intervals.map(({ change }) => change)).toEqual([expect.closeTo(2 / 3, 12), expect.closeTo(0.4, 12)])
  })

  test('a middle that does not stabilize its neighbours is named', () => {
    // Gains of opposite signs for controls that act in opposite directions: the mean acts in none.
    const turned = { ...pointOf(1, 1.2, -0.8), lin: { ...pointOf(1, 1.2, 0).lin, B: new Matrix([[-1]]) } }
    const schedule = gainSchedule([pointOf(0, 1.2, 0.8), turned], line)
    expect(schedule.result).toBe('coarse')
    expect(schedule.message).toContain('between 0 and 1')
    expect(schedule.intervals[0]!.radius).toBeCloseTo(1.2, 12)
  })

  test('a middle without feedback is coarse where nothing grows, too: what is held at the points would drift', () => {
    // Integrators with gains of opposite signs for controls that act in opposite directions: the mean is zero.
    const turned = { ...pointOf(1, 1, -0.8), lin: { ...pointOf(1, 1, 0).lin, B: new Matrix([[-1]]) } }
    const schedule = gainSchedule([pointOf(0, 1, 0.8), turned], line)
    expect(schedule.intervals[0]!.radius).toBe(1)
    expect(schedule.result).toBe('coarse')
    // What their own gains leave where it is may stay there.
    expect(gainSchedule([pointOf(0, 1, 0), pointOf(1, 1, 0)], line).result).toBe('solved')
  })

  test('the nominal state stays a unit quaternion between points', async () => {
    const engine = await createEngine(await loadScene('quadrotor'))
    const { nx, ndx, nu } = engine.layout
    const turned = engine.home.x.slice()
    const dx = new Float64Array(ndx)
    dx[3] = 1.5
    engine.integrate(turned, dx, turned)
    const at = (sigma: number, xBar: Float64Array) => ({
      at: sigma,
      lin: { A: Matrix.eye(ndx, ndx, 0.5), B: Matrix.zeros(ndx, nu), xBar, uBar: engine.home.u },
      K: Matrix.zeros(nu, ndx),
    })
    const schedule = gainSchedule([at(0, engine.home.x), at(1, turned)], engine)
    const out = { K: new Float64Array(nu * ndx), xBar: new Float64Array(nx), uBar: new Float64Array(nu) }
    schedule.at(0.3, out)
    expect(Math.hypot(...out.xBar.subarray(3, 7))).toBeCloseTo(1, 14)
    engine.difference(out.xBar, engine.home.x, dx)
    expect(dx[3]).toBeCloseTo(0.45, 12)
    engine.dispose()
  })

  test('follows a pendulum held at angles far from home, where one gain and one torque leave an error', async () => {
    const engine = await createEngine(await loadScene('pendulum'), { engine: 'reference' })
    const torque = 9.81 * 0.25 // m g l at 90°, of 1 kg at 0.25 m
    const points = await Promise.all(
      [0, 0.4, 0.8, 1.2, 1.6, 2].map(async (angle) => {
        const point = { x: Float64Array.of(angle, 0), u: Float64Array.of(torque * Math.sin(angle)) }
        const lin = await linearize(engine, point)
        return { at: angle, lin, K: lqr(lin, { Q: Matrix.diag([10, 1]), R: [[1]] }).K! }
      }),
    )
    for (const { lin } of points) expect(Math.max(...lin.c.map(Math.abs))).toBeLessThan(1e-9) // held indeed
    const schedule = gainSchedule(points, engine)
    expect(schedule.result).toBe('solved')
    const asked = (_x: Float64Array, t: number) => Math.min(t / 4, 1.7)
    const scheduled = gainScheduleController(schedule, asked, engine.layout, engine)
    const run = await simulate(engine, scheduled, { x0: Float64Array.of(0, 0), duration: 12 })
    expect(run.result).toBe('completed')
    const home = points[0]!
    const single = lqrController({ ...home.lin, xBar: Float64Array.of(1.7, 0) }, home.K, engine.difference)
    const other = await simulate(engine, single, { x0: Float64Array.of(0, 0), duration: 12 })
    expect(Math.abs(run.X.at(-2)! - 1.7)).toBeLessThan(0.02) // torque between points is not quite linear
    expect(Math.abs(other.X.at(-2)! - 1.7)).toBeGreaterThan(0.1)
    engine.dispose()
  })

  test('misuse throws', () => {
    expect(() => gainSchedule([pointOf(0, 1, 1)], line)).toThrow('at least two points, got 1')
    expect(() => gainSchedule([pointOf(0, 1, 1), pointOf(0, 1, 1)], line)).toThrow('two points at 0')
    expect(() => gainSchedule([pointOf(Number.NaN, 1, 1), pointOf(0, 1, 1)], line)).toThrow(
      'at must be a finite number',
    )
    expect(() => gainSchedule([{ ...pointOf(0, 1, 1), K: [[1, 2]] }, pointOf(1, 1, 1)], line)).toThrow(
      'at 0: K must be [nu × ndx] = [1 × 1]',
    )
  })
})
