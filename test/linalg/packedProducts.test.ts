import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { toFlat } from '../../src/linalg/dense.ts'
import { packedProducts } from '../../src/linalg/packedProducts.ts'
import { random } from '../../src/linalg/random.ts'

describe('packedProducts', () => {
  it.each([
    [1, 1],
    [5, 2],
    [8, 4],
    [61, 15],
    [3, 7],
  ])('multiplies as ml-matrix does, and gives each vector the bits it would get alone: %i × %i', (rows, columns) => {
    const source = random(1)
    const M = new Matrix(Array.from({ length: rows }, () => Array.from({ length: columns }, () => source.normal())))
    const together = packedProducts(toFlat(M), rows, columns, 5)
    const alone = packedProducts(toFlat(M), rows, columns, 1)
    for (const count of [5, 2, 1]) {
      const vectors = Array.from({ length: count }, () => Array.from({ length: columns }, () => source.normal()))
      for (const [c, v] of vectors.entries()) together.short.set(v, c * together.shortStride)
      together.multiply(count)
      const long = together.long.slice()
      together.multiplyTransposed(count)
      for (const [c, v] of vectors.entries()) {
        alone.short.set(v)
        alone.multiply(1)
        const at = c * together.longStride
        expect(long.slice(at, at + alone.longStride)).toEqual(alone.long.slice(0, alone.longStride))
        const image = M.mmul(Matrix.columnVector(v))
        for (let i = 0; i < rows; i++) expect(long[at + i]).toBeCloseTo(image.get(i, 0), 12)
        alone.multiplyTransposed(1)
        const back = c * together.shortStride
        expect(together.short.slice(back, back + alone.shortStride)).toEqual(alone.short.slice(0, alone.shortStride))
        const twice = M.transpose().mmul(image)
        for (let j = 0; j < columns; j++) expect(together.short[back + j]).toBeCloseTo(twice.get(j, 0), 10)
      }
    }
  })
})
