import { describe, expect, test } from 'vitest'
import { BOXES, run } from '../../sims/recovery.ts'

describe('LQR on sensed A and B', () => {
  test.each(BOXES.map(({ robot }) => robot))(
    'brings %s back from at least 95 of 100 starts in its box',
    async (robot) => {
      const [row] = await run({ budget: 1, robots: [robot] })
      expect(row!['of starts']).toBe(100)
      expect(row!.recovered).toBeGreaterThanOrEqual(95)
    },
  )
})
