import { Matrix, solve as leastSquares } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { fromFlat, maxAbs, toFlat } from '../../src/linalg/dense.ts'
import { random, type Random } from '../../src/linalg/random.ts'
import { equationsLeftOut } from '../../src/sensing/equationsLeftOut.ts'
import { exchangeTableau } from '../../src/sensing/exchangeTableau.ts'
import { orthonormalColumns } from '../../src/sensing/orthonormalColumns.ts'

const normals = (source: Random, k: number, n: number) =>
  new Matrix(Array.from({ length: k }, () => Array.from({ length: n }, () => source.normal())))

describe('exchangeTableau', () => {
  it('is A A_B⁻¹ after any number of exchanges, by rows, by columns and as a whole', () => {
    const source = random(1)
    const [k, n] = [17, 5]
    const A = normals(source, k, n)
    const tableau = exchangeTableau(k, n)
    const row = new Float64Array(n)
    const column = new Float64Array(k)
    tableau.set(toFlat(A), new Int32Array(n).fill(-1))
    for (let step = 0; step < 60; step++) {
      const i = step % n
      // the equation outside of B whose pivot is largest; a broken tableau has none
      const pivots = Array.from({ length: k }, (_, t) => {
        tableau.rowInto(row, t)
        return tableau.placeOf[t]! >= 0 ? 0 : Math.abs(row[i]!) * (0.2 + source.uniform())
      })
      const e = pivots.indexOf(Math.max(...pivots))
      expect(pivots[e]).toBeGreaterThan(0.01)
      tableau.rowInto(row, e)
      tableau.columnInto(column, i)
      tableau.exchange(e, i, row, column)
      if (step < n) continue
      const B = Array.from(tableau.B)
      const expected = leastSquares(A.selection(B, [0, 1, 2, 3, 4]).transpose(), A.transpose()).transpose()
      for (let t = 0; t < k; t++) {
        tableau.rowInto(row, t)
        for (let j = 0; j < n; j++) expect(row[j]).toBeCloseTo(expected.get(t, j), 8)
      }
      for (let j = 0; j < n; j++) {
        tableau.columnInto(column, j)
        for (let t = 0; t < k; t++) expect(column[t]).toBeCloseTo(expected.get(t, j), 8)
        expect(tableau.placeOf[B[j]!]).toBe(j)
      }
      if (step % 7 !== 0) continue
      tableau.settle()
      expect(maxAbs(Matrix.sub(fromFlat(tableau.T, k, n), expected))).toBeLessThan(1e-8)
    }
  })
})

describe('equationsLeftOut', () => {
  const [k, n] = [20, 6]
  const source = random(2)
  const { Q } = orthonormalColumns(toFlat(normals(source, k, n)), k, n)
  const M = fromFlat(Q, k, n)
  const isOut = Array.from({ length: k }, (_, t) => (t % 4 === 1 ? 1 : 0))
  const others = Array.from({ length: k }, (_, t) => t).filter((t) => isOut[t] === 0)
  const columns = Array.from({ length: n }, (_, j) => j)

  it('gives the residuals of a least squares fit to the other equations', () => {
    const y = normals(source, k, 1)
    const all = Matrix.sub(M.mmul(M.transpose().mmul(y)), y)
    const left = equationsLeftOut(Q, k, n)
    expect(left.leaveOut(isOut)).toBe(true)
    const residuals = new Float64Array(k)
    left.residualsInto(residuals, toFlat(all))
    const x = leastSquares(M.selection(others, columns), y.selection(others, [0]))
    const expected = Matrix.sub(M.mmul(x), y)
    for (let t = 0; t < k; t++) expect(residuals[t]).toBeCloseTo(expected.get(t, 0), 12)
  })

  it('projects on Qᵀv = 0 without a change where equations are left out, at a right angle', () => {
    const left = equationsLeftOut(Q, k, n)
    expect(left.leaveOut(isOut)).toBe(true)
    const before = toFlat(normals(source, k, 1))
    const v = before.slice()
    left.projectInPlace(v)
    expect(maxAbs(M.transpose().mmul(Matrix.columnVector(Array.from(v))))).toBeLessThan(1e-12)
    for (let t = 0; t < k; t++) if (isOut[t] === 1) expect(v[t]).toBe(before[t])
    // the change is Q_H b for some b: least squares leaves nothing of it
    const change = Matrix.columnVector(others.map((t) => v[t]! - before[t]!))
    const H = M.selection(others, columns)
    expect(maxAbs(Matrix.sub(H.mmul(leastSquares(H, change)), change))).toBeLessThan(1e-12)
  })

  it('does the same where more equations are left out than there are unknowns', () => {
    const many = Array.from({ length: k }, (_, t) => (t % 5 < 2 ? 1 : 0)) // 8 of 20, for 6 unknowns
    const rest = Array.from({ length: k }, (_, t) => t).filter((t) => many[t] === 0)
    const H = M.selection(rest, columns)
    const y = normals(source, k, 1)
    const left = equationsLeftOut(Q, k, n)
    expect(left.leaveOut(many)).toBe(true)
    const residuals = new Float64Array(k)
    left.residualsInto(residuals, toFlat(Matrix.sub(M.mmul(M.transpose().mmul(y)), y)))
    const expected = Matrix.sub(M.mmul(leastSquares(H, y.selection(rest, [0]))), y)
    for (let t = 0; t < k; t++) expect(residuals[t]).toBeCloseTo(expected.get(t, 0), 12)
    const before = toFlat(normals(source, k, 1))
    const v = before.slice()
    left.projectInPlace(v)
    expect(maxAbs(M.transpose().mmul(Matrix.columnVector(Array.from(v))))).toBeLessThan(1e-12)
    for (let t = 0; t < k; t++) if (many[t] === 1) expect(v[t]).toBe(before[t])
    const change = Matrix.columnVector(rest.map((t) => v[t]! - before[t]!))
    expect(maxAbs(Matrix.sub(H.mmul(leastSquares(H, change)), change))).toBeLessThan(1e-12)
  })

  it('refuses to leave out so many that the others determine nothing', () => {
    const left = equationsLeftOut(Q, k, n)
    expect(left.leaveOut(isOut.map((_, t) => (t < k - n + 1 ? 1 : 0)))).toBe(false)
  })
})
