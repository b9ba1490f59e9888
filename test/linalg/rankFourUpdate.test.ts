import { describe, expect, it } from 'vitest'
import { random } from '../../src/linalg/random.ts'
import { rankFourModule } from '../../src/linalg/rankFourModule.ts'
import {
  packedPlace,
  plainRankFourUpdate,
  type RankFourUpdate,
  rankFourUpdate,
} from '../../src/linalg/rankFourUpdate.ts'

const LENGTH = 5000 // enough for WebAssembly

/** Two rows and M after each other, for so many columns; what the rows become. */
function updated({ numbers, add }: RankFourUpdate, columns: number, seed: number) {
  const source = random(seed)
  const padded = columns + (columns % 2)
  const [row, other, M] = [10, 10 + padded, 10 + 2 * padded]
  const end = M + 4 * padded
  const normals = (count: number) => Array.from({ length: count }, () => source.normal())
  const factors = normals(8)
  const before = [normals(columns), normals(columns)]
  const rows = Array.from({ length: 4 }, () => normals(columns))
  numbers.set(factors, 0)
  numbers.set(before[0]!, row)
  numbers.set(before[1]!, other)
  for (let q = 0; q < 4; q++) for (let j = 0; j < columns; j++) numbers[M + packedPlace(q, j)] = rows[q]![j]!
  add(row, other, M, end, 0, 4)
  const after = [row, other].map((place) => Array.from(numbers.subarray(place, place + columns)))
  return { factors, before, rows, after }
}

describe('rankFourUpdate', () => {
  it('adds four rows, each times its factor, to two', () => {
    for (const columns of [1, 2, 7, 8, 54]) {
      const { factors, before, rows, after } = updated(rankFourUpdate(LENGTH), columns, columns)
      for (const h of [0, 1])
        for (let j = 0; j < columns; j++) {
          const sum = rows.reduce((total, row, q) => total + factors[4 * h + q]! * row[j]!, before[h]![j]!)
          expect(after[h]![j]).toBeCloseTo(sum, 13)
        }
    }
  })

  it('gives the same bits in WebAssembly as in plain code', () => {
    expect(rankFourModule()).not.toBeNull()
    for (const columns of [1, 2, 7, 8, 54])
      expect(updated(rankFourUpdate(LENGTH), columns, 2).after).toEqual(
        updated(plainRankFourUpdate(LENGTH), columns, 2).after,
      )
  })

  it('lends memory that was released, cleared and large enough, and never the same to two', () => {
    const first = rankFourUpdate(LENGTH)
    first.numbers.fill(1)
    first.release()
    const second = rankFourUpdate(10 * LENGTH)
    const third = rankFourUpdate(LENGTH)
    expect(second.numbers).toHaveLength(10 * LENGTH)
    expect(second.numbers.every((value) => value === 0)).toBe(true)
    second.numbers.fill(2)
    expect(third.numbers.every((value) => value === 0)).toBe(true)
  })
})
