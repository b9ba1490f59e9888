import { expect, test } from 'vitest'
import { run } from '../../sims/humanoid-kick.ts'

test('the humanoid falls without feedback, and with it survives the kicks that the documentation says', async () => {
  const [alone, ...rows] = await run({ joints: ['abdomen_z', 'abdomen_x'] })
  expect(alone!['fallen after (s)']).toBeCloseTo(2.41, 1)
  expect(
    rows.map((row) => [
      `${row.direction}${row['joint kicked']}`,
      row['survived, as all smaller ones (rad/s)'],
      row['smallest fatal kick (rad/s)'],
    ]),
  ).toEqual([
    ['+abdomen_z', 4, 5],
    ['−abdomen_z', 2.5, 3],
    ['+abdomen_x', 0.5, 0.75],
    ['−abdomen_x', 0.5, 0.75],
  ])
  // it is not the limits of the motors that make it fall
  for (const row of rows) expect(row['without limits of the motors']).not.toBeNull()
})
