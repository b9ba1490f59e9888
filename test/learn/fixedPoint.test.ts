import { describe, expect, it } from 'vitest'
import { contactSweep } from '../../src/learn/contactSweep.ts'
import { type FixedPointMap, solveFixedPoint } from '../../src/learn/fixedPoint.ts'
import { cosine, fixedPointGradient, type FixedPointMethod } from '../../src/learn/fixedPointGradient.ts'
import { gradientWatch } from '../../src/learn/gradientWatch.ts'
import { watchedGradient } from '../../src/learn/watchedGradient.ts'
import { random } from '../../src/linalg/random.ts'
import { relativeError } from './known.ts'
import { differences, stack, tanhMap } from './maps.ts'

const normals = (n: number, seed: number, scale = 1) => {
  const { normal } = random(seed)
  return Float64Array.from({ length: n }, () => scale * normal())
}

/** y = d + y⁵, whose slope is 1/(1 − 5y⁴). */
const quintic: FixedPointMap = {
  size: 1,
  parameters: 1,
  apply(u, d, out) {
    out[0] = d[0]! + u[0]! ** 5
  },
  pullBack(u, _d, w, ofU, ofD) {
    ofU[0] = 5 * u[0]! ** 4 * w[0]!
    ofD[0] = w[0]!
  },
}

describe('a fixed point', () => {
  it('of y = d + y⁵ is the root, and its exact slope 1/(1 − 5y⁴)', () => {
    for (const d of [-0.5, -0.2, 0, 0.3, 0.5]) {
      const { result, u } = solveFixedPoint(quintic, Float64Array.of(d), { tolerance: 1e-14 })
      expect(result).toBe('solved')
      expect(Math.abs(d + u[0]! ** 5 - u[0]!)).toBeLessThan(1e-13)
      const slope = (method: FixedPointMethod, terms = 3) =>
        fixedPointGradient(quintic, { u, d: Float64Array.of(d), w: Float64Array.of(1) }, { method, terms }).gradient[0]!
      const a = 5 * u[0]! ** 4
      expect(slope('exact')).toBeCloseTo(1 / (1 - a), 12)
      expect(slope('neumann', 2)).toBeCloseTo(1 + a + a * a, 12)
      expect(slope('jacobian-free')).toBe(1)
    }
  })

  it('that is not reached is told', () => {
    expect(solveFixedPoint(quintic, Float64Array.of(2)).result).toBe('not-finite')
    const slow = solveFixedPoint(tanhMap(10, 0.99, 1), normals(10, 2, 0.1), { maxIterations: 3 })
    expect([slow.result, slow.iterations]).toEqual(['max-iterations', 3])
    expect(slow.residual).toBeGreaterThan(1e-10)
  })

  it('has no derivative where I − ∂R/∂u is singular', () => {
    const shift: FixedPointMap = {
      size: 1,
      parameters: 1,
      apply(u, d, out) {
        out[0] = u[0]! + d[0]!
      },
      pullBack(_u, _d, w, ofU, ofD) {
        ofU[0] = w[0]!
        ofD[0] = w[0]!
      },
    }
    const at = { u: Float64Array.of(1), d: Float64Array.of(0), w: Float64Array.of(1) }
    expect(fixedPointGradient(shift, at, { method: 'exact' }).result).toBe('singular')
    const watched = watchedGradient(shift, at, gradientWatch())
    expect([watched.result, watched.method, watched.gradient[0]]).toEqual(['singular', 'neumann', 4])
  })
})

describe('gradients of u = γ tanh(W u + d)', () => {
  it('are exact by the implicit function theorem, and Neumann sums converge to them', () => {
    const map = tanhMap(8, 0.8, 3)
    const [d, w] = [normals(8, 4, 0.3), normals(8, 5)]
    const solve = (at: Float64Array) => solveFixedPoint(map, at, { tolerance: 1e-14 }).u
    const at = { u: solve(d), d, w }
    const { gradient, products } = fixedPointGradient(map, at, { method: 'exact' })
    expect(products).toBe(8)
    expect(relativeError([gradient], [differences(solve, d, w)])).toBeLessThan(1e-8)
    const errors = [0, 3, 10, 40, 120].map((terms) =>
      relativeError([fixedPointGradient(map, at, { method: 'neumann', terms }).gradient], [gradient]),
    )
    for (let k = 1; k < errors.length; k++) expect(errors[k]!).toBeLessThan(errors[k - 1]!)
    expect(errors.at(-1)!).toBeLessThan(1e-9)
    expect(fixedPointGradient(map, at).gradient).toEqual(
      fixedPointGradient(map, at, { method: 'neumann', terms: 0 }).gradient,
    )
  })

  // over 300 random maps, n = 20, W and d Gaussian. How the known ones were drawn is not: 15 680 set-ups give no better least cosines than
  // this one, and the least of so many maps has a standard deviation of 0.01, 0.025 and 0.03 from set to set
  it.each([
    [0.5, 0.971, 0.936],
    [0.9, 0.902, 0.793],
    [0.99, 0.88, 0.664],
  ])(
    'have the known cosines to the exact one, γ = %d: mean %d, least %d, Neumann-3 at least 0.974',
    (gamma, mean, least) => {
      const found: number[] = []
      let neumann = 1
      for (let k = 0; k < 300; k++) {
        const map = tanhMap(20, gamma, 3 * k)
        const d = normals(20, 3 * k + 1, 0.3)
        const { u } = solveFixedPoint(map, d, { maxIterations: 10_000 })
        const at = { u, d, w: normals(20, 3 * k + 2) }
        const exact = fixedPointGradient(map, at, { method: 'exact' }).gradient
        found.push(cosine(fixedPointGradient(map, at).gradient, exact))
        neumann = Math.min(neumann, cosine(fixedPointGradient(map, at, { method: 'neumann' }).gradient, exact))
      }
      expect(Math.abs(found.reduce((sum, one) => sum + one, 0) / found.length - mean)).toBeLessThan(0.01)
      expect(Math.abs(Math.min(...found) - least)).toBeLessThan(0.05)
      expect(neumann).toBeGreaterThan(0.974)
    },
  )
})

describe('a contact sweep', () => {
  const soft = { A: stack([1, 1, 1]).A, b: Float64Array.of(-1, 0.2, -0.3) }

  it('has the solution of the complementarity problem as its fixed point', () => {
    const { A, b } = soft
    const { u, result } = solveFixedPoint(contactSweep(A), b, { tolerance: 1e-13 })
    expect(result).toBe('solved')
    for (const [i, row] of A.entries()) {
      const gap = row.reduce((sum, entry, j) => sum + entry * u[j]!, b[i]!)
      expect(u[i]!).toBeGreaterThanOrEqual(0)
      expect(gap).toBeGreaterThan(-1e-10)
      expect(Math.abs(gap * u[i]!)).toBeLessThan(1e-10)
    }
  })

  it('keeps impulses within their bounds', () => {
    const bounds = { lower: [-0.1, 0, 0], upper: [0.1, 0.5, 2] }
    const { u } = solveFixedPoint(contactSweep(soft.A, bounds), Float64Array.of(-3, -3, -3))
    for (const [i, value] of u.entries()) {
      expect(value).toBeGreaterThanOrEqual(bounds.lower[i]!)
      expect(value).toBeLessThanOrEqual(bounds.upper[i]!)
    }
    expect(u[0]).toBe(0.1)
  })

  it.each([
    ['all contacts closed', Float64Array.of(-1, -0.2, -0.3)],
    ['one that opens', Float64Array.of(-1, 3, -0.3)],
  ])('has exact gradients by velocities and by the matrix: %s', (_, b) => {
    const map = contactSweep(soft.A, { parameters: 'velocities-and-matrix' })
    const d = Float64Array.of(...b, ...soft.A.flat())
    const w = normals(3, 9)
    const solve = (at: Float64Array) => solveFixedPoint(map, at, { tolerance: 1e-15, maxIterations: 5000 }).u
    const { gradient } = fixedPointGradient(map, { u: solve(d), d, w }, { method: 'exact' })
    expect(relativeError([gradient], [differences(solve, d, w)])).toBeLessThan(1e-7)
    const { gradient: ofB } = fixedPointGradient(contactSweep(soft.A), { u: solve(d), d: b, w }, { method: 'exact' })
    expect(relativeError([ofB], [gradient.subarray(0, 3)])).toBeLessThan(1e-12)
  })

  it.each<[string, number[], FixedPointMethod]>([
    ['two light boxes', [1, 1], 'jacobian-free'],
    ['three boxes, each three times the one below', [1, 3, 9], 'neumann'],
    ['ten boxes, each heavier than the one below', Array.from({ length: 10 }, (_, i) => 2 ** i), 'exact'],
  ])('falls back where contact is stiff: %s', (_, masses, expected) => {
    const { A, b } = stack(masses)
    const map = contactSweep(A)
    const { u } = solveFixedPoint(map, b, { maxIterations: 100_000 })
    const watch = gradientWatch({ every: 5 })
    const used: FixedPointMethod[] = []
    for (let k = 0; k < 5; k++) used.push(watchedGradient(map, { u, d: b, w: normals(masses.length, 3) }, watch).method)
    expect(used).toEqual(['exact', ...Array(4).fill(expected)])
    expect(watch.fellBack).toBe(expected !== 'jacobian-free')
  })
})

describe('a watch', () => {
  it('checks the first gradient and every so many after, and comes back from its fallback', () => {
    const watch = gradientWatch({ every: 3, leastCosine: 0.8 })
    const used: (FixedPointMethod | 'checked')[] = []
    const cosines = [
      { 'jacobian-free': 0.9, neumann: 0.99 },
      { 'jacobian-free': 0.7, neumann: 0.9 },
      { 'jacobian-free': 0.1, neumann: 0.3 },
      { 'jacobian-free': 0.85, neumann: 0.9 },
    ]
    for (let k = 0; k < 12; k++) {
      used.push(watch.isDue ? 'checked' : watch.method)
      watch.note(watch.isDue ? cosines[k / 3] : undefined)
    }
    const free = 'jacobian-free'
    expect(used).toEqual([
      'checked',
      free,
      free,
      'checked',
      'neumann',
      'neumann',
      'checked',
      'exact',
      'exact',
      'checked',
      free,
      free,
    ])
    expect(watch.checks.map(({ at }) => at)).toEqual([0, 3, 6, 9])
    expect(watch.fellBack).toBe(true)
  })

  it('of exact gradients never checks; that of Neumann begins there', () => {
    expect(gradientWatch({ method: 'exact' }).isDue).toBe(false)
    const watch = gradientWatch({ method: 'neumann' })
    watch.note({ 'jacobian-free': 1, neumann: 1 })
    expect([watch.method, watch.fellBack]).toEqual(['neumann', false])
  })
})

it('misuse throws', () => {
  const d = Float64Array.of(0)
  expect(() => solveFixedPoint(quintic, new Float64Array(2))).toThrow('d must be [p] = [1], got 2 numbers')
  expect(() => solveFixedPoint(quintic, d, { start: [1, 2] })).toThrow('start must be [n] = [1]')
  expect(() => solveFixedPoint(quintic, d, { tolerance: 0 })).toThrow('tolerance must be > 0')
  expect(() => solveFixedPoint(quintic, d, { maxIterations: 0 })).toThrow('maxIterations must be an integer ≥ 1')
  expect(() => fixedPointGradient(quintic, { u: d, d, w: new Float64Array(3) })).toThrow('w must hold 1 numbers')
  expect(() => fixedPointGradient(quintic, { u: d, d, w: d }, { method: 'cg' as 'exact' })).toThrow('method must be')
  expect(() => fixedPointGradient(quintic, { u: d, d, w: d }, { terms: -1 })).toThrow('terms must be an integer ≥ 0')
  expect(() => gradientWatch({ every: 0 })).toThrow('every must be an integer ≥ 1')
  expect(() => gradientWatch({ leastCosine: 1 })).toThrow('leastCosine must be between')
  expect(() =>
    contactSweep([
      [1, 2],
      [2, 1],
    ]),
  ).toThrow('not positive definite (row 1)')
  expect(() => contactSweep([[1]], { lower: [1, 2] })).toThrow('lower must be [n] = [1]')
  expect(() => contactSweep([[1]], { lower: [1], upper: [0] })).toThrow('lower[0] = 1 is above upper[0] = 0')
})
