import fc from 'fast-check'
import { Matrix } from 'ml-matrix'
import { expect, test } from 'vitest'
import { maxAbs } from '../../src/linalg/dense.ts'
import { random } from '../../src/linalg/random.ts'
import { triangularFactor } from '../../src/linalg/triangularFactor.ts'

test('RᵀR = MᵀM, R upper triangular, also of rank-deficient matrices', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 12 }),
      fc.nat(1000),
      (columns, more, seed) => {
        const source = random(seed)
        const M = new Matrix(
          Array.from({ length: columns + more }, () => Array.from({ length: columns }, () => source.normal())),
        )
        if (seed % 3 === 0) for (let i = 0; i < M.rows; i++) M.set(i, columns - 1, seed % 2 === 0 ? 0 : M.get(i, 0))
        const R = triangularFactor(M)
        expect(maxAbs(Matrix.sub(R.transpose().mmul(R), M.transpose().mmul(M)))).toBeLessThan(1e-12)
        for (let i = 0; i < columns; i++) for (let j = 0; j < i; j++) expect(R.get(i, j)).toBe(0)
      },
    ),
    { seed: 1, numRuns: 80 },
  )
})
