import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { simulate } from '../../src/experiment/simulate.ts'
import { callsSentence, certificateSentence } from '../../src/experiment/certificate.ts'
import { linearizationJson, toPlain } from '../../src/experiment/linearizationJson.ts'
import { trajectoryCsv } from '../../src/report/trajectoryCsv.ts'
import { doubleIntegrator } from '../experiment/engines.ts'
import { linearizationOf, quality } from './content.ts'

const A = [
  [1, 0.1],
  [0, 1],
]
const B = [[0.01], [0.1]]
const lin = linearizationOf(doubleIntegrator(), A, B)

describe('trajectoryCsv', () => {
  it('holds names, units, and every bit of every number', async () => {
    const engine = doubleIntegrator()
    const control = (_x: Float64Array, _t: number, u: Float64Array) => void u.fill(1 / 3)
    const run = await simulate(engine, { name: 'c', control }, { duration: 1, x0: Float64Array.of(0.1, -0.2) })
    const lines = trajectoryCsv(run).trimEnd().split('\r\n')
    expect(lines[0]).toBe('time [s],cart.position [m],cart.velocity [m/s],u0 [N]')
    expect(lines).toHaveLength(12)
    lines.slice(1).forEach((line, k) => {
      const cells = line.split(',')
      expect(cells.map(Number).slice(1, 3)).toEqual([run.X[2 * k], run.X[2 * k + 1]])
      expect(cells[3]).toBe(k < 10 ? String(1 / 3) : '')
    })
    expect(lines[4]!.split(',')[0]).toBe('0.3')
  })

  it('quotes names that hold commas or quotes', async () => {
    const engine = doubleIntegrator({ names: ['a,b', 'say "v"'] })
    const run = await simulate(engine, { name: 'n', control: () => {} }, { duration: 0.1 })
    expect(trajectoryCsv(run).split('\r\n')[0]).toBe('time [s],"a,b [m]","say ""v"" [m/s]",u0 [N]')
  })
})

describe('linearizationJson', () => {
  it('is plain JSON: matrices as lists of rows, nothing that JSON would drop', () => {
    const json = linearizationJson(lin, 'mass')
    expect(JSON.parse(JSON.stringify(json))).toEqual(json)
    expect(json).toMatchObject({
      scene: 'mass',
      engine: 'linear',
      dt: 0.1,
      states: ['cart.position', 'cart.velocity'],
      controls: ['u0'],
      A,
      B,
      c: [0, 0],
      quality: { method: 'colored', calls: 14, certified: true, callsFor: { directions: 10, heldOut: 4 } },
    })
    // The test's quality holds a NaN, which JSON has no word for.
    expect(json.quality.heldOutResidualByRow).toEqual([1e-12, 3.1e-11, 0, null])
  })

  it('turns what JSON lacks into null, at any depth', () => {
    expect(toPlain({ a: [Number.NaN, { b: Infinity }], m: new Matrix([[1, -Infinity]]), s: 'x', n: null })).toEqual({
      a: [null, { b: null }],
      m: [[1, null]],
      s: 'x',
      n: null,
    })
  })
})

describe('the sentences', () => {
  it('say what was spent, on what', () => {
    expect(callsSentence(lin)).toBe('14 simulator steps: 10 for 5 directions, 4 to check them on 2 random ones')
  })

  it('certify, or name the rows that fail', () => {
    expect(certificateSentence(lin)).toBe(
      'Certified: residual 3.1e-11 on 2 held-out random directions, tolerance 1e-6.',
    )
    expect(certificateSentence({ ...lin, quality: { ...quality, kinkedRows: [0] } })).toMatch(
      /^Certified.* Left and right differences disagree in cart\.position: a contact/,
    )
    const failing = {
      ...quality,
      certified: false,
      heldOutResidual: 0.3,
      failedRows: [1],
      fallback: 'too many rows failed',
    }
    expect(certificateSentence({ ...lin, quality: failing })).toBe(
      'Not certified: residual 0.3 on 2 held-out random directions, tolerance 1e-6; rows that fail: cart.velocity. Dense fallback: too many rows failed.',
    )
  })
})
