import fc from 'fast-check'
import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { maxAbs } from '../../src/linalg/dense.ts'
import { expm } from '../../src/linalg/expm.ts'
import { logm } from '../../src/linalg/logm.ts'
import { stein } from '../../src/linalg/stein.ts'

const square = (size: number) =>
  fc
    .integer({ min: 1, max: 6 })
    .chain((n) =>
      fc.array(fc.array(fc.double({ min: -size, max: size, noNaN: true }), { minLength: n, maxLength: n }), {
        minLength: n,
        maxLength: n,
      }),
    )
    .map((rows) => new Matrix(rows))
const gap = (X: Matrix, Y: Matrix) => maxAbs(Matrix.sub(X, Y)) / Math.max(maxAbs(X), maxAbs(Y), 1e-300)

describe('expm', () => {
  test('a rotation generator gives the rotation, at every Padé degree and beyond', () => {
    for (const angle of [1e-9, 0.01, 0.2, 0.9, 2, 5, 40]) {
      const X = expm(
        new Matrix([
          [0, -angle],
          [angle, 0],
        ]),
      )
      const expected = new Matrix([
        [Math.cos(angle), -Math.sin(angle)],
        [Math.sin(angle), Math.cos(angle)],
      ])
      expect(maxAbs(Matrix.sub(X, expected))).toBeLessThan(1e-14 * Math.max(1, angle))
    }
  })

  test('a nilpotent matrix gives the finite sum I + N + N²/2', () => {
    const N = new Matrix([
      [0, 3, 7],
      [0, 0, -2],
      [0, 0, 0],
    ])
    const expected = Matrix.add(Matrix.add(Matrix.eye(3, 3), N), N.mmul(N).mul(0.5))
    expect(gap(expm(N), expected)).toBeLessThan(1e-15)
  })

  test('diagonal entries far apart are each exact', () => {
    const X = expm(Matrix.diag([-30, 0, 20]))
    for (const [k, value] of [-30, 0, 20].entries()) expect(X.get(k, k) / Math.exp(value)).toBeCloseTo(1, 12)
  })

  test('satisfies exp(A)·exp(−A) = I and det exp(A) = exp(tr A) at random', () => {
    fc.assert(
      fc.property(square(1), (A) => {
        const X = expm(A)
        const Y = expm(Matrix.mul(A, -1))
        expect(maxAbs(Matrix.sub(X.mmul(Y), Matrix.eye(A.rows, A.rows)))).toBeLessThan(
          1e-13 * maxAbs(X) * maxAbs(Y) * A.rows,
        )
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  test('refuses matrices that are not square or not finite, and overflow', () => {
    expect(() => expm(Matrix.zeros(2, 3))).toThrow('square')
    expect(() => expm(new Matrix([[Number.NaN]]))).toThrow('finite')
    expect(() => expm(new Matrix([[1e4]]))).toThrow('overflow')
  })
})

describe('logm', () => {
  test('inverts expm where eigenvalues stay within |Im| < π', () => {
    fc.assert(
      fc.property(square(0.5), (L) => {
        const log = logm(expm(L))
        expect(log.result).toBe('solved')
        if (log.result === 'solved') expect(maxAbs(Matrix.sub(log.L, L))).toBeLessThan(1e-11)
      }),
      { seed: 2, numRuns: 200 },
    )
  })

  test('a quarter turn has the generator π/2', () => {
    const log = logm(
      new Matrix([
        [0, -1],
        [1, 0],
      ]),
    )
    expect(log.result === 'solved' && Math.abs(log.L.get(1, 0) - Math.PI / 2) < 1e-14).toBe(true)
  })

  test('stiff diagonals are recovered', () => {
    const log = logm(Matrix.diag([1e-6, 1, 1e6]))
    expect(log.result === 'solved' && log.L.get(0, 0)).toBeCloseTo(Math.log(1e-6), 9)
  })

  test('reports an eigenvalue on the closed negative axis', () => {
    expect(logm(Matrix.diag([2, -0.5]))).toMatchObject({ result: 'no-logarithm', eigenvalue: { re: -0.5, im: 0 } })
    expect(
      logm(
        new Matrix([
          [0, 1],
          [0, 0],
        ]),
      ),
    ).toMatchObject({ result: 'no-logarithm', eigenvalue: { re: 0, im: 0 } })
  })
})

describe('stein', () => {
  test('satisfies its equation for random stable matrices and gives q/(1 − a²) for scalars', () => {
    expect(stein(new Matrix([[0.9]]), new Matrix([[2]]))!.get(0, 0)).toBeCloseTo(2 / (1 - 0.81), 12)
    fc.assert(
      fc.property(square(0.16), (A) => {
        const P = stein(A, Matrix.eye(A.rows, A.rows))!
        const residual = Matrix.sub(P, A.transpose().mmul(P).mmul(A).add(Matrix.eye(A.rows, A.rows)))
        expect(maxAbs(residual)).toBeLessThan(1e-13 * maxAbs(P))
      }),
      { seed: 3, numRuns: 100 },
    )
  })

  test('gives null for an unstable matrix', () => {
    expect(stein(new Matrix([[1.1]]), new Matrix([[1]]))).toBeNull()
  })
})
