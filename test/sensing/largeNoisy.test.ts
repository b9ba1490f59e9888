import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { withCorruption } from '../../src/blackbox/withCorruption.ts'
import { withNoise } from '../../src/blackbox/withNoise.ts'
import { random } from '../../src/linalg/random.ts'
import { sense } from '../../src/sensing/sense.ts'

/** y = J z + bend · (zᵀ Q_i z) + |z₀| · kink in the first row, at 0: J is known, left and right differ by curvature in all rows. */
function curved(n: number, m: number, { bend, kink = 0 }: { bend: number; kink?: number }): [Matrix, Blackbox] {
  const { normal } = random(11)
  const J = Array.from({ length: m }, () => Array.from({ length: n }, normal))
  const q = Array.from({ length: m }, () => Array.from({ length: n }, normal)) // Q_i = q_i q_iᵀ
  return [
    new Matrix(J),
    {
      inputs: n,
      outputs: m,
      evaluate(z, y) {
        for (let i = 0; i < m; i++) {
          let [linear, square] = [0, 0]
          for (let j = 0; j < n; j++) {
            linear += J[i]![j]! * z[j]!
            square += q[i]![j]! * z[j]!
          }
          y[i] = linear + bend * square * square
        }
        y[0] = y[0]! + kink * Math.abs(z[0]!)
      },
    },
  ]
}

const relative = (found: Matrix, J: Matrix): number => Matrix.sub(found, J).norm() / J.norm()

describe('many inputs, noisy values', () => {
  const n = 80
  const at = new Float64Array(n)
  const base = new Float64Array(n)

  it('notices noise before it has measured all of a plan that cannot be used: 2n calls, and less than half as many besides', async () => {
    const [J, blackbox] = curved(n, n, { bend: 0.1 })
    for (let seed = 1; seed <= 5; seed++) {
      const noisy = withNoise(blackbox, { sigma: 1e-5, seed })
      const { result, quality, J: found } = await sense(noisy, { at, base, seed })
      expect(result, `seed ${seed}`).toBe('certified')
      expect(quality.calls).toBeLessThan(2 * n * 1.5)
      expect(relative(found, J)).toBeLessThan(0.01)
    }
  })

  it('does not take curvature for a kink, nor a kink for curvature', async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const spoil = (blackbox: Blackbox) => withNoise(blackbox, { sigma: 1e-5, seed })
      const [, smooth] = curved(n, n, { bend: 0.5 })
      expect((await sense(spoil(smooth), { at, base, seed })).quality.kinkedRows, `seed ${seed}`).toEqual([])
      const [, kinked] = curved(n, n, { bend: 0.5, kink: 20 })
      const { result, quality } = await sense(spoil(kinked), { at, base, seed, noise: 1e-5, noisyStep: 1e-3 })
      expect(quality.kinkedRows, `seed ${seed}`).toEqual([0])
      expect(result).toBe('uncertified')
    }
  })

  it('with a fifth of the calls grossly wrong: left out as a whole, although curvature blurs single values', async () => {
    const [J, blackbox] = curved(n, n, { bend: 0.5 })
    for (let seed = 1; seed <= 5; seed++) {
      const spoiled = withCorruption(withNoise(blackbox, { sigma: 1e-5, seed }), {
        fraction: 0.2,
        size: 1,
        seed: seed + 100,
        of: 'calls',
      })
      const { result, quality, J: found } = await sense(spoiled, { at, base, seed, robust: true })
      expect(result, `seed ${seed}`).toBe('certified')
      expect(relative(found, J)).toBeLessThan(0.01)
      expect(Math.abs(quality.grossErrors! - 0.36)).toBeLessThan(0.06) // of the differences, of two calls each
    }
  })
})

it('a step for noise is not held against the accuracy of differences without', async () => {
  const [J, blackbox] = curved(4, 3, { bend: 0.1 })
  const noisy = withNoise(blackbox, { sigma: 1e-6, seed: 1 })
  const asked = { at: new Float64Array(4), noise: 1e-6, step: 0.01, scheme: 'forward' } as const
  const { quality, J: found } = await sense(noisy, asked)
  expect(quality.stepRange[1]).toBeLessThanOrEqual(0.011)
  expect(relative(found, J)).toBeLessThan(0.02)
})
