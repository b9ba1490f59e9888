/** Jacobians that few parameters make: as few directions as parameters allow, and gross errors outvoted. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { withCorruption } from '../../src/blackbox/withCorruption.ts'
import { patternFromEntries } from '../../src/linalg/pattern.ts'
import { random } from '../../src/linalg/random.ts'
import { familyInto, familyOf } from '../../src/sensing/family.ts'
import { measure } from '../../src/sensing/measure.ts'
import { type PrepareOptions, prepareSensing, type SensingStructure } from '../../src/sensing/prepareSensing.ts'
import { recover } from '../../src/sensing/recover.ts'
import { sense } from '../../src/sensing/sense.ts'

const n = 24
type Entry = (i: number, j: number) => number

interface Drawn {
  readonly entry: Entry
  readonly structure: SensingStructure
}

/** A random member of each family, [24 × 24]. */
const families: { readonly [name: string]: (seed: number) => Drawn } = {
  circulant: (seed) => {
    const c = normals(seed, n)
    return { entry: (i, j) => c[(i - j + n) % n]!, structure: { inputs: n, outputs: n, tied: 'circulant' } }
  },
  Toeplitz: (seed) => {
    const c = normals(seed, 2 * n)
    return { entry: (i, j) => c[i - j + n]!, structure: { inputs: n, outputs: n, tied: 'toeplitz' } }
  },
  Hankel: (seed) => {
    const c = normals(seed, 2 * n)
    return { entry: (i, j) => c[i + j]!, structure: { inputs: n, outputs: n, tied: 'hankel' } }
  },
  'sparse symmetric': (seed) => {
    const source = random(seed, 2)
    const values = new Map<number, number>()
    const entries: [number, number][] = []
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) {
        if (source.uniform() >= 0.1) continue
        const value = source.normal()
        for (const [a, b] of i === j
          ? [[i, j]]
          : [
              [i, j],
              [j, i],
            ]) {
          entries.push([a!, b!])
          values.set(a! * n + b!, value)
        }
      }
    const structure = { sparsity: patternFromEntries(n, n, entries), symmetric: true as const }
    return { entry: (i, j) => values.get(i * n + j) ?? 0, structure }
  },
}

function normals(seed: number, count: number): number[] {
  const source = random(seed, 1)
  return Array.from({ length: count }, () => source.normal())
}

function linear(rows: number, cols: number, entry: Entry): Blackbox {
  return {
    inputs: cols,
    outputs: rows,
    evaluate(z, y) {
      for (let i = 0; i < rows; i++) {
        let sum = 0
        for (let j = 0; j < cols; j++) sum += entry(i, j) * z[j]!
        y[i] = sum
      }
    },
  }
}

function relativeError(J: { get(i: number, j: number): number }, entry: Entry): number {
  let error = 0
  let size = 0
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      error += (J.get(i, j) - entry(i, j)) ** 2
      size += entry(i, j) ** 2
    }
  return Math.sqrt(error / size)
}

/** Forward differences with f(z̄) known, so that a share of the values is a share of the differences. */
async function recovered(drawn: Drawn, options: PrepareOptions, spoil: (blackbox: Blackbox) => Blackbox) {
  const plan = prepareSensing(drawn.structure, { method: 'rainbow', scheme: 'forward', step: 0.005, ...options })
  const blackbox = spoil(linear(n, n, drawn.entry))
  const measurements = await measure(blackbox, plan, { at: new Float64Array(n), base: new Float64Array(n) })
  return { plan, ...recover(plan, measurements) }
}

describe('without noise', () => {
  test.each([
    ['circulant', 1],
    ['Toeplitz', 2],
    ['Hankel', 2],
    ['sparse symmetric', 3],
  ])('%s: exact and certified from at most %i directions', async (name, most) => {
    for (let seed = 1; seed <= 25; seed++) {
      const drawn = families[name]!(seed)
      const { plan, J, quality } = await recovered(drawn, { seed }, (blackbox) => blackbox)
      expect(plan.directions).toBeLessThanOrEqual(most)
      expect(relativeError(J, drawn.entry)).toBeLessThan(1e-8)
      expect(quality.certified).toBe(true)
    }
  })
})

describe('a fifth of the differences off by ±50', () => {
  test.each([
    ['circulant', 6],
    ['Toeplitz', 9],
    ['Hankel', 9],
    ['sparse symmetric', 12],
  ])(
    '%s: exact from %i directions in at least 95 of 100 seeds, where least squares fails',
    async (name, directions) => {
      let exact = 0
      let failing = 0
      for (let seed = 1; seed <= 100; seed++) {
        const drawn = families[name]!(seed)
        const spoil = (blackbox: Blackbox) => withCorruption(blackbox, { fraction: 0.2, size: 50, seed })
        const options = { seed, directions, heldOut: 6 }
        const robust = await recovered(drawn, { ...options, decoding: 'least-absolute' }, spoil)
        if (relativeError(robust.J, drawn.entry) < 1e-8) exact++
        if (seed > 20) continue
        const squares = await recovered(drawn, options, spoil)
        if (relativeError(squares.J, drawn.entry) > 0.1) failing++
      }
      expect(exact).toBeGreaterThanOrEqual(95)
      expect(failing).toBe(20)
    },
  )
})

describe('intersections and groups', () => {
  test('J = J₀ + Σ θ_l B_l: any member is recovered, with factors, overlaps and known entries', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1e6 }), async (seed) => {
        const source = random(seed)
        const [rows, cols] = [3 + source.integer(8), 3 + source.integer(8)]
        const pick = () => ({ row: source.integer(rows), column: source.integer(cols), factor: source.normal() })
        const tied = Array.from({ length: 2 + source.integer(3) }, () =>
          Array.from({ length: 2 + source.integer(4) }, pick),
        )
        const isTied = new Set(tied.flat().map(({ row, column }) => row * cols + column))
        const known = Array.from({ length: 3 }, () => ({ ...pick(), value: source.normal() })).filter(
          ({ row, column }, k, all) =>
            !isTied.has(row * cols + column) && all.findIndex((one) => one.row === row && one.column === column) === k,
        )
        const family = familyOf('test', rows, cols, { sparsity: null, tied, known })
        const J = new Float64Array(rows * cols)
        familyInto(
          J,
          family,
          Array.from({ length: family.parameters }, () => source.normal()),
        )
        for (const { row, column, value } of known) expect(J[row * cols + column]).toBe(value)
        const blackbox = linear(rows, cols, (i, j) => J[i * cols + j]!)
        const { J: found, result } = await sense(blackbox, {
          at: new Float64Array(cols),
          structure: { tied, known },
          seed,
        })
        expect(result).toBe('certified')
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < cols; j++) expect(Math.abs(found.get(i, j) - J[i * cols + j]!)).toBeLessThan(1e-6)
      }),
      { numRuns: 40, seed: 7 },
    )
  })

  test('a symmetric Toeplitz Jacobian has n parameters, a circulant one with a zero diagonal one less', () => {
    const symmetric = familyOf('test', 6, 6, { sparsity: null, symmetric: true, tied: 'toeplitz' })
    expect(symmetric.parameters).toBe(6)
    const entries = Array.from({ length: 36 }, (_, e): [number, number] => [Math.floor(e / 6), e % 6])
    const sparsity = patternFromEntries(
      6,
      6,
      entries.filter(([i, j]) => i !== j),
    )
    expect(familyOf('test', 6, 6, { sparsity, tied: 'circulant' }).parameters).toBe(5)
  })

  test.each([
    [
      {
        known: [
          { row: 0, column: 1, value: 1 },
          { row: 1, column: 2, value: 2 },
        ],
        tied: 'toeplitz' as const,
      },
      /is known as 2, and through what it is tied to as 1/,
    ],
    [{ known: [{ row: 5, column: 0, value: 1 }] }, /entry \(5, 0\) lies outside \[4 × 4\]/],
    [{ tied: [[{ row: 0, column: 0, factor: Number.NaN }]] }, /the factor of entry \(0, 0\) in group 0 is NaN/],
    [
      { tied: 'circular' as 'circulant' },
      /tied must be one of toeplitz, hankel, circulant, or groups of entries; got circular/,
    ],
  ])('what contradicts itself is refused by name %#', (structure, message) => {
    expect(() => familyOf('test', 4, 4, { sparsity: null, ...structure })).toThrow(message)
  })

  test('directions that cannot tell the parameters are refused before a call is made', () => {
    const structure = { inputs: n, outputs: n, tied: 'toeplitz' as const }
    expect(() => prepareSensing(structure, { method: 'rainbow', directions: 1 })).toThrow(
      /1 directions do not tell the 47 parameters of the family/,
    )
  })

  test('a family that does not hold is not certified, and repaired by dense differences', async () => {
    const c = normals(3, 2 * n)
    const entry: Entry = (i, j) => c[i - j + n]! + (i === 3 && j === 5 ? 0.5 : 0)
    const { result, J, quality } = await sense(linear(n, n, entry), {
      at: new Float64Array(n),
      structure: { tied: 'toeplitz' },
    })
    expect(relativeError(J, entry)).toBeLessThan(1e-8)
    expect([result, quality.fallback === null]).toEqual(['certified', false])
  })
})
