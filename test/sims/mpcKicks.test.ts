import { expect, test } from 'vitest'
import { run } from '../../sims/mpc-kicks.ts'

test('MPC survives kicks that LQR with the same weights and the same motor does not, as hard as the documentation says', async () => {
  const rows = await run({ horizons: [0.3, 0.6] })
  expect(rows.map(({ controller }) => controller)).toEqual(['LQR', 'MPC over 0.3 s', 'MPC over 0.6 s'])
  expect(rows.map((row) => row['largest survived kick (rad/s)'])).toEqual([6.875, 24.375, 28.75])
  expect(rows.map((row) => row['smallest fatal kick (rad/s)'])).toEqual([7.031, 24.531, 28.906])
})
