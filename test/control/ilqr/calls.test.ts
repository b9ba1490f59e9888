/** What sensing saves along trajectories, in steps of the simulator with rollouts counted on both sides. */
import { expect, test } from 'vitest'
import { run } from '../../../sims/ilqr-calls.ts'

test('two robots in one scene take at most 0.6 of the steps, and find the same', async () => {
  const rows = await run({ budget: 2 })
  expect(rows.map(({ scene }) => scene)).toEqual(['two cart-poles', 'two acrobots'])
  for (const row of rows) {
    expect(row.ratio).toBeLessThanOrEqual(0.6)
    expect(row['ratio with rollouts']).toBeLessThanOrEqual(0.6)
    expect(row['ratio, interpolated']).toBeLessThan(row.ratio)
    expect(row['cost over dense one']).toBe(1)
    expect(row['same, interpolated']).toBeLessThan(1.01)
  }
})
