import { expect, it } from 'vitest'
import { compareRounds } from '../../src/experiment/compareRounds.ts'

const rows = (ms: number, calls = 9) => [
  { scene: 'cartpole', ms, calls },
  { scene: 'chains', ms: 10, calls: 5 },
]

it('gives the median of the ratios within rounds, whatever else slows both', () => {
  // the machine gets slower and slower; here takes 1.5 times as long, and in one round twice
  const slow = [1, 2, 4, 8, 16]
  const { figures, same, unmatched } = compareRounds(
    slow.map((factor, k) => ({ here: rows(factor * (k === 2 ? 2 : 1.5)), there: rows(factor) })),
  )
  expect(figures).toEqual([
    { row: 'cartpole', figure: 'ms', there: 4, here: 8, ratio: 1.5, low: 1.5, high: 2, agreed: true },
  ])
  expect(same).toBe(3)
  expect(unmatched).toEqual([])
})

it('does not call it agreed where rounds differ, or where there is but one', () => {
  expect(compareRounds([1.1, 0.9, 1.2].map((ms) => ({ here: rows(ms), there: rows(1) }))).figures[0]!.agreed).toBe(
    false,
  )
  expect(compareRounds([{ here: rows(3), there: rows(1) }]).figures[0]!.agreed).toBe(false)
})

it('tells rows that only one of both has, and matches rows of one name in their order', () => {
  const here = [
    { name: 'a', solver: 'x', ms: 2 },
    { name: 'a', solver: 'x', ms: 6 },
    { name: 'b', solver: '', ms: 1 },
  ]
  const there = [
    { name: 'a', solver: 'x', ms: 1 },
    { name: 'a', solver: 'x', ms: 2 },
    { name: 'c', solver: '', ms: 1 },
  ]
  const { figures, unmatched } = compareRounds([{ here, there }])
  expect(figures.map(({ row, ratio }) => [row, ratio])).toEqual([
    ['a, x', 2],
    ['a, x (2)', 3],
  ])
  expect(unmatched).toEqual(['b', 'c'])
})

it('names rows by their first figure where it comes first, and leaves out what has no ratio', () => {
  const { figures } = compareRounds([
    { here: [{ links: 4, ms: 2, error: 0, gain: 'none' }], there: [{ links: 4, ms: 1, error: 0, gain: 'none' }] },
  ])
  expect(figures.map(({ row, figure }) => [row, figure])).toEqual([['4', 'ms']])
})
