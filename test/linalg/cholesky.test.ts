import { Matrix, solve } from 'ml-matrix'
import { expect, test } from 'vitest'
import { bandedCholeskyInPlace, bandedSolveInPlace } from '../../src/linalg/bandedCholesky.ts'
import { choleskyInPlace, choleskySolveInPlace } from '../../src/linalg/cholesky.ts'
import { random } from '../../src/linalg/random.ts'

/** A random positive definite matrix with entries within `band` of the diagonal alone. */
function positive(n: number, band: number, seed: number): Matrix {
  const source = random(seed)
  const L = Matrix.zeros(n, n)
  for (let i = 0; i < n; i++)
    for (let j = Math.max(0, i - band); j <= i; j++) L.set(i, j, i === j ? 1 + source.uniform() : source.normal())
  return L.mmul(L.transpose())
}

test.each([1, 2, 5, 12])('solves positive definite systems of %i unknowns', (n) => {
  const M = positive(n, n, n)
  const Y = new Matrix(Array.from({ length: n }, (_, i) => [i + 1, Math.cos(i)]))
  const factor = Float64Array.from(M.to1DArray())
  const X = Float64Array.from(Y.to1DArray())
  expect(choleskyInPlace(factor, n)).toBe(-1)
  choleskySolveInPlace(factor, X, n, 2)
  const expected = solve(M, Y).to1DArray()
  for (let k = 0; k < X.length; k++) expect(X[k]! / expected[k]!).toBeCloseTo(1, 6)
})

test('names the row at which a matrix is not positive definite', () => {
  expect(choleskyInPlace(Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, -1), 3)).toBe(2)
  expect(choleskyInPlace(Float64Array.of(1, 2, 2, 1), 2)).toBe(1)
  expect(choleskyInPlace(Float64Array.of(Number.NaN), 1)).toBe(0)
})

test.each([
  [6, 0],
  [9, 1],
  [20, 4],
  [5, 4],
])('solves band matrices: %i unknowns, %i beside the diagonal', (n, band) => {
  const M = positive(n, band, 7)
  const width = band + 1
  const packed = new Float64Array(n * width)
  for (let i = 0; i < n; i++)
    for (let j = Math.max(0, i - band); j <= i; j++) packed[i * width + j - i + band] = M.get(i, j)
  const Y = new Matrix(Array.from({ length: n }, (_, i) => [1, i, -1]))
  const X = Float64Array.from(Y.to1DArray())
  expect(bandedCholeskyInPlace(packed, n, band)).toBe(true)
  bandedSolveInPlace(packed, X, n, band, 3)
  const expected = solve(M, Y).to1DArray()
  const largest = Math.max(...expected.map(Math.abs))
  for (let k = 0; k < X.length; k++) expect((X[k]! - expected[k]!) / largest).toBeCloseTo(0, 9)
})

test('refuses band matrices that are not positive definite', () => {
  expect(bandedCholeskyInPlace(Float64Array.of(0, 1, 2, 1), 2, 1)).toBe(false)
})
