import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { densePattern, type Pattern, patternFromEntries } from '../../src/linalg/pattern.ts'
import { random } from '../../src/linalg/random.ts'
import { colorColumns } from '../../src/sensing/colorColumns.ts'
import { COLUMN_ORDERS, type ColumnOrder } from '../../src/sensing/columnOrders.ts'
import { arrowhead, banded, expectedColors, findConflict, hasMatrices, randomPattern, readMatrix } from './patterns.ts'

const orders: readonly (ColumnOrder | 'best')[] = [...COLUMN_ORDERS, 'best']
const numColors = (pattern: Pattern, order: ColumnOrder | 'best' = 'best') => colorColumns(pattern, { order }).numColors

describe.each(orders)('order %s', (order) => {
  test('no two columns of one color share a row, and all colors are used', () => {
    const cases = fc.record({
      seed: fc.nat(),
      rows: fc.nat(25),
      cols: fc.nat(25),
      density: fc.double({ min: 0, max: 0.5, noNaN: true }),
    })
    fc.assert(
      fc.property(cases, ({ seed, rows, cols, density }) => {
        const pattern = randomPattern(random(seed), rows, cols, density)
        const coloring = colorColumns(pattern, { order })
        expect(findConflict(pattern, coloring.colors)).toBeNull()
        expect(new Set(coloring.colors)).toEqual(new Set(Array.from({ length: coloring.numColors }, (_, c) => c)))
        expect(coloring.numColors).toBeGreaterThanOrEqual(coloring.lowerBound)
        expect(coloring.optimal).toBe(coloring.numColors === coloring.lowerBound)
        expect(colorColumns(pattern, { order })).toEqual(coloring)
      }),
    )
  })

  test('closed forms: diagonal 1, arrowhead n, dense n', () => {
    expect(numColors(banded(9, 9, 0, 0), order)).toBe(1)
    expect(numColors(arrowhead(12), order)).toBe(12)
    expect(numColors(densePattern(2, 7), order)).toBe(7)
  })

  test('rows and columns without entries, also trailing ones, and empty matrices', () => {
    const sparse = patternFromEntries(5, 6, [
      [1, 1],
      [1, 4],
    ])
    expect(colorColumns(sparse, { order })).toMatchObject({ numColors: 2, lowerBound: 2, optimal: true })
    expect(numColors(patternFromEntries(0, 4, []), order)).toBe(1)
    expect(numColors(patternFromEntries(4, 0, []), order)).toBe(0)
    expect(numColors(patternFromEntries(3, 3, []), order)).toBe(1)
  })
})

test('a band of l below and u above the diagonal takes l + u + 1 colors, provably the fewest', () => {
  for (const [lower, upper] of [
    [1, 1],
    [2, 0],
    [0, 3],
    [4, 2],
  ] as const)
    for (const order of ['natural', 'best'] as const)
      expect(colorColumns(banded(30, 30, lower, upper), { order })).toMatchObject({
        numColors: lower + upper + 1,
        optimal: true,
      })
})

test("'best' has the fewest colors of all orders", () => {
  for (let seed = 0; seed < 20; seed++) {
    const pattern = randomPattern(random(seed), 40, 40, 0.08)
    const fewest = Math.min(...COLUMN_ORDERS.map((order) => numColors(pattern, order)))
    expect(numColors(pattern)).toBe(fewest)
  }
})

test('orders differ as their definitions say', () => {
  // Columns 0 – 1 – 2 – 3 in a path of neighbours: natural order colors it with two colors, worked by hand.
  const path = patternFromEntries(3, 4, [
    [0, 0],
    [0, 1],
    [1, 1],
    [1, 2],
    [2, 2],
    [2, 3],
  ])
  expect([...colorColumns(path, { order: 'natural' }).colors]).toEqual([0, 1, 0, 1])
  // Largest first visits 1, 2 (degree 2), then 0, 3.
  expect([...colorColumns(path, { order: 'largest-first' }).colors]).toEqual([1, 0, 1, 0])
  // Ends at opposite corners before the middle: natural order needs three colors where the others find two.
  const crown = patternFromEntries(3, 4, [
    [0, 0],
    [0, 2],
    [1, 2],
    [1, 3],
    [2, 3],
    [2, 1],
  ])
  expect(COLUMN_ORDERS.map((order) => numColors(crown, order))).toEqual([3, 2, 2, 2, 2])
})

/** The orders and the greedy rule as prose has them, on explicit neighbour lists: slow, and without any shared code. */
function slowColors(pattern: Pattern, order: ColumnOrder): number[] {
  const n = pattern.cols
  const all = Array.from({ length: n }, (_, j) => j)
  const has = all.map((j) => new Set(pattern.rowIdx.subarray(pattern.colPtr[j]!, pattern.colPtr[j + 1]!)))
  const neighbours = all.map((j) => {
    const inRows = [...has[j]!].flatMap((i) => all.filter((w) => w !== j && has[w]!.has(i)))
    return [...new Set(inRows)]
  })
  const degree = all.map((j) => neighbours[j]!.length)
  let ordered = all
  if (order === 'largest-first')
    ordered = [...new Set(degree)].sort((a, b) => b - a).flatMap((d) => all.filter((j) => degree[j] === d))
  else if (order !== 'natural') {
    const key = order === 'incidence-degree' ? all.map(() => 0) : [...degree]
    const stacks = Array.from({ length: n + 1 }, (_, d) => all.filter((j) => key[j] === d))
    const waiting = new Set(all)
    ordered = []
    while (waiting.size > 0) {
      const filled = stacks.filter((stack) => stack.length > 0)
      const v = (order === 'smallest-last' ? filled[0]! : filled.at(-1)!).pop()!
      waiting.delete(v)
      if (order === 'smallest-last') ordered.unshift(v)
      else ordered.push(v)
      for (const w of neighbours[v]!.filter((j) => waiting.has(j))) {
        const old = stacks[key[w]!]!
        const position = old.indexOf(w)
        const top = old.pop()!
        if (top !== w) old[position] = top
        key[w]! += order === 'incidence-degree' ? 1 : -1
        stacks[key[w]!]!.push(w)
      }
    }
  }
  const colors = all.map(() => -1)
  for (const v of ordered) {
    const taken = new Set(neighbours[v]!.map((w) => colors[w]))
    let color = 0
    while (taken.has(color)) color++
    colors[v] = color
  }
  return colors
}

test.each(COLUMN_ORDERS)('%s order, ties included, colors as its definition says', (order) => {
  for (let seed = 0; seed < 60; seed++) {
    const pattern = randomPattern(random(seed), 5 + (seed % 20), 30, 0.1)
    expect([...colorColumns(pattern, { order }).colors]).toEqual(slowColors(pattern, order))
  }
})

test.each(COLUMN_ORDERS)('%s order, also where hundreds of columns tie', (order) => {
  const pattern = randomPattern(random(1), 900, 900, 0.001)
  expect([...colorColumns(pattern, { order }).colors]).toEqual(slowColors(pattern, order))
})

test('misuse throws', () => {
  const pattern = banded(3, 3, 1, 1)
  expect(() => colorColumns(pattern, { order: 'random' as ColumnOrder })).toThrow(
    /order must be one of natural, .*best; got random/,
  )
  expect(() => colorColumns({ ...pattern, cols: 4 })).toThrow(/colPtr of the pattern must have 5 entries, got 4/)
})

describe.skipIf(!hasMatrices)('published matrices', () => {
  const names = {
    N: 'natural',
    LF: 'largest-first',
    SL: 'smallest-last',
    ID: 'incidence-degree',
    DLF: 'dynamic-largest-first',
  } as const

  test.each(expectedColors().map((expected) => [expected.name, expected] as const))(
    '%s: size and the colors of every order',
    (_, expected) => {
      const { pattern, symmetric } = readMatrix(expected.file)
      expect([pattern.rows, pattern.cols, pattern.rowIdx.length]).toEqual([expected.m, expected.n, expected.nnz])
      if (symmetric !== null) expect(symmetric).toBe(expected.symmetric_pattern)
      const found: Record<string, number> = {}
      for (const [short, order] of Object.entries(names)) {
        const coloring = colorColumns(pattern, { order })
        if (pattern.rowIdx.length < 20_000) expect(findConflict(pattern, coloring.colors)).toBeNull()
        found[short] = coloring.numColors
      }
      expect(found).toEqual(expected.colors.column)
    },
  )

  test('all 56 are there', () => {
    expect(expectedColors()).toHaveLength(56)
  })
})
