import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { type Pattern, patternFromEntries, transposePattern } from '../../src/linalg/pattern.ts'
import { random } from '../../src/linalg/random.ts'
import { prepareSensing } from '../../src/sensing/prepareSensing.ts'
import { sense } from '../../src/sensing/sense.ts'
import { banded, randomPattern } from './patterns.ts'
import { ridge, rowwiseError } from './problems.ts'

/** Each pair of columns shares a row of two entries: n colors, two directions. */
function allPairs(n: number): Pattern {
  const entries: [number, number][] = []
  let i = 0
  for (let a = 0; a < n; a++) for (let b = 0; b < a; b++, i++) entries.push([i, a], [i, b])
  return patternFromEntries(i, n, entries)
}

const prepare = (sparsity: Pattern, options = {}) =>
  prepareSensing({ sparsity }, { method: 'newsam-ramsdell', ...options })

describe('as many directions as the densest row', () => {
  test.each([
    ['all pairs of 5 columns', allPairs(5)],
    ['all pairs of 8 columns', allPairs(8)],
    ...[1, 2, 3, 4, 5, 6].map((seed) => [`random ${seed}`, randomPattern(random(seed), 40, 30, 0.12)] as const),
  ] as [string, Pattern][])('%s: exact to seven digits, certified', async (_, pattern) => {
    const { blackbox, at, jacobian } = ridge('pairs', pattern, random(9))
    const byRow = transposePattern(pattern)
    const densest = Math.max(
      ...Array.from({ length: pattern.rows }, (_r, i) => byRow.colPtr[i + 1]! - byRow.colPtr[i]!),
    )
    const colored = prepareSensing({ sparsity: pattern }, { method: 'colored' })
    const { J, quality, plan } = await sense(blackbox, {
      at,
      method: 'newsam-ramsdell',
      structure: { sparsity: pattern },
    })
    expect(quality).toMatchObject({ directions: densest, certified: true, repairedRows: [] })
    expect(quality.callsFor.directions).toBe(2 * densest)
    expect(densest).toBeLessThanOrEqual(colored.directions)
    expect(rowwiseError(J, jacobian(at))).toBeLessThan(1e-7)

    // The condition that the plan states, against singular values of every row's equations (∞-norm within a factor √s·√k).
    if (plan.decoder.method !== 'newsam-ramsdell') throw new Error('another decoder')
    let worst = 1
    for (let i = 0; i < pattern.rows; i++) {
      const columns = Array.from(byRow.rowIdx.subarray(byRow.colPtr[i]!, byRow.colPtr[i + 1]!))
      if (columns.length === 0) continue
      const M = new Matrix(Array.from({ length: densest }, (_r, t) => columns.map((j) => plan.D[t * plan.inputs + j]!)))
      worst = Math.max(worst, new SingularValueDecomposition(M).condition)
    }
    expect(worst).toBeLessThanOrEqual(plan.decoder.condition * densest)
    expect(plan.decoder.condition).toBeLessThanOrEqual(1000)
  })
})

test('where coloring is optimal, it is coloring', () => {
  const pattern = banded(20, 20, 2, 1)
  const plan = prepare(pattern)
  const colored = prepareSensing({ sparsity: pattern }, { method: 'colored' })
  expect([...plan.D].sort()).toEqual([...colored.D].sort())
  expect(plan.decoder).toMatchObject({ condition: 1 })
  expect(plan.notes.join()).toMatch(/no fewer than coloring takes/)
})

test('rows that cannot be identified well are refused before any call, saying which and what to do instead', () => {
  // 120 columns on a line of multiples: some pair must be nearly parallel.
  expect(() => prepare(allPairs(120))).toThrow(
    /2 directions identify row \d+ with condition number [\d.e+]+ only, above 1000; use method 'colored' with 120/,
  )
})

test('without a pattern it is refused', () => {
  expect(() => prepareSensing({ inputs: 3, outputs: 3 }, { method: 'newsam-ramsdell' })).toThrow(
    /needs a sparsity pattern/,
  )
})
