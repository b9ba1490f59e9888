import fc from 'fast-check'
import { Matrix, solve } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { fromFlat, maxAbs, toFlat, toMatrix, toSizedMatrix, toSymmetricMatrix } from '../../src/linalg/dense.ts'
import { matMulInto, norm2, solveManyInPlace, transposeInto } from '../../src/linalg/flat.ts'

const entries = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 100, maxLength: 100 })

describe('flat kernels', () => {
  test('product, transpose and solution are those of ml-matrix', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 }), entries, entries, (n, m, a, b) => {
        // Diagonally dominant up to permutation of rows, so that pivoting is needed and the solution is well conditioned.
        const M = Matrix.from1DArray(n, n, a.slice(0, n * n))
        for (let i = 0; i < n; i++) M.set(i, (i + 1) % n, M.get(i, (i + 1) % n) + 2 * n)
        const Y = Matrix.from1DArray(n, m, b.slice(0, n * m))
        const product = new Float64Array(n * m)
        matMulInto(product, toFlat(M), toFlat(Y), n, n, m)
        expect(maxAbs(Matrix.sub(fromFlat(product, n, m), M.mmul(Y)))).toBeLessThan(1e-13)
        const transposed = new Float64Array(n * m)
        transposeInto(transposed, toFlat(Y), n, m)
        expect(fromFlat(transposed, m, n).to2DArray()).toEqual(Y.transpose().to2DArray())
        const X = toFlat(Y)
        expect(solveManyInPlace(toFlat(M), X, n, m)).toBe(true)
        expect(maxAbs(Matrix.sub(fromFlat(X, n, m), solve(M, Y)))).toBeLessThan(1e-13)
      }),
      { seed: 1, numRuns: 100 },
    )
  })

  test('a singular system is refused', () => {
    expect(solveManyInPlace(Float64Array.of(1, 2, 2, 4), Float64Array.of(1, 1), 2, 1)).toBe(false)
    expect(solveManyInPlace(Float64Array.of(Number.NaN), Float64Array.of(1), 1, 1)).toBe(false)
    // a pivot below the threshold counts as zero
    expect(solveManyInPlace(Float64Array.of(1, 0, 0, 1e-15), Float64Array.of(1, 1), 2, 1)).toBe(true)
    expect(solveManyInPlace(Float64Array.of(1, 0, 0, 1e-15), Float64Array.of(1, 1), 2, 1, 1e-14)).toBe(false)
  })

  test('the norm neither overflows nor hides NaN', () => {
    expect(norm2(Float64Array.of(3e200, 4e200))).toBeCloseTo(5e200, -190)
    expect(norm2(Float64Array.of(1, Number.NaN, 2))).toBeNaN()
    expect(norm2(new Float64Array(0))).toBe(0)
  })
})

describe('matrices from users', () => {
  test('are copied, checked and named', () => {
    const rows = [
      [1, 2],
      [3, 4],
    ]
    const M = toMatrix(rows, 'f', 'M')
    rows[0]![0] = 9
    expect(M.get(0, 0)).toBe(1)
    expect(() => toMatrix([[1, 2], [3]], 'f', 'M')).toThrow(
      'f: M has rows of different lengths: row 0 has 2, row 1 has 1',
    )
    expect(() => toMatrix([1, 2] as never, 'f', 'M')).toThrow('f: M must be a real matrix')
    expect(() => toMatrix([[Number.POSITIVE_INFINITY]], 'f', 'M')).toThrow('f: M[0][0] is Infinity')
    expect(() => toMatrix([['1']] as never, 'f', 'M')).toThrow('f: M[0][0] is 1, expected a finite number')
    expect(() => toSizedMatrix([[1]], 'f', 'M', { rows: 2, columns: 1, symbols: 'n × 1' })).toThrow('[n × 1] = [2 × 1]')
  })

  test('may be asymmetric by rounding only, which is averaged away', () => {
    const size = { rows: 2, symbols: 'n × n' }
    const M = toSymmetricMatrix(
      [
        [1, 1e6],
        [1e6 + 1e-7, 1],
      ],
      'f',
      'M',
      size,
    )
    expect(M.get(0, 1)).toBe(M.get(1, 0))
    expect(() =>
      toSymmetricMatrix(
        [
          [1, 2],
          [2.1, 1],
        ],
        'f',
        'M',
        size,
      ),
    ).toThrow('M[1][0] = 2.1 and M[0][1] = 2')
  })
})
