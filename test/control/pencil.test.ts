import fc from 'fast-check'
import { Matrix } from 'ml-matrix'
import { expect, test } from 'vitest'
import { participation } from '../../src/control/participation.ts'
import { pencilVectors, roughlySmallest } from '../../src/control/pencil.ts'
import { gaussianMatrix } from './riccatiOracle.ts'

test('the rough value is at least the smallest singular value, and no more than 30 times it', () => {
  const parts = fc.record({
    n: fc.integer({ min: 1, max: 10 }),
    seed: fc.nat(1e6),
    re: fc.double({ min: -1, max: 1, noNaN: true }),
    im: fc.constantFrom(0, 0.3),
  })
  fc.assert(
    fc.property(parts, ({ n, seed, re, im }) => {
      const A = gaussianMatrix(n, n, seed + 1, 1 / Math.sqrt(n))
      const C = gaussianMatrix(2, n, seed + 2, 0.1)
      const smallest = pencilVectors(A, C, { re, im }).sigmas.at(-1)!
      const rough = roughlySmallest(A, C)({ re, im })
      expect(rough).toBeGreaterThan(smallest * (1 - 1e-4))
      expect(rough).toBeLessThan(30 * smallest)
    }),
    { seed: 1, numRuns: 100 },
  )
})

test('a null vector is seen: [A − λI; C] of rank n − 1, real and complex', () => {
  const [c, s] = [Math.cos(0.4), Math.sin(0.4)]
  const turn = new Matrix([
    [c, -s],
    [s, c],
  ])
  expect(roughlySmallest(turn, Matrix.zeros(1, 2))({ re: c, im: s })).toBeLessThan(1e-7)
  expect(pencilVectors(turn, Matrix.zeros(1, 2), { re: c, im: s }).sigmas.at(-1)).toBeLessThan(1e-15)
  expect(roughlySmallest(Matrix.eye(2, 2), new Matrix([[0, 1]]))({ re: 1, im: 0 })).toBeLessThan(1e-7)
})

test('participation factors of a triangular matrix are those of its diagonal entry; none of a double eigenvalue', () => {
  const A = new Matrix([
    [1.2, 5],
    [0, 0.5],
  ])
  const factors = participation(A, { re: 1.2, im: 0 })!
  expect(factors[1]! / factors[0]!).toBeLessThan(1e-12)
  const double = new Matrix([
    [1, 0.01],
    [0, 1],
  ])
  expect(participation(double, { re: 1, im: 0 })).toBeNull()
})
