/** The engine's own derivatives, and what is done where they fail. */
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import { linearize } from '../../src/linearization/linearize.ts'

/** v⁺ = v + sin(q) − d|v| + 1e-3 u, with derivatives that are off by `error` in ∂v⁺/∂u; counts its steps. */
function engineWith(error: number, friction = 0): Engine & { steps: number } {
  const coordinates = [
    { name: 'swing.angle', unit: 'rad' },
    { name: 'swing.velocity', unit: 'rad/s' },
  ]
  const engine = {
    steps: 0,
    name: 'swing',
    layout: {
      nq: 1,
      nv: 1,
      nx: 2,
      ndx: 2,
      nu: 1,
      x: coordinates,
      dx: coordinates,
      u: [{ name: 'motor', unit: 'N·m', range: [-1, 1] as const }],
    },
    dt: 0.01,
    home: { x: Float64Array.of(0.3, 0), u: Float64Array.of(0) },
    step(x: Float64Array, u: Float64Array, xNext: Float64Array) {
      engine.steps++
      const v = x[1]! + 0.01 * Math.sin(x[0]!) - friction * Math.abs(x[1]!) + 1e-3 * u[0]!
      xNext.set([x[0]! + 0.01 * v, v])
    },
    derivatives(x: Float64Array, _u: Float64Array, A: Float64Array, B: Float64Array) {
      const c = 0.01 * Math.cos(x[0]!)
      A.set([1 + 0.01 * c, 0.01, c, 1])
      B.set([1e-5, 1e-3 * (1 + error)])
    },
    integrate: (x: Float64Array, dx: Float64Array, xOut: Float64Array) => xOut.set([x[0]! + dx[0]!, x[1]! + dx[1]!]),
    difference: (a: Float64Array, b: Float64Array, dxOut: Float64Array) => dxOut.set([a[0]! - b[0]!, a[1]! - b[1]!]),
    dispose() {},
  }
  return engine
}

describe('derivatives of the engine itself', () => {
  test('are taken where they pass', async () => {
    const engine = engineWith(0)
    const { quality } = await linearize(engine)
    expect([quality.method, quality.certified, quality.calls]).toEqual(['native', true, 5])
    expect(engine.steps).toBe(5)
  })

  test('are replaced by sensed ones where they fail, and every step is counted', async () => {
    const engine = engineWith(1e-3)
    const { B, quality } = await linearize(engine)
    expect([quality.method, quality.certified]).toEqual(['dense', true])
    expect(Math.abs(B.get(1, 0) / 1e-3 - 1)).toBeLessThan(1e-8)
    expect(quality.calls).toBe(engine.steps)
    expect(quality.callsFor.detection).toBeGreaterThanOrEqual(4)
    expect(quality.notes.at(-1)).toMatch(/in the place of the engine's own derivatives: .*disagree.*swing\.velocity/)
  })

  test('stay, uncertified, where they were asked for, where calls are limited, or without repair', async () => {
    for (const options of [{ method: 'native' }, { maxCalls: 40 }, { repair: false }] as const) {
      const { quality } = await linearize(engineWith(1e-3), undefined, options)
      expect([quality.method, quality.certified]).toEqual(['native', false])
    }
  })

  test('stay where the step is not smooth: sensing would not help', async () => {
    const engine = engineWith(1e-3, 0.5)
    const { quality } = await linearize(engine)
    expect([quality.method, quality.certified]).toEqual(['native', false])
    expect(quality.kinkedRows).toContain(1)
    expect(quality.calls).toBe(engine.steps)
  })
})
