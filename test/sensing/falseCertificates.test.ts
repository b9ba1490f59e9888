import { expect, test } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { BlackboxError } from '../../src/blackbox/blackboxError.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { withCorruption } from '../../src/blackbox/withCorruption.ts'
import { withNoise } from '../../src/blackbox/withNoise.ts'
import { patternFromEntries } from '../../src/linalg/pattern.ts'
import { type Random, random } from '../../src/linalg/random.ts'
import { sense } from '../../src/sensing/sense.ts'
import type { SenseOptions, SenseResult } from '../../src/sensing/senseOptions.ts'
import { entriesOf, randomPattern } from './patterns.ts'
import { type Problem, ridge } from './problems.ts'

const methods = ['dense', 'colored', 'newsam-ramsdell', 'rainbow', 'compressed', 'auto'] as const
const schemes = ['forward', 'central', 'five-point'] as const
const faults = ['none', 'none', 'noise', 'gross errors', 'both', 'kink', 'failures', 'single precision'] as const

/** The blackbox with a fault of the given kind. */
function spoil(problem: Problem, fault: (typeof faults)[number], sigma: number, source: Random): Blackbox {
  const { blackbox, at } = problem
  const { inputs: n, outputs: m } = blackbox
  const seed = source.integer(1 << 30)
  const share = 0.02 + 0.15 * source.uniform()
  const size = 10 ** (2 * source.uniform() - 1)
  const gross = (of: Blackbox) => withCorruption(of, { fraction: share, size, seed })
  const changed = (change: (y: Float64Array, z: Float64Array) => void): Blackbox => ({
    ...blackbox,
    evaluate(z, y) {
      blackbox.evaluate(z, y)
      change(y, z)
    },
  })
  if (fault === 'noise') return withNoise(blackbox, { sigma, seed })
  if (fault === 'gross errors') return gross(blackbox)
  if (fault === 'both') return gross(withNoise(blackbox, { sigma, seed }))
  if (fault === 'kink') {
    const [row, column, height] = [source.integer(m), source.integer(n), 0.1 + 2 * source.uniform()]
    return changed((y, z) => {
      y[row]! += height * Math.abs(z[column]! - at[column]!)
    })
  }
  if (fault === 'failures')
    return changed((y) => {
      if (source.uniform() < 0.1) y.fill(Number.NaN)
    })
  if (fault === 'single precision') return changed((y) => y.set(y.map(Math.fround)))
  return blackbox
}

/** A right or wrong structure, or none. */
function structureFor({ pattern, at, jacobian }: Problem, hasFamilies: boolean, source: Random) {
  const { rows: m, cols: n } = pattern
  const all = entriesOf(pattern)
  const entries = [...all]
  const kind = source.integer(4) // of the pattern: none, wrong, right, right
  // of rows that the pattern says are zero, noise tells little
  for (let k = 0; kind === 1 && k < 2 && entries.length > m; k++) entries.splice(source.integer(entries.length), 1)
  const sparsity = kind === 0 ? undefined : patternFromEntries(m, n, entries)
  if (!hasFamilies || all.length < 2) return { sparsity }
  const [first, last] = [all[0]!, all.at(-1)!]
  const named = (['toeplitz', m === n ? 'circulant' : 'hankel'] as const)[source.integer(2)]!
  const tied = [[first, last].map(([row, column]) => ({ row, column }))]
  const [row, column] = first
  const value = source.uniform() < 0.5 ? 1 : jacobian(at)[row]![column]!
  const family = source.integer(8)
  if (family === 0) return { tied: named }
  if (family === 1) return { sparsity, tied }
  return family === 2 ? { sparsity, known: [{ row, column, value }] } : { sparsity }
}

/** What is said of noise, and how rainbow is to decode. */
function noiseOptions(method: (typeof methods)[number], sigma: number, source: Random): Partial<SenseOptions> {
  if (method !== 'rainbow' && method !== 'auto') return {}
  const said = [
    {},
    {},
    {},
    {},
    { noise: 'estimate' },
    { noise: sigma },
    { robust: true },
    { robust: true, noise: 'estimate' },
  ] as const
  const options = said[source.integer(said.length)]!
  if (method === 'auto' || Object.keys(options).length > 0) return options
  const decodings = [{}, { repeats: 3 }, { decoding: 'least-absolute' }, { decoding: 'sparsest' }] as const
  return decodings[source.integer(decodings.length)]!
}

/** The largest error of an entry beside its row, in units of the inputs; a flat row beside its output. */
function worstError({ blackbox, at, jacobian }: Problem, { J, quality }: SenseResult): number {
  const y = new Float64Array(blackbox.outputs)
  blackbox.evaluate(at, y)
  let worst = 0
  jacobian(at).forEach((row, i) => {
    let square = 0
    let error = 0
    row.forEach((entry, j) => {
      const scale = Math.max(1, Math.abs(at[j]!))
      square += (entry * scale) ** 2
      error = Math.max(error, Math.abs(J.get(i, j) - entry) * scale)
    })
    const size = Math.max(Math.sqrt(square), quality.flatRows.includes(i) ? Math.abs(y[i]!) : 0)
    // a row without any slope is zero to within rounding, or what noise leaves
    const doubt = 6 * Math.max(...(quality.standardError?.getRow(i) ?? [0]))
    if (size > 0) worst = Math.max(worst, error / size)
    else if (error > 1e-6 && !(error <= doubt)) worst = Math.max(worst, error)
  })
  return worst
}

test('over all methods, schemes and faults: at most one in 1000 certificates is false, error above ten times the tolerance', async () => {
  const wrong: string[] = []
  let certified = 0
  for (let trial = 0; trial < 1000; trial++) {
    const source = random(trial, 21)
    const method = methods[trial % methods.length]!
    const scheme = schemes[source.integer(schemes.length)]!
    const pattern = randomPattern(source, 1 + source.integer(10), 1 + source.integer(10), 0.1 + 0.5 * source.uniform())
    const isScaled = source.uniform() < 0.3
    const scales = Float64Array.from({ length: pattern.rows }, () => (isScaled ? 10 ** (6 * source.uniform() - 3) : 1))
    const problem = ridge('any', pattern, source, (i) => scales[i]!)
    const sigma = 10 ** (-2 - 6 * source.uniform())
    const structure = structureFor(problem, method === 'rainbow' || method === 'auto', source)
    const fault = faults[source.integer(faults.length)]!
    const options = { at: problem.at, method, scheme, seed: trial, structure, ...noiseOptions(method, sigma, source) }
    // f(z) alone is on one side of a kink where half of the other differences may be wrong
    if (fault === 'kink' && scheme === 'forward' && options.robust) continue
    const counted = countCalls(spoil(problem, fault, sigma, source))
    try {
      const sensed = await sense(counted, options)
      expect(sensed.quality.calls).toBe(counted.calls)
      if (sensed.result !== 'certified') continue
      certified++
      const error = worstError(problem, sensed)
      if (error > 10 * sensed.quality.tolerance)
        wrong.push(`trial ${trial}: ${method}, ${scheme}, ${fault}: error ${error.toExponential(1)}`)
    } catch (error) {
      const isFailure = fault === 'failures' && error instanceof BlackboxError
      if (!(isFailure || (error instanceof RangeError && /do not tell|is known as/.test(error.message)))) throw error
    }
  }
  expect(certified).toBeGreaterThan(400)
  expect(wrong.length, wrong.join('; ')).toBeLessThanOrEqual(1)
})
