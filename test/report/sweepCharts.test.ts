import { expect, it } from 'vitest'
import { logTicks } from '../../src/report/sweep/sweepCharts.ts'

it.each([
  [0.5, 2, [0.5, 1, 2]],
  [0.25, 4, [0.5, 1, 2]],
  [0.55, 1.9, [0.7, 1, 1.5]],
  [1e-8, 1e-4, [1e-8, 1e-7, 1e-6, 1e-5, 1e-4]],
  [1e-12, 1, [1e-12, 1e-9, 1e-6, 1e-3, 1]],
])('a logarithmic axis from %d to %d has few ticks, round and within it', (low, high, expected) => {
  const ticks = logTicks(low, high)
  expect(ticks.length).toBeLessThanOrEqual(7)
  for (const tick of ticks) expect(tick >= low && tick <= high).toBe(true)
  expect(ticks).toEqual(expected)
})
