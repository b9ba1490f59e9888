import { expect, test } from 'vitest'
import { run } from '../../sims/lqg-noise.ts'

/** Runs of 10 that stay upright at σ = 0.001, 0.01, 0.1 and 0.2. */
const UPRIGHT: Readonly<Record<string, readonly number[]>> = {
  'cartpole, all, LQR': [10, 10, 10, 10],
  'cartpole, all, LQG': [10, 10, 10, 10],
  'cartpole, positions, LQR': [10, 10, 0, 0],
  'cartpole, positions, LQG': [10, 10, 10, 10],
  'double-cartpole, all, LQR': [10, 10, 9, 0],
  'double-cartpole, all, LQG': [10, 10, 10, 10],
  'double-cartpole, positions, LQR': [10, 0, 0, 0],
  'double-cartpole, positions, LQG': [10, 10, 0, 0],
}

test('LQG stands in noise that LQR on the measurements falls in, moves less and pushes less, as the documentation says', async () => {
  const rows = await run()
  const upright: Record<string, number[]> = {}
  for (const { robot, measured, controller, survived } of rows) {
    const key = `${robot}, ${measured}, ${controller}`
    upright[key] = [...(upright[key] ?? []), survived]
  }
  expect(upright).toEqual(UPRIGHT)
  for (const [k, lqg] of rows.entries()) {
    if (lqg.controller !== 'LQG') continue
    const raw = rows[k - 1]!
    expect(raw.controller).toBe('LQR')
    if (raw['rms deviation'] === null) continue
    expect(lqg['rms deviation']).toBeLessThan(raw['rms deviation'])
    expect(lqg['rms control (N)']).toBeLessThan(raw['rms control (N)']!)
  }
  for (const row of rows) {
    const causes = row['what fell first'].match(/\w+\.angle/g) ?? []
    expect(causes.length > 0).toBe(row.survived < 10)
  }
})
