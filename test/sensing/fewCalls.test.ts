/** maxCalls below what exact recovery takes: kept, honest about errors, and as good as what is known allows. */
import { describe, expect, test } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import { random } from '../../src/linalg/random.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { linearizeAlong } from '../../src/linearization/linearizeAlong.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { sense } from '../../src/sensing/sense.ts'
import { rowwiseError, tridiagonal } from './problems.ts'

/** y = J z with normal entries. */
function linear(n: number, seed: number): { blackbox: Blackbox; J: number[][] } {
  const source = random(seed)
  const J = Array.from({ length: n }, () => Array.from({ length: n }, () => source.normal()))
  const evaluate = (z: Float64Array, y: Float64Array) => {
    for (let i = 0; i < n; i++) y[i] = J[i]!.reduce((sum, entry, j) => sum + entry * z[j]!, 0)
  }
  return { blackbox: { inputs: n, outputs: n, evaluate }, J }
}

describe('few calls', () => {
  test('forward differences where central ones are too many: exact, certified, and said', async () => {
    const { blackbox, at, pattern, jacobian } = tridiagonal(30)
    const counted = countCalls(blackbox)
    const { result, J, quality } = await sense(counted, { at, maxCalls: 7, structure: { sparsity: pattern } })
    expect([result, quality.scheme, counted.calls]).toEqual(['certified', 'forward', 6])
    expect(rowwiseError(J, jacobian(at))).toBeLessThan(1e-5)
    expect(quality.notes[0]).toMatch(/forward differences: maxCalls is too little for central ones, which take 10/)
    const named = sense(blackbox, { at, maxCalls: 7, scheme: 'central', structure: { sparsity: pattern } })
    expect((await named).quality.scheme).toBe('central') // as asked for
  })

  test.each([4, 6, 9, 12, 20, 30])('maxCalls %i of 33 is kept, and no wrong row is certified', async (maxCalls) => {
    for (let seed = 1; seed <= 20; seed++) {
      const { blackbox, J } = linear(30, seed)
      const counted = countCalls(blackbox)
      const found = await sense(counted, { at: new Float64Array(30), maxCalls, seed })
      expect(counted.calls).toBeLessThanOrEqual(maxCalls)
      expect(found.quality.calls).toBe(counted.calls)
      if (found.result === 'certified') expect(rowwiseError(found.J, J)).toBeLessThan(1e-3)
    }
  })

  test('too few for one direction and its check: refused with what it takes', async () => {
    const { blackbox } = linear(10, 1)
    await expect(sense(blackbox, { at: new Float64Array(10), maxCalls: 2 })).rejects.toThrow(
      /needs 13 evaluations, maxCalls leaves 2/,
    )
  })

  test('standard errors of dense estimates cover the truth at their nominal rate', async () => {
    let within = 0
    let nearly = 0
    let total = 0
    for (let seed = 1; seed <= 25; seed++) {
      const { blackbox, J } = linear(30, seed)
      const source = random(seed, 9)
      const prior = J.map((row) => row.map((entry) => entry + 0.1 * source.normal()))
      const found = await sense(blackbox, { at: new Float64Array(30), maxCalls: 21, seed, prior })
      expect(found.result).toBe('uncertified')
      for (let i = 0; i < 30; i++)
        for (let j = 0; j < 30; j++) {
          const ratio = Math.abs(found.J.get(i, j) - J[i]![j]!) / found.quality.standardError!.get(i, j)
          if (ratio <= 1) within++
          if (ratio <= 1.96) nearly++
          total++
        }
    }
    expect(Math.abs(within / total - 0.68)).toBeLessThan(0.05)
    expect(Math.abs(nearly / total - 0.95)).toBeLessThan(0.03)
  })

  test('a prior makes the estimate better, in proportion to how near it is', async () => {
    const error = async (spread: number | null) => {
      const { blackbox, J } = linear(30, 3)
      const source = random(3, 9)
      const prior = spread === null ? undefined : J.map((row) => row.map((entry) => entry + spread * source.normal()))
      const { J: found } = await sense(blackbox, { at: new Float64Array(30), maxCalls: 15, prior })
      return Math.hypot(...J.flatMap((row, i) => row.map((entry, j) => found.get(i, j) - entry)))
    }
    const [none, near, nearer] = [await error(null), await error(0.1), await error(0.01)]
    expect(near).toBeLessThan(0.2 * none)
    expect(nearer).toBeLessThan(0.2 * near)
  })

  test('a few entries that changed since the prior are found exactly', async () => {
    const { blackbox, J } = linear(30, 5)
    const prior = J.map((row, i) => row.map((entry, j) => (j === (7 * i) % 30 ? entry + 1 : entry)))
    const { result, J: found } = await sense(blackbox, { at: new Float64Array(30), maxCalls: 14, prior })
    expect(rowwiseError(found, J)).toBeLessThan(1e-6)
    expect(result).toBe('certified')
  })

  test('16 spheres: A and B certified from 9 steps of the simulator, where exact recovery takes 23', async () => {
    const engine = await createEngine(await loadScene('spheres'))
    const exact = await linearize(engine)
    const few = await linearize(engine, engine.home, { maxCalls: 9 })
    expect([exact.quality.calls, few.quality.calls, few.quality.certified]).toEqual([23, 9, true])
    expect(few.A.clone().sub(exact.A).abs().max()).toBeLessThan(1e-5)
    engine.dispose()
  })

  test('along a trajectory each point keeps to its limit, and leans on the one before', async () => {
    const engine = await createEngine(await loadScene('double-cartpole'))
    const points = Array.from({ length: 8 }, (_, k) => {
      const x = engine.home.x.slice()
      x[1] = 0.02 * k
      x[4] = 0.3
      return { x, u: engine.home.u }
    })
    const exact = await linearizeAlong(engine, points)
    const few = await linearizeAlong(engine, points, { maxCalls: 8 })
    few.forEach(({ A, quality }, k) => {
      expect(quality.calls).toBeLessThanOrEqual(8)
      if (quality.certified) expect(A.clone().sub(exact[k]!.A).abs().max()).toBeLessThan(1e-3)
    })
    engine.dispose()
  })
})
