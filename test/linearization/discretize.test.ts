import fc from 'fast-check'
import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { maxAbs } from '../../src/linalg/dense.ts'
import { continuize, discretize } from '../../src/linearization/discretize.ts'

describe('discretize', () => {
  test('a double integrator has the textbook closed form', () => {
    const { A, B } = discretize(
      [
        [0, 1],
        [0, 0],
      ],
      [[0], [1]],
      0.1,
    )
    expect(A.to2DArray()).toEqual([
      [1, 0.1],
      [0, 1],
    ])
    expect(B.get(0, 0)).toBeCloseTo(0.005, 15)
    expect(B.get(1, 0)).toBeCloseTo(0.1, 15)
  })

  test('a first-order lag has A = e^{−a dt}, B = b(1 − e^{−a dt})/a', () => {
    const { A, B } = discretize([[-3]], [[2]], 0.25)
    expect(A.get(0, 0)).toBeCloseTo(Math.exp(-0.75), 15)
    expect(B.get(0, 0)).toBeCloseTo((2 * (1 - Math.exp(-0.75))) / 3, 15)
  })

  test('two half steps with the same control are one step', () => {
    const Ac = [
      [0.1, 2, -1],
      [0.3, -1, 0.5],
      [-2, 0.2, 0.4],
    ]
    const Bc = [
      [1, 0],
      [0.5, 2],
      [-1, 1],
    ]
    const whole = discretize(Ac, Bc, 0.4)
    const half = discretize(Ac, Bc, 0.2)
    expect(maxAbs(Matrix.sub(half.A.mmul(half.A), whole.A))).toBeLessThan(1e-14)
    expect(maxAbs(Matrix.sub(half.A.mmul(half.B).add(half.B), whole.B))).toBeLessThan(1e-14)
  })

  test('misuse throws by name', () => {
    expect(() => discretize([[1, 2]], [[1]], 0.1)).toThrow('discretize: Ac must be [n × n], got [1 × 2]')
    expect(() => discretize([[1]], [[1], [2]], 0.1)).toThrow('discretize: Bc must be [n × m] with n = 1, got [2 × 1]')
    expect(() => discretize([[1]], [[1]], 0)).toThrow('dt must be a number > 0')
    expect(() => continuize([[Number.NaN]], [[1]], 1)).toThrow('continuize: A[0][0] is NaN')
  })
})

describe('continuize', () => {
  test('undoes discretize below the Nyquist frequency', () => {
    const entries = (count: number) =>
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: count, maxLength: count })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), entries(25), entries(10), (n, a, b) => {
        const Ac = Matrix.from1DArray(n, n, a.slice(0, n * n))
        const Bc = Matrix.from1DArray(n, 2, b.slice(0, 2 * n))
        const { A, B } = discretize(Ac, Bc, 0.3)
        const back = continuize(A, B, 0.3)
        expect(back.result).toBe('solved')
        if (back.result !== 'solved') return
        expect(maxAbs(Matrix.sub(back.Ac, Ac))).toBeLessThan(1e-11)
        expect(maxAbs(Matrix.sub(back.Bc, Bc))).toBeLessThan(1e-11)
      }),
      { seed: 1, numRuns: 100 },
    )
  })

  test('reports what has no continuous form, with the eigenvalue', () => {
    const flipping = continuize(
      [
        [-0.5, 0],
        [0, 0.3],
      ],
      [[1], [1]],
      0.1,
    )
    expect(flipping).toMatchObject({ result: 'no-logarithm', eigenvalue: { re: -0.5, im: 0 } })
    expect(continuize([[0]], [[1]], 0.1)).toMatchObject({ result: 'no-logarithm', eigenvalue: { re: 0, im: 0 } })
  })
})
