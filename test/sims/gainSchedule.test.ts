import { expect, test } from 'vitest'
import { run } from '../../sims/gain-schedule.ts'

const TURNED = Number(Math.PI.toPrecision(4)) // rad, farthest of the quadrotor

/** Farthest angles: for which the check calls the schedule good, and to which the robot got slowly, in rad. */
const TOLD: readonly (readonly [robot: string, gains: string, solved: number, reached: number])[] = [
  ['acrobot', 'one, of the start', 0.4, 0.4],
  ['acrobot', 'one, of the middle', 0.6, 0.6],
  ['acrobot', 'one, of the end', 0.4, 0.6],
  ['acrobot', 'scheduled, 2 points', 0.8, 0.8],
  ['acrobot', 'scheduled, 3 points', 0.8, 1.2],
  ['acrobot', 'scheduled, 5 points', 1, 1.6],
  ['acrobot', 'scheduled, 9 points', 1.4, 2],
  ['acrobot', 'scheduled, 17 points', 1.8, 2],
  ['quadrotor', 'one, of the start', 0.3927, 0.7854],
  ['quadrotor', 'one, of the middle', 1.178, 1.963],
  ['quadrotor', 'one, of the end', 0.3927, 1.571],
  ['quadrotor', 'scheduled, 2 points', 1.178, 2.749],
  ['quadrotor', 'scheduled, 3 points', 2.749, TURNED],
  ['quadrotor', 'scheduled, 5 points', TURNED, TURNED],
  ['quadrotor', 'scheduled, 9 points', TURNED, TURNED],
  ['quadrotor', 'scheduled, 17 points', TURNED, TURNED],
]

test('scheduled gains reach where one gain falls, and what the check calls solved is reached slowly, as the documentation says', async () => {
  const rows = await run()
  expect(
    rows.map((row) => [row.robot, row.gains, row['called solved up to (rad)'], row['reached slowly (rad)']]),
  ).toEqual(TOLD)
  for (const row of rows) {
    expect(row['reached slowly (rad)']).toBeGreaterThanOrEqual(row['called solved up to (rad)'])
    const isFarthest = row['reached slowly (rad)'] === (row.robot === 'acrobot' ? 2 : TURNED)
    expect(row['what is lost first beyond (slowly)'] === '').toBe(isFarthest)
  }
})
