/** Noise: weighing designs, standard errors that cover the truth, steps that are found, gross errors and missing values. */
import { describe, expect, test } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { withCorruption } from '../../src/blackbox/withCorruption.ts'
import { withNoise } from '../../src/blackbox/withNoise.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import { lqr } from '../../src/control/lqr.ts'
import { taskCost } from '../../src/experiment/taskCost.ts'
import { unstableModes } from '../../src/experiment/unstableModes.ts'
import { random } from '../../src/linalg/random.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { hadamardMatrix, hadamardOrder } from '../../src/sensing/hadamardMatrix.ts'
import { measure } from '../../src/sensing/measure.ts'
import { prepareSensing } from '../../src/sensing/prepareSensing.ts'
import { recover } from '../../src/sensing/recover.ts'
import { sense } from '../../src/sensing/sense.ts'
import { type Scheme, stencilOf } from '../../src/sensing/stencil.ts'

/** y = J z, J [m × n] with normal entries. */
function linear(m: number, n: number, seed: number): { blackbox: Blackbox; J: number[][] } {
  const source = random(seed, 1)
  const J = Array.from({ length: m }, () => Array.from({ length: n }, () => source.normal()))
  const evaluate = (z: Float64Array, y: Float64Array) => {
    for (let i = 0; i < m; i++) y[i] = J[i]!.reduce((sum, entry, j) => sum + entry * z[j]!, 0)
  }
  return { blackbox: { inputs: n, outputs: m, evaluate }, J }
}

function eachEntry(J: readonly (readonly number[])[], visit: (entry: number, i: number, j: number) => void): void {
  for (const [i, row] of J.entries()) for (const [j, entry] of row.entries()) visit(entry, i, j)
}

test('Hadamard matrices: HᵀH = n I for every order that is offered up to 200', () => {
  for (let least = 1; least <= 200; least++) {
    const order = hadamardOrder(least)
    if (order !== least) continue
    const H = hadamardMatrix(order)
    for (let a = 0; a < order; a++)
      for (let b = a; b < order; b++) {
        let sum = 0
        for (let i = 0; i < order; i++) sum += H[i * order + a]! * H[i * order + b]!
        if (sum !== (a === b ? order : 0)) throw new Error(`order ${order}: columns ${a}, ${b} have product ${sum}`)
      }
  }
})

describe('weighing designs', () => {
  test.each([12, 64])(
    'at equal calls and equal step, %i colors in every call have √C times smaller errors than in turn',
    async (C) => {
      const squares = { repeated: 0, multiplexed: 0 }
      for (let seed = 1; seed <= 12; seed++)
        for (const weighing of ['repeated', 'multiplexed'] as const) {
          const { blackbox, J } = linear(6, C, seed)
          const options = {
            method: 'rainbow',
            weighing,
            directions: 2 * hadamardOrder(C),
            step: 0.05,
            heldOut: 0,
            seed,
          } as const
          const plan = prepareSensing({ inputs: C, outputs: 6 }, options)
          const noisy = withNoise(blackbox, { sigma: 1e-3, seed: 100 + seed })
          const { J: found } = recover(plan, await measure(noisy, plan, { at: new Float64Array(C) }))
          eachEntry(J, (entry, i, j) => {
            squares[weighing] += (found.get(i, j) - entry) ** 2
          })
        }
      expect(Math.sqrt(squares.repeated / squares.multiplexed / C)).toBeGreaterThan(0.9)
      expect(Math.sqrt(squares.repeated / squares.multiplexed / C)).toBeLessThan(1.1)
    },
  )

  test.each([
    ['noise given', 3e-3, {}],
    ['noise estimated', 'estimate', {}],
    ['a tenth of the values off by ±1', 'estimate', { fraction: 0.1, size: 1 }],
  ] as const)('%s: standard errors cover the truth at their nominal rate', async (_, noise, spoiled) => {
    const errors: number[] = []
    let certified = 0
    for (let seed = 1; seed <= 100; seed++) {
      const { blackbox, J } = linear(8, 12, seed)
      const noisy = withNoise(blackbox, { sigma: 3e-3, seed: 100 + seed })
      const given = 'fraction' in spoiled ? withCorruption(noisy, { ...spoiled, seed: 200 + seed }) : noisy
      const robust = 'fraction' in spoiled ? { robust: true } : {}
      const { J: found, quality } = await sense(given, {
        at: new Float64Array(12),
        noise,
        seed,
        tolerance: 0.2,
        ...robust,
      })
      if (quality.certified) certified++
      eachEntry(J, (entry, i, j) => {
        errors.push(Math.abs(found.get(i, j) - entry) / quality.standardError!.get(i, j))
      })
    }
    expect(certified).toBeGreaterThanOrEqual(95)
    const within = (limit: number) => errors.filter((error) => error <= limit).length / errors.length
    expect(Math.abs(within(1) - 0.683)).toBeLessThan(0.03)
    expect(Math.abs(within(1.96) - 0.95)).toBeLessThan(0.03)
  })
})

describe('everything automatic', () => {
  /** The least possible bound of a stencil's error at x = 1: curvature and noise of size ε. */
  function optimum(scheme: Scheme, noise: number): number {
    const { order } = stencilOf(scheme)
    const bound = (h: number) => {
      if (order === 1) return (h / 2) * Math.sin(1) + (2 * noise) / h
      if (order === 2) return (h ** 2 / 6) * Math.cos(1) + noise / h
      return (h ** 4 / 30) * Math.cos(1) + (1.5 * noise) / h
    }
    let least = Number.POSITIVE_INFINITY
    for (let h = 1e-6; h < 1; h *= 1.01) least = Math.min(least, bound(h))
    return least
  }

  test.each(['forward', 'central', 'five-point'] as const)(
    'sin(x) (1 + 1e-6 noise), %s: within 3 times the optimum in 95 of 100 seeds',
    async (scheme) => {
      let good = 0
      let fine = 0
      for (let seed = 1; seed <= 100; seed++) {
        const source = random(seed, 9)
        const evaluate = (z: Float64Array, y: Float64Array) => {
          y[0] = Math.sin(z[0]!) * (1 + 1e-6 * source.normal())
        }
        const { J } = await sense({ inputs: 1, outputs: 1, evaluate }, { at: [1], scheme, seed })
        const error = Math.abs(J.get(0, 0) - Math.cos(1))
        if (error <= 3 * optimum(scheme, 1e-6 * Math.sin(1))) good++
        if (error < 1e-5) fine++
      }
      expect(good).toBeGreaterThanOrEqual(95)
      if (scheme === 'five-point') expect(fine).toBeGreaterThanOrEqual(95)
    },
  )

  test('single precision needs no tuning', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { blackbox, J } = linear(6, 8, seed)
      const single: Blackbox = {
        ...blackbox,
        evaluate(z, y) {
          blackbox.evaluate(z.map(Math.fround), y)
          for (let i = 0; i < y.length; i++) y[i] = Math.fround(y[i]! + 0.1 * Math.sin(y[i]!))
        },
      }
      const at = Float64Array.from({ length: 8 }, (_, j) => Math.sin(j + seed))
      const value = new Float64Array(6)
      blackbox.evaluate(at, value)
      const { result, J: found } = await sense(single, { at, seed })
      expect(result).toBe('certified')
      J.forEach((row, i) => {
        const slope = 1 + 0.1 * Math.cos(value[i]!)
        const size = Math.hypot(...row)
        row.forEach((entry, j) => void expect(Math.abs(found.get(i, j) - slope * entry)).toBeLessThan(0.02 * size))
      })
    }
  })

  test('calls are counted, and limits kept, on every path', async () => {
    for (const maxCalls of [20, 40, 80, 200, undefined])
      for (const fraction of [0, 0.2]) {
        const { blackbox } = linear(6, 8, 3)
        const counted = countCalls(withCorruption(withNoise(blackbox, { sigma: 1e-4 }), { fraction, size: 10 }))
        const { quality } = await sense(counted, { at: new Float64Array(8), maxCalls, noise: 'estimate' }).catch(
          (error) => {
            expect(String(error)).toMatch(/maxCalls leaves/)
            return { quality: { calls: counted.calls } }
          },
        )
        expect(quality.calls).toBe(counted.calls)
        if (maxCalls !== undefined) expect(counted.calls).toBeLessThanOrEqual(maxCalls)
      }
  })

  test('a fifth of the calls gives NaN: with robust, they are left out', async () => {
    const { blackbox, J } = linear(6, 8, 5)
    const broken = withCorruption(blackbox, { fraction: 0.2, size: Number.NaN, of: 'calls' })
    const { result, J: found, quality } = await sense(broken, { at: new Float64Array(8), robust: true })
    expect(result).toBe('certified')
    expect(quality.grossErrors).toBeGreaterThan(0.1)
    eachEntry(J, (entry, i, j) => expect(Math.abs(found.get(i, j) - entry)).toBeLessThan(1e-6))
  })

  test.each([
    ['noise', { noise: -1 }, /noise must be finite and ≥ 0, got -1/],
    ['noise of the wrong size', { noise: [1, 2] }, /noise must be a number or have 6 entries, got 2/],
    [
      'a method that does not allow for noise',
      { noise: 1, method: 'dense' as const },
      /noise and robust are for methods 'auto' and 'rainbow', got method 'dense'/,
    ],
    [
      'weighing',
      { weighing: 'all' as 'random', method: 'rainbow' as const },
      /weighing must be one of repeated, multiplexed, random; got all/,
    ],
    ['options of another method', { repeats: 3 }, /repeats is for method 'rainbow', got method 'auto'/],
    [
      'directions and repeats',
      { directions: 3, repeats: 3, method: 'rainbow' as const },
      /give directions or repeats, not both/,
    ],
  ])('misuse: %s', async (_, options, message) => {
    const { blackbox } = linear(6, 8, 1)
    await expect(sense(blackbox, { at: new Float64Array(8), ...options })).rejects.toThrow(message)
  })
})

describe('robots', () => {
  test.each([
    ['cartpole', 0],
    ['cartpole', 0.2],
    ['double-cartpole', 0],
    ['double-cartpole', 0.2],
    ['quadrotor', 0],
    ['quadrotor', 0.2],
  ])('%s with noise 1e-5 and %d of the steps wrong: certified, and the gain stabilizes', async (name, fraction) => {
    const scene = await loadScene(name)
    const engine = await createEngine(scene)
    const exact = await linearize(engine)
    for (let seed = 1; seed <= 3; seed++) {
      const lin = await linearize(engine, engine.home, {
        seed,
        ...(fraction > 0 && { robust: true }),
        wrap: (blackbox) =>
          withCorruption(withNoise(blackbox, { sigma: 1e-5, seed }), {
            fraction,
            size: 1,
            seed: 50 + seed,
            of: 'calls',
          }),
      })
      expect(lin.quality.certified).toBe(true)
      expect(lin.A.clone().sub(exact.A).abs().max()).toBeLessThan(0.01)
      const { K } = lqr(lin, taskCost(scene.task!, engine.layout))
      expect(unstableModes({ ...exact, A: exact.A.clone().sub(exact.B.mmul(K!)) })).toEqual([])
    }
    engine.dispose()
  })
})
