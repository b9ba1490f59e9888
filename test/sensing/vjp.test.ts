import { describe, expect, it } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { withCorruption } from '../../src/blackbox/withCorruption.ts'
import { withNoise } from '../../src/blackbox/withNoise.ts'
import { random } from '../../src/linalg/random.ts'
import { DESIGNS, type Design, designRows } from '../../src/sensing/designs.ts'
import type { LeftDecoding } from '../../src/sensing/leftAction.ts'
import { vjp } from '../../src/sensing/vjp.ts'

const N = 64

/** y = A z, [8 × 64]; Jᵀw = Aᵀw exactly. */
function linear(seed: number, m = 8, n = N) {
  const { normal } = random(seed)
  const A = Array.from({ length: m }, () => Array.from({ length: n }, normal))
  const blackbox: Blackbox = {
    inputs: n,
    outputs: m,
    evaluate(z, y) {
      for (let i = 0; i < m; i++) {
        let sum = 0
        for (let j = 0; j < n; j++) sum += A[i]![j]! * z[j]!
        y[i] = sum
      }
    },
  }
  const w = Array.from({ length: m }, normal)
  const g = Array.from({ length: n }, (_, j) => A.reduce((sum, row, i) => sum + row[j]! * w[i]!, 0))
  return { blackbox, w, g }
}

const square = (values: Iterable<number>): number => [...values].reduce((sum, value) => sum + value * value, 0)
const zero = new Float64Array(N)

/** E‖ĝ − g‖² / ‖g‖² over seeds. */
async function meanSquaredError(design: Design, k: number, trials = 400): Promise<number> {
  const { blackbox, w, g } = linear(1)
  let sum = 0
  for (let seed = 1; seed <= trials; seed++) {
    const found = await vjp(blackbox, zero, w, { directions: k, design, seed })
    sum += square(found.g.map((value, j) => value - g[j]!)) / square(g)
  }
  return sum / trials
}

describe('the left action', () => {
  // (n + 1)/k, (n − 1)/k, n/k − 1: method of moments, closed form
  it.each([
    ['gaussian', 16, (N + 1) / 16],
    ['rademacher', 16, (N - 1) / 16],
    ['orthogonal', 16, N / 16 - 1],
    ['hadamard', 16, N / 16 - 1],
    ['gaussian', 48, (N + 1) / 48],
    ['rademacher', 48, (N - 1) / 48],
    ['orthogonal', 48, N / 48 - 1],
    ['hadamard', 48, N / 48 - 1],
  ] as const)('%s directions, k = %d: mean squared error %d within 5 %', async (design, k, expected) => {
    expect(Math.abs((await meanSquaredError(design, k)) / expected - 1)).toBeLessThan(0.05)
  })

  it.each(['orthogonal', 'hadamard'] as const)('is exact with n %s directions', async (design) => {
    const { blackbox, w, g } = linear(2)
    const { g: found, standardError, calls } = await vjp(blackbox, zero, w, { design })
    for (let j = 0; j < N; j++) expect(found[j]).toBeCloseTo(g[j]!, 8)
    expect(square(standardError)).toBe(0)
    expect(calls).toBe(2 * N)
  })

  it.each(DESIGNS)('reports a standard error that covers the truth at its nominal rate: %s', async (design) => {
    const { blackbox, w, g } = linear(3)
    let inside = 0
    const trials = 150
    for (let seed = 1; seed <= trials; seed++) {
      const { g: found, standardError } = await vjp(blackbox, zero, w, { directions: 24, design, seed })
      for (let j = 0; j < N; j++) if (Math.abs(found[j]! - g[j]!) < standardError[j]!) inside++
    }
    expect(Math.abs(inside / (trials * N) - 0.6827)).toBeLessThan(0.03)
  })

  it('takes 2k calls central, k + 1 forward, k with a known base, whatever the number of outputs', async () => {
    for (const m of [1, 30]) {
      const { blackbox, w } = linear(4, m)
      const counted = countCalls(blackbox)
      for (const [options, calls] of [
        [{ directions: 10 }, 20],
        [{ directions: 10, scheme: 'forward' }, 11],
        [{ directions: 10, scheme: 'forward', base: new Float64Array(m) }, 10],
      ] as const) {
        counted.resetCalls()
        const found = await vjp(counted, zero, w, options)
        expect([found.calls, counted.calls]).toEqual([calls, calls])
      }
    }
  })

  it('is right for a curved function with scaled inputs, against its closed form', async () => {
    const n = 5
    const curved: Blackbox = {
      inputs: n,
      outputs: 2,
      scale: Float64Array.of(1, 1e3, 1e-3, 1, 10),
      evaluate(z, y) {
        y[0] = Math.sin(z[0]!) + z[1]! * 1e-3 + z[2]! ** 2 * 1e6
        y[1] = z[3]! * z[4]!
      },
    }
    const z = [0.4, 2000, 0.002, 3, 20]
    const { g } = await vjp(curved, z, [2, -1], { design: 'orthogonal' })
    const exact = [2 * Math.cos(0.4), 2e-3, 2 * 2 * 0.002 * 1e6, -20, -3]
    for (let j = 0; j < n; j++) expect(Math.abs(g[j]! / exact[j]! - 1)).toBeLessThan(1e-7)
  })

  it('survives gross errors where asked to', async () => {
    const { blackbox, w, g } = linear(5, 1)
    const error = async (decoding: LeftDecoding): Promise<number> => {
      const corrupted = withCorruption(blackbox, { fraction: 0.05, size: 50, seed: 9 })
      const found = await vjp(corrupted, zero, w, { directions: 256, design: 'gaussian', decoding })
      return Math.sqrt(square(found.g.map((value, j) => value - g[j]!)) / square(g))
    }
    expect(await error('least-absolute')).toBeLessThan(1e-7)
    expect(await error('trimmed')).toBeLessThan(0.8)
    expect(await error('average')).toBeGreaterThan(100)
  })

  it.each(['central', 'forward'] as const)(
    'outvotes a fifth of the calls exactly, NaN among them: %s',
    async (scheme) => {
      const n = 12
      const { blackbox, w, g } = linear(8, 5, n)
      for (let seed = 1; seed <= 10; seed++) {
        const wrong = withCorruption(blackbox, { fraction: 0.15, size: 50, seed, of: 'calls' })
        const broken = withCorruption(wrong, { fraction: 0.05, size: Number.NaN, seed: seed + 100, of: 'calls' })
        const directions = scheme === 'central' ? 4 * n : 8 * n
        const options = { decoding: 'least-absolute', scheme, directions, seed } as const
        const found = await vjp(broken, new Float64Array(n), w, options)
        expect(Math.sqrt(square(found.g.map((value, j) => value - g[j]!)) / square(g))).toBeLessThan(1e-6)
        expect(found.dropped).toBeGreaterThan(4)
        expect(found.dropped).toBeLessThan(40)
      }
    },
  )

  // noise of known size, every direction measured: errors come from noise alone, or from the crop of a Hadamard matrix as well
  it.each([
    [16, { design: 'hadamard', directions: 16 }],
    [16, { design: 'hadamard', directions: 16, scheme: 'forward' }],
    [10, { design: 'hadamard', directions: 10 }],
    [10, { design: 'orthogonal', directions: 10 }],
    [10, { decoding: 'least-absolute', directions: 40 }],
  ] as const)('standard errors cover the truth under noise: n = %d, %o', async (n, options) => {
    const { blackbox, w, g } = linear(9, 6, n)
    const sigma = 1e-3
    let inside = 0
    const trials = 200
    for (let seed = 1; seed <= trials; seed++) {
      const noisy = withNoise(blackbox, { sigma, seed })
      const found = await vjp(noisy, new Float64Array(n), w, { ...options, noise: sigma, seed })
      for (let j = 0; j < n; j++) if (Math.abs(found.g[j]! - g[j]!) < found.standardError[j]!) inside++
    }
    expect(Math.abs(inside / (trials * n) - 0.6827)).toBeLessThan(0.06)
  })

  it('leaves out antithetic pairs of which a call failed', async () => {
    const { blackbox, w, g } = linear(6)
    let call = 0
    const failing: Blackbox = {
      ...blackbox,
      evaluate(z, y) {
        blackbox.evaluate(z, y)
        if (call++ % 20 === 7) y[0] = Number.NaN
      },
    }
    const found = await vjp(failing, zero, w, { directions: 200, design: 'rademacher' })
    expect(found.dropped).toBe(20)
    expect(found.directions).toBe(180)
    expect([...found.g].every(Number.isFinite)).toBe(true)
    expect(square(found.g.map((value, j) => value - g[j]!)) / square(g)).toBeLessThan(0.6)
  })

  it('refuses misuse by name', async () => {
    const { blackbox, w } = linear(7)
    await expect(vjp(blackbox, [1], w)).rejects.toThrow('vjp: z must have 64 entries, got 1')
    await expect(vjp(blackbox, zero, [1])).rejects.toThrow('vjp: w must have 8 entries, got 1')
    await expect(vjp(blackbox, zero, w, { directions: 0 })).rejects.toThrow('directions must be an integer ≥ 1')
    await expect(vjp(blackbox, zero, w, { design: 'sobol' as Design })).rejects.toThrow('design must be one of')
    await expect(vjp(blackbox, zero, w, { noise: -1 })).rejects.toThrow(
      'vjp: noise must be a finite number ≥ 0, got -1',
    )
    await expect(vjp(blackbox, zero, w, { decoding: 'least-absolute', directions: 64 })).rejects.toThrow(
      "decoding 'least-absolute' needs more directions than the 64 inputs, got 64",
    )
  })
})

describe('directions', () => {
  it.each([
    ['orthogonal', 32],
    ['hadamard', 32],
    ['hadamard', 12],
    ['hadamard', 28],
    ['hadamard', 52],
    ['hadamard', 100],
  ] as const)('%s of %d inputs: rows are orthogonal, of length √n', (design, n) => {
    const S = designRows(design, n, n, 3)
    for (let i = 0; i < n; i++)
      for (let p = 0; p <= i; p++) {
        let product = 0
        for (let j = 0; j < n; j++) product += S[i * n + j]! * S[p * n + j]!
        expect(Math.abs(product - (i === p ? n : 0))).toBeLessThan(1e-11)
      }
  })
})
