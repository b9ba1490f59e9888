import { describe, expect, it } from 'vitest'
import { measureRun } from '../../src/experiment/metrics.ts'
import { simulate } from '../../src/experiment/simulate.ts'
import { settlingSentence } from '../../src/report/outcome.ts'
import { linearEngine } from '../experiment/engines.ts'

const free = { name: 'none', control: (_x: Float64Array, _t: number, u: Float64Array) => void u.fill(0) }

/** x⁺ = pole · x from 1. */
async function outcome(pole: number, options: object = {}): Promise<string> {
  const engine = linearEngine([[pole]], [[0]], { dt: 0.1, names: ['x'] })
  const run = await simulate(engine, free, { x0: Float64Array.of(1), duration: 10, ...options })
  return settlingSentence(run, measureRun(run))
}

describe('settlingSentence', () => {
  it('counts from the start: 0.8ᵏ ≤ 0.02 from k = 18 on', async () => {
    expect(await outcome(0.8)).toBe("Settled 1.8 s after the start, within 2 % of each coordinate's peak.")
  })

  it('counts from the last kick, and says when that was', async () => {
    const disturbances = [
      { time: 5, coordinate: 'x', amount: 1 },
      { time: 2, coordinate: 'x', amount: 0.1 },
    ]
    expect(await outcome(0.8, { disturbances })).toMatch(/^Settled 1\.8 s after the last kick at 5 s, within 2 %/)
  })

  it('names what did not settle, and what ends far away', async () => {
    expect(await outcome(0.99)).toBe("Did not settle within 2 % of each coordinate's peak, counted from the start: x.")
    expect(await outcome(1)).toMatch(/: x\. It ends far from the point: x by 1/)
  })

  it('tells rest from settling, and says nothing of a run that ended early', async () => {
    expect(await outcome(0.8, { x0: new Float64Array(1) })).toBe('It stayed at rest.')
    expect(await outcome(1e200)).toBe('')
  })
})
