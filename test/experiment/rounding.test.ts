import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { eigenvalues } from '../../src/linalg/eigenvalues.ts'
import { defectOf, roundingShare, shownEigenvalues, shownMatrices, shownValue } from '../../src/experiment/rounding.ts'
import { doubleIntegrator } from '../experiment/engines.ts'
import { linearizationOf, quality } from '../report/content.ts'

const engine = doubleIntegrator()
const lin = linearizationOf(
  engine,
  [
    [1, 0.1],
    [0, 1],
  ],
  [[0.005], [0.1]],
)

describe('entries of A, B and K', () => {
  it('are rounding below what a step of that size can tell', () => {
    // The error of (f(h) − f(−h)) / 2h where each f is right to ε: measured, not computed.
    const h = 6e-6
    let worst = 0
    for (let k = 0; k < 2000; k++) {
      const x = 1 + k / 2000
      worst = Math.max(worst, Math.abs((x + h * 0.3 - (x - h * 0.3)) / (2 * h) - 0.3) / x)
    }
    const share = roundingShare(lin)
    expect(share).toBeGreaterThan(worst)
    expect(share).toBeLessThan(1000 * worst)
    expect(roundingShare({ quality: { ...quality, method: 'native' } })).toBeLessThan(1e-13)
    expect(roundingShare({ quality: { ...quality, stepRange: [1e-12, 1] } })).toBe(1e-6)
  })

  it('shows them as 0, and says so; what is small for a reason stays', () => {
    const dirty = {
      ...lin,
      A: new Matrix([
        [1, 3.6e-18],
        [1e-4, 1e-4],
      ]),
      B: new Matrix([[-2e-8], [1e-14]]),
    }
    const { A, B, K, note } = shownMatrices(dirty, new Matrix([[-40, 1e-12]]))
    expect(A.to2DArray()).toEqual([
      [1, 0],
      [1e-4, 1e-4],
    ])
    expect(B.to2DArray()).toEqual([[-2e-8], [0]])
    expect(K!.to2DArray()).toEqual([[-40, 0]])
    expect(note).toMatch(/^0 also stands for entries below 2\.4e-9 of their row/)
    expect(dirty.A.get(0, 1)).toBe(3.6e-18)
  })

  it('says nothing where nothing was left out', () => {
    expect(shownMatrices(lin).note).toBe('')
    expect(shownMatrices(lin).A.to2DArray()).toEqual(lin.A.to2DArray())
  })
})

describe('eigenvalues', () => {
  it('of a double one that rounding split are real again; a slow oscillation stays', () => {
    // λ² − 2λ + 1 with its constant off by ε: λ = 1 ± √ε i.
    const { re, im } = eigenvalues(
      new Matrix([
        [2, -1 - Number.EPSILON],
        [1, 0],
      ]),
    )
    expect(Math.abs(im[0]!)).toBeGreaterThan(1e-9)
    const split = Array.from(re, (value, k) => ({ re: value, im: im[k]! }))
    for (const { im: shown } of shownEigenvalues(split)) expect(shown).toBe(0)
    const slow = [
      { re: 1, im: 1e-5 },
      { re: 1, im: -1e-5 },
    ]
    expect(shownEigenvalues(slow)).toEqual(slow)
  })

  it('about zero lose their dust, and keep their names', () => {
    expect(
      shownEigenvalues([
        { re: 1, im: 0, coordinate: 'a' },
        { re: -3e-17, im: 2e-17 },
        { re: 1e-15, im: 0.5 },
      ]),
    ).toEqual([
      { re: 1, im: 0, coordinate: 'a' },
      { re: 0, im: 0 },
      { re: 0, im: 0.5 },
    ])
  })
})

it('numbers that are nothing against their column are 0', () => {
  expect([shownValue(5.6e-19, 1), shownValue(-2e-12, 1), shownValue(1e-5, 1e6)]).toEqual([0, -2e-12, 1e-5])
})

describe('c', () => {
  it('is zero at an equilibrium up to rounding, and names what drifts elsewhere', () => {
    expect(defectOf({ ...lin, c: Float64Array.of(1e-17, -2e-16) })).toEqual([])
    expect(defectOf({ ...lin, precision: 'single', c: Float64Array.of(9e-5 * lin.dt, 0) })).toEqual([])
    expect(defectOf({ ...lin, precision: 'single', c: Float64Array.of(2e-4 * lin.dt, 0) })).toHaveLength(1)
    expect(defectOf({ ...lin, c: Float64Array.of(0, -2e-6) })).toEqual([
      { name: 'cart.velocity', unit: expect.any(String), value: -2e-6 },
    ])
  })
})
