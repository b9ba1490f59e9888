import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Controller } from '../../src/control/controller.ts'
import { simulate } from '../../src/experiment/simulate.ts'
import { InputError } from '../../src/scene/inputError.ts'
import { doubleIntegrator, linearEngine } from './engines.ts'

const idle: Controller = { name: 'none', control: (_x, _t, u) => void u.fill(0) }
const constant = (value: number): Controller => ({ name: 'constant', control: (_x, _t, u) => void u.fill(value) })

describe('simulate', () => {
  it('follows the closed form of a mass under a constant force', async () => {
    const engine = doubleIntegrator()
    const { X, U, times, steps, result } = await simulate(engine, constant(2), { duration: 3 })
    expect(result).toBe('completed')
    expect(steps).toBe(30)
    expect(times[30]).toBeCloseTo(3, 12)
    for (let k = 0; k <= 30; k++) {
      // Semi-implicit Euler: v_k = k·h·a, q_k = h²·a·k(k + 1)/2.
      expect(X[2 * k + 1]).toBeCloseTo(0.2 * k, 12)
      expect(X[2 * k]).toBeCloseTo((0.02 * k * (k + 1)) / 2, 12)
    }
    expect([...U]).toEqual(Array(30).fill(2))
  })

  it('decays with the closed-loop eigenvalue: x_k = (a − bK)^k x_0', async () => {
    const engine = linearEngine([[1.1]], [[1]])
    const feedback: Controller = { name: 'p', control: (x, _t, u) => void u.fill(-0.6 * x[0]!) }
    const { X, dX, steps } = await simulate(engine, feedback, {
      duration: 2,
      x0: Float64Array.of(4),
      xBar: Float64Array.of(1),
    })
    for (let k = 0; k <= steps; k++) {
      expect(X[k]).toBeCloseTo(4 * 0.5 ** k, 12)
      expect(dX[k]).toBeCloseTo(4 * 0.5 ** k - 1, 12)
    }
  })

  it('keeps every row finite and stops at the step and coordinate that is not', async () => {
    let calls = 0
    const engine = doubleIntegrator({
      after: (xNext) => {
        if (++calls === 8) xNext[1] = Number.NaN
        if (calls > 8) throw new Error('stepped on after a NaN')
      },
    })
    const run = await simulate(engine, constant(1), { duration: 10 })
    expect(run).toMatchObject({
      result: 'diverged',
      steps: 7,
      stoppedAt: { step: 7, coordinate: 'cart.velocity' },
    })
    expect(run.stoppedAt!.time).toBeCloseTo(0.7, 12)
    expect(run.message).toContain('step 7')
    expect(run.message).toContain('cart.velocity')
    expect([run.X.length, run.dX.length, run.U.length, run.times.length]).toEqual([16, 16, 7, 8])
    expect([...run.X, ...run.U].every(Number.isFinite)).toBe(true)
  })

  it('stops where an unstable plant overflows', async () => {
    const run = await simulate(linearEngine([[1e30]], [[0]]), idle, { duration: 5, x0: Float64Array.of(1) })
    // 1e30^10 = 1e300 is finite, 1e330 is not: the 11th step, counted from 0 the 10th.
    expect(run.stoppedAt).toMatchObject({ step: 10, coordinate: 'x0' })
  })

  it('names the control when the controller gives NaN', async () => {
    const run = await simulate(doubleIntegrator(), constant(Number.NaN), { duration: 1 })
    expect(run).toMatchObject({ result: 'diverged', steps: 0, stoppedAt: { step: 0, coordinate: 'u0' } })
    expect(run.message).toContain('controller "constant"')
  })

  it('never applies a control outside its range, and counts the clipped steps', async () => {
    const sawtooth: Controller = { name: 'saw', control: (_x, t, u) => void u.fill(Math.round(t / 0.1) % 4) }
    const engine = doubleIntegrator({ range: [-1, 2] })
    const run = await simulate(engine, sawtooth, { duration: 4 })
    expect([...run.U.subarray(0, 8)]).toEqual([0, 1, 2, 2, 0, 1, 2, 2])
    expect([...run.saturatedSteps]).toEqual([10])
    expect(run.saturatedFraction).toBe(0.25)
    const free = await simulate(engine, sawtooth, { duration: 4, saturate: false })
    expect(Math.max(...free.U)).toBe(3)
    expect(free.saturatedFraction).toBe(0)
  })

  it('kicks once, at the first step that begins at the time or later', async () => {
    for (const [time, row] of [
      [0, 0],
      [0.3, 3],
      [0.31, 4],
      [0.7, 7],
      [1, 10],
    ] as const) {
      const { X } = await simulate(doubleIntegrator(), idle, {
        duration: 1,
        disturbances: [{ time, coordinate: 'cart.velocity', amount: 0.5 }],
      })
      for (let k = 0; k <= 10; k++) expect(X[2 * k + 1]).toBe(k >= row ? 0.5 : 0)
    }
  })

  it('adds pulses after saturation, for their duration only', async () => {
    const { U, saturatedFraction } = await simulate(doubleIntegrator({ range: [-1, 1] }), constant(1), {
      duration: 1,
      disturbances: [{ time: 0.2, duration: 0.3, control: 'u0', amount: 5 }],
    })
    expect([...U]).toEqual([1, 1, 6, 6, 6, 1, 1, 1, 1, 1])
    expect(saturatedFraction).toBe(0)
  })

  it('rows follow each other through the engine whatever the kicks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ time: fc.double({ min: 0, max: 1, noNaN: true }), amount: fc.integer({ min: -5, max: 5 }) }),
        ),
        async (kicks) => {
          const engine = doubleIntegrator()
          const run = await simulate(engine, constant(1), {
            duration: 1,
            disturbances: kicks.map((kick) => ({ ...kick, coordinate: 'cart.position' })),
          })
          const next = new Float64Array(2)
          for (let k = 0; k < run.steps; k++) {
            engine.step(run.X.slice(2 * k, 2 * k + 2), run.U.slice(k, k + 1), next)
            const jump = run.X[2 * k + 2]! - next[0]!
            const due = kicks.filter(({ time }) => Math.ceil(time / 0.1 - 1e-9) === k + 1)
            const sum = due.reduce((total, { amount }) => total + amount, 0)
            if (Math.abs(jump - sum) > 1e-9 || run.X[2 * k + 3] !== next[1]) return false
          }
          return true
        },
      ),
    )
  })

  it('leaves x0 and the engine home alone', async () => {
    const engine = doubleIntegrator()
    const x0 = Float64Array.of(1, 2)
    await simulate(engine, constant(1), {
      duration: 1,
      x0,
      disturbances: [{ time: 0, coordinate: 'cart.velocity', amount: 1 }],
    })
    expect([...x0]).toEqual([1, 2])
    expect([...engine.home.x]).toEqual([0, 0])
  })

  it('names what is wrong with a disturbance', async () => {
    const bad = (disturbance: object) =>
      simulate(doubleIntegrator(), idle, { duration: 1, disturbances: [disturbance as never] })
    await expect(bad({ time: 0, coordinate: 'pole.velocity', amount: 1 })).rejects.toThrow(
      /disturbances\[0\]\.coordinate: expected one of "cart\.position", "cart\.velocity", found "pole\.velocity"/,
    )
    await expect(bad({ time: 2, coordinate: 'cart.velocity', amount: 1 })).rejects.toThrow(/time.*0 … 1 s.*found 2/)
    await expect(bad({ time: -1, coordinate: 'cart.velocity', amount: 1 })).rejects.toThrow(InputError)
    await expect(bad({ time: 0, coordinate: 'cart.velocity', amount: Number.NaN })).rejects.toThrow(/amount/)
    await expect(bad({ time: 0, duration: 0, control: 'u0', amount: 1 })).rejects.toThrow(/duration/)
    await expect(bad({ time: 0, duration: 1, control: 'motor', amount: 1 })).rejects.toThrow(
      /one of "u0", found "motor"/,
    )
  })

  it('refuses sizes and durations that cannot be meant', async () => {
    const run = (options: object) => simulate(doubleIntegrator(), idle, { duration: 1, ...options })
    await expect(run({ x0: new Float64Array(3) })).rejects.toThrow('x0 must be [nx] = [2], got [3]')
    await expect(run({ x0: Float64Array.of(0, Infinity) })).rejects.toThrow('x0[1] is Infinity')
    await expect(run({ uBar: new Float64Array(2) })).rejects.toThrow('uBar must be [nu] = [1], got [2]')
    for (const duration of [0, -1, Number.NaN, Infinity]) await expect(run({ duration })).rejects.toThrow(RangeError)
  })

  it('refuses a run too long to keep, and says how long it may be', async () => {
    const run = simulate(doubleIntegrator(), idle, { duration: 1e9 })
    await expect(run).rejects.toThrow(
      /duration: expected at most \d+(\.\d+)? s, which is \d+ steps of 0\.1 s, found 1000000000 s/,
    )
  })

  it('stops when aborted', async () => {
    await expect(simulate(doubleIntegrator(), idle, { duration: 1, signal: AbortSignal.abort() })).rejects.toThrow(
      /abort/i,
    )
    const controller = new AbortController()
    const slow = doubleIntegrator({
      after: () => {
        const until = performance.now() + 5
        while (performance.now() < until);
      },
    })
    let last = 0
    const run = simulate(slow, idle, {
      duration: 1000,
      signal: controller.signal,
      onProgress: (done, total) => {
        expect(total).toBe(10_000)
        last = done
        controller.abort()
      },
    })
    await expect(run).rejects.toThrow(/abort/i)
    expect(last).toBeGreaterThan(0)
    expect(last).toBeLessThan(100)
  })
})
