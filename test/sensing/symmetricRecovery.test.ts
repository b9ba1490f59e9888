import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { densePattern, type Pattern, patternFromEntries } from '../../src/linalg/pattern.ts'
import { type Random, random } from '../../src/linalg/random.ts'
import { measure } from '../../src/sensing/measure.ts'
import { prepareSensing } from '../../src/sensing/prepareSensing.ts'
import { recoverSparse } from '../../src/sensing/recoverSparse.ts'
import { sense } from '../../src/sensing/sense.ts'
import type { SenseOptions } from '../../src/sensing/senseOptions.ts'
import type { Symmetry, SymmetricBlock } from '../../src/sensing/symmetricBlocks.ts'
import { arrowhead, banded, entriesOf, randomPattern, randomSymmetric } from './patterns.ts'
import { rowwiseError } from './problems.ts'

/** y_i = Σ_j A_ij (z_j + 0.2 sin z_j) at z = 0, where the Jacobian is 1.2 A; A is given. */
function linearAtZero(A: number[][], n: number): Blackbox {
  return {
    inputs: n,
    outputs: A.length,
    evaluate(z, y) {
      A.forEach((row, i) => {
        y[i] = row.reduce((sum, entry, j) => sum + entry * (z[j]! + 0.2 * Math.sin(z[j]!)), 0)
      })
    },
  }
}

/** Random entries of size about 1 on a pattern; mirrored within the blocks. */
function matrixOn(pattern: Pattern, source: Random, blocks: readonly SymmetricBlock[]): number[][] {
  const A = Array.from({ length: pattern.rows }, () => new Array<number>(pattern.cols).fill(0))
  for (const [i, j] of entriesOf(pattern)) A[i]![j] = source.rademacher() * (0.5 + source.uniform())
  for (const { rows, columns } of blocks)
    rows.forEach((i, a) => {
      for (let b = 0; b < a; b++) A[i]![columns[b]!] = A[rows[b]!]![columns[a]!]!
    })
  return A
}

const whole = (n: number): SymmetricBlock => {
  const all = Array.from({ length: n }, (_, j) => j)
  return { rows: all, columns: all }
}

async function senseSymmetric(
  A: number[][],
  pattern: Pattern,
  symmetric: Symmetry,
  options: Partial<SenseOptions> = {},
) {
  const n = pattern.cols
  const counted = countCalls(linearAtZero(A, n))
  const sensed = await sense(counted, {
    at: new Float64Array(n),
    method: 'colored',
    structure: { sparsity: pattern, symmetric },
    ...options,
  })
  expect(sensed.quality.calls).toBe(counted.calls)
  const exact = A.map((row) => row.map((entry) => 1.2 * entry))
  return { ...sensed, error: rowwiseError(sensed.J, exact) }
}

describe.each(['auto', 'direct', 'substitution'] as const)('reading %s', (reading) => {
  test('any symmetric matrix, certified, exactly symmetric, with no more directions than colors', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(16), fc.double({ min: 0, max: 0.5, noNaN: true }), async (seed, n, density) => {
        const source = random(seed)
        const pattern = randomSymmetric(source, n, density)
        const A = matrixOn(pattern, source, [whole(n)])
        const { result, error, J, quality } = await senseSymmetric(A, pattern, true, { reading })
        expect(error).toBeLessThan(1e-8)
        expect(result).toBe('certified')
        expect(J.clone().transpose().to1DArray()).toEqual(J.to1DArray())
        expect(quality.directions).toBeLessThanOrEqual(plan(pattern, 'direct'))
        expect(quality.callsFor).toMatchObject({ directions: 2 * quality.directions, repair: 0, fallback: 0 })
      }),
      { numRuns: 60 },
    )
  })

  test('any symmetric blocks within a wider matrix, certified at no extra call', async () => {
    const cases = fc.record({
      seed: fc.nat(),
      size: fc.integer({ min: 1, max: 6 }),
      extraRows: fc.nat(8),
      extraColumns: fc.nat(8),
      density: fc.double({ min: 0.05, max: 0.5, noNaN: true }),
      numBlocks: fc.integer({ min: 1, max: 2 }),
      sharesColumns: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ seed, size, extraRows, extraColumns, density, numBlocks, sharesColumns }) => {
        const source = random(seed)
        const m = numBlocks * size + extraRows
        const n = numBlocks * size + extraColumns
        const rows = shuffled(m, source)
        const columns = shuffled(n, source)
        const blocks = Array.from({ length: numBlocks }, (_, b) => ({
          rows: rows.slice(b * size, (b + 1) * size),
          columns: sharesColumns ? columns.slice(0, size) : columns.slice(b * size, (b + 1) * size),
        }))
        const pattern = mirrored(randomPattern(source, m, n, density), blocks)
        const A = matrixOn(pattern, source, blocks)
        const { result, error, quality } = await senseSymmetric(A, pattern, blocks, { reading })
        expect(error).toBeLessThan(1e-8)
        expect(result).toBe('certified')
        expect(quality.callsFor).toMatchObject({ directions: 2 * quality.directions, repair: 0, fallback: 0 })
        expect(quality.directions).toBeLessThanOrEqual(plan(pattern, 'direct'))
      }),
      { numRuns: 80 },
    )
  })
})

function plan(sparsity: Pattern, reading: 'auto' | 'direct' | 'substitution', symmetric?: Symmetry): number {
  return prepareSensing({ sparsity, symmetric }, { method: 'colored', reading }).directions
}

function shuffled(n: number, source: Random): number[] {
  const list = Array.from({ length: n }, (_, j) => j)
  for (let k = n - 1; k > 0; k--) {
    const other = source.integer(k + 1)
    ;[list[k], list[other]] = [list[other]!, list[k]!]
  }
  return list
}

/** The pattern with the mirror images of its entries in the blocks. */
function mirrored(pattern: Pattern, blocks: readonly SymmetricBlock[]): Pattern {
  const entries = entriesOf(pattern)
  for (const [i, j] of [...entries])
    for (const { rows, columns } of blocks) {
      const [a, b] = [rows.indexOf(i), columns.indexOf(j)]
      if (a >= 0 && b >= 0) entries.push([rows[b]!, columns[a]!])
    }
  return patternFromEntries(pattern.rows, pattern.cols, entries)
}

describe('directions', () => {
  test.each([1, 2, 4])('half-band %i: β + 1 by substitution, 1 + C forward and 2C central', async (beta) => {
    const pattern = banded(30, 30, beta, beta)
    const A = matrixOn(pattern, random(beta), [whole(30)])
    const central = await senseSymmetric(A, pattern, true, { heldOut: 0 })
    expect(central.quality).toMatchObject({ colors: beta + 1, calls: 2 * (beta + 1) })
    expect(central.error).toBeLessThan(1e-8)
    const forward = await senseSymmetric(A, pattern, true, { heldOut: 0, scheme: 'forward' })
    expect(forward.quality.calls).toBe(1 + beta + 1)
    expect(forward.error).toBeLessThan(1e-5)
    expect(plan(pattern, 'direct')).toBe(2 * beta + 1)
    expect(plan(pattern, 'direct', true)).toBeLessThanOrEqual(2 * beta + 1)
  })

  test('arrowhead: 2 instead of n', async () => {
    const pattern = arrowhead(12)
    const A = matrixOn(pattern, random(3), [whole(12)])
    const { quality, error } = await senseSymmetric(A, pattern, true)
    expect(quality).toMatchObject({ colors: 2, certified: true })
    expect(error).toBeLessThan(1e-8)
    expect(plan(pattern, 'direct')).toBe(12)
  })

  test('a tridiagonal block whose rows are otherwise empty takes 2 beside as many known columns as one likes', async () => {
    // Rows 3 … 12 respond to columns 5 … 14 by a tridiagonal block; rows 0 … 2 and columns 0 … 4 are diagonal.
    const block = {
      rows: Array.from({ length: 10 }, (_, a) => 3 + a),
      columns: Array.from({ length: 10 }, (_, a) => 5 + a),
    }
    const entries: [number, number][] = [
      [0, 0],
      [1, 1],
      [2, 2],
    ]
    for (let a = 0; a < 10; a++)
      for (let b = Math.max(0, a - 1); b <= Math.min(9, a + 1); b++) entries.push([3 + a, 5 + b])
    const pattern = patternFromEntries(13, 15, entries)
    const A = matrixOn(pattern, random(4), [block])
    const { quality, error } = await senseSymmetric(A, pattern, block)
    expect(quality).toMatchObject({ colors: 2, certified: true })
    expect(error).toBeLessThan(1e-8)
  })

  test('a driven chain at rest: velocity and position rows share one symmetric pattern', () => {
    // ∂v⁺/∂τ and ∂q⁺/∂τ = dt ∂v⁺/∂τ, both tridiagonal and symmetric in the same columns: still 2 instead of 3.
    const n = 8
    const entries: [number, number][] = []
    for (let a = 0; a < n; a++)
      for (let b = Math.max(0, a - 1); b <= Math.min(n - 1, a + 1); b++) entries.push([a, b], [n + a, b])
    const columns = Array.from({ length: n }, (_, a) => a)
    const blocks = [
      { rows: columns, columns },
      { rows: columns.map((a) => n + a), columns },
    ]
    const pattern = patternFromEntries(2 * n, n, entries)
    expect(plan(pattern, 'auto', blocks)).toBe(2)
    expect(plan(pattern, 'auto')).toBe(3)
  })

  test('long chains are not substituted by default: errors would add up', () => {
    const pattern = banded(5000, 5000, 1, 1)
    expect(plan(pattern, 'auto', true)).toBe(3)
    expect(plan(pattern, 'substitution', true)).toBe(2)
  })

  test('substitution over 2500 entries keeps seven digits', async () => {
    const n = 5000
    const entryOf = (i: number, j: number) => Math.sin(1 + Math.min(i, j)) + (i === j ? 3 : 0)
    const blackbox: Blackbox = {
      inputs: n,
      outputs: n,
      evaluate(z, y) {
        for (let i = 0; i < n; i++) {
          y[i] = 0
          for (let j = Math.max(0, i - 1); j <= Math.min(n - 1, i + 1); j++)
            y[i]! += entryOf(i, j) * (z[j]! + 0.2 * Math.sin(z[j]!))
        }
      },
    }
    const sparsity = banded(n, n, 1, 1)
    const prepared = prepareSensing({ sparsity, symmetric: true }, { method: 'colored', reading: 'substitution' })
    const { values, quality } = recoverSparse(prepared, await measure(blackbox, prepared, { at: new Float64Array(n) }))
    let worst = 0
    entriesOf(sparsity).forEach(([i, j], k) => {
      worst = Math.max(worst, Math.abs(values[k]! - 1.2 * entryOf(i, j)))
    })
    expect(worst).toBeLessThan(1e-7)
    expect(quality).toMatchObject({ colors: 2, certified: true })
  })
})

test("'direct' reads every entry off one difference; 'substitution' takes no more directions", () => {
  for (let seed = 0; seed < 40; seed++) {
    const pattern = randomSymmetric(random(seed), 15, 0.2)
    const { decoder } = prepareSensing({ sparsity: pattern, symmetric: true }, { method: 'colored', reading: 'direct' })
    if (decoder.method !== 'colored') throw new Error('another decoder')
    if (decoder.elimination !== null) expect(decoder.elimination.terms).toBe(1)
    expect(plan(pattern, 'substitution', true)).toBeLessThanOrEqual(decoder.numColors)
  }
})

test('a matrix that is not symmetric after all fails the certificate and is repaired', async () => {
  let caught = 0
  for (let seed = 0; seed < 40; seed++) {
    const source = random(seed)
    const pattern = banded(20, 20, 2, 2)
    const A = matrixOn(pattern, source, [whole(20)])
    const i = 1 + source.integer(17)
    A[i]![i + 1]! += 1
    const { result, error, quality } = await senseSymmetric(A, pattern, true)
    expect(result).toBe('certified')
    expect(error).toBeLessThan(1e-6)
    if (quality.repairedRows.length > 0) caught++
  }
  expect(caught).toBe(40)
})

test('detection with symmetry, through JSON too, gives the same directions', async () => {
  const pattern = banded(12, 12, 1, 1)
  const A = matrixOn(pattern, random(2), [whole(12)])
  const found = await senseSymmetric(A, pattern, true, { structure: { sparsity: 'detect', symmetric: true } })
  expect(found.quality).toMatchObject({ colors: 2, certified: true })
  const again = await sense(linearAtZero(A, 12), {
    at: new Float64Array(12),
    plan: JSON.parse(JSON.stringify(found.plan)),
  })
  expect(again.J.to1DArray()).toEqual(found.J.to1DArray())
})

test('a symmetry without sparsity saves nothing, and auto says so', () => {
  const dense = prepareSensing({ sparsity: densePattern(6, 6), symmetric: true })
  expect(dense.method).toBe('dense')
  expect(dense.notes.join()).toMatch(/coloring does not pay/)
})

test('misuse throws, naming what does not fit', () => {
  const prepare = (pattern: Pattern, symmetric: unknown) => () =>
    prepareSensing({ sparsity: pattern, symmetric: symmetric as Symmetry }, { method: 'colored' })
  const square = banded(4, 4, 1, 1)
  expect(prepare(banded(4, 5, 1, 1), true)).toThrow(/a symmetric Jacobian must be square, got \[4 × 5\]/)
  expect(prepare(banded(4, 4, 0, 1), true)).toThrow(/it has entry \(0, 1\) but not \(1, 0\)/)
  expect(prepare(square, { rows: [0, 1], columns: [0] })).toThrow(/block 0 must be square, got \[2 × 1\]/)
  expect(prepare(square, { rows: [0, 4], columns: [0, 1] })).toThrow(/row of symmetric block 0: 4 lies outside 0 … 3/)
  expect(prepare(square, { rows: [0, 1], columns: [1, 1] })).toThrow(/column of symmetric block 0: 1 is given twice/)
  const block = { rows: [0, 1], columns: [0, 1] }
  expect(prepare(square, [block, block])).toThrow(/entry \(0, 0\) lies in symmetric blocks 0 and 1/)
  expect(() => prepareSensing({ inputs: 3, outputs: 2, symmetric: true })).toThrow(/must be square, got \[2 × 3\]/)
  expect(() => prepareSensing({ sparsity: square }, { reading: 'maybe' as 'auto' })).toThrow(
    /reading must be one of auto, direct, substitution; got maybe/,
  )
})
