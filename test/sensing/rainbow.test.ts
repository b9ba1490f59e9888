import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { withCorruption } from '../../src/blackbox/withCorruption.ts'
import { withNoise } from '../../src/blackbox/withNoise.ts'
import { densePattern, patternFromEntries } from '../../src/linalg/pattern.ts'
import { type Random, random } from '../../src/linalg/random.ts'
import type { TiedEntry } from '../../src/sensing/family.ts'
import { measure } from '../../src/sensing/measure.ts'
import type { Plan } from '../../src/sensing/plan.ts'
import { prepareSensing, type SensingStructure } from '../../src/sensing/prepareSensing.ts'
import { recover } from '../../src/sensing/recover.ts'
import { sense } from '../../src/sensing/sense.ts'
import { drawMember, linear, relativeError } from './families.ts'
import { banded, entriesOf, randomPattern, randomSymmetric } from './patterns.ts'

const n = 24
const at = new Float64Array(n)

interface Case {
  readonly name: string
  readonly directions: readonly [number, number] // by default, without noise
  readonly robust: number // directions that outvote a fifth of gross errors
  readonly seeds: number
  readonly structure: (source: Random) => SensingStructure
}

const square = { inputs: n, outputs: n }
const cases: readonly Case[] = [
  { name: 'circulant', directions: [1, 1], robust: 6, seeds: 100, structure: () => ({ ...square, tied: 'circulant' }) },
  { name: 'Toeplitz', directions: [2, 2], robust: 9, seeds: 40, structure: () => ({ ...square, tied: 'toeplitz' }) },
  { name: 'Hankel', directions: [2, 2], robust: 9, seeds: 40, structure: () => ({ ...square, tied: 'hankel' }) },
  {
    name: 'symmetric, 10 % of the entries',
    directions: [1, 3],
    robust: 12,
    seeds: 100,
    structure: (source) => ({ ...square, sparsity: randomSymmetric(source, n, 0.1), symmetric: true }),
  },
]

describe.each(cases)('$name of 24 rows', ({ directions: [fewest, most], robust, seeds, structure }) => {
  it(`takes ${fewest} to ${most} directions of its own accord, and is exact`, async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const source = random(seed)
      const given = structure(source)
      const { J } = drawMember(n, n, given as object, source)
      const plan = prepareSensing(given, { method: 'rainbow', seed })
      expect(plan.directions).toBeGreaterThanOrEqual(fewest)
      expect(plan.directions).toBeLessThanOrEqual(most)
      const recovered = recover(plan, await measure(linear(J, n, n), plan, { at }))
      expect(recovered.quality.certified).toBe(true)
      expect(relativeError(recovered.J, J)).toBeLessThan(1e-12)
    }
  })

  it(`with a fifth of the differences grossly wrong: exact from ${robust} directions in 95 % of ${seeds} seeds, where least squares fails`, async () => {
    let exact = 0
    let astray = 0
    for (let draw = 1; draw <= 10; draw++) {
      const given = structure(random(draw))
      const options = { method: 'rainbow', scheme: 'forward', directions: robust, seed: draw } as const
      const plan = prepareSensing(given, { ...options, decoding: 'least-absolute' })
      const least: Plan = { ...plan, ...asLeastSquares(plan) }
      for (let seed = 100 * draw; seed < 100 * draw + seeds / 10; seed++) {
        const { J } = drawMember(n, n, given as object, random(seed, 1))
        const corrupted = withCorruption(linear(J, n, n), { fraction: 0.2, size: 50, seed })
        const measurements = await measure(corrupted, plan, { at, base: at })
        if (relativeError(recover(plan, measurements).J, J) < 1e-8) exact++
        if (seed % 100 < 2 && relativeError(recover(least, measurements).J, J) > 0.1) astray++
      }
    }
    expect(exact).toBeGreaterThanOrEqual(0.95 * seeds)
    expect(astray).toBe(20)
  })
})

/** The same plan, decoded by least squares; the fingerprint stays, so that the same measurements serve. */
function asLeastSquares(plan: Plan): Partial<Plan> {
  if (plan.decoder.method !== 'rainbow') throw new Error('not a rainbow plan')
  return { decoder: { ...plan.decoder, decoding: 'least-squares' } }
}

describe('families', () => {
  const known = (row: number, column: number, value: number) => ({ row, column, value })
  test.each<[string, string, Partial<SensingStructure>]>([
    [
      'mirrored entries known differently',
      'entry (1, 0) is known as 2',
      { symmetric: true, known: [known(0, 1, 1), known(1, 0, 2)] },
    ],
    [
      'a diagonal known differently',
      'entry (1, 2) is known as 2',
      { tied: 'toeplitz', known: [known(0, 1, 1), known(1, 2, 2)] },
    ],
    [
      'a known entry on a diagonal with zeros',
      'entry (0, 1) is known as 3',
      { tied: 'toeplitz', sparsity: banded(3, 3, 0, 0), known: [known(0, 1, 3)] },
    ],
    ['an entry outside', 'entry (0, 5) lies outside [3 × 3]', { known: [known(0, 5, 1)] }],
    ['a known entry that is no number', 'known entry (0, 1) is NaN', { known: [known(0, 1, Number.NaN)] }],
    ['a tied entry outside', 'entry (3, 1) lies outside [3 × 3]', { tied: [[{ row: 3, column: 1 }]] }],
    [
      'a factor that is no number',
      'factor of entry (1, 1) in group 0 is NaN',
      { tied: [[{ row: 1, column: 1, factor: Number.NaN }]] },
    ],
    [
      'a known entry with factor 0',
      'entry (0, 0) is known as 1, and its factor is 0',
      { tied: [[{ row: 0, column: 0, factor: 0 }]], known: [known(0, 0, 1)] },
    ],
    [
      'mirrored entries with different factors',
      'entry (1, 0) and its mirror image',
      {
        symmetric: true,
        tied: [
          [
            { row: 0, column: 1, factor: 2 },
            { row: 1, column: 0 },
          ],
        ],
      },
    ],
    [
      'a known sum',
      'entry (0, 1) is known, and a sum of 2 parameters',
      {
        tied: [
          [{ row: 0, column: 1 }],
          [
            { row: 0, column: 1 },
            { row: 1, column: 1 },
          ],
        ],
        known: [known(0, 1, 1)],
      },
    ],
  ])('%s: refused, the entry is named', (_, message, structure) => {
    expect(() => prepareSensing({ inputs: 3, outputs: 3, ...structure }, { method: 'rainbow' })).toThrow(message)
  })
  it('circulant needs a square Jacobian; an unknown name is refused', () => {
    expect(() => prepareSensing({ inputs: 3, outputs: 2, tied: 'circulant' })).toThrow(/must be square, got \[2 × 3\]/)
    expect(() => prepareSensing({ inputs: 3, outputs: 3, tied: 'skew' as 'hankel' })).toThrow(
      /tied must be one of toeplitz/,
    )
  })

  test.each<[string, Partial<SensingStructure>, number]>([
    ['symmetric Toeplitz', { tied: 'toeplitz', symmetric: true }, n],
    ['Toeplitz within a band', { tied: 'toeplitz', sparsity: banded(n, n, 2, 1) }, 4],
    ['sparse circulant', { tied: 'circulant', sparsity: patternFromEntries(n, n, circulantEntries([0, 3, 20])) }, 3],
    [
      'symmetric with a known diagonal',
      { symmetric: true, sparsity: banded(n, n, 1, 1), known: Array.from({ length: n }, (_, i) => known(i, i, 2 + i)) },
      n - 1,
    ],
  ])('%s: an intersection has the parameters that are left, and is recovered', async (_, structure, parameters) => {
    const { J, family } = drawMember(n, n, structure as object, random(5))
    expect(family.parameters).toBe(parameters)
    const { result, quality, J: sensed } = await sense(linear(J, n, n), { at, method: 'rainbow', structure })
    expect(result).toBe('certified')
    expect(quality.directions).toBeLessThanOrEqual(4)
    expect(relativeError(sensed, J)).toBeLessThan(1e-12)
  })

  it('any tied groups with factors, and any known entries: J = J₀ + Σ θ B is found, from at most as many directions as columns', () => {
    const sample = fc.record({
      seed: fc.integer({ min: 1, max: 1e6 }),
      m: fc.integer({ min: 1, max: 8 }),
      n: fc.integer({ min: 1, max: 8 }),
      groups: fc.integer({ min: 0, max: 4 }),
      known: fc.integer({ min: 0, max: 4 }),
    })
    return fc.assert(
      fc.asyncProperty(sample, async ({ seed, m, n: cols, groups, known: numKnown }) => {
        const source = random(seed)
        const sparsity = source.uniform() < 0.3 ? densePattern(m, cols) : randomPattern(source, m, cols, 0.4)
        const entries = entriesOf(sparsity).map(([row, column]) => ({ row, column }))
        const take = () => entries.splice(source.integer(entries.length), 1)[0]!
        const tied: TiedEntry[][] = []
        for (let g = 0; g < groups && entries.length > 0; g++) {
          tied.push([])
          for (let e = 0; e < 3 && entries.length > 0; e++)
            tied[g]!.push({ ...take(), factor: source.rademacher() * (0.5 + source.uniform()) })
        }
        const values = []
        for (let e = 0; e < numKnown && entries.length > 0; e++) values.push({ ...take(), value: source.normal() })
        const structure = { sparsity, tied, known: values }
        const { J } = drawMember(m, cols, structure, source)
        const {
          J: sensed,
          result,
          quality,
        } = await sense(linear(J, m, cols), {
          at: new Float64Array(cols),
          method: 'rainbow',
          structure,
          seed,
        })
        expect(result).toBe('certified')
        expect(quality.directions).toBeLessThanOrEqual(cols)
        expect(quality.callsFor.repair + quality.callsFor.fallback).toBe(0)
        const scale = Math.max(1, ...J.map(Math.abs))
        sensed.to1DArray().forEach((entry, e) => {
          expect(Math.abs(entry - J[e]!)).toBeLessThan(1e-8 * scale)
        })
        // J belongs to the family: entries of a group in proportion to their factors, known entries exactly as they are
        for (const group of tied)
          for (const { row, column, factor } of group)
            expect(sensed.get(row, column) / factor!).toBeCloseTo(
              sensed.get(group[0]!.row, group[0]!.column) / group[0]!.factor!,
              9,
            )
        for (const { row, column, value } of values) expect(sensed.get(row, column)).toBe(value)
      }),
      { seed: 11, numRuns: 150 },
    )
  })

  it('too few directions for the parameters are refused before any call', () => {
    expect(() =>
      prepareSensing({ inputs: n, outputs: n, tied: 'toeplitz' }, { method: 'rainbow', directions: 1 }),
    ).toThrow(/1 directions do not tell the 47 parameters/)
  })

  it('a family that does not hold is not certified but measured densely, with and without noise', async () => {
    const source = random(8)
    const J = Float64Array.from({ length: n * n }, () => source.normal())
    for (const sigma of [0, 1e-6]) {
      const {
        result,
        J: sensed,
        quality,
      } = await sense(withNoise(linear(J, n, n), { sigma }), {
        at,
        method: 'rainbow',
        structure: { tied: 'toeplitz' },
      })
      expect(result).toBe('certified')
      expect(quality.directions >= n || quality.fallback !== null).toBe(true)
      expect(relativeError(sensed, J)).toBeLessThan(sigma === 0 ? 1e-8 : 0.01)
    }
  })
})

describe('plans of method rainbow', () => {
  const structure = { inputs: n, outputs: n, tied: 'toeplitz' } as const
  const { J } = drawMember(n, n, { tied: 'toeplitz' }, random(3))
  const blackbox = linear(J, n, n)

  it('survive JSON, and serve recover and sense alike', async () => {
    const plan = prepareSensing(structure, { method: 'rainbow', seed: 4 })
    const copy: Plan = JSON.parse(JSON.stringify(plan))
    const counted = countCalls(blackbox)
    const measurements = JSON.parse(JSON.stringify(await measure(counted, copy, { at })))
    const { J: recovered, quality } = recover(copy, measurements)
    expect(quality.calls).toBe(counted.calls)
    const whole = await sense(blackbox, { at, method: 'rainbow', structure: { tied: 'toeplitz' }, seed: 4 })
    const again = await sense(blackbox, { at, plan: copy })
    expect(whole.plan).toEqual(copy)
    for (const { J: other } of [whole, again]) expect(other.to1DArray()).toEqual(recovered.to1DArray())
  })

  it('of another family, method or number of directions are refused', async () => {
    const plan = prepareSensing(structure, { method: 'rainbow' })
    const hankel = prepareSensing({ ...structure, tied: 'hankel' }, { method: 'rainbow' })
    const measurements = await measure(blackbox, plan, { at })
    expect(() => recover(hankel, measurements)).toThrow(/fingerprint/)
    await expect(sense(blackbox, { at, plan, directions: 5 })).rejects.toThrow(/directions \(plan: 2, here: 5\)/)
    await expect(sense(blackbox, { at, plan, method: 'dense' })).rejects.toThrow(
      /method \(plan: rainbow, here: dense\)/,
    )
    await expect(sense(linear(J.slice(0, n), 1, n), { at, plan })).rejects.toThrow(/outputs/)
  })
})

/** All entries with i − j among the shifts, modulo n. */
function circulantEntries(shifts: readonly number[]): [number, number][] {
  return shifts.flatMap((shift) => Array.from({ length: n }, (_, j): [number, number] => [(j + shift) % n, j]))
}
