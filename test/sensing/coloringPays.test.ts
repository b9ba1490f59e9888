import fc from 'fast-check'
import { expect, test } from 'vitest'
import { patternFromEntries } from '../../src/linalg/pattern.ts'
import { colorColumns } from '../../src/sensing/colorColumns.ts'
import { coloringPays } from '../../src/sensing/coloringPays.ts'

test('agrees with coloring wherever it decides, and decides where blocks or full rows leave no doubt', () => {
  const size = fc.integer({ min: 1, max: 12 })
  const patterns = fc
    .tuple(size, size)
    .chain(([rows, cols]) =>
      fc.tuple(
        fc.constant(rows),
        fc.constant(cols),
        fc.array(fc.tuple(fc.nat(rows - 1), fc.nat(cols - 1)), { maxLength: 40 }),
      ),
    )
  fc.assert(
    fc.property(patterns, fc.double({ min: 0.1, max: 1, noNaN: true }), ([rows, cols, entries], share) => {
      const pattern = patternFromEntries(rows, cols, entries)
      const told = coloringPays(pattern, share)
      // Columns without entries are perturbed with any color.
      if (told !== null) expect(told).toBe(colorColumns(pattern).numColors <= share * cols)
    }),
    { seed: 3, numRuns: 500 },
  )
  const blocks = patternFromEntries(
    6,
    6,
    Array.from({ length: 36 }, (_, k) => [k % 6, Math.floor(k / 6)] as const).filter(([i, j]) => i >> 1 === j >> 1),
  )
  expect(coloringPays(blocks, 0.9)).toBe(true)
  const full = patternFromEntries(
    2,
    6,
    Array.from({ length: 6 }, (_, j) => [0, j] as const),
  )
  expect(coloringPays(full, 0.9)).toBe(false)
})
