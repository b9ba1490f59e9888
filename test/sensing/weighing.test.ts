import { describe, expect, it } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { withNoise } from '../../src/blackbox/withNoise.ts'
import { patternFromEntries } from '../../src/linalg/pattern.ts'
import { random } from '../../src/linalg/random.ts'
import { hadamardMatrix, hadamardOrder } from '../../src/sensing/hadamardMatrix.ts'
import { measure } from '../../src/sensing/measure.ts'
import { prepareSensing } from '../../src/sensing/prepareSensing.ts'
import { recover } from '../../src/sensing/recover.ts'
import type { Weighing } from '../../src/sensing/weighing.ts'
import { weigh } from '../../src/sensing/weighing.ts'
import { linear } from './families.ts'

describe('Hadamard matrices', () => {
  const orders = Array.from({ length: 301 }, (_, order) => order).filter(
    (order) => order > 0 && hadamardOrder(order) === order,
  )

  it('of all orders up to 300: entries ±1, HᵀH = n I, the first column all ones', () => {
    for (const order of orders) {
      const H = hadamardMatrix(order)
      expect(H.every((entry) => entry === 1 || entry === -1)).toBe(true)
      let isRight = true
      for (let a = 0; a < order; a++) {
        if (H[a * order] !== 1) isRight = false
        for (let b = 0; b <= a; b++) {
          let product = 0
          for (let i = 0; i < order; i++) product += H[i * order + a]! * H[i * order + b]!
          if (product !== (a === b ? order : 0)) isRight = false
        }
      }
      expect(isRight, `order ${order}`).toBe(true)
    }
  })

  it('are known for all multiples of four up to 112 but 92, and never far beyond what is asked', () => {
    const known = new Set(orders)
    for (let order = 4; order <= 112; order += 4) expect(known.has(order)).toBe(order !== 92)
    for (let least = 3; least <= 300; least++) {
      const order = hadamardOrder(least)
      expect(order).toBeGreaterThanOrEqual(least)
      expect(order).toBeLessThan(least + 16)
      expect(known.has(order) || order > 300).toBe(true)
    }
    for (const order of [0, 3, 6, 92, 116, -4, 4.5]) expect(() => hadamardMatrix(order)).toThrow(`order ${order}`)
  })
})

describe('weighing designs', () => {
  const sigma = 1e-3
  const STEP = 5e-3

  /** Root mean square error of all entries over seeds, of a linear function with one entry of each color in every row. */
  async function rootMeanSquare(colors: number, weighing: Weighing, scheme: 'forward' | 'central', seeds: number) {
    const m = 6
    const columns = 2 * colors // two columns of each color share no row
    const entries: [number, number][] = []
    for (let i = 0; i < m; i++) for (let c = 0; c < colors; c++) entries.push([i, 2 * c + (i % 2)])
    const sparsity = patternFromEntries(m, columns, entries)
    const source = random(12)
    const J = new Float64Array(m * columns)
    for (const [i, j] of entries) J[i * columns + j] = source.normal()
    const plan = prepareSensing({ sparsity }, { method: 'rainbow', weighing, directions: colors, scheme, step: STEP })
    expect(plan.decoder).toMatchObject({ numColors: colors })
    // measured anew for every difference, as the gain is told for: f(z̄) has its noise from a far longer mean
    const at = new Float64Array(columns)
    const base = scheme === 'forward' ? new Float64Array(m) : undefined
    let square = 0
    for (let seed = 1; seed <= seeds; seed++) {
      const noisy = withNoise(linear(J, m, columns), { sigma, seed })
      const recovered = recover(plan, await measure(noisy, plan, { at, ...(base && { base }) }))
      for (const [i, j] of entries) square += (recovered.J.get(i, j) - J[i * columns + j]!) ** 2
    }
    return Math.sqrt(square / (seeds * entries.length))
  }

  it.each([12, 64])(
    'at equal calls and steps, %i colors multiplexed have √C times smaller errors than one after the other, within a tenth',
    async (colors) => {
      for (const scheme of ['central', 'forward'] as const) {
        const seeds = colors === 12 ? 40 : 12
        const repeated = await rootMeanSquare(colors, 'repeated', scheme, seeds)
        const multiplexed = await rootMeanSquare(colors, 'multiplexed', scheme, seeds)
        const gain = repeated / multiplexed / Math.sqrt(colors)
        expect(gain).toBeGreaterThan(0.9)
        expect(gain).toBeLessThan(1.1)
        // and the errors themselves are those of theory: one value's noise over the way between the points, √k times less
        const single = ((scheme === 'central' ? Math.SQRT2 / 2 : 1) * sigma) / STEP
        expect(repeated / single).toBeGreaterThan(0.93)
        expect(repeated / single).toBeLessThan(1.07)
      }
    },
  )

  it('never visit a point twice, so that noise of the point alone averages out', () => {
    for (const [weighing, k, colors] of [
      ['multiplexed', 24, 3],
      ['multiplexed', 40, 5],
      ['multiplexed', 9, 1],
      ['repeated', 20, 4],
      ['random', 30, 2],
    ] as const) {
      const D = weigh(
        weighing,
        k,
        Array.from({ length: colors }, (_, c) => c),
        colors,
        random(k),
      )
      const points = new Set<string>()
      for (let t = 0; t < k; t++)
        for (const side of [1, -1])
          points.add(
            D.slice(t * colors, (t + 1) * colors)
              .map((d) => (side * d + 0).toFixed(9))
              .join(),
          )
      expect(points.size, `${weighing} ${k} ${colors}`).toBe(2 * k)
      expect(Math.max(...D.map(Math.abs))).toBeLessThanOrEqual(1)
    }
  })

  it('deterministic rounding to single precision averages out over repeated directions', async () => {
    const n = 3
    const source = random(4)
    const J = Float64Array.from({ length: n * n }, () => source.normal())
    const exact = linear(J, n, n)
    const rounded: Blackbox = {
      ...exact,
      evaluate(z, y) {
        exact.evaluate(z, y)
        for (let i = 0; i < y.length; i++) y[i] = Math.fround(y[i]!)
      },
    }
    const errors = []
    for (const directions of [4, 256]) {
      let square = 0
      for (let seed = 1; seed <= 20; seed++) {
        const plan = prepareSensing(
          { inputs: n, outputs: n },
          { method: 'rainbow', weighing: 'multiplexed', directions, step: 1e-4, seed },
        )
        const { J: sensed } = recover(plan, await measure(rounded, plan, { at: Float64Array.of(0.3, -0.7, seed / 7) }))
        for (const [e, entry] of sensed.to1DArray().entries()) square += (entry - J[e]!) ** 2
      }
      errors.push(Math.sqrt(square))
    }
    expect(errors[0]! / errors[1]!).toBeGreaterThan(4) // √64 = 8 for independent errors
  })

  it('so many directions as no Hadamard matrix has room for stay orthogonal', () => {
    const [k, C] = [2 ** 18, 3]
    const D = weigh('multiplexed', k, [0, 1, 2], C, random(1))
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      let product = 0
      for (let t = 0; t < k; t++) product += Math.sign(D[t * C + a]!) * Math.sign(D[t * C + b]!)
      expect(product).toBe(0)
    }
  })
})
