import { expect, it } from 'vitest'
import { run } from '../../sims/policies.ts'

it('networks trained by sensed gradients balance at least 95 of 100 starts, three times, in few steps', async () => {
  const rows = await run({ gradients: ['sensed A and B'] })
  expect(rows.map(({ robot }) => robot)).toEqual(['cartpole', 'double-cartpole'])
  for (const { balanced } of rows) {
    const hundreds = balanced.split(', ').map(Number)
    expect(hundreds).toHaveLength(3)
    for (const one of hundreds) expect(one).toBeGreaterThanOrEqual(95)
  }
  expect(rows[0]!['steps of the simulator']).toBeLessThan(20_000)
  expect(rows[1]!['steps of the simulator']).toBeLessThan(150_000)
}, 600_000)
