import { expect, test } from 'vitest'
import { trackTrajectory } from '../../../src/control/ilqr/trackTrajectory.ts'
import type { Controller } from '../../../src/control/controller.ts'

const difference = (x1: Float64Array, x0: Float64Array, out: Float64Array) => {
  for (let i = 0; i < out.length; i++) out[i] = x1[i]! - x0[i]!
}
const plan = {
  N: 2,
  dt: 0.1,
  X: Float64Array.of(0, 0, 1, 1, 2, 2),
  U: Float64Array.of(10, 20),
  K: Float64Array.of(1, 2, 3, 4),
}

test('u = U − K (x ⊖ X) at each step, then the last control', () => {
  const { control, name } = trackTrajectory(plan, difference)
  const at = (x: number[], t: number) => {
    const u = new Float64Array(1)
    control(Float64Array.from(x), t, u)
    return u[0]
  }
  expect(name).toBe('ilqr')
  expect([at([0, 0], 0), at([1, 1], 0), at([1, 1], 0.1), at([2, 0], 0.1)]).toEqual([10, 7, 20, 21])
  expect(at([9, 9], 0.30000000000000004)).toBe(20)
  expect(at([1, 1], 1 * 0.1)).toBe(20) // a multiple of dt is not lost to its rounding
})

test('hands over to another controller, and to its planning', async () => {
  const heard: number[] = []
  const then: Controller = {
    name: 'after',
    prepare: async (_x, t) => void heard.push(t),
    control: (_x, t, u) => u.fill(t),
  }
  const controller = trackTrajectory(plan, difference, then)
  const u = new Float64Array(1)
  for (const t of [0, 0.1, 0.2, 0.3]) {
    await controller.prepare!(new Float64Array(2), t)
    controller.control(new Float64Array(2), t, u)
  }
  expect([controller.name, heard, u[0]]).toEqual(['ilqr, then after', [0.2, 0.3], 0.3])
})

test('sizes that do not belong together throw', () => {
  expect(() => trackTrajectory({ ...plan, N: 4 }, difference)).toThrow(/X over N \+ 1 must be whole, got 1.2/)
})
