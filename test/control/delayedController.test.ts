import { expect, it } from 'vitest'
import type { Controller } from '../../src/control/controller.ts'
import { delayedController } from '../../src/control/delayedController.ts'

/** Asks for the time itself, so that what comes out shows when it was asked for. */
const clock: Controller = { name: 'clock', control: (_x, t, u) => void u.fill(t) }

it('applies what was asked for some periods ago, and uBar before there was anything', () => {
  for (const periods of [0, 1, 2, 5]) {
    const late = delayedController(clock, periods, Float64Array.of(-1))
    for (let round = 0; round < 2; round++) {
      late.reset?.()
      const u = new Float64Array(1)
      for (let t = 0; t < 12; t++) {
        late.control(new Float64Array(1), t, u)
        expect(u[0], `${periods} periods, t = ${t}`).toBe(t < periods ? -1 : t - periods)
      }
    }
  }
})

it('hands on what planning and resetting take', async () => {
  const calls: string[] = []
  const planner: Controller = {
    ...clock,
    prepare: async () => void calls.push('prepare'),
    reset: () => void calls.push('reset'),
  }
  const late = delayedController(planner, 1, Float64Array.of(0))
  late.reset!()
  await late.prepare!(new Float64Array(1), 0)
  expect(calls).toEqual(['reset', 'prepare'])
  expect(delayedController(planner, 0, Float64Array.of(0))).toBe(planner)
  expect(() => delayedController(clock, 1.5, Float64Array.of(0))).toThrow('periods must be an integer ≥ 0, got 1.5')
})
