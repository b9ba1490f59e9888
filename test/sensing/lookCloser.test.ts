import { expect, test } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { patternFromEntries } from '../../src/linalg/pattern.ts'
import { sense } from '../../src/sensing/sense.ts'

const at = [0, 0, 0]
const of = (f: (z: Float64Array) => number): Blackbox => ({
  inputs: 3,
  outputs: 2,
  evaluate(z, y) {
    y[0] = f(z)
    y[1] = z[2]! - z[0]!
  },
})
const diagonal = patternFromEntries(2, 3, [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 2],
])
const methods = [{ method: 'dense' }, { method: 'colored', structure: { sparsity: diagonal } }] as const

test.each(methods)('$method: a row that only bends where two inputs move together is certified', async (options) => {
  const { J, result, quality } = await sense(
    of((z) => z[0]! + 2 * z[1]! - 100 * Math.abs(z[0]!) * z[1]!),
    { at, ...options },
  )
  expect(result).toBe('certified')
  expect(quality.notes.join()).toMatch(/curved at the steps of the certificate: rows 0, held against 16 and 64 times/)
  expect(quality.heldOutResidual).toBeLessThan(quality.tolerance)
  expect(J.getRow(0)).toEqual([expect.closeTo(1, 9), expect.closeTo(2, 9), 0])
})

test.each(methods)('$method: entries that are curved themselves are measured with shorter steps', async (options) => {
  const friction = (z: Float64Array) => z[0]! + z[1]! - 0.2 * Math.abs(z[0]!) * z[0]! - 100 * Math.abs(z[0]!) * z[1]!
  const { J, result } = await sense(of(friction), { at, ...options })
  expect(result).toBe('certified')
  expect(Math.abs(J.get(0, 0) - 1)).toBeLessThan(1e-7) // 1e-6 at the steps of the plan
})

test.each(methods)('$method: a row without a derivative stays uncertified, however short the step', async (options) => {
  const cone = (z: Float64Array) => (z[0] === 0 ? 0 : z[0]! ** 3 / (z[0]! ** 2 + z[1]! ** 2))
  const { result, quality } = await sense(
    of((z) => cone(z) + z[1]!),
    { at, ...options },
  )
  expect([result, quality.failedRows]).toEqual(['uncertified', [0]])
})

test('no call is taken beyond maxCalls, nor without repair', async () => {
  const bent = of((z) => z[0]! + 2 * z[1]! - 100 * Math.abs(z[0]!) * z[1]!)
  for (const limit of [{ maxCalls: 12 }, { repair: false }]) {
    const { result, quality } = await sense(bent, { at, method: 'dense', ...limit })
    expect([result, quality.failedRows]).toEqual(['uncertified', [0]])
    expect(quality.calls).toBeLessThanOrEqual(12)
  }
})
