import { expect, test } from 'vitest'
import { random } from '../../src/linalg/random.ts'

const COUNT = 20_000

test('the same seed gives the same sequence, another seed or stream another one', () => {
  const first = (seed: number, stream = 0) => {
    const source = random(seed, stream)
    return Array.from({ length: 50 }, () => [source.uniform(), source.normal(), source.integer(1000)]).flat()
  }
  expect(first(7)).toEqual(first(7))
  const sequences = [first(1), first(2), first(3), first(1, 1), first(1, 2), first(-1)]
  expect(new Set(sequences.map((sequence) => sequence.join())).size).toBe(sequences.length)
})

test('first numbers of neighbouring seeds are unrelated', () => {
  const firsts = Array.from({ length: COUNT }, (_, seed) => random(seed).uniform() - 0.5)
  // Standard error of a correlation is 1/√COUNT = 0.7 %.
  const correlation = firsts.slice(1).reduce((sum, value, k) => sum + value * firsts[k]!, 0) / COUNT / (1 / 12)
  expect(Math.abs(correlation)).toBeLessThan(0.03)
  expect(Math.abs(firsts.reduce((sum, value) => sum + value, 0) / COUNT)).toBeLessThan(0.01)
})

test('normal numbers have the moments 0, 1, 0, 3', () => {
  const source = random(3)
  const moments = [0, 0, 0, 0]
  for (let k = 0; k < COUNT; k++) {
    const value = source.normal()
    for (let p = 0; p < 4; p++) moments[p]! += value ** (p + 1) / COUNT
  }
  // Five standard errors: √(1, 2, 15, 96) / √COUNT each.
  expect(Math.abs(moments[0]!)).toBeLessThan(0.036)
  expect(Math.abs(moments[1]! - 1)).toBeLessThan(0.05)
  expect(Math.abs(moments[2]!)).toBeLessThan(0.14)
  expect(Math.abs(moments[3]! - 3)).toBeLessThan(0.35)
})

test('integers are uniform below the bound and signs are fair', () => {
  const source = random(4)
  const counts = [0, 0, 0, 0, 0]
  let signs = 0
  for (let k = 0; k < COUNT; k++) {
    counts[source.integer(5)]!++
    const sign = source.rademacher()
    expect(Math.abs(sign)).toBe(1)
    signs += sign
  }
  for (const count of counts) expect(Math.abs(count - COUNT / 5)).toBeLessThan(5 * Math.sqrt(COUNT * 0.16))
  expect(Math.abs(signs)).toBeLessThan(5 * Math.sqrt(COUNT))
})

test('misuse throws', () => {
  expect(() => random(0.5)).toThrow(/seed must be an integer, got 0.5/)
  expect(() => random(1, Number.NaN)).toThrow(/stream must be an integer/)
  expect(() => random(1).integer(0)).toThrow(/bound must be an integer ≥ 1, got 0/)
})
