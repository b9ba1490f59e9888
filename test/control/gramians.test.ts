import fc from 'fast-check'
import { inverse, Matrix, solve } from 'ml-matrix'
import { expect, test } from 'vitest'
import { controllabilityGramian } from '../../src/control/controllabilityGramian.ts'
import { hankelSingularValues } from '../../src/control/hankelSingularValues.ts'
import { observabilityGramian } from '../../src/control/observabilityGramian.ts'
import { maxAbs } from '../../src/linalg/dense.ts'
import { gaussianMatrix } from './riccatiOracle.ts'

const sizes = fc.record({ n: fc.integer({ min: 1, max: 8 }), m: fc.integer({ min: 1, max: 3 }), seed: fc.nat(1e5) })
const systemOf = ({ n, m, seed }: { n: number; m: number; seed: number }, growth: number) => ({
  A: gaussianMatrix(n, n, seed + 1, growth / Math.sqrt(n)),
  B: gaussianMatrix(n, m, seed + 2, 1),
  C: gaussianMatrix(m, n, seed + 3, 1),
})

test('of N steps they are the sums, term by term', () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 40 }), (size, steps) => {
      const { A, B, C } = systemOf(size, 1)
      let [Wc, Wo] = [Matrix.zeros(size.n, size.n), Matrix.zeros(size.n, size.n)]
      let [AB, CA] = [B, C]
      for (let k = 0; k < steps; k++) {
        Wc = Matrix.add(Wc, AB.mmul(AB.transpose()))
        Wo = Matrix.add(Wo, CA.transpose().mmul(CA))
        AB = A.mmul(AB)
        CA = CA.mmul(A)
      }
      const reach = controllabilityGramian({ A, B }, { steps })!
      const tell = observabilityGramian({ A, B }, C, { steps })!
      expect(maxAbs(Matrix.sub(reach, Wc)) / maxAbs(Wc)).toBeLessThan(1e-12)
      expect(maxAbs(Matrix.sub(tell, Wo)) / maxAbs(Wo)).toBeLessThan(1e-12)
    }),
    { seed: 1, numRuns: 40 },
  )
})

test('a scalar has b²/(1 − a²), c²/(1 − a²) and |bc|/(1 − a²)', () => {
  const lin = { A: [[0.8]], B: [[3]] }
  expect(controllabilityGramian(lin)!.get(0, 0)).toBeCloseTo(9 / 0.36, 12)
  expect(observabilityGramian(lin, [[2]])!.get(0, 0)).toBeCloseTo(4 / 0.36, 12)
  expect(hankelSingularValues(lin, [[2]])![0]).toBeCloseTo(6 / 0.36, 12)
})

test('least effort to a state is δxᵀWc⁻¹δx: that of the least-squares control sequence', () => {
  const { A, B } = systemOf({ n: 4, m: 1, seed: 3 }, 1)
  const steps = 7
  const reach = Matrix.zeros(4, steps) // [A⁶B … AB B]
  for (let k = steps - 1, column = B; k >= 0; k--, column = A.mmul(column)) reach.setSubMatrix(column, 0, k)
  const goal = Matrix.columnVector([1, -2, 0.5, 3])
  const u = reach.transpose().mmul(solve(reach.mmul(reach.transpose()), goal))
  const Wc = controllabilityGramian({ A, B }, { steps })!
  expect(goal.transpose().mmul(inverse(Wc)).mmul(goal).get(0, 0) / u.norm() ** 2).toBeCloseTo(1, 9)
})

test('Hankel singular values don’t change with the coordinates, and are those of the Hankel matrix', () => {
  const { A, B, C } = systemOf({ n: 3, m: 1, seed: 8 }, 0.6)
  const T = gaussianMatrix(3, 3, 9, 1)
  const Tinv = inverse(T)
  const values = hankelSingularValues({ A, B }, C)!
  const other = hankelSingularValues({ A: T.mmul(A).mmul(Tinv), B: T.mmul(B) }, C.mmul(Tinv))!
  const N = 60
  const markov: number[] = []
  for (let k = 0, column = B; k < 2 * N; k++, column = A.mmul(column)) markov.push(C.mmul(column).get(0, 0))
  const H = new Matrix(Array.from({ length: N }, (_, i) => markov.slice(i, i + N)))
  // The largest singular value by iteration.
  let v = Matrix.columnVector(Array.from({ length: N }, (_, i) => 1 / (i + 1)))
  for (let k = 0; k < 200; k++) {
    v = H.transpose().mmul(H.mmul(v))
    v.mul(1 / v.norm())
  }
  expect(H.mmul(v).norm()).toBeCloseTo(values[0]!, 9)
  for (let k = 0; k < 3; k++) expect(other[k]!).toBeCloseTo(values[k]!, 9)
})

test('an unstable system has none of an infinite horizon; names and misuse', () => {
  const lin = {
    A: Matrix.diag([1.1, 0.5]),
    B: [[1], [1]],
    layout: { dx: [{ name: 'a' }, { name: 'b' }], u: [{ name: 'u' }] },
  }
  expect(controllabilityGramian(lin)).toBeNull()
  expect(hankelSingularValues(lin, ['a'])).toBeNull()
  expect(observabilityGramian(lin, ['b'])!.get(1, 1)).toBeCloseTo(1 / 0.75, 13)
  expect(() => observabilityGramian(lin, ['c'])).toThrow('outputs must be among a, b, got c')
  expect(() => controllabilityGramian(lin, { steps: 0 })).toThrow('steps must be an integer ≥ 1 or Infinity, got 0')
})
