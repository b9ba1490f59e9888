import { describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/createEngine.ts'
import { linearizationFromSteps } from '../../src/linearization/linearizationFromSteps.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { plannedSteps } from '../../src/linearization/plannedSteps.ts'
import { prepareLinearization } from '../../src/linearization/prepareLinearization.ts'
import { loadScene } from '../../src/scene/loadScene.ts'

async function measured(name: string, change: (xNext: Float64Array) => void = () => {}) {
  const engine = await createEngine(await loadScene(name))
  const point = engine.home
  const plan = prepareLinearization(engine, point)
  const { count, X, U, purposes } = plannedSteps(engine, point, plan)
  const { nx, nu } = engine.layout
  const XNext = new Float64Array(count * nx)
  for (let p = 0; p < count; p++) {
    const xNext = XNext.subarray(p * nx, (p + 1) * nx)
    engine.step(X.slice(p * nx, (p + 1) * nx), U.slice(p * nu, (p + 1) * nu), xNext)
    change(xNext)
  }
  return { engine, point, plan, XNext, purposes }
}

describe('linearizationFromSteps', () => {
  it('does not mind the sign and the length of quaternions', async () => {
    const { engine, point, plan, XNext } = await measured('quadrotor', (xNext) => {
      for (let k = 3; k < 7; k++) xNext[k]! *= -1.0004
    })
    const [one, other] = [linearizationFromSteps(engine, point, plan, XNext), await linearize(engine, point)]
    expect(one.quality.certified).toBe(true)
    for (let i = 0; i < one.A.rows; i++)
      for (let j = 0; j < one.A.columns; j++) expect(one.A.get(i, j)).toBeCloseTo(other.A.get(i, j), 9)
  })

  it('names rows where left and right differ', async () => {
    const { engine, point, plan, XNext } = await measured('pendulum', (xNext) => {
      xNext[1] = Math.abs(xNext[1]!) // as if a stop stood there
    })
    const { quality } = linearizationFromSteps(engine, point, plan, XNext)
    expect([quality.certified, quality.kinkedRows]).toEqual([false, [1]])
  })

  it('does not certify what the digits of a file hide', async () => {
    const { engine, point, plan, XNext } = await measured('pendulum')
    const resolution = new Float64Array(engine.layout.nx).fill(1e-7)
    const { quality } = linearizationFromSteps(engine, point, plan, XNext, { resolution })
    expect([quality.certified, quality.unresolvedRows]).toEqual([false, [0, 1]])
  })

  it('begins with the point itself', async () => {
    const { purposes } = await measured('pendulum')
    expect(purposes[0]).toBe('the point')
    expect(new Set(purposes).size).toBe(purposes.length)
  })

  it('refuses sizes and values that do not fit, naming row and coordinate', async () => {
    const { engine, point, plan, XNext } = await measured('quadrotor')
    const refused = (change: (X: Float64Array) => ArrayLike<number>, message: RegExp) =>
      expect(() => linearizationFromSteps(engine, point, plan, change(XNext.slice()))).toThrow(message)
    refused((X) => X.subarray(1), /expected 17 × 13 = 221 numbers, got 220/)
    refused((X) => X.fill(Number.NaN, 14, 15), /row 2: base\.y is NaN/)
    refused((X) => X.fill(0, 16, 20), /row 2: base\.qw should begin a unit quaternion, got one of length 0/)
  })
})
