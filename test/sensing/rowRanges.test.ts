import { expect, it } from 'vitest'
import { rowRanges } from '../../src/sensing/rowRanges.ts'

it('rows that follow each other become one range', () => {
  expect(rowRanges([])).toBe('')
  expect(rowRanges([4])).toBe('4')
  expect(rowRanges([0, 1, 2, 5, 7, 8])).toBe('0–2, 5, 7–8')
})
