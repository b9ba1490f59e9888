import { describe, expect, test } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { withCorruption } from '../../src/blackbox/withCorruption.ts'
import { withNoise } from '../../src/blackbox/withNoise.ts'

const m = 4
const counting: Blackbox = {
  inputs: 2,
  outputs: m,
  evaluate: (z, y) => y.fill(z[0]! + z[1]!),
  evaluateBatch(Z, Y, count) {
    for (let t = 0; t < count; t++) Y.fill(Z[2 * t]! + Z[2 * t + 1]!, t * m, (t + 1) * m)
  },
  scale: Float64Array.of(1, 2),
  inputNames: ['a', 'b'],
}
const single: Blackbox = { inputs: 2, outputs: m, evaluate: counting.evaluate }

test('countCalls counts each evaluation once, batches by their points', async () => {
  const counted = countCalls(counting)
  const y = new Float64Array(m)
  counted.evaluate(Float64Array.of(1, 2), y)
  expect(y).toEqual(Float64Array.of(3, 3, 3, 3))
  expect(counted.calls).toBe(1)
  await counted.evaluateBatch!(new Float64Array(14), new Float64Array(7 * m), 7)
  expect(counted.calls).toBe(8)
  counted.resetCalls()
  expect(counted.calls).toBe(0)
})

test('wrappers keep sizes, scales and names, and invent no batch', () => {
  const wrapped = withNoise(countCalls(counting), { sigma: 1 })
  expect(wrapped).toMatchObject({ inputs: 2, outputs: m, scale: counting.scale, inputNames: ['a', 'b'] })
  expect(wrapped.evaluateBatch).toBeDefined()
  expect(countCalls(single).evaluateBatch).toBeUndefined()
})

test('calls that threw are not counted', () => {
  const counted = countCalls({
    ...single,
    evaluate() {
      throw new Error('broken')
    },
  })
  expect(() => counted.evaluate(new Float64Array(2), new Float64Array(m))).toThrow('broken')
  expect(counted.calls).toBe(0)
})

describe('disturbances', () => {
  const rounds = 5000
  const collect = (blackbox: Blackbox) => {
    const values: number[] = []
    const y = new Float64Array(m)
    for (let k = 0; k < rounds; k++) {
      blackbox.evaluate(new Float64Array(2), y)
      values.push(...y)
    }
    return values
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

  test('noise has mean 0 and the standard deviation asked for, and repeats with its seed', () => {
    const values = collect(withNoise(single, { sigma: 0.5, seed: 3 }))
    expect(Math.abs(mean(values))).toBeLessThan((5 * 0.5) / Math.sqrt(values.length))
    expect(Math.abs(mean(values.map((value) => value ** 2)) - 0.25)).toBeLessThan((5 * 0.36) / Math.sqrt(values.length))
    expect(collect(withNoise(single, { sigma: 0.5, seed: 3 }))).toEqual(values)
    expect(collect(withNoise(single, { sigma: 0.5, seed: 4 }))).not.toEqual(values)
  })

  test('corruption hits the fraction asked for with the size asked for', () => {
    const values = collect(withCorruption(single, { fraction: 0.2, size: 50, seed: 3 }))
    const hit = values.filter((value) => value !== 0)
    expect(hit.every((value) => Math.abs(value) === 50)).toBe(true)
    expect(Math.abs(hit.length / values.length - 0.2)).toBeLessThan(5 * Math.sqrt(0.16 / values.length))
    expect(Math.abs(mean(hit))).toBeLessThan((5 * 50) / Math.sqrt(hit.length))
  })

  test('a batch is disturbed as its points one by one', async () => {
    const Y = new Float64Array(3 * m)
    await withNoise(counting, { sigma: 1, seed: 5 }).evaluateBatch!(new Float64Array(6), Y, 3)
    const oneByOne = withNoise(counting, { sigma: 1, seed: 5 })
    const expected = new Float64Array(3 * m)
    for (let t = 0; t < 3; t++) oneByOne.evaluate(new Float64Array(2), expected.subarray(t * m, (t + 1) * m))
    expect(Y).toEqual(expected)
  })

  test('misuse throws', () => {
    expect(() => withNoise(single, { sigma: -1 })).toThrow(/sigma must be a finite number ≥ 0, got -1/)
    expect(() => withCorruption(single, { fraction: 1.5, size: 1 })).toThrow(
      /fraction must be between 0 and 1, got 1.5/,
    )
    expect(() => withCorruption(single, { fraction: 0.5, size: Number.POSITIVE_INFINITY })).toThrow(
      /size must be finite/,
    )
  })
})
