import { describe, expect, it } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { withNoise } from '../../src/blackbox/withNoise.ts'
import { random } from '../../src/linalg/random.ts'
import { adaptiveStep } from '../../src/sensing/adaptiveStep.ts'
import { estimateNoise, noiseOfValues } from '../../src/sensing/estimateNoise.ts'

describe('the noise of seven values', () => {
  it('of a smooth function with noise is its standard deviation within a factor of four, in 95 of 100 seeds', () => {
    let good = 0
    for (let seed = 1; seed <= 100; seed++) {
      const { normal } = random(seed)
      const sigma = 1e-6
      const values = Array.from({ length: 7 }, (_, p) => Math.cos(1 + 1e-5 * p) + sigma * normal())
      const reading = noiseOfValues(values)
      if (reading.result === 'found' && reading.sigma / sigma < 4 && reading.sigma / sigma > 0.25) good++
    }
    expect(good).toBeGreaterThanOrEqual(95)
  })

  it('says when the spacing is too large or too small', () => {
    expect(noiseOfValues([1, 2, 3, 4, 5, 6, 7]).result).toBe('spacing-too-large')
    expect(noiseOfValues([1, 1, 1, 1, 1, 1, 1]).result).toBe('spacing-too-small')
    expect(() => noiseOfValues([1, 2, 3])).toThrow('at least 5 values')
    expect(() => noiseOfValues([1, 2, 3, 4, Number.NaN])).toThrow('values[4] must be finite')
  })
})

describe('the noise of a blackbox', () => {
  const smooth: Blackbox = {
    inputs: 3,
    outputs: 3,
    evaluate(z, y) {
      y[0] = 2 + Math.sin(z[0]! + z[1]!)
      y[1] = 100 * Math.exp(z[2]!)
      y[2] = 1 + z[0]! * z[1]! * z[2]!
    },
  }
  const at = [0.3, -0.2, 0.5]

  it.each([1e-8, 1e-5, 1e-3])('of standard deviation %d is found for every output', async (sigma) => {
    let good = 0
    for (let seed = 1; seed <= 30; seed++) {
      const found = await estimateNoise(withNoise(smooth, { sigma, seed }), at, { seed })
      for (const value of found.sigma) if (value / sigma > 0.2 && value / sigma < 5) good++
    }
    expect(good / 90).toBeGreaterThan(0.9)
  })

  it('without any is of the order of rounding', async () => {
    const { sigma, calls } = await estimateNoise(smooth, at)
    for (const [i, value] of sigma.entries()) expect(value).toBeLessThan(i === 1 ? 1e-12 : 1e-14)
    expect(calls % 7).toBe(0)
  })

  it('in single precision is that of single precision', async () => {
    const single: Blackbox = {
      ...smooth,
      evaluate(z, y) {
        smooth.evaluate(z, y)
        for (let i = 0; i < 3; i++) y[i] = Math.fround(y[i]!)
      },
    }
    const { sigma } = await estimateNoise(single, at)
    const values = new Float64Array(3)
    smooth.evaluate(Float64Array.from(at), values)
    for (let i = 0; i < 3; i++) {
      expect(sigma[i]! / Math.abs(values[i]!)).toBeGreaterThan(2 ** -28)
      expect(sigma[i]! / Math.abs(values[i]!)).toBeLessThan(2 ** -22)
    }
  })
})

describe('the adaptive step', () => {
  it.each([
    ['central', 5],
    ['forward', 5],
  ] as const)(
    '%s: the error of the derivative is within %d times the best possible, for sin at 1 with noise',
    (scheme, factor) => {
      let good = 0
      const noise = 1e-6
      for (let seed = 1; seed <= 100; seed++) {
        const { uniform } = random(seed)
        const phi = (t: number) => Math.sin(1 + t) + noise * (2 * uniform() - 1)
        const { result, step } = adaptiveStep(phi, noise, { scheme })
        expect(result).toBe('found')
        const slope = scheme === 'central' ? (phi(step) - phi(-step)) / (2 * step) : (phi(step) - phi(0)) / step
        // optimum of the bound: central (3ε)^⅔·|f‴|^⅓/2, forward 2√(ε|f″|)
        const best =
          scheme === 'central'
            ? 0.5 * (3 * noise) ** (2 / 3) * Math.cos(1) ** (1 / 3)
            : 2 * Math.sqrt(noise * Math.sin(1))
        if (Math.abs(slope - Math.cos(1)) < factor * best) good++
      }
      expect(good).toBeGreaterThanOrEqual(95)
    },
  )

  it('of a straight line is the largest allowed, and says so', () => {
    expect(adaptiveStep((t) => 3 * t, 1e-8, { largest: 0.5 })).toMatchObject({ result: 'flat', step: 0.5 })
  })

  it('shrinks for a function that curves strongly, and counts its calls', () => {
    let calls = 0
    const {
      result,
      step,
      calls: counted,
    } = adaptiveStep((t) => {
      calls++
      return Math.sin(1e4 * t + 1)
    }, 1e-10)
    expect(result).toBe('found')
    expect(step).toBeLessThan(1e-5)
    expect(counted).toBe(calls)
  })

  it('refuses noise that is not > 0', () => {
    expect(() => adaptiveStep(Math.sin, 0)).toThrow('noise must be a finite number > 0, got 0')
  })
})
