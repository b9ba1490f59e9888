import { describe, expect, test } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { withNoise } from '../../src/blackbox/withNoise.ts'
import { type Pattern, patternFromEntries } from '../../src/linalg/pattern.ts'
import { type Random, random } from '../../src/linalg/random.ts'
import { callsPerDirection, type Scheme } from '../../src/sensing/stencil.ts'
import { sense } from '../../src/sensing/sense.ts'
import { banded, entriesOf, randomPattern } from './patterns.ts'
import { ridge, rowwiseError, tridiagonal } from './problems.ts'

const schemes: readonly Scheme[] = ['forward', 'central']

/** A smooth random problem: any sizes, rows of any scale, some rows zero. */
function smooth(source: Random) {
  const pattern = randomPattern(source, 1 + source.integer(15), 1 + source.integer(15), 0.05 + 0.4 * source.uniform())
  const isScaled = source.uniform() < 0.5
  const scales = Array.from({ length: pattern.rows }, () => (isScaled ? 10 ** (12 * source.uniform() - 6) : 1))
  return ridge('smooth', pattern, source, (i) => scales[i]!)
}

/** The pattern without some of its entries. */
function without(pattern: Pattern, count: number, source: Random): Pattern {
  const entries = entriesOf(pattern)
  for (let k = 0; k < count; k++) entries.splice(source.integer(entries.length), 1)
  return patternFromEntries(pattern.rows, pattern.cols, entries)
}

describe.each(schemes)('%s', (scheme) => {
  test('raises no false alarm on 1000 smooth problems', async () => {
    const source = random(21)
    for (let trial = 0; trial < 1000; trial++) {
      const { blackbox, at, pattern } = smooth(source)
      const options = { at, scheme, seed: trial, structure: { sparsity: pattern } }
      const { result, quality } = await sense(blackbox, { ...options, method: trial % 2 === 0 ? 'colored' : 'dense' })
      expect(result).toBe('certified')
      expect(quality).toMatchObject({ repairedRows: [], fallback: null })
    }
  })

  test.each([1, 3])('catches and repairs %i missing entries in 200 of 200 trials', async (missing) => {
    const source = random(22)
    const limit = scheme === 'central' ? 1e-8 : 1e-5
    for (let trial = 0; trial < 200; trial++) {
      const truth = randomPattern(source, 5 + source.integer(40), 5 + source.integer(40), 0.1)
      if (entriesOf(truth).length <= missing) continue
      const { blackbox, at, jacobian } = ridge('wrong pattern', truth, source)
      const wrong = without(truth, missing, source)
      const counted = countCalls(blackbox)
      const { result, J, quality } = await sense(counted, {
        at,
        scheme,
        method: 'colored',
        seed: trial,
        structure: { sparsity: wrong },
      })
      expect(quality.repairedRows.length).toBeGreaterThan(0)
      expect(result).toBe('certified')
      // Entries are of size one: absolute errors, as slopes may be near zero by chance.
      let worst = 0
      jacobian(at).forEach((row, i) => {
        row.forEach((entry, j) => {
          worst = Math.max(worst, Math.abs(J.get(i, j) - entry))
        })
      })
      expect(worst).toBeLessThan(limit)
      // Colored part, then at most 1.15 times plain dense differences; small problems have a direction or two of rounding up.
      expect(quality.calls).toBe(counted.calls)
      const sides = scheme === 'central' ? 2 : 1
      const n = blackbox.inputs
      const { repair, fallback } = quality.callsFor
      expect(repair + fallback).toBeLessThanOrEqual(sides * 1.15 * n)
    }
  })

  test('repairing one entry of many columns is far cheaper than dense differences', async () => {
    const source = random(23)
    const truth = banded(200, 200, 1, 1)
    const { blackbox, at, jacobian } = ridge('long', truth, source)
    const wrong = without(truth, 4, source)
    const { result, J, quality } = await sense(blackbox, { at, scheme, structure: { sparsity: wrong } })
    expect(result).toBe('certified')
    expect(quality.fallback).toBeNull()
    expect(quality.repairedRows.length).toBeGreaterThan(0)
    expect(quality.callsFor.repair).toBeLessThanOrEqual(12)
    expect(rowwiseError(J, jacobian(at))).toBeLessThan(scheme === 'central' ? 1e-8 : 1e-4)
    expect(quality.notes.join()).toMatch(/misses entries/)
  })

  test('a pattern without any entry is repaired too', async () => {
    const { blackbox, at, jacobian } = tridiagonal(40)
    const empty = patternFromEntries(40, 40, [])
    const { result, J, quality } = await sense(blackbox, {
      at,
      scheme,
      method: 'colored',
      structure: { sparsity: empty },
    })
    expect(result).toBe('certified')
    expect(quality.repairedRows).toHaveLength(40)
    expect(rowwiseError(J, jacobian(at))).toBeLessThan(scheme === 'central' ? 1e-7 : 1e-4)
  })

  test('sees a missing entry in a row far smaller or larger than the others', async () => {
    for (const power of [-8, -4, 4, 8]) {
      const { blackbox, at, pattern, jacobian } = ridge('scaled', banded(30, 30, 1, 1), random(24), (i) =>
        i === 7 ? 10 ** power : 1,
      )
      const entries = entriesOf(pattern).filter(([i, j]) => i !== 7 || j !== 8)
      const wrong = patternFromEntries(30, 30, entries)
      const { result, J, quality } = await sense(blackbox, { at, scheme, structure: { sparsity: wrong } })
      expect(quality.repairedRows).toEqual([7])
      expect(result).toBe('certified')
      expect(rowwiseError(J, jacobian(at))).toBeLessThan(scheme === 'central' ? 1e-8 : 1e-4)
    }
  })

  test('rows that are flat at the point pass: their entries are zero up to the error of the scheme', async () => {
    const n = 6
    const flat: Blackbox = {
      inputs: n,
      outputs: 5,
      evaluate(z, y) {
        y[4] = z[5]!
        y[0] = z[0]! ** 2
        y[1] = z[1]! ** 3
        y[2] = 1 - Math.cos(z[2]!)
        // Zero, but for rounding of numbers of size one.
        y[3] = z[3]! + 1.1 + z[4]! - z[3]! - 1.1 - z[4]!
      },
    }
    for (const method of ['dense', 'colored'] as const) {
      const structure = { sparsity: banded(5, n, 1, 1) }
      const { result, J, quality } = await sense(flat, { at: new Float64Array(n), scheme, method, structure })
      expect(result).toBe('certified')
      expect(quality.fallback).toBeNull()
      for (const value of J.to1DArray().slice(0, 4 * n)) expect(Math.abs(value)).toBeLessThan(1e-7)
    }
  })

  test('rounding of large outputs costs no further call but one look with a coarse step', async () => {
    // Slope zero, rounding errors of numbers of size 1e6; the typical size is seen in the values.
    const large: Blackbox = { inputs: 2, outputs: 2, evaluate: (z, y) => y.set([1e6 + z[0]! / 3 - z[0]! / 3, z[1]!]) }
    for (const method of ['dense', 'colored'] as const) {
      const options = { at: [0.1, 0.2], scheme, method, structure: { sparsity: banded(2, 2, 0, 1) } }
      const { result, quality } = await sense(large, options)
      expect(result).toBe('certified')
      expect(quality.callsFor.repair).toBe(0)
      expect(quality.callsFor.detection).toBeLessThanOrEqual(callsPerDirection(scheme))
    }
  })

  test('where all rows are rounding dirt, nothing is certified: no slope tells what is small', async () => {
    const dirt: Blackbox = {
      inputs: 3,
      outputs: 2,
      evaluate: (z, y) => y.set([z[0]! + 1.1 + z[1]! - z[0]! - 1.1 - z[1]!, z[1]! + 1.3 + z[2]! - z[1]! - 1.3 - z[2]!]),
    }
    const sensed = await sense(dirt, { at: [0, 0, 0], scheme })
    expect(sensed.result).toBe('uncertified')
    // Told the size of what cancels, the blackbox is certified as it is.
    const told = await sense({ ...dirt, outputScale: Float64Array.of(1, 1) }, { at: [0, 0, 0], scheme })
    expect(told.result).toBe('certified')
    expect(told.quality).toMatchObject({ flatRows: [0, 1], failedRows: [], unresolvedRows: [] })
  })

  test('the dense fallback leaves out columns that were measured alone', async () => {
    // Columns 0 and 1 are full, the other six share one color; row 3 misses column 5.
    const entries: [number, number][] = []
    for (let i = 0; i < 8; i++) entries.push([i, 0], [i, 1], [i, i])
    const wrong = patternFromEntries(8, 8, entries)
    const truth = patternFromEntries(8, 8, [...entries, [3, 5]])
    const { blackbox, at, jacobian } = ridge('fallback', truth, random(25))
    const { result, J, quality } = await sense(blackbox, { at, scheme, structure: { sparsity: wrong } })
    expect(result).toBe('certified')
    expect(quality).toMatchObject({ colors: 3, repairedRows: [3] })
    expect(quality.fallback).toMatch(/row 3 could not be repaired/)
    expect(quality.callsFor).toMatchObject({ repair: 0, fallback: scheme === 'central' ? 12 : 6 })
    expect(rowwiseError(J, jacobian(at))).toBeLessThan(scheme === 'central' ? 1e-8 : 1e-5)
  })

  test('noise that is not looked for, and kinks, are never certified', async () => {
    const { blackbox, at, pattern } = tridiagonal(12)
    const options = { at, scheme, noise: 'none', structure: { sparsity: pattern } } as const
    const noisy = await sense(withNoise(blackbox, { sigma: 1e-6 }), options)
    expect(noisy.result).toBe('uncertified')
    expect(noisy.quality.failedRows.length).toBeGreaterThan(6)
    expect(noisy.quality.fallback).toMatch(/could not be repaired/)

    // Row 0 has a kink at zero; row 1 is smooth.
    const kinked: Blackbox = {
      inputs: 2,
      outputs: 2,
      evaluate: (z, y) => y.set([Math.max(z[0]!, z[1]!, 0), z[0]! - z[1]!]),
    }
    const kink = await sense(kinked, { at: [0, 0], scheme, heldOut: 4 })
    expect(kink.result).toBe('uncertified')
    expect(kink.quality.failedRows).toEqual([0])
    expect(kink.quality.notes.join()).toMatch(/not smooth or too noisy/)
  })
})

test('maxCalls ends repair: the result is uncertified and says why', async () => {
  const { blackbox, at } = tridiagonal(30)
  const counted = countCalls(blackbox)
  const structure = { sparsity: banded(30, 30, 1, 0) }
  const { result, quality } = await sense(counted, { at, maxCalls: 10, structure })
  expect(result).toBe('uncertified')
  expect(counted.calls).toBeLessThanOrEqual(10)
  expect(quality.failedRows.length).toBeGreaterThan(20)
  expect(quality.fallback).toMatch(/need the dense fallback, but maxCalls leaves \d+ of 60 evaluations/)
})

test('a coarse step widens the tolerance, a tolerance of one’s own overrides it', async () => {
  const { blackbox, at, pattern } = tridiagonal(10)
  const structure = { sparsity: pattern }
  const tolerance = async (options: object) => (await sense(blackbox, { at, structure, ...options })).quality.tolerance
  expect(await tolerance({})).toBeCloseTo(7.3e-7, 8)
  expect(await tolerance({ scheme: 'forward' })).toBeCloseTo(3e-4, 5)
  expect(await tolerance({ step: 1e-4 })).toBeCloseTo(1e-4, 6)
  expect(await tolerance({ step: 0.05 })).toBe(1e-2)
  expect(await tolerance({ tolerance: 1e-3 })).toBe(1e-3)
  const strict = await sense(blackbox, { at, structure, step: 1e-3, tolerance: 2e-6 })
  expect(strict.quality.tolerance).toBe(2e-6)
  await expect(sense(blackbox, { at, structure, step: 1e-3, tolerance: 1e-9 })).rejects.toThrow(
    /step 0.001 cannot meet the tolerance 1.00e-9: their error is about 1.0e-6; steps between about 4.4e-7 and 2.2e-5 can/,
  )
})
