import { describe, expect, test } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { countNonzeros, type Pattern } from '../../src/linalg/pattern.ts'
import { patternFromTriplets } from '../../src/linalg/patternFromTriplets.ts'
import { random } from '../../src/linalg/random.ts'
import { measure } from '../../src/sensing/measure.ts'
import type { PlanMethod } from '../../src/sensing/plan.ts'
import { prepareSensing } from '../../src/sensing/prepareSensing.ts'
import { recover } from '../../src/sensing/recover.ts'
import { recoveries } from '../../src/sensing/recover/recoveries.ts'
import { recoverSparse } from '../../src/sensing/recoverSparse.ts'
import { banded } from './patterns.ts'
import { brusselator, problems, tridiagonal } from './problems.ts'

const patterned = (Object.keys(recoveries) as PlanMethod[]).filter(
  (method) => recoveries[method].valuesInto !== undefined,
)

describe.each(patterned)('%s', (method) => {
  test.each(problems(random(5)).map((problem) => [problem.name, problem] as const))(
    '%s: the entries that recover has, and its quality',
    async (_, { blackbox, pattern, at }) => {
      const plan = prepareSensing({ sparsity: pattern }, { method })
      const measured = await measure(blackbox, plan, { at })
      const { J, quality } = recover(plan, measured)
      const sparse = recoverSparse(plan, measured)
      expect(sparse.pattern).toEqual(pattern)
      for (let j = 0; j < pattern.cols; j++)
        for (let k = pattern.colPtr[j]!; k < pattern.colPtr[j + 1]!; k++)
          expect(sparse.values[k]).toBe(J.get(pattern.rowIdx[k]!, j))
      expect(sparse.quality.heldOutResidual).toBeCloseTo(quality.heldOutResidual, 12)
      expect(sparse.quality).toMatchObject({ certified: true, calls: quality.calls, callsFor: quality.callsFor })
    },
  )
})

test('rows with missing entries are not certified', async () => {
  const { blackbox, at } = brusselator(10)
  const plan = prepareSensing({ sparsity: banded(20, 20, 1, 1) }, { method: 'colored' })
  const measured = await measure(blackbox, plan, { at })
  const { quality } = recoverSparse(plan, measured)
  expect(quality.certified).toBe(false)
  expect(quality.failedRows).toEqual(recover(plan, measured).quality.failedRows)
})

test('a plan without a pattern, and other measurements, are refused', async () => {
  const { blackbox, at, pattern } = tridiagonal(6)
  const dense = prepareSensing({ inputs: 6, outputs: 6 })
  const measured = await measure(blackbox, dense, { at })
  expect(() => recoverSparse(dense, measured)).toThrow(/a dense plan has no sparsity pattern; use recover/)
  const colored = prepareSensing({ sparsity: pattern }, { method: 'colored' })
  expect(() => recoverSparse(colored, measured)).toThrow(/recoverSparse: .*entries of Y/)
})

test('100 000 × 100 000 with 2 + 1 bands: 4 directions, memory for the entries only', async () => {
  const n = 100_000
  const pattern = wideBand(n, 2, 1)
  const start = process.memoryUsage()
  // y_i = Σ_j a_ij sin z_j over the band, a_ij = 1 + (3i + 5j) mod 7.
  const a = (i: number, j: number) => 1 + ((3 * i + 5 * j) % 7)
  const blackbox: Blackbox = {
    inputs: n,
    outputs: n,
    evaluate(z, y) {
      for (let i = 0; i < n; i++) {
        y[i] = 0
        for (let j = Math.max(0, i - 2); j <= Math.min(n - 1, i + 1); j++) y[i]! += a(i, j) * Math.sin(z[j]!)
      }
    },
  }
  const at = Float64Array.from({ length: n }, (_, j) => Math.cos(j))
  const plan = prepareSensing({ sparsity: pattern }, { method: 'colored' })
  expect(plan.directions).toBe(4)
  const { values, quality } = recoverSparse(plan, await measure(blackbox, plan, { at }))
  const end = process.memoryUsage()

  expect(quality).toMatchObject({ calls: 2 * 4 + 2 * 2, colors: 4, certified: true })
  let worst = 0
  for (let j = 0; j < n; j++)
    for (let k = pattern.colPtr[j]!; k < pattern.colPtr[j + 1]!; k++)
      worst = Math.max(worst, Math.abs(values[k]! - a(pattern.rowIdx[k]!, j) * Math.cos(at[j]!)))
  expect(worst).toBeLessThan(1e-8)
  // n × n numbers would be 80 GB; a few hundred bytes an entry are 100 MB.
  const grown = end.heapUsed + end.arrayBuffers - start.heapUsed - start.arrayBuffers
  expect(grown).toBeLessThan(500 * countNonzeros(pattern))
})

function wideBand(n: number, lower: number, upper: number): Pattern {
  const I: number[] = []
  const J: number[] = []
  for (let j = 0; j < n; j++)
    for (let i = Math.max(0, j - upper); i <= Math.min(n - 1, j + lower); i++) {
      I.push(i)
      J.push(j)
    }
  return patternFromTriplets(n, n, I, J)
}
