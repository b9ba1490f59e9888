import { describe, expect, it } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { BlackboxError } from '../../src/blackbox/blackboxError.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { densePattern, patternFromEntries } from '../../src/linalg/pattern.ts'
import { random } from '../../src/linalg/random.ts'
import { smoothedJacobian } from '../../src/sensing/smoothedJacobian.ts'

/** The normal distribution function, by Simpson's rule on its density: right to 1e-12. */
function normalCdf(z: number): number {
  const steps = 2000
  const h = z / steps
  let sum = 0
  for (let k = 0; k <= steps; k++)
    sum += (k === 0 || k === steps ? 1 : k % 2 === 1 ? 4 : 2) * Math.exp(-((k * h) ** 2) / 2)
  return 0.5 + (sum * h) / 3 / Math.sqrt(2 * Math.PI)
}

const density = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)

function blackboxOf(inputs: number, outputs: number, f: (z: Float64Array, y: Float64Array) => void): Blackbox {
  return { inputs, outputs, evaluate: f }
}

function scalar(inputs: number, f: (z: Float64Array) => number): Blackbox {
  return blackboxOf(inputs, 1, (z, y) => {
    y[0] = f(z)
  })
}

/** The share of seeds in which each entry's error is within 1 and within 1.96 standard errors. */
async function coverage(
  blackbox: Blackbox,
  options: Omit<Parameters<typeof smoothedJacobian>[1], 'seed'>,
  truth: readonly number[], // of column 0
  seeds: number,
) {
  const within = truth.map(() => ({ one: 0, two: 0 }))
  for (let seed = 1; seed <= seeds; seed++) {
    const { J, standardError } = await smoothedJacobian(blackbox, { ...options, seed })
    truth.forEach((exact, i) => {
      const error = Math.abs(J.get(i, 0) - exact)
      if (error <= standardError.get(i, 0)) within[i]!.one += 1 / seeds
      if (error <= 1.96 * standardError.get(i, 0)) within[i]!.two += 1 / seeds
    })
  }
  return within
}

describe('smoothedJacobian: closed forms', () => {
  const sigma = 0.2
  const places = [0.25, 0.5, 1, 1.5] // z / σ
  // one cloud for kinks at several places: max(0, z), then |z|
  const kinks = blackboxOf(1, 2 * places.length, (z, y) =>
    places.forEach((place, k) => {
      y[k] = Math.max(0, z[0]! + place * sigma)
      y[places.length + k] = Math.abs(z[0]! + place * sigma)
    }),
  )
  const slopes = [...places.map(normalCdf), ...places.map((place) => 2 * normalCdf(place) - 1)]

  it('the slopes of max(0, z) and |z| are Φ(z/σ) and 2Φ(z/σ) − 1, at the nominal rate within their standard errors', async () => {
    for (const { one, two } of await coverage(kinks, { at: [0], deviations: sigma }, slopes, 1500)) {
      expect(Math.abs(one - 0.6827)).toBeLessThan(0.03)
      expect(Math.abs(two - 0.95)).toBeLessThan(0.03)
    }
  })

  it('so also with 100 samples of three inputs, near the kink', async () => {
    const f = scalar(3, (z) => Math.max(0, z[0]! + 0.1 * sigma) + z[1]! - 3 * z[2]!)
    const [{ one, two }] = (await coverage(
      f,
      { at: [0, 0, 0], deviations: sigma, samples: 100 },
      [normalCdf(0.1)],
      1500,
    )) as [{ one: number; two: number }]
    expect(Math.abs(one - 0.6827)).toBeLessThan(0.03)
    expect(Math.abs(two - 0.95)).toBeLessThan(0.03)
  })

  it('a jump has the slope of its density, which no difference sees', async () => {
    const jump = scalar(1, (z) => (z[0]! > 0 ? 1 : 0))
    for (const { one, two } of await coverage(jump, { at: [0.1], deviations: sigma }, [density(0.5) / sigma], 1000)) {
      expect(Math.abs(one - 0.6827)).toBeLessThan(0.03)
      expect(Math.abs(two - 0.95)).toBeLessThan(0.03)
    }
  })

  it('an input without deviation beside one with: the slope averaged over the cloud, at the nominal rate', async () => {
    // ∂/∂z₀ of z₀·max(0, z₁): E max(0, z₁) = z₁ Φ + σ φ
    const f = scalar(2, (z) => z[0]! * Math.max(0, z[1]!))
    const truth = 0.1 * normalCdf(0.5) + sigma * density(0.5)
    for (const { one, two } of await coverage(
      f,
      { at: [2, 0.1], deviations: [0, sigma], samples: 200 },
      [truth],
      1500,
    )) {
      expect(Math.abs(one - 0.6827)).toBeLessThan(0.03)
      expect(Math.abs(two - 0.95)).toBeLessThan(0.03)
    }
  })

  it('the smoothed values are their closed forms, at the nominal rate', async () => {
    const mean = sigma * (density(0.5) + 0.5 * normalCdf(0.5))
    let [one, two] = [0, 0]
    for (let seed = 1; seed <= 1000; seed++) {
      const { value, valueStandardError } = await smoothedJacobian(
        scalar(1, (z) => Math.max(0, z[0]!)),
        { at: [0.5 * sigma], deviations: sigma, samples: 200, seed },
      )
      if (Math.abs(value[0]! - mean) <= valueStandardError[0]!) one += 1e-3
      if (Math.abs(value[0]! - mean) <= 1.96 * valueStandardError[0]!) two += 1e-3
    }
    expect(Math.abs(one - 0.6827)).toBeLessThan(0.03)
    expect(Math.abs(two - 0.95)).toBeLessThan(0.03)
  })

  it('an affine function comes out to rounding, whatever the deviations, and says so', async () => {
    const { normal } = random(3)
    const A = Array.from({ length: 4 }, () => Array.from({ length: 6 }, normal))
    const affine = blackboxOf(6, 4, (z, y) =>
      A.forEach((row, i) => {
        y[i] = row.reduce((sum, a, j) => sum + a * z[j]!, i)
      }),
    )
    for (const deviations of [1e-3, 10, [1, 0, 0.1, 0, 1e-3, 1]]) {
      const { result, J, value, standardError, quality } = await smoothedJacobian(affine, {
        at: [1, 2, 3, 4, 5, 6],
        deviations,
      })
      expect(result).toBe('certified')
      expect(quality.smoothing!.relativeStandardError.max()).toBe(0)
      A.forEach((row, i) => {
        expect(value[i]).toBeCloseTo(
          row.reduce((sum, a, j) => sum + a * (j + 1), i),
          10,
        )
        row.forEach((a, j) => {
          const isStill = Array.isArray(deviations) && deviations[j] === 0
          expect(Math.abs(J.get(i, j) - a)).toBeLessThan(4 * standardError.get(i, j))
          expect(standardError.get(i, j)).toBeLessThan(isStill ? 1e-8 : 1e-10)
        })
      })
    }
  })
})

describe('smoothedJacobian: what it costs and how sure it is', () => {
  const sparse = blackboxOf(4, 3, (z, y) => {
    y[0] = Math.abs(z[0]!)
    y[1] = Math.max(0, z[1]!) + z[2]!
    y[2] = z[3]! ** 3
  })
  const pattern = patternFromEntries(3, 4, [
    [0, 0],
    [1, 1],
    [1, 2],
    [2, 3],
  ])
  const at = [0.1, 0.1, 0, 1]

  it.each([
    [0.1, 1000],
    [[0.1, 0.1, 0, 0], 2000],
  ])('counts every call, and reports progress up to it: deviations %j take %d', async (deviations, calls) => {
    const counted = countCalls(sparse)
    const seen: [number, number][] = []
    const { quality } = await smoothedJacobian(counted, { at, deviations, onProgress: (...now) => seen.push(now) })
    expect([counted.calls, quality.calls, quality.callsFor.directions]).toEqual([calls, calls, calls])
    expect(seen.at(-1)).toEqual([calls, calls])
    expect(quality).toMatchObject({ method: 'smoothed', colors: null, seed: 1, heldOutDirections: 0 })
  })

  it('takes more samples by default for wide rows', async () => {
    const n = 80
    const sum = scalar(n, (z) => z.reduce((total, value) => total + value, 0))
    expect((await smoothedJacobian(sum, { at: new Float64Array(n), deviations: 1 })).quality.calls).toBe(20 * n)
  })

  it('the same seed gives the same result, another one another', async () => {
    const run = async (seed: number) => (await smoothedJacobian(sparse, { at, deviations: 0.1, seed })).J.to1DArray()
    expect(await run(7)).toEqual(await run(7))
    expect(await run(7)).not.toEqual(await run(8))
  })

  it('a pattern leaves out entries and errors, and fewer samples do', async () => {
    const options = { at, deviations: 0.1, samples: 12 }
    const { J, standardError } = await smoothedJacobian(sparse, { ...options, structure: { sparsity: pattern } })
    expect(J.get(0, 1)).toBe(0)
    expect(standardError.get(0, 1)).toBe(0)
    expect(standardError.get(0, 0)).toBeGreaterThan(0)
    expect(J.get(1, 2)).not.toBe(0)
    await expect(smoothedJacobian(sparse, { ...options, samples: 10 })).rejects.toThrow(
      "10 samples can't tell rows of 4 unknowns; take 12 at the very least",
    )
  })

  it('patterns at every point of the cloud count together', async () => {
    // row 0 depends on input 1 only where input 0 is positive
    const f = scalar(2, (z) => (z[0]! > 0 ? z[0]! + 2 * z[1]! : z[0]!))
    const all = densePattern(1, 2)
    const first = patternFromEntries(1, 2, [[0, 0]])
    let asked = 0
    const { J, quality } = await smoothedJacobian(f, {
      at: [-0.05, 0],
      deviations: 0.1,
      structure: {
        sparsity(z) {
          asked++
          return z[0]! > 0 ? all : first
        },
      },
    })
    expect(asked).toBe(1001) // at the point, and at each of the cloud
    expect(Math.abs(J.get(0, 1) - 2 * normalCdf(-0.5))).toBeLessThan(0.1)
    expect(quality.certified).toBe(true)
  })

  it('does not certify a pattern that misses an entry', async () => {
    const wrong = patternFromEntries(3, 4, [
      [0, 0],
      [1, 1],
      [2, 3],
    ])
    const { result, quality } = await smoothedJacobian(sparse, { at, deviations: 0.1, structure: { sparsity: wrong } })
    expect(result).toBe('uncertified')
    expect(quality.failedRows).toContain(1)
    expect(quality.notes.join()).toContain('the sparsity pattern misses entries of rows 1')
    const right = await smoothedJacobian(sparse, { at, deviations: 0.1, structure: { sparsity: pattern } })
    expect(right.quality.notes.join()).not.toContain('misses')
  })

  it('says how many samples would certify, and they do', async () => {
    const options = { at: [0.1], deviations: 0.1, tolerance: 0.03 }
    const jump = scalar(1, (z) => (z[0]! > 0 ? 1 : 0))
    const few = await smoothedJacobian(jump, { ...options, samples: 200 })
    expect(few.result).toBe('uncertified')
    const { samplesNeeded } = few.quality.smoothing!
    expect(few.quality.notes.join()).toContain(`about ${samplesNeeded} samples would do`)
    expect((await smoothedJacobian(jump, { ...options, samples: 1.3 * samplesNeeded! })).result).toBe('certified')
  })

  it('does not certify what drowns beside the other inputs, and tells what helps', async () => {
    const f: Blackbox = {
      ...scalar(2, (z) => (z[0]! > 0 ? 1 : 0) + 0.01 * z[1]!),
      inputGroups: [[0], [1]],
    }
    const drowned = await smoothedJacobian(f, { at: [0.05, 0], deviations: 0.1 })
    expect(drowned.result).toBe('uncertified')
    const still = await smoothedJacobian(f, { at: [0.05, 0], deviations: [0.1, 0] })
    expect(still.result).toBe('certified')
    expect(still.J.get(0, 1)).toBeCloseTo(0.01, 8)
    expect(still.quality.notes.join()).toContain('miss jumps that only these inputs cross')
  })

  it('accepts means of zero, listed as flat, but not beside nothing', async () => {
    const tilting: Blackbox = { ...scalar(3, (z) => z[1]! + (z[0]! ** 2 - 0.01) * z[2]!), inputGroups: [[0, 1], [2]] }
    const { quality } = await smoothedJacobian(tilting, { at: [0, 0, 0], deviations: [0.1, 0, 0] })
    expect([quality.certified, quality.flatRows]).toEqual([true, [0]])
    const alone = scalar(2, (z) => (z[0]! ** 2 - 0.01) * z[1]!)
    const failing = await smoothedJacobian(alone, { at: [0, 0], deviations: [0.1, 0] })
    expect([failing.result, failing.quality.flatRows, failing.quality.failedRows]).toEqual(['uncertified', [], [0]])
  })

  it('lists rows with a switch in the cloud where f(at) is given, and certifies them', async () => {
    const base = [0.1, 0.1, 1]
    const { quality } = await smoothedJacobian(sparse, { at, deviations: 0.1, base })
    expect(quality.kinkedRows).toEqual(expect.arrayContaining([0, 1]))
    expect(quality.certified).toBe(true)
    expect((await smoothedJacobian(sparse, { at, deviations: 0.1 })).quality.kinkedRows).toBeNull()
    expect((await smoothedJacobian(sparse, { at, deviations: 1e-6, base })).quality.kinkedRows).toEqual([])
  })

  it('batches give the same numbers', async () => {
    const batched: Blackbox = {
      ...sparse,
      evaluateBatch(Z, Y, count) {
        for (let t = 0; t < count; t++) sparse.evaluate(Z.subarray(4 * t, 4 * t + 4), Y.subarray(3 * t, 3 * t + 3))
      },
    }
    const options = { at, deviations: [0.1, 0.1, 0, 0.1] }
    expect((await smoothedJacobian(batched, options)).J.to1DArray()).toEqual(
      (await smoothedJacobian(sparse, options)).J.to1DArray(),
    )
  })
})

describe('smoothedJacobian: misuse', () => {
  const f = countCalls(scalar(2, (z) => Math.sqrt(z[0]!) + z[1]!))
  const at = [1, 1]

  it.each<[string, object, string]>([
    ['no deviations', { at }, 'deviations must be a number or 2 numbers, got undefined'],
    ['too few', { at, deviations: [1] }, 'deviations must have 2 entries, got 1'],
    ['one < 0', { at, deviations: [1, -1] }, 'deviations[1] must be ≥ 0, got -1'],
    ['only 0', { at, deviations: 0 }, 'some deviation must be > 0; without, take sense'],
    ['half a sample', { at, deviations: 1, samples: 0.5 }, 'samples must be a whole number ≥ 1, got 0.5'],
    [
      'too few calls',
      { at, deviations: [1, 0], maxCalls: 1999 },
      '1000 samples take 2000 evaluations (1 inputs without',
    ],
    ['tolerance 0', { at, deviations: 1, tolerance: 0 }, 'tolerance must be a number > 0, got 0'],
    [
      'a pattern of another size',
      { at, deviations: 1, structure: { sparsity: densePattern(2, 2) } },
      'must be [1 × 2]',
    ],
  ])('%s throws before anything is called', async (_what, options, message) => {
    await expect(smoothedJacobian(f, options as never)).rejects.toThrow(message)
    await expect(smoothedJacobian(f, options as never)).rejects.toThrow(/^smoothedJacobian: /)
    expect(f.calls).toBe(0)
  })

  it('names a value that is not finite', async () => {
    await expect(smoothedJacobian(f, { at: [0.01, 0], deviations: 1 })).rejects.toThrow(BlackboxError)
  })

  it('stops when told to', async () => {
    const stop = AbortSignal.abort(new Error('stop'))
    await expect(smoothedJacobian(f, { at, deviations: 0.1, signal: stop })).rejects.toThrow('stop')
  })
})
