import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { densePattern, type Pattern, patternFromEntries } from '../../src/linalg/pattern.ts'
import { random } from '../../src/linalg/random.ts'
import {
  colorSymmetric,
  SYMMETRIC_RULES,
  type SymmetricProblem,
  type SymmetricRule,
} from '../../src/sensing/colorSymmetric.ts'
import { COLUMN_ORDERS, type ColumnOrder } from '../../src/sensing/columnOrders.ts'
import {
  arrowhead,
  banded,
  entriesOf,
  expectedColors,
  findSymmetricConflict,
  hasMatrices,
  randomSymmetric,
  readMatrix,
} from './patterns.ts'

const PROBLEMS: readonly SymmetricProblem[] = ['star', 'acyclic']
const variants = PROBLEMS.flatMap((problem) =>
  [...SYMMETRIC_RULES[problem], 'best' as const].flatMap((rule) =>
    [...COLUMN_ORDERS, 'best' as const].map((order) => ({ problem, rule, order })),
  ),
)
const fewest = (pattern: Pattern, problem: SymmetricProblem) => colorSymmetric(pattern, { problem }).numColors

describe.each(variants)('$problem, rule $rule, order $order', ({ problem, rule, order }) => {
  test('a valid coloring of a random graph, never below the bound, the same each time', () => {
    const cases = fc.record({
      seed: fc.nat(),
      n: fc.nat(18),
      density: fc.double({ min: 0, max: 0.6, noNaN: true }),
    })
    fc.assert(
      fc.property(cases, ({ seed, n, density }) => {
        const pattern = randomSymmetric(random(seed), n, density)
        const coloring = colorSymmetric(pattern, { problem, rule, order })
        expect(findSymmetricConflict(pattern, coloring.colors, problem)).toBeNull()
        expect(new Set(coloring.colors)).toEqual(new Set(Array.from({ length: coloring.numColors }, (_, c) => c)))
        expect(coloring.numColors).toBeGreaterThanOrEqual(coloring.lowerBound)
        expect(coloring.optimal).toBe(coloring.numColors === coloring.lowerBound)
        expect(colorSymmetric(pattern, { problem, rule, order })).toEqual(coloring)
      }),
      { numRuns: 60 },
    )
  })
})

test('the lower bound is below the fewest colors that exhaustive search finds', () => {
  for (let seed = 0; seed < 40; seed++) {
    const pattern = randomSymmetric(random(seed), 6, 0.2 + 0.02 * (seed % 30))
    for (const problem of PROBLEMS) {
      const { lowerBound, numColors } = colorSymmetric(pattern, { problem })
      const least = exhaustive(pattern, problem)
      expect(lowerBound).toBeLessThanOrEqual(least)
      expect(numColors).toBeGreaterThanOrEqual(least)
    }
  }
})

/** The least number of colors of a valid coloring, trying all. */
function exhaustive(pattern: Pattern, problem: SymmetricProblem): number {
  const n = pattern.cols
  for (let k = 1; k < n; k++)
    for (let code = 0; code < k ** n; code++) {
      const colors = Array.from({ length: n }, (_, v) => Math.floor(code / k ** v) % k)
      if (findSymmetricConflict(pattern, colors, problem) === null) return k
    }
  return n
}

describe('closed forms', () => {
  test.each([1, 2, 3, 5])('half-band %i: star 2β + 1 in natural order, acyclic β + 1, provably the fewest', (beta) => {
    const pattern = banded(60, 60, beta, beta)
    expect(colorSymmetric(pattern, { problem: 'star', order: 'natural', rule: '2005' }).numColors).toBe(2 * beta + 1)
    expect(fewest(pattern, 'star')).toBeLessThanOrEqual(2 * beta + 1)
    expect(colorSymmetric(pattern, { problem: 'acyclic' })).toMatchObject({ numColors: beta + 1, optimal: true })
  })
  test('tridiagonal: three colors are provably the fewest of a star coloring', () => {
    expect(colorSymmetric(banded(9, 9, 1, 1), { problem: 'star' })).toMatchObject({ numColors: 3, optimal: true })
  })
  test.each(PROBLEMS)('%s: arrowhead 2, diagonal 1, dense n, all provably the fewest', (problem) => {
    const cases = [
      [arrowhead(12), 2],
      [banded(9, 9, 0, 0), 1],
      [densePattern(7, 7), 7],
    ] as const
    for (const [pattern, numColors] of cases)
      expect(colorSymmetric(pattern, { problem })).toMatchObject({ numColors, optimal: true })
  })
  test.each(PROBLEMS)('%s: no entries, no vertices', (problem) => {
    expect(fewest(patternFromEntries(4, 4, []), problem)).toBe(1)
    expect(colorSymmetric(patternFromEntries(0, 0, []), { problem })).toMatchObject({ numColors: 0, optimal: true })
  })
  test('cycles: acyclic 3; star 3, but 4 on five vertices', () => {
    for (let n = 3; n < 12; n++) {
      const cycle = patternFromEntries(
        n,
        n,
        Array.from({ length: n }, (_, v) => [
          [v, (v + 1) % n],
          [(v + 1) % n, v],
        ]).flat() as [number, number][],
      )
      expect(fewest(cycle, 'acyclic')).toBe(3)
      expect(fewest(cycle, 'star')).toBe(n === 5 ? 4 : 3)
    }
  })
})

test('the diagonal plays no part', () => {
  for (let seed = 0; seed < 20; seed++) {
    const pattern = randomSymmetric(random(seed), 20, 0.15)
    const without = patternFromEntries(
      20,
      20,
      entriesOf(pattern).filter(([i, j]) => i !== j),
    )
    for (const problem of PROBLEMS)
      expect(colorSymmetric(without, { problem })).toEqual(colorSymmetric(pattern, { problem }))
  }
})

test('misuse throws, naming what differs', () => {
  const pattern = banded(5, 5, 1, 1)
  const color = (given: Pattern, options: object) => () => colorSymmetric(given, options as { problem: 'star' })
  expect(color(banded(5, 4, 1, 1), { problem: 'star' })).toThrow(/must be square, got \[5 × 4\]/)
  expect(color(banded(5, 5, 1, 2), { problem: 'star' })).toThrow(
    /not symmetric: it has entry \(0, 2\) but not \(2, 0\)/,
  )
  expect(color(pattern, { problem: 'column' })).toThrow(/problem must be one of star, acyclic; got column/)
  expect(color(pattern, { problem: 'star', order: 'random' })).toThrow(/order must be one of natural, .*; got random/)
  expect(color(pattern, { problem: 'acyclic', rule: '2005' })).toThrow(/must be one of 2007, best; got 2005/)
})

describe.skipIf(!hasMatrices)('published matrices', () => {
  const names = {
    N: 'natural',
    LF: 'largest-first',
    SL: 'smallest-last',
    ID: 'incidence-degree',
    DLF: 'dynamic-largest-first',
  } as const
  const symmetric = expectedColors().filter((expected) => expected.colors.star_2007 !== undefined)
  const counts = (pattern: Pattern, problem: SymmetricProblem, rule: SymmetricRule) =>
    Object.fromEntries(
      Object.entries(names).map(([short, order]) => {
        const { colors, numColors } = colorSymmetric(pattern, { problem, rule, order: order as ColumnOrder })
        expect(findSymmetricConflict(pattern, colors, problem)).toBeNull()
        return [short, numColors]
      }),
    )

  test.each(symmetric.map((expected) => [expected.name, expected] as const))(
    '%s: star (both rules) and acyclic counts of every order',
    (_, { file, colors }) => {
      const { pattern } = readMatrix(file)
      expect(counts(pattern, 'star', '2005')).toEqual(colors.star_2005_alg41)
      expect(counts(pattern, 'star', '2007')).toEqual(colors.star_2007)
      expect(counts(pattern, 'acyclic', '2007')).toEqual(colors.acyclic_2007)
    },
  )

  test('totals of the best over the 24 symmetric ones: star 202, acyclic 144', () => {
    expect(symmetric).toHaveLength(24)
    const total = { star: 0, acyclic: 0 }
    for (const { file } of symmetric)
      for (const problem of PROBLEMS) total[problem] += fewest(readMatrix(file).pattern, problem)
    expect(total).toEqual({ star: 202, acyclic: 144 })
  })
})
