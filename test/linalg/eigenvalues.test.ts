import fc from 'fast-check'
import { Matrix, QrDecomposition } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { eigenvalues, spectralRadius, symmetricEigenvalues } from '../../src/linalg/eigenvalues.ts'

describe('eigenvalues', () => {
  test('of a companion matrix are the roots of its polynomial', () => {
    // (x − 1)(x − 2)(x + 3)(x² + 4) = x⁵ − 3x³ + 6x² − 28x + 24
    const coefficients = [0, -3, 6, -28, 24]
    const C = Matrix.zeros(5, 5)
    for (let k = 0; k < 5; k++) C.set(0, k, -coefficients[k]!)
    for (let k = 0; k < 4; k++) C.set(k + 1, k, 1)
    const { re, im } = eigenvalues(C)
    const expected = [
      [-3, 0],
      [2, 0],
      [0, 2],
      [0, -2],
      [1, 0],
    ]
    // 2 and ±2i have equal magnitudes: rounding decides their order, so compare as sets.
    for (const [a, b] of expected) {
      const distance = Math.min(...Array.from(re, (x, k) => Math.hypot(x - a!, im[k]! - b!)))
      expect(distance).toBeLessThan(1e-12)
    }
    expect(re[0]).toBeCloseTo(-3, 12)
  })

  test('returns on the matrix that the usual QR iteration never leaves', () => {
    const M = new Matrix([
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 1],
      [0, 0, 0, 1, 0],
      [1, 1, 0, 0, 1],
      [1, 0, 1, 0, 1],
    ])
    expect(eigenvalues(M).re[0]).toBeCloseTo((1 + Math.sqrt(5)) / 2, 12)
  })

  test('of many chains, in coordinates that mix them, come out and sum to the trace', () => {
    let state = 7
    const uniform = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return (state + 0.5) / 2 ** 32
    }
    const pick = <T>(values: readonly T[]): T => values[Math.floor(values.length * uniform())]!
    for (let t = 0; t < 150; t++) {
      const lengths: number[] = []
      let n = 0
      while (n < 30 + 20 * uniform()) {
        lengths.push(pick([1, 2, 3, 4, 5]))
        n += lengths.at(-1)!
      }
      const A = Matrix.zeros(n, n)
      let from = 0
      for (const length of lengths) {
        const [lambda, link] = [pick([0, 0, 0, 1, 0.999, -1, 1.3]), pick([1, 0.5, 0.2])]
        for (let i = from; i < from + length; i++) {
          A.set(i, i, lambda)
          if (i + 1 < from + length) A.set(i, i + 1, link)
        }
        from += length
      }
      const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
      const { orthogonalMatrix: T } = new QrDecomposition(
        new Matrix(Array.from({ length: n }, () => Array.from({ length: n }, normal))),
      )
      const { re } = eigenvalues(T.mmul(A).mmul(T.transpose()))
      expect(Math.abs(re.reduce((sum, x) => sum + x, 0) - A.trace())).toBeLessThan(1e-12)
    }
  })

  test('of cyclic shifts are the roots of unity', () => {
    const n = 12
    const M = Matrix.zeros(n, n)
    for (let i = 0; i < n; i++) M.set(i, (i + 1) % n, 1)
    const { re, im } = eigenvalues(M)
    for (let k = 0; k < n; k++) expect(Math.hypot(re[k]!, im[k]!)).toBeCloseTo(1, 12)
    const angles = Array.from(re, (x, k) => Math.round((Math.atan2(im[k]!, x) * n) / (2 * Math.PI)))
    expect(new Set(angles.map((a) => (a + n) % n)).size).toBe(n)
  })

  test('have the trace as sum and the trace of M² as sum of squares, and come by descending magnitude', () => {
    const matrices = fc.integer({ min: 1, max: 9 }).chain((n) =>
      fc.array(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: n, maxLength: n }), {
        minLength: n,
        maxLength: n,
      }),
    )
    fc.assert(
      fc.property(matrices, (rows) => {
        const M = new Matrix(rows)
        const { re, im } = eigenvalues(M)
        expect(re.reduce((sum, x) => sum + x, 0)).toBeCloseTo(M.trace(), 9)
        expect(re.reduce((sum, x, k) => sum + x * x - im[k]! ** 2, 0)).toBeCloseTo(M.mmul(M).trace(), 8)
        for (let k = 1; k < re.length; k++)
          expect(Math.hypot(re[k]!, im[k]!)).toBeLessThanOrEqual(Math.hypot(re[k - 1]!, im[k - 1]!))
      }),
      { seed: 4, numRuns: 500 },
    )
  })

  test('survive bad scaling', () => {
    // Similar to [[1, 1, 0], [1, 2, 1], [0, 1, 3]] through D = diag(1e-8, 1, 1e6).
    const M = new Matrix([
      [1, 1e-8, 0],
      [1e8, 2, 1e-6],
      [0, 1e6, 3],
    ])
    const expected = symmetricEigenvalues(
      new Matrix([
        [1, 1, 0],
        [1, 2, 1],
        [0, 1, 3],
      ]),
    )
    const { re } = eigenvalues(M)
    for (let k = 0; k < 3; k++) expect(re[k]).toBeCloseTo(expected[2 - k]!, 11)
  })

  test('refuse what has none, by reason', () => {
    expect(() => eigenvalues(Matrix.zeros(2, 3))).toThrow('square')
    expect(() => eigenvalues(new Matrix([[Number.NaN]]))).toThrow('finite')
    expect(spectralRadius(Matrix.zeros(0, 0))).toBe(0)
  })
})
