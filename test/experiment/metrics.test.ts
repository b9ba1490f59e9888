import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import type { Controller } from '../../src/control/controller.ts'
import { measureRun, quadraticCost } from '../../src/experiment/metrics.ts'
import { simulate } from '../../src/experiment/simulate.ts'
import { doubleIntegrator, linearEngine } from './engines.ts'

const idle: Controller = { name: 'none', control: (_x, _t, u) => void u.fill(0) }

describe('measureRun', () => {
  it('settles when 0.5^k falls below 2 %: six steps', async () => {
    const run = await simulate(linearEngine([[0.5]], [[0]]), idle, { duration: 5, x0: Float64Array.of(8) })
    const { coordinates, settlingTime } = measureRun(run)
    // 0.5^5 = 3.1 % is outside, 0.5^6 = 1.6 % inside.
    expect(settlingTime).toBeCloseTo(0.6, 12)
    expect(coordinates[0]).toMatchObject({ name: 'x0', unit: 'm', peakDeviation: 8, band: 0.16 })
    expect(coordinates[0]!.finalDeviation).toBe(8 * 0.5 ** 50)
    // Σ (8·0.5^k)² = 64·(1 − 0.25^51)/(1 − 0.25) over 51 rows.
    expect(coordinates[0]!.rms).toBeCloseTo(Math.sqrt(64 / 0.75 / 51), 12)
    expect(measureRun(run, { band: 0.3 }).settlingTime).toBeCloseTo(0.2, 12)
  })

  it('counts settling from the last disturbance', async () => {
    const run = await simulate(linearEngine([[0.5]], [[0]]), idle, {
      duration: 5,
      disturbances: [{ time: 2, coordinate: 'x0', amount: 1 }],
    })
    expect(measureRun(run).settlingTime).toBeCloseTo(0.6, 12)
  })

  it('says null for what keeps swinging or drifts away', async () => {
    const swing = linearEngine(
      [
        [0, 1],
        [-1, 0],
      ],
      [[0], [0]],
    )
    const metrics = measureRun(await simulate(swing, idle, { duration: 5, x0: Float64Array.of(1, 0) }))
    expect(metrics.settlingTime).toBeNull()
    expect(metrics.coordinates.map(({ settlingTime }) => settlingTime)).toEqual([null, null])
  })

  it('treats rounding dust as rest', async () => {
    const run = await simulate(linearEngine([[1]], [[0]]), idle, { duration: 1, x0: Float64Array.of(1e-13) })
    expect(measureRun(run).settlingTime).toBe(0)
  })

  it('a diverged run neither settles nor has a cost', async () => {
    const run = await simulate(linearEngine([[1e100]], [[1]]), idle, { duration: 1, x0: Float64Array.of(1) })
    const metrics = measureRun(run, { Q: [[1]], R: [[1]] })
    expect([run.result, metrics.settlingTime, metrics.cost]).toEqual(['diverged', null, null])
  })

  it('adds up the geometric series of the cost', async () => {
    const feedback: Controller = { name: 'p', control: (x, _t, u) => void u.fill(-x[0]!) }
    const run = await simulate(linearEngine([[1.5]], [[1]]), feedback, { duration: 6, x0: Float64Array.of(2) })
    // x_k = 2·0.5^k and u_k = −x_k: Σ (3 + 7)·4·0.25^k.
    expect(quadraticCost(run, [[3]], [[7]])).toBeCloseTo((40 * (1 - 0.25 ** 60)) / 0.75, 10)
    expect(measureRun(run, { Q: new Matrix([[3]]), R: new Matrix([[7]]) }).cost).toBeCloseTo(40 / 0.75, 10)
  })

  it('counts cross terms of Q and measures u from uBar', async () => {
    const hold: Controller = { name: 'hold', control: (_x, _t, u) => void u.fill(3) }
    const run = await simulate(doubleIntegrator({ dt: 1 }), hold, {
      duration: 1,
      x0: Float64Array.of(1, 2),
      uBar: Float64Array.of(1),
    })
    // xᵀQx = 1 + 2·0.5·1·2 + 4 = 7, (3 − 1)²·10 = 40.
    const Q = [
      [1, 0.5],
      [0.5, 1],
    ]
    expect(quadraticCost(run, Q, [[10]])).toBeCloseTo(47, 12)
    const { controls } = measureRun(run)
    expect(controls[0]).toMatchObject({ name: 'u0', unit: 'N', peak: 3, rms: 2, saturatedFraction: 0 })
  })

  it('refuses weights of the wrong size', async () => {
    const run = await simulate(doubleIntegrator(), idle, { duration: 1 })
    expect(() => measureRun(run, { Q: [[1]], R: [[1]] })).toThrow('Q must be [ndx × ndx] = [2 × 2], got [1 × 1]')
  })
})
