import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { densePattern } from '../../src/linalg/pattern.ts'
import { random } from '../../src/linalg/random.ts'
import { detectPattern } from '../../src/sensing/detectPattern.ts'
import { patternFromJacobian } from '../../src/sensing/patternFromJacobian.ts'
import { sense } from '../../src/sensing/sense.ts'
import { banded, entriesOf, randomPattern } from './patterns.ts'
import { brusselator, ridge, rowwiseError, tridiagonal } from './problems.ts'

describe.each(['forward', 'central'] as const)('%s', (scheme) => {
  const base = scheme === 'forward' ? 1 : 0
  const sides = scheme === 'forward' ? 1 : 2

  test('finds the pattern by dense differences', async () => {
    const source = random(31)
    const list = [
      tridiagonal(15),
      brusselator(8),
      ridge('random', randomPattern(source, 20, 30, 0.1), source),
      ridge('rows from 1e-9 to 1e9', banded(19, 19, 1, 1), source, (i) => 10 ** (i - 9)),
    ]
    for (const { blackbox, at, pattern } of list) {
      const counted = countCalls(blackbox)
      expect(await detectPattern(counted, { at, scheme })).toEqual(pattern)
      expect(counted.calls).toBe(base + sides * blackbox.inputs)
    }
  })

  test('finds it within a superset from one direction per color', async () => {
    const { blackbox, at, pattern } = tridiagonal(40)
    const counted = countCalls(blackbox)
    expect(await detectPattern(counted, { at, scheme, superset: banded(40, 40, 3, 3) })).toEqual(pattern)
    expect(counted.calls).toBe(base + sides * 7)
  })

  test('is not fooled by dirt of 1e-17 nor by rounding', async () => {
    const { blackbox, at, pattern } = tridiagonal(15)
    const dirty: Blackbox = {
      inputs: 15,
      outputs: 15,
      evaluate(z, y) {
        blackbox.evaluate(z, y)
        // A dense coupling of 1e-17, and sums that cancel up to rounding.
        const sum = z.reduce((total, value) => total + value, 0)
        for (let i = 0; i < 15; i++) y[i] = y[i]! + 1e-17 * sum + (sum - z[0]! - (sum - z[0]!))
      },
    }
    expect(await detectPattern(dirty, { at, scheme })).toEqual(pattern)
  })
})

test('entries within the error of the differences are dirt, above it they count', async () => {
  const size = 1e3
  const coupled = (coupling: number): Blackbox => ({
    inputs: 2,
    outputs: 1,
    outputScale: Float64Array.of(1e-9),
    evaluate: (z, y) => y.set([z[0]! + coupling * z[1]! * size]),
  })
  const at = [0, 0]
  expect(entriesOf(await detectPattern(coupled(1e-14), { at }))).toEqual([[0, 0]])
  expect(entriesOf(await detectPattern(coupled(1e-10), { at }))).toEqual([
    [0, 0],
    [0, 1],
  ])
  expect(entriesOf(await detectPattern(coupled(1e-10), { at, scheme: 'forward' }))).toEqual([[0, 0]])
})

test('nothing to find: no entries', async () => {
  const constant: Blackbox = { inputs: 3, outputs: 2, evaluate: (_z, y) => y.fill(7) }
  expect(entriesOf(await detectPattern(constant, { at: [0, 1, 2] }))).toEqual([])
})

describe('within sense', () => {
  const { blackbox, at, pattern, jacobian } = tridiagonal(30)

  test.each(['auto', 'colored'] as const)(
    "%s with 'detect': dense probing first, counted as detection",
    async (method) => {
      const counted = countCalls(blackbox)
      const sensed = await sense(counted, { at, method, structure: { sparsity: 'detect' } })
      expect(sensed.pattern).toEqual(pattern)
      expect(sensed.result).toBe('certified')
      expect(sensed.quality).toMatchObject({ method: 'colored', colors: 3, calls: counted.calls })
      expect(sensed.quality.callsFor).toMatchObject({ detection: 60, directions: 6, heldOut: 4, repair: 0 })
      expect(sensed.quality.notes.join()).toMatch(/finding the pattern took 60 evaluations/)
      expect(rowwiseError(sensed.J, jacobian(at))).toBeLessThan(1e-8)
    },
  )

  test("'colored' without a pattern detects one", async () => {
    const sensed = await sense(blackbox, { at, method: 'colored', scheme: 'forward' })
    expect(sensed.pattern).toEqual(pattern)
    expect(sensed.quality.callsFor).toMatchObject({ base: 1, detection: 30, directions: 3, heldOut: 2 })
  })

  test('a superset is refined from its own coloring', async () => {
    const sensed = await sense(blackbox, { at, structure: { sparsity: banded(30, 30, 4, 4), refine: true } })
    expect(sensed.pattern).toEqual(pattern)
    expect(sensed.quality).toMatchObject({ colors: 3, certified: true })
    expect(sensed.quality.callsFor).toMatchObject({ detection: 18, directions: 6 })
  })

  test('dense differences need no detection', async () => {
    const sensed = await sense(blackbox, { at, method: 'dense', structure: { sparsity: 'detect' } })
    expect(sensed.pattern).toBeNull()
    expect(sensed.quality.callsFor.detection).toBe(0)
  })
})

describe('patternFromJacobian', () => {
  const J = [
    [1, 1e-9, 0],
    [1e-12, 1e-17, 0],
  ]
  test('keeps what is not exactly zero by default', () => {
    expect(entriesOf(patternFromJacobian(J))).toEqual([
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ])
    expect(patternFromJacobian(new Matrix(J))).toEqual(patternFromJacobian(J))
    expect(patternFromJacobian(Matrix.ones(3, 2))).toEqual(densePattern(3, 2))
  })
  test('thresholds by row, absolutely, and in units of the inputs', () => {
    expect(entriesOf(patternFromJacobian(J, { relative: 1e-4 }))).toEqual([
      [0, 0],
      [1, 0],
    ])
    expect(entriesOf(patternFromJacobian(J, { floor: 1e-10 }))).toEqual([
      [0, 0],
      [0, 1],
    ])
    expect(entriesOf(patternFromJacobian(J, { floor: [2, 1e-14] }))).toEqual([[1, 0]])
    expect(entriesOf(patternFromJacobian(J, { floor: 1e-8, scale: [1, 100, 1] }))).toEqual([
      [0, 0],
      [0, 1],
    ])
  })
  test('misuse throws', () => {
    expect(() => patternFromJacobian([[1, Number.NaN]])).toThrow(/entry \(0, 1\) must be finite, got NaN/)
    expect(() => patternFromJacobian([[1, 2], [3]])).toThrow(/row 1 must have 2 entries, got 1/)
    expect(() => patternFromJacobian(J, { scale: [1] })).toThrow(/scale must have 3 entries, got 1/)
    expect(() => patternFromJacobian(J, { floor: [1] })).toThrow(/floor must have 2 entries, got 1/)
    expect(() => patternFromJacobian(J, { relative: -1 })).toThrow(/relative must be ≥ 0/)
  })
})
