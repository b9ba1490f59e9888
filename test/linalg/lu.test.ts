import { LuDecomposition, Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { toFlat } from '../../src/linalg/dense.ts'
import { luInPlace } from '../../src/linalg/lu.ts'
import { random } from '../../src/linalg/random.ts'

describe('luInPlace', () => {
  it('solves with a matrix and with its transpose as ml-matrix does', () => {
    const source = random(1)
    for (let n = 1; n <= 13; n++) {
      const M = new Matrix(Array.from({ length: n }, () => Array.from({ length: n }, () => source.normal())))
      const b = Float64Array.from({ length: n }, () => source.normal())
      const factors = luInPlace(toFlat(M), n)!
      for (const isTransposed of [false, true]) {
        const x = b.slice()
        if (isTransposed) factors.solveTransposedInPlace(x)
        else factors.solveInPlace(x)
        const expected = new LuDecomposition(isTransposed ? M.transpose() : M).solve(Matrix.columnVector(Array.from(b)))
        const size = 1 + Math.max(...expected.getColumn(0).map(Math.abs))
        for (let i = 0; i < n; i++) expect(Math.abs(x[i]! - expected.get(i, 0))).toBeLessThan(1e-11 * size)
      }
    }
  })

  it('exchanges rows where a pivot is zero, and refuses what is singular or not finite', () => {
    const x = Float64Array.of(3, 5)
    luInPlace(Float64Array.of(0, 1, 2, 0), 2)!.solveInPlace(x)
    expect(Array.from(x)).toEqual([2.5, 3])
    expect(luInPlace(Float64Array.of(1, 2, 2, 4), 2)).toBeNull()
    expect(luInPlace(Float64Array.of(Number.NaN, 1, 1, 1), 2)).toBeNull()
    expect(luInPlace(Float64Array.of(0), 1)).toBeNull()
    expect(luInPlace(new Float64Array(0), 0)).not.toBeNull()
  })
})
