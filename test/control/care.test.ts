import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { Matrix, solve } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { care } from '../../src/control/care.ts'
import { maxAbs } from '../../src/linalg/dense.ts'
import { eigenvalues, symmetricEigenvalues } from '../../src/linalg/eigenvalues.ts'
import { gaussianMatrix } from './riccatiOracle.ts'

interface Problem {
  A: Matrix
  B: Matrix
  Q: Matrix
  R: Matrix
  S?: Matrix
  E?: Matrix
}

/** Largest entry of the equation's left side, also relative to the largest entries of its terms, and of K − R⁻¹(BᵀPE + Sᵀ). */
function defects({ A, B, Q, R, S, E }: Problem, P: Matrix, K: Matrix) {
  const PE = E ? P.mmul(E) : P
  const AtPE = A.transpose().mmul(PE)
  const right = B.transpose().mmul(PE)
  if (S) right.add(S.transpose())
  const gain = solve(R, right)
  const gained = right.transpose().mmul(gain)
  const absolute = maxAbs(Matrix.add(Matrix.sub(Matrix.add(AtPE, AtPE.transpose()), gained), Q))
  const scale = 2 * maxAbs(AtPE) + maxAbs(gained) + maxAbs(Q)
  return { absolute, relative: absolute / scale, gain: maxAbs(Matrix.sub(K, gain)) / Math.max(maxAbs(gain), 1e-300) }
}

describe('care, closed forms', () => {
  test('a scalar system has p = r(a + √(a² + b²q/r))/b²', () => {
    const numbers = fc.record({
      a: fc.double({ min: -50, max: 50, noNaN: true }),
      b: fc.double({ min: 0.01, max: 30, noNaN: true }),
      q: fc.double({ min: 0.01, max: 100, noNaN: true }),
      r: fc.double({ min: 0.01, max: 100, noNaN: true }),
    })
    fc.assert(
      fc.property(numbers, ({ a, b, q, r }) => {
        const root = Math.sqrt(a * a + (b * b * q) / r)
        const p = a > 0 ? (r * (a + root)) / (b * b) : q / (root - a)
        const found = care([[a]], [[b]], [[q]], [[r]])
        expect(found.result).toBe('solved')
        expect(found.P!.get(0, 0) / p).toBeCloseTo(1, 10)
        expect(found.eigenvalues!.re[0]! / -root).toBeCloseTo(1, 10)
      }),
      { seed: 1, numRuns: 150 },
    )
  })

  test('a chain of two integrators has K = (1, √3) and its poles at −√3/2 ± i/2', () => {
    const found = care(
      [
        [0, 1],
        [0, 0],
      ],
      [[0], [1]],
      Matrix.eye(2, 2),
      [[1]],
    )
    expect(maxAbs(Matrix.sub(found.K!, new Matrix([[1, Math.sqrt(3)]])))).toBeLessThan(1e-14)
    expect(found.eigenvalues!.re[0]).toBeCloseTo(-Math.sqrt(3) / 2, 12)
    expect(found.eigenvalues!.im[0]).toBeCloseTo(0.5, 12)
  })

  test('an unstable mode without cost is mirrored at the imaginary axis', () => {
    const found = care([[2]], [[1]], [[0]], [[1]])
    expect([found.result, found.P!.get(0, 0)]).toEqual(['solved', expect.closeTo(4, 12)])
    expect(found.eigenvalues!.re[0]).toBeCloseTo(-2, 12)
  })

  test('units don’t matter: states in 1e-3 and 1e3 of their units give the same closed loop', () => {
    const A = gaussianMatrix(5, 5, 3, 1)
    const B = gaussianMatrix(5, 2, 4, 1)
    const D = Matrix.diag([1e3, 1, 1e-3, 30, 0.03])
    const Dinv = Matrix.diag([1e-3, 1, 1e3, 1 / 30, 1 / 0.03])
    const plain = care(A, B, Matrix.eye(5, 5), Matrix.eye(2, 2))
    const other = care(D.mmul(A).mmul(Dinv), D.mmul(B), Dinv.mmul(Dinv), Matrix.eye(2, 2))
    expect(maxAbs(Matrix.sub(other.K!.mmul(D), plain.K!))).toBeLessThan(1e-10 * maxAbs(plain.K!))
  })
})

describe('care, random problems', () => {
  const problems = fc.record({
    n: fc.integer({ min: 1, max: 12 }),
    m: fc.integer({ min: 1, max: 4 }),
    seed: fc.integer({ min: 1, max: 1e6 }),
    rate: fc.double({ min: -2, max: 3, noNaN: true }), // powers of ten
  })

  test('stabilizable ones are solved: residual ≤ 1e-11, Re λ < 0, P symmetric and positive semidefinite', () => {
    fc.assert(
      fc.property(problems, fc.boolean(), fc.boolean(), ({ n, m, seed, rate }, cross, descriptor) => {
        const A = gaussianMatrix(n, n, seed, 10 ** rate / Math.sqrt(n))
        const B = gaussianMatrix(n, m, seed + 1, 1)
        const W = gaussianMatrix(n + m, n + m, seed + 2, 1)
        const cost = W.transpose()
          .mmul(W)
          .add(Matrix.eye(n + m, n + m, 0.01))
        const E = descriptor && Matrix.add(Matrix.eye(n, n), gaussianMatrix(n, n, seed + 3, 0.2 / Math.sqrt(n)))
        const problem: Problem = {
          A,
          B,
          Q: cost.subMatrix(0, n - 1, 0, n - 1),
          R: cost.subMatrix(n, n + m - 1, n, n + m - 1),
          ...(cross && { S: cost.subMatrix(0, n - 1, n, n + m - 1) }),
          ...(E && { E }),
        }
        const { result, P, K, eigenvalues: closed } = care(A, B, problem.Q, problem.R, problem)
        expect(result).toBe('solved')
        const { relative, gain } = defects(problem, P!, K!)
        expect(relative).toBeLessThan(1e-11)
        expect(gain).toBeLessThan(1e-10)
        expect(closed!.re[0]).toBeLessThan(0)
        if (!E) expect(eigenvalues(Matrix.sub(A, B.mmul(K!))).re.every((x) => x < 0)).toBe(true)
        expect(maxAbs(Matrix.sub(P!, P!.transpose()))).toBe(0)
        const spectrum = symmetricEigenvalues(P!)
        expect(spectrum[0]!).toBeGreaterThan(-1e-10 * spectrum.at(-1)!)
      }),
      { seed: 2, numRuns: 40 },
    )
  })

  test('an unstable mode that no control reaches is refused and named, with its rate', () => {
    fc.assert(
      fc.property(problems, fc.double({ min: 0.01, max: 2, noNaN: true }), ({ n, m, seed }, lambda) => {
        const size = n + 1
        const A = Matrix.zeros(size, size)
        A.setSubMatrix(gaussianMatrix(n, n, seed, 0.5).sub(Matrix.eye(n, n, 3)), 0, 0)
        A.setSubMatrix(gaussianMatrix(n, 1, seed + 1, 0.5), 0, n)
        A.set(n, n, lambda)
        const B = Matrix.zeros(size, m)
        B.setSubMatrix(gaussianMatrix(n, m, seed + 2, 1), 0, 0)
        const names = Array.from({ length: size }, (_, i) => (i === n ? 'runaway' : `calm${i}`))
        const found = care(A, B, Matrix.eye(size, size), Matrix.eye(m, m), { names })
        expect([found.result, found.P, found.K]).toEqual(['unstabilizable', null, null])
        expect(found.unstabilizable).toHaveLength(1)
        expect(found.unstabilizable![0]!.eigenvalue.re).toBeCloseTo(lambda, 8)
        expect(found.unstabilizable![0]!.coordinates[0]!.name).toBe('runaway')
        expect(found.message).toContain('runaway')
      }),
      { seed: 3, numRuns: 30 },
    )
  })
})

describe('care, what it refuses', () => {
  const I = Matrix.eye(2, 2)
  const A = [
    [0, 1],
    [0, -1],
  ]

  test('a mode on the imaginary axis without cost: refused with its name, or kept when asked', () => {
    const Q = [
      [0, 0],
      [0, 1],
    ]
    const names = ['place', 'speed']
    const refused = care(A, [[0], [1]], Q, [[1]], { names })
    expect([refused.result, refused.P]).toEqual(['undetectable', null])
    expect(refused.undetectable!.map((mode) => mode.coordinates[0]!.name)).toEqual(['place'])
    expect(refused.message).toContain('imaginary axis')
    const kept = care(A, [[0], [1]], Q, [[1]], { names, uncosted: 'keep' })
    expect(kept.result).toBe('solved')
    expect(kept.message).toContain('place')
    // The kept solution is that of the speed alone: p = −1 + √2.
    expect(maxAbs(Matrix.sub(kept.K!, new Matrix([[0, Math.SQRT2 - 1]])))).toBeLessThan(1e-12)
  })

  test('an oscillation that no control reaches is one mode, with its frequency', () => {
    const found = care(
      [
        [0.1, 3, 0],
        [-3, 0.1, 0],
        [0, 0, -1],
      ],
      [[0], [0], [1]],
      Matrix.eye(3, 3),
      [[1]],
    )
    expect([found.result, found.unstabilizable!.length]).toEqual(['unstabilizable', 1])
    expect(found.unstabilizable![0]!.eigenvalue.re).toBeCloseTo(0.1, 9)
    expect(found.unstabilizable![0]!.eigenvalue.im).toBeCloseTo(3, 9)
  })

  test('weights that allow no minimum, a singular R, a singular E', () => {
    expect(care(I, I, Matrix.mul(I, -10), I).result).toBe('no-stabilizing-solution')
    expect(care(I, I, I, Matrix.mul(I, -1)).result).toBe('no-stabilizing-solution')
    expect(care(I, I, I, Matrix.diag([1, 0])).result).toBe('singular-R')
    expect(care(I, I, I, I, { E: Matrix.diag([1, 0]) }).result).toBe('singular-E')
  })

  test('positive weights are not blamed where rounding hides the solution: the rates least in reach are named', () => {
    const alike = (n: number) =>
      care(Matrix.diag(Array.from({ length: n }, (_, i) => 1 + 0.1 * i)), Matrix.ones(n, 1), Matrix.eye(n, n), [[1]])
    expect(alike(4).result).toBe('solved')
    for (const n of [8, 10, 12]) {
      const { result, message } = alike(n)
      expect(['inaccurate', 'max-iterations']).toContain(result)
      expect(message).toMatch(/least in reach of control: λ = [12]\.\d+ 1\/s: x\[/)
    }
  })

  test('misuse throws, naming matrix, sizes and entry', () => {
    expect(() => care([[1, 2]], [[1]], I, I)).toThrow('care: A must be [n × n], got [1 × 2]')
    expect(() => care(I, I, I, [[1]])).toThrow('care: R must be [m × m] = [2 × 2], got [1 × 1]')
    expect(() =>
      care(
        A,
        I,
        [
          [1, 1],
          [-1, 1],
        ] as never,
        I,
      ),
    ).toThrow('care: Q must be symmetric')
    expect(() => care(I, I, I, I, { S: [[Number.NaN]] })).toThrow('care: S[0][0] is NaN')
    expect(() => care({ re: [[1]], im: [[1]] } as never, I, I, I)).toThrow('must be a real matrix')
  })
})

const folder = new URL('../../../shared/data/riccati/', import.meta.url)
describe.skipIf(!existsSync(folder))('care, published cases', () => {
  interface Case {
    name: string
    A: number[][]
    B: number[][]
    Q: number[][]
    R: number[][]
    S: number[][] | null
    E: number[][] | null
    expect: 'solve' | 'throw' | 'known_failure'
    source_atol?: number
    X_expected?: number[][]
    K_expected?: number[][]
    scipy_1_17_1: { X?: number[][]; residual_maxabs?: number }
  }
  const { cases } = existsSync(folder)
    ? (JSON.parse(readFileSync(new URL('care_cases.json', folder), 'utf8')) as { cases: Case[] })
    : { cases: [] as Case[] }

  /** Where two backward stable solutions differ: closed loops within 1e-7 of the axis, and X of 1e12. */
  const LOOSE: Record<string, number> = { scipy_care_13: 1e-3, scipy_care_11: 1e-3, scipy_care_16: 1e-6 }

  test.each(cases)('$name', (c) => {
    const found = care(c.A, c.B, c.Q, c.R, { ...(c.S && { S: c.S }), ...(c.E && { E: c.E }) })
    if (c.expect === 'throw') return expect(found.result).toBe('no-stabilizing-solution')
    expect(found.result).toBe('solved')
    const problem = {
      A: new Matrix(c.A),
      B: new Matrix(c.B),
      Q: new Matrix(c.Q),
      R: new Matrix(c.R),
      ...(c.S && { S: new Matrix(c.S) }),
      ...(c.E && { E: new Matrix(c.E) }),
    }
    const size = maxAbs(found.P!)
    const { absolute, relative } = defects(problem, found.P!, found.K!)
    expect(relative).toBeLessThan(1e-13)
    // Also those that are beyond SciPy's solver ("known_failure") are solved, with a smaller residual.
    expect(absolute).toBeLessThanOrEqual(c.source_atol ?? Math.max(1e-13 * size, c.scipy_1_17_1.residual_maxabs ?? 0))
    expect(found.eigenvalues!.re[0]).toBeLessThan(0)
    for (const X of [c.X_expected, c.scipy_1_17_1.X])
      if (X) expect(maxAbs(Matrix.sub(found.P!, new Matrix(X)))).toBeLessThan((LOOSE[c.name] ?? 1e-7) * size)
    if (c.K_expected) expect(maxAbs(Matrix.sub(found.K!, new Matrix(c.K_expected)))).toBeLessThan(1e-10)
  })

  test('there are cases', () => expect(cases.length).toBe(26))
})
