import fc from 'fast-check'
import { Matrix, solve } from 'ml-matrix'
import { expect, test } from 'vitest'
import { fromFlat, maxAbs, toFlat } from '../../src/linalg/dense.ts'
import { product } from '../../src/linalg/product.ts'
import { random } from '../../src/linalg/random.ts'
import { solveMany } from '../../src/linalg/solveMany.ts'

const draw = (rows: number, columns: number, seed: number) => {
  const source = random(seed)
  return fromFlat(
    Float64Array.from({ length: rows * columns }, () => source.normal()),
    rows,
    columns,
  )
}
const sizes = fc.record({
  n: fc.integer({ min: 1, max: 70 }),
  m: fc.integer({ min: 1, max: 40 }),
  k: fc.integer({ min: 1, max: 40 }),
  seed: fc.nat(1e6),
})

test('products are those of ml-matrix, whatever the sizes', () => {
  fc.assert(
    fc.property(sizes, ({ n, m, k, seed }) => {
      const X = draw(n, m, seed)
      const Y = draw(m, k, seed + 1)
      expect(maxAbs(Matrix.sub(product(X, Y), X.mmul(Y)))).toBeLessThan(1e-12)
    }),
    { seed: 1, numRuns: 60 },
  )
})

test('solutions are those of ml-matrix, whatever the sizes; zeros on the diagonal are pivoted away', () => {
  fc.assert(
    fc.property(sizes, ({ n, m, seed }) => {
      const M = draw(n, n, seed)
      for (let i = 0; i < n; i++) {
        M.set(i, i, n === 1 ? 1 : 0)
        M.set(i, (i + 1) % n, M.get(i, (i + 1) % n) + 3 * Math.sqrt(n))
      }
      const Y = draw(n, m, seed + 1)
      const X = toFlat(Y)
      expect(solveMany(toFlat(M), X, n, m)).toBe(true)
      expect(maxAbs(Matrix.sub(fromFlat(X, n, m), solve(M, Y)))).toBeLessThan(1e-11)
    }),
    { seed: 2, numRuns: 60 },
  )
})

test.each([5, 33])('a singular system of %i unknowns is refused, and one that holds NaN', (n) => {
  const M = draw(n, n, 3)
  for (let j = 0; j < n; j++) M.set(n - 1, j, 0)
  expect(solveMany(toFlat(M), new Float64Array(n).fill(1), n, 1)).toBe(false)
  M.set(n - 1, 0, Number.NaN)
  expect(solveMany(toFlat(M), new Float64Array(n).fill(1), n, 1)).toBe(false)
})
