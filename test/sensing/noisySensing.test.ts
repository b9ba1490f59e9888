import { describe, expect, it, test } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { withCorruption } from '../../src/blackbox/withCorruption.ts'
import { withNoise } from '../../src/blackbox/withNoise.ts'
import { type Random, random } from '../../src/linalg/random.ts'
import { measure } from '../../src/sensing/measure.ts'
import { type PrepareOptions, prepareSensing, type SensingStructure } from '../../src/sensing/prepareSensing.ts'
import type { Quality } from '../../src/sensing/quality.ts'
import { recover } from '../../src/sensing/recover.ts'
import { sense } from '../../src/sensing/sense.ts'
import type { SenseOptions } from '../../src/sensing/senseOptions.ts'
import { callsPerDirection, type Scheme } from '../../src/sensing/stencil.ts'
import { drawMember, linear } from './families.ts'
import { banded } from './patterns.ts'
import { ridge, rowwiseError, tridiagonal } from './problems.ts'

const schemes: readonly Scheme[] = ['forward', 'central', 'five-point']

/** Noise of its own standard deviation for each output. */
function withRowNoise(blackbox: Blackbox, sigma: readonly number[], source: Random): Blackbox {
  return {
    ...blackbox,
    evaluate(z, y) {
      blackbox.evaluate(z, y)
      for (let i = 0; i < y.length; i++) y[i]! += sigma[i]! * source.normal()
    },
  }
}

/** All outputs NaN with the given probability. */
function withFailures(blackbox: Blackbox, share: number, source: Random): Blackbox {
  return {
    ...blackbox,
    evaluate(z, y) {
      blackbox.evaluate(z, y)
      if (source.uniform() < share) y.fill(Number.NaN)
    },
  }
}

/** Values, or points and values, rounded to single precision. */
function inSingle(blackbox: Blackbox, rounds: 'values' | 'points and values'): Blackbox {
  return {
    ...blackbox,
    evaluate(z, y) {
      blackbox.evaluate(rounds === 'values' ? z : z.map(Math.fround), y)
      for (let i = 0; i < y.length; i++) y[i] = Math.fround(y[i]!)
    },
  }
}

describe('standard errors: 68.3 and 95 percent of the errors are within one and 1.96 of them, to three points', () => {
  const n = 12
  const at = new Float64Array(n)
  const sigma = 1e-3
  const rowSigma = Array.from({ length: n }, (_, i) => sigma * 10 ** ((i % 3) - 1))
  const band: Partial<SensingStructure> = { sparsity: banded(n, n, 1, 1) }
  const tied: Partial<SensingStructure> = { tied: 'toeplitz' }

  type Run = (
    blackbox: Blackbox,
    structure: Partial<SensingStructure>,
    seed: number,
  ) => Promise<{ J: { get(i: number, j: number): number }; quality: Quality }>
  const sensed =
    (options: Partial<SenseOptions>, spoil: (blackbox: Blackbox, seed: number) => Blackbox): Run =>
    (blackbox, structure, seed) =>
      sense(spoil(blackbox, seed), { at, seed, structure, ...options })
  const measured =
    (options: PrepareOptions): Run =>
    async (blackbox, structure, seed) => {
      const plan = prepareSensing(
        { inputs: n, outputs: n, ...structure },
        { method: 'rainbow', step: 5e-3, seed, ...options },
      )
      return recover(plan, await measure(noisy(blackbox, seed), plan, { at }))
    }
  const noisy = (blackbox: Blackbox, seed: number) => withNoise(blackbox, { sigma, seed })
  const rows = (blackbox: Blackbox, seed: number) => withRowNoise(blackbox, rowSigma, random(seed, 7))
  const wrong = (blackbox: Blackbox, seed: number) =>
    withCorruption(noisy(blackbox, seed), { fraction: 0.05, size: 5, seed }) // of the values: 10 % of central differences

  test.each<[string, Partial<SensingStructure>, Run]>([
    ['noise known, central', band, sensed({ noise: sigma, step: 0.05 }, noisy)],
    [
      'noise known, forward: f(z) is common to all differences',
      band,
      sensed({ noise: sigma, step: 5e-3, scheme: 'forward', maxCalls: 40 }, noisy),
    ],
    ['noise known, dense forward', {}, sensed({ noise: sigma, step: 5e-3, scheme: 'forward', maxCalls: 40 }, noisy)],
    ['noise known, five points', band, sensed({ noise: sigma, step: 0.05, scheme: 'five-point' }, noisy)],
    ['noise estimated, central', band, sensed({ noise: 'estimate' }, noisy)],
    ['noise estimated, dense', {}, sensed({ noise: 'estimate' }, noisy)],
    ['noise estimated, forward', band, sensed({ noise: 'estimate', scheme: 'forward', maxCalls: 150 }, noisy)],
    ['noise estimated, rows of their own', {}, sensed({ noise: 'estimate', maxCalls: 150 }, rows)],
    ['noise known, rows of their own, tied entries', tied, sensed({ noise: rowSigma, step: 0.05 }, rows)],
    ['noise estimated, tied entries', tied, sensed({ noise: 'estimate' }, noisy)],
    ['noise estimated, rows of their own, tied entries', tied, sensed({ noise: 'estimate' }, rows)],
    ['a tenth of the differences grossly wrong, noise known', band, sensed({ noise: sigma, robust: true }, wrong)],
    [
      'a tenth of the differences grossly wrong, noise estimated',
      {},
      sensed({ noise: 'estimate', robust: true, maxCalls: 400 }, wrong),
    ],
    ['noise from 9 residuals a row', band, measured({ weighing: 'multiplexed', directions: 12 })],
    ['noise from 12 residuals a row, repeated', band, measured({ weighing: 'repeated', repeats: 5 })],
    [
      'noise from 9 residuals a row, forward',
      band,
      measured({ weighing: 'multiplexed', directions: 12, scheme: 'forward' }),
    ],
    ['noise from residuals of tied entries', tied, measured({ directions: 6 })],
  ])('%s', async (_, structure, run) => {
    let one = 0
    let two = 0
    let all = 0
    // errors of the shares are below one point; tied entries err together
    const seeds = structure === band ? 70 : structure === tied ? 200 : 20
    for (let seed = 1; seed <= seeds; seed++) {
      const { J, family } = drawMember(n, n, structure as object, random(seed, 3))
      const { J: sensedJ, quality } = await run(linear(J, n, n), structure, seed)
      for (let j = 0; j < n; j++)
        for (let e = family.colPtr[j]!; e < family.colPtr[j + 1]!; e++) {
          const i = family.rowIdx[e]!
          const z = Math.abs(sensedJ.get(i, j) - J[i * n + j]!) / quality.standardError!.get(i, j)
          expect(z).not.toBeNaN()
          all++
          if (z <= 1) one++
          if (z <= 1.96) two++
        }
    }
    expect(Math.abs(one / all - 0.683)).toBeLessThan(0.03)
    expect(Math.abs(two / all - 0.95)).toBeLessThan(0.03)
  })
})

describe('sin x (1 + 1e-6 noise) at 1, everything automatic', () => {
  const eps = 1e-6 * Math.sin(1)
  const [slope, second] = [Math.cos(1), Math.sin(1)] // f‴ and f⁗′ have the size of f′
  const smallest = (error: (h: number) => number) => {
    let least = Number.POSITIVE_INFINITY
    for (let h = 1e-5; h < 2; h *= 1.01) least = Math.min(least, error(h))
    return least
  }
  // curvature and noise of size ε in every value, at the best step
  const optimum = {
    forward: smallest((h) => (h * second) / 2 + (2 * eps) / h), // 2 √(ε |f″|)
    central: smallest((h) => (h ** 2 * slope) / 6 + eps / h), // ½ (3 ε)^⅔ |f‴|^⅓
    'five-point': smallest((h) => (h ** 4 * slope) / 30 + (1.5 * eps) / h),
  }
  const noisySine = (kind: 'normal' | 'uniform', source: Random): Blackbox => ({
    inputs: 1,
    outputs: 1,
    evaluate(z, y) {
      y[0] = Math.sin(z[0]!) * (1 + 1e-6 * (kind === 'normal' ? source.normal() : 2 * source.uniform() - 1))
    },
  })
  it('the optima are those of the closed forms', () => {
    expect(optimum.forward).toBeCloseTo(2 * Math.sqrt(eps * second), 6)
    expect(optimum.central).toBeCloseTo(0.5 * (3 * eps) ** (2 / 3) * slope ** (1 / 3), 6)
  })
  it.each(schemes)(
    '%s: the derivative within three times the optimum of the scheme, certified, in 95 of 100 seeds',
    async (scheme) => {
      for (const kind of ['normal', 'uniform'] as const) {
        let good = 0
        let fine = 0
        for (let seed = 1; seed <= 100; seed++) {
          const { J, result, quality } = await sense(noisySine(kind, random(seed)), { at: [1], seed, scheme })
          const error = Math.abs(J.get(0, 0) - slope)
          if (error < 3 * optimum[scheme] && result === 'certified') good++
          if (error < 1e-5) fine++
          expect(quality.method).toBe('rainbow')
        }
        expect(good).toBeGreaterThanOrEqual(95)
        if (scheme === 'five-point') expect(fine).toBeGreaterThanOrEqual(95)
      }
    },
  )
})

describe('single precision, everything automatic', () => {
  const smooth = (n: number, value: (z: Float64Array, i: number) => number): Blackbox => ({
    inputs: n,
    outputs: n,
    evaluate(z, y) {
      for (let i = 0; i < n; i++) y[i] = value(z, i)
    },
  })
  const functions: [string, (n: number) => Blackbox][] = [
    ['sparse', (n) => smooth(n, (z, i) => Math.sin(z[i]!) + 0.5 * z[i]! * z[(i + 1) % n]!)],
    [
      'dense',
      (n) =>
        smooth(
          n,
          (z, i) => z.reduce((sum, value, j) => sum + Math.sin(1 + 7 * i + 3 * j) * value, 0) + 0.2 * z[i]! ** 2,
        ),
    ],
    ['large offsets', (n) => smooth(n, (z, i) => 1000 + 50 * Math.sin(z[i]! + 0.2 * z[(i + 2) % n]!))],
    ['a step of integration', (n) => smooth(n, (z, i) => z[i]! + 0.01 * (Math.cos(z[(i + 1) % n]!) - z[i]!))],
  ]
  test.each(functions)(
    '%s, 3 to 20 inputs: certified, no entry off by more than the certificate allows',
    async (_, make) => {
      for (const n of [3, 8, 20])
        for (const rounds of ['values', 'points and values'] as const)
          for (let seed = 1; seed <= 4; seed++) {
            const source = random(seed)
            const at = Float64Array.from({ length: n }, () => source.normal())
            const exact = await sense(make(n), { at, method: 'dense', noise: 'none' })
            const { J, result, quality } = await sense(inSingle(make(n), rounds), { at, seed })
            const about = `${n} inputs, ${rounds}, seed ${seed}`
            expect(result, about).toBe('certified')
            expect(rowwiseError(J, exact.J.to2DArray()), about).toBeLessThan(quality.tolerance)
            expect(quality.calls, about).toBeLessThan(40 * (n + 10))
          }
    },
  )
  it.each(schemes)('%s: what the step cannot move is never certified as constant', async (scheme) => {
    const far: Blackbox = inSingle(
      { inputs: 2, outputs: 2, evaluate: (z, y) => y.set([1e4 + z[0]!, 2e4 - 3 * z[1]!]) },
      'values',
    )
    for (const method of ['dense', 'colored', 'auto'] as const) {
      const { result, J } = await sense(far, { at: [0.1, 0.2], scheme, method })
      if (result === 'certified')
        expect(
          rowwiseError(J, [
            [1, 0],
            [0, -3],
          ]),
        ).toBeLessThan(0.05)
      else expect(method).not.toBe('auto')
    }
  })
})

describe('calls that fail', () => {
  const { blackbox, at, pattern, jacobian } = tridiagonal(20)
  it.each(schemes)(
    '%s: a fifth of the calls gives NaN, and J is found all the same: certified in 18 of 20 seeds, never wrongly',
    async (scheme) => {
      let certified = 0
      for (let seed = 1; seed <= 20; seed++) {
        const failing = countCalls(withFailures(blackbox, 0.2, random(seed, 9)))
        const options = { at, scheme, seed, robust: true, structure: { sparsity: pattern } }
        const { J, result, quality } = await sense(failing, options)
        expect(quality.calls).toBe(failing.calls)
        if (result !== 'certified') continue
        certified++
        expect(rowwiseError(J, jacobian(at))).toBeLessThan(scheme === 'forward' ? 1e-3 : 1e-5)
      }
      expect(certified).toBeGreaterThanOrEqual(18)
    },
  )
})

describe('books are kept', () => {
  const { blackbox, at, pattern } = ridge('band', banded(15, 15, 1, 1), random(2))
  const spoiled: [string, (blackbox: Blackbox) => Blackbox, Partial<SenseOptions>][] = [
    ['noise looked for', (b) => withNoise(b, { sigma: 1e-4 }), {}],
    ['noise estimated', (b) => withNoise(b, { sigma: 1e-4 }), { noise: 'estimate' }],
    ['noise known', (b) => withNoise(b, { sigma: 1e-4 }), { noise: 1e-4 }],
    ['noise that is none', (b) => b, { noise: 'estimate' }],
    ['gross errors', (b) => withCorruption(b, { fraction: 0.1, size: 50 }), {}],
    ['robust', (b) => withCorruption(withNoise(b, { sigma: 1e-4 }), { fraction: 0.1, size: 50 }), { robust: true }],
    ['failures', (b) => withFailures(b, 0.1, random(3)), { robust: true }],
    [
      'wrong pattern',
      (b) => withNoise(b, { sigma: 1e-4 }),
      { structure: { sparsity: banded(15, 15, 0, 0) }, noise: 'estimate' },
    ],
    [
      'empty pattern',
      (b) => withNoise(b, { sigma: 1e-4 }),
      { structure: { sparsity: banded(15, 15, -1, 0) }, noise: 'estimate' },
    ],
    ['much noise, few directions each time', (b) => withNoise(b, { sigma: 1e-2 }), { noise: 1e-2, step: 5e-3 }],
  ]
  describe.each(spoiled)('%s', (_, spoil, given) => {
    it.each(schemes)('%s: calls are counted by purpose, exactly, and maxCalls is never exceeded', async (scheme) => {
      const options = { at, scheme, method: 'auto', structure: { sparsity: pattern }, ...given } as const
      const counted = countCalls(spoil(blackbox))
      const { quality } = await sense(counted, options)
      expect(quality.calls).toBe(counted.calls)
      expect(Object.values(quality.callsFor).reduce((sum, count) => sum + count, 0)).toBe(counted.calls)
      for (const share of [0.15, 0.4, 0.8]) {
        const maxCalls = Math.ceil(share * counted.calls)
        const limited = countCalls(spoil(blackbox))
        try {
          const { quality: less } = await sense(limited, { ...options, maxCalls })
          expect(less.calls).toBe(limited.calls)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
          expect((error as Error).message).toMatch(/maxCalls|directions/)
        }
        expect(limited.calls).toBeLessThanOrEqual(maxCalls)
      }
    })
  })

  it('a signal stops it between calls, with its reason', async () => {
    for (const options of [{ noise: 'estimate' }, { robust: true }] as const)
      for (const after of [5, 15, 30]) {
        const controller = new AbortController()
        let calls = 0
        const aborting: Blackbox = {
          ...withNoise(blackbox, { sigma: 1e-4 }),
          evaluate(z, y) {
            blackbox.evaluate(z, y)
            if (++calls === after) controller.abort(new Error('enough'))
          },
        }
        const noisy = withNoise(aborting, { sigma: 1e-4 })
        await expect(
          sense(noisy, { at, structure: { sparsity: pattern }, signal: controller.signal, ...options }),
        ).rejects.toThrow('enough')
        expect(calls).toBe(after)
      }
  })

  it('few further directions are added without telling all parameters by themselves', async () => {
    // ten directions for twelve columns in three colors: the eleventh and twelfth tell nothing alone
    const n = 12
    const { J } = drawMember(n, n, { sparsity: banded(n, n, 1, 1) }, random(1, 3))
    for (let seed = 1; seed <= 20; seed++) {
      const options = {
        at: new Float64Array(n),
        noise: 1e-3,
        step: 0.05,
        seed,
        structure: { sparsity: banded(n, n, 1, 1) },
      }
      const { quality } = await sense(withNoise(linear(J, n, n), { sigma: 1e-3, seed }), options)
      expect(quality.callsFor.base).toBe(1) // what left and right are compared with
      expect(quality.calls).toBe(1 + quality.callsFor.directions + quality.callsFor.heldOut)
      expect(quality.directions * callsPerDirection('central')).toBe(quality.callsFor.directions)
    }
  })

  it('noise and robust with other methods, a plan, or noise that is none are refused before any call', async () => {
    const counted = countCalls(blackbox)
    const plan = prepareSensing({ sparsity: pattern })
    await expect(sense(counted, { at, method: 'colored', noise: 1e-3 })).rejects.toThrow(
      /noise and robust are for methods/,
    )
    await expect(sense(counted, { at, plan, robust: true })).rejects.toThrow(/or a plan, not both/)
    await expect(sense(counted, { at, noise: [1] })).rejects.toThrow(/15 entries, got 1/)
    await expect(sense(counted, { at, noise: -1 })).rejects.toThrow(/finite and ≥ 0, got -1/)
    expect(counted.calls).toBe(0)
  })
})
