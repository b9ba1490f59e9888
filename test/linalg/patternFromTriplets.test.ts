import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkPattern } from '../../src/linalg/checkPattern.ts'
import { patternFromEntries } from '../../src/linalg/pattern.ts'
import { patternFromTriplets } from '../../src/linalg/patternFromTriplets.ts'

test('holds exactly the pairs given, in any order and with repeats', () => {
  const sizes = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }))
  const cases = sizes.chain(([rows, cols]) => {
    const entry = fc.tuple(fc.nat(Math.max(0, rows - 1)), fc.nat(Math.max(0, cols - 1)))
    return fc.record({
      rows: fc.constant(rows),
      cols: fc.constant(cols),
      entries: fc.array(entry, { maxLength: rows * cols === 0 ? 0 : 40 }),
    })
  })
  fc.assert(
    fc.property(cases, ({ rows, cols, entries }) => {
      const pattern = patternFromTriplets(
        rows,
        cols,
        entries.map(([i]) => i),
        entries.map(([, j]) => j),
      )
      checkPattern('test', pattern, rows, cols)
      const listed = new Set<string>()
      for (let j = 0; j < cols; j++)
        for (let k = pattern.colPtr[j]!; k < pattern.colPtr[j + 1]!; k++) listed.add(`${pattern.rowIdx[k]},${j}`)
      expect(listed).toEqual(new Set(entries.map(([i, j]) => `${i},${j}`)))
      expect(pattern.rowIdx.length).toBe(listed.size)
    }),
  )
})

test('names a pair outside the matrix', () => {
  expect(() => patternFromTriplets(2, 3, [0, 2], [0, 1])).toThrow(/entry \(2, 1\) lies outside \[2 × 3\]/)
  expect(() => patternFromTriplets(2, 3, [0], [])).toThrow(/1 row indices and 0 column indices/)
})

test('checkPattern finds every way a pattern can be malformed', () => {
  const good = patternFromEntries(3, 2, [
    [0, 0],
    [2, 0],
    [1, 1],
  ])
  const check = (change: Partial<typeof good>, rows?: number, cols?: number) => () =>
    checkPattern('colorColumns', { ...good, ...change }, rows, cols)
  expect(check({})).not.toThrow()
  expect(check({}, 4, 2)).toThrow('colorColumns: the pattern must be [4 × 2], got [3 × 2]')
  expect(check({ colPtr: Int32Array.of(0, 2) })).toThrow(/must have 3 entries, got 2/)
  expect(check({ colPtr: Int32Array.of(0, 2, 2) })).toThrow(/must run from 0 to 3, got 0 to 2/)
  expect(check({ colPtr: Int32Array.of(0, 4, 3) })).toThrow(/decreases at column 1/)
  expect(check({ rowIdx: Int32Array.of(0, 3, 1) })).toThrow(/row 3 in column 0 .* outside 0 … 2/)
  expect(check({ rowIdx: Int32Array.of(2, 0, 1) })).toThrow(/must ascend, got 2 then 0/)
  expect(check({ rowIdx: Int32Array.of(2, 2, 1) })).toThrow(/must ascend/)
})
