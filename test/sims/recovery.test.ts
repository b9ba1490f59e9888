import { describe, expect, test } from 'vitest'
import { BOXES, run } from '../../sims/recovery.ts'

/** Of 100 starts; at least 95 of each are asked for. */
const RECOVERED: Readonly<Record<string, number>> = { cartpole: 96, 'double-cartpole': 99, quadrotor: 100 }

describe('LQR on sensed A and B', () => {
  test.each(BOXES.map(({ robot }) => robot))(
    'brings %s back from its box, as often as the documentation says',
    async (robot) => {
      const [row] = await run({ budget: 1, robots: [robot] })
      expect(row!['of starts']).toBe(100)
      expect(row!.recovered).toBe(RECOVERED[robot])
      expect(row!.recovered).toBeGreaterThanOrEqual(95)
    },
  )
})
