import { Matrix } from 'ml-matrix'
import { expect, test } from 'vitest'
import { maxAbs } from '../../src/linalg/dense.ts'
import { lyapunov } from '../../src/linalg/lyapunov.ts'
import { random } from '../../src/linalg/random.ts'

test('of a diagonal matrix is q_ij / −(λ_i + λ_j), over eight decades', () => {
  const rates = [-1e-4, -1, -30, -1e4]
  const Q = new Matrix(rates.map((_, i) => rates.map((__, j) => 1 + i * j)))
  const P = lyapunov(Matrix.diag(rates), Q)!
  for (const [i, a] of rates.entries())
    for (const [j, b] of rates.entries()) expect(P.get(i, j) / (-Q.get(i, j) / (a + b))).toBeCloseTo(1, 12)
})

test.each([3, 16, 17, 40])('AᵀP + PA + Q = 0 to rounding, symmetric (n = %i)', (n) => {
  const source = random(5, n)
  const draw = () => new Matrix(Array.from({ length: n }, () => Array.from({ length: n }, () => source.normal())))
  const A = draw()
    .mul(1 / Math.sqrt(n))
    .sub(Matrix.eye(n, n, 1.5))
  const W = draw()
  const Q = W.mmul(W.transpose())
  const P = lyapunov(A, Q)!
  const AtP = A.transpose().mmul(P)
  const defect = Matrix.add(Matrix.add(AtP, AtP.transpose()), Q)
  expect(maxAbs(defect) / (maxAbs(AtP) + maxAbs(Q))).toBeLessThan(1e-12)
  expect(maxAbs(Matrix.sub(P, P.transpose()))).toBe(0)
})

test('of a matrix that is not stable there is none: null, small or large', () => {
  expect(lyapunov(new Matrix([[0]]), new Matrix([[1]]))).toBeNull()
  expect(lyapunov(Matrix.eye(20, 20), Matrix.eye(20, 20))).toBeNull()
})
