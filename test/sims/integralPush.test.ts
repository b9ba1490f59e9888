import { expect, test } from 'vitest'
import { run } from '../../sims/integral-push.ts'

/** Offset at the end and largest survived kick of LQR, and with integrals of weights 1 and 10. */
const TOLD: Readonly<Record<string, { offset: number; kicks: readonly number[] }>> = {
  // at rest K's first entry alone balances the push, and K is (−2.9105, …)
  cartpole: { offset: 2 / 2.9105, kicks: [6.9, 6.0, 5.0] },
  'double-cartpole': { offset: 0.7594, kicks: [2.2, 2.1, 1.8] },
  quadrotor: { offset: 0.1015, kicks: [4.5, 4.1, 3.7] },
}

test('a constant push leaves an offset under LQR and none with integrals, which survive less, as the documentation says', async () => {
  const rows = await run()
  expect(rows).toHaveLength(9)
  for (const [robot, { offset, kicks }] of Object.entries(TOLD)) {
    const [plain, ...integral] = rows.filter((row) => row.robot === robot)
    expect(plain!['offset at the end']).toBeCloseTo(offset, 3)
    expect(plain!['within 0.01 from (s)']).toBeNull()
    for (const row of integral) {
      expect(row['offset at the end']).toBeLessThan(1e-4)
      expect(row['within 0.01 from (s)']).toBeLessThan(6.2)
    }
    for (const [k, row] of [plain!, ...integral].entries())
      expect(row['largest survived kick']).toBeCloseTo(kicks[k]!, 1)
  }
})
