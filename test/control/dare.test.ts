import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { dare } from '../../src/control/dare.ts'
import { maxAbs } from '../../src/linalg/dense.ts'
import { spectralRadius, symmetricEigenvalues } from '../../src/linalg/eigenvalues.ts'
import { gaussianMatrix, riccatiDefect } from './riccatiOracle.ts'

describe('dare, closed forms', () => {
  test('a scalar system has the positive root of b²p² + (r − ra² − qb²)p − qr = 0', () => {
    const numbers = fc.record({
      a: fc.double({ min: -3, max: 3, noNaN: true }),
      b: fc.double({ min: 0.1, max: 3, noNaN: true }),
      q: fc.double({ min: 0.01, max: 100, noNaN: true }),
      r: fc.double({ min: 0.01, max: 100, noNaN: true }),
    })
    fc.assert(
      fc.property(numbers, ({ a, b, q, r }) => {
        const linear = r - r * a * a - q * b * b
        const root = Math.sqrt(linear * linear + 4 * b * b * q * r)
        const p = linear > 0 ? (2 * q * r) / (linear + root) : (root - linear) / (2 * b * b)
        const { result, P, K } = dare([[a]], [[b]], [[q]], [[r]])
        expect(result).toBe('solved')
        expect(P!.get(0, 0) / p).toBeCloseTo(1, 10)
        expect(K!.get(0, 0)).toBeCloseTo((b * p * a) / (r + b * b * p), 10)
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  test('the identity system has the golden ratio', () => {
    const I = Matrix.eye(3, 3)
    const { P } = dare(I, I, I, I)
    expect(maxAbs(Matrix.sub(P!, Matrix.mul(I, (1 + Math.sqrt(5)) / 2)))).toBeLessThan(1e-14)
  })

  test('control free of cost on a double integrator is deadbeat: singular R is covered', () => {
    // R = 0: whatever u costs nothing, so x₁ is brought to zero at once; P by hand from the recursion.
    const { result, K, eigenvalues } = dare(
      [
        [2, -1],
        [1, 0],
      ],
      [[1], [0]],
      [
        [0, 0],
        [0, 1],
      ],
      [[0]],
    )
    expect(result).toBe('solved')
    expect(maxAbs(Matrix.sub(K!, new Matrix([[2, -1]])))).toBeLessThan(1e-12)
    expect(Math.hypot(eigenvalues!.re[0]!, eigenvalues!.im[0]!)).toBeLessThan(1e-7)
  })

  test('an unstable mode without cost is mirrored at the unit circle (least control energy)', () => {
    // Q = 0, a = 2: the stabilizing solution has the closed loop at 1/a; P = 0 also solves the equation and must not be returned.
    const { result, P, eigenvalues } = dare([[2]], [[1]], [[0]], [[1]])
    expect(result).toBe('solved')
    expect(eigenvalues!.re[0]).toBeCloseTo(0.5, 12)
    expect(P!.get(0, 0)).toBeCloseTo(3, 12)
  })

  test('takes the stabilizing one of two solutions where plain doubling finds the other (QuantEcon.py issue 356)', () => {
    const b = Math.sqrt(0.9)
    const { result, P, eigenvalues } = dare(
      [
        [b, 0],
        [0.225 * b, 0],
      ],
      [[0], [1.11111 * b]],
      [
        [2.89634, -4.0404],
        [-4.0404, 8.16243],
      ],
      [[8.16243]],
      { S: [[4.0404], [-8.16243]] },
    )
    expect(result).toBe('solved')
    expect(
      maxAbs(
        Matrix.sub(
          P!,
          new Matrix([
            [15.94687678, -2.38748478],
            [-2.38748478, 0.81622831],
          ]),
        ),
      ),
    ).toBeLessThan(1e-7)
    expect(Math.hypot(eigenvalues!.re[0]!, eigenvalues!.im[0]!)).toBeLessThan(0.95)
  })
})

describe('dare, random problems', () => {
  const problems = fc.record({
    n: fc.integer({ min: 1, max: 30 }),
    m: fc.integer({ min: 1, max: 5 }),
    seed: fc.integer({ min: 1, max: 1e6 }),
    growth: fc.double({ min: 0.3, max: 1.4, noNaN: true }),
  })

  test('stabilizable ones are solved: residual ≤ 1e-10, ρ < 1, P symmetric and positive semidefinite', () => {
    fc.assert(
      fc.property(problems, fc.boolean(), fc.boolean(), ({ n, m, seed, growth }, cross, descriptor) => {
        const A = gaussianMatrix(n, n, seed, growth / Math.sqrt(n))
        const B = gaussianMatrix(n, m, seed + 1, 1)
        // [Q S; Sᵀ R] = WᵀW + a little is positive definite, so a solution exists.
        const W = gaussianMatrix(n + m, n + m, seed + 2, 1)
        const cost = W.transpose()
          .mmul(W)
          .add(Matrix.eye(n + m, n + m, 0.01))
        const Q = cost.subMatrix(0, n - 1, 0, n - 1)
        const R = cost.subMatrix(n, n + m - 1, n, n + m - 1)
        const S = cross ? cost.subMatrix(0, n - 1, n, n + m - 1) : Matrix.zeros(n, m)
        const E = descriptor
          ? Matrix.add(Matrix.eye(n, n), gaussianMatrix(n, n, seed + 3, 0.2 / Math.sqrt(n)))
          : undefined
        const { result, P, K, eigenvalues } = dare(A, B, Q, R, { S, ...(E && { E }) })
        expect(result).toBe('solved')
        expect(riccatiDefect({ A, B, Q, R, S, ...(E && { E }) }, P!, K!)).toBeLessThan(1e-10)
        expect(Math.hypot(eigenvalues!.re[0]!, eigenvalues!.im[0]!)).toBeLessThan(1)
        if (!E) expect(spectralRadius(Matrix.sub(A, B.mmul(K!)))).toBeLessThan(1)
        expect(maxAbs(Matrix.sub(P!, P!.transpose()))).toBe(0)
        const spectrum = symmetricEigenvalues(P!)
        expect(spectrum[0]!).toBeGreaterThan(-1e-10 * spectrum.at(-1)!)
      }),
      { seed: 2, numRuns: 100 },
    )
  })

  test('an unstable mode that no control reaches is refused and named, in any coordinates', () => {
    fc.assert(
      fc.property(problems, fc.double({ min: 1.01, max: 2, noNaN: true }), ({ n, m, seed }, lambda) => {
        // The last coordinate runs on its own; an orthogonal change of the other coordinates keeps that.
        const size = n + 1
        const A = Matrix.zeros(size, size)
        A.setSubMatrix(gaussianMatrix(n, n, seed, 0.8 / Math.sqrt(n)), 0, 0)
        A.setSubMatrix(gaussianMatrix(n, 1, seed + 1, 0.5), 0, n)
        A.set(n, n, lambda)
        const B = Matrix.zeros(size, m)
        B.setSubMatrix(gaussianMatrix(n, m, seed + 2, 1), 0, 0)
        const names = Array.from({ length: size }, (_, i) => (i === n ? 'runaway' : `calm${i}`))
        const found = dare(A, B, Matrix.eye(size, size), Matrix.eye(m, m), { names })
        expect(found.result).toBe('unstabilizable')
        expect(found.P).toBeNull()
        expect(found.unstabilizable).toHaveLength(1)
        expect(found.unstabilizable![0]!.magnitude).toBeCloseTo(lambda, 9)
        expect(found.unstabilizable![0]!.coordinates.map(({ name }) => name)).toEqual(['runaway'])
        expect(found.message).toContain('runaway')
      }),
      { seed: 3, numRuns: 60 },
    )
  })

  test('a complex pair that no control reaches is one mode', () => {
    const [c, s] = [1.1 * Math.cos(0.7), 1.1 * Math.sin(0.7)]
    const found = dare(
      [
        [c, -s, 0],
        [s, c, 0],
        [0, 0, 0.5],
      ],
      [[0], [0], [1]],
      Matrix.eye(3, 3),
      [[1]],
      { names: ['a', 'b', 'c'] },
    )
    expect(found.result).toBe('unstabilizable')
    expect(found.unstabilizable).toHaveLength(1)
    expect(found.unstabilizable![0]!.eigenvalue.im).toBeCloseTo(s, 12)
    expect(found.unstabilizable![0]!.coordinates.map(({ name }) => name).sort()).toEqual(['a', 'b'])
  })
})

describe('dare, what it refuses', () => {
  const I = Matrix.eye(2, 2)

  test('a mode on the unit circle without cost: refused with its name, or kept when asked', () => {
    const A = [
      [1, 0.1],
      [0, 0.9],
    ]
    const B = [[0], [1]]
    const refused = dare(
      A,
      B,
      [
        [0, 0],
        [0, 1],
      ],
      [[1]],
      { names: ['place', 'speed'] },
    )
    expect(refused.result).toBe('undetectable')
    expect(refused.undetectable!.map((mode) => mode.coordinates[0]!.name)).toEqual(['place'])
    const kept = dare(
      A,
      B,
      [
        [0, 0],
        [0, 1],
      ],
      [[1]],
      { names: ['place', 'speed'], uncosted: 'keep' },
    )
    expect(kept.result).toBe('solved')
    expect(kept.undetectable).toHaveLength(1)
    expect(kept.message).toContain('place')
    expect(kept.eigenvalues!.re[0]).toBeCloseTo(1, 12)
    // The kept solution is that of the speed alone.
    const speed = dare([[0.9]], [[1]], [[1]], [[1]])
    expect(maxAbs(Matrix.sub(kept.K!, new Matrix([[0, speed.K!.get(0, 0)]])))).toBeLessThan(1e-12)
  })

  test('weights that allow no minimum', () => {
    expect(dare(I, I, Matrix.mul(I, -1), I).result).toBe('no-stabilizing-solution')
    expect(dare(I, I, I, Matrix.mul(I, -1)).result).toBe('no-stabilizing-solution')
    expect(dare([[1]], [[1]], [[0]], [[0]]).result).toMatch(/singular-R|undetectable/)
  })

  test('too few iterations', () => {
    const found = dare(
      [
        [1.1, 1],
        [0, 1.2],
      ],
      [[0], [1]],
      I,
      [[1]],
      { maxIterations: 1 },
    )
    expect(found.result).toBe('max-iterations')
    expect(found.P).toBeNull()
  })

  test('a singular E', () => {
    expect(
      dare(I, I, I, I, {
        E: [
          [1, 0],
          [0, 0],
        ],
      }).result,
    ).toBe('singular-E')
  })

  test('an impossible tolerance: the result says inaccurate and gives the residual', () => {
    const found = dare(
      [
        [1.1, 0.3],
        [0.2, 0.7],
      ],
      [[1], [0.3]],
      I,
      [[1]],
      { tolerance: 0 },
    )
    expect(['inaccurate', 'solved']).toContain(found.result)
    expect(found.result === 'inaccurate').toBe(found.residual > 0)
  })

  test('misuse throws, naming matrix, sizes and entry', () => {
    expect(() => dare([[1, 2]], [[1]], I, I)).toThrow('dare: A must be [n × n], got [1 × 2]')
    expect(() => dare(I, [[1]], I, I)).toThrow('dare: B must be [n × m] with n = 2, got [1 × 1]')
    expect(() => dare(I, I, [[1]], I)).toThrow('dare: Q must be [n × n] = [2 × 2], got [1 × 1]')
    expect(() =>
      dare(I, I, I, [
        [1, 0],
        [0, Number.NaN],
      ]),
    ).toThrow('dare: R[1][1] is NaN')
    expect(() =>
      dare(
        I,
        I,
        [
          [1, 1],
          [-1, 1],
        ],
        I,
      ),
    ).toThrow('dare: Q must be symmetric, but Q[1][0] = -1 and Q[0][1] = 1')
    expect(() => dare(I, I, I, I, { S: [[1]] })).toThrow('dare: S must be [n × m] = [2 × 2]')
    expect(() => dare(I, I, I, I, { tolerance: Number.NaN })).toThrow('dare: tolerance must be')
    expect(() => dare(I, I, I, I, { maxIterations: 0.5 })).toThrow('dare: maxIterations must be')
    expect(() => dare(I, I, I, I, { names: ['a'] })).toThrow('dare: names must hold n = 2 names, got 1')
    expect(() => dare({ re: [[1]], im: [[1]] } as never, I, I, I)).toThrow('must be a real matrix')
  })
})

const folder = new URL('../../../shared/data/riccati/', import.meta.url)
describe.skipIf(!existsSync(folder))('dare, published cases', () => {
  interface Case {
    name: string
    n: number
    m: number
    A: number[][]
    B: number[][]
    Q: number[][]
    R: number[][]
    S: number[][] | null
    E: number[][] | null
    expect: 'solve' | 'throw' | 'warn'
    source_atol?: number
    X_expected?: number[][]
    K_expected?: number[][]
    scipy_1_17_1: { X?: number[][]; norm_X?: number }
  }
  const { cases } = existsSync(folder)
    ? (JSON.parse(readFileSync(new URL('dare_cases.json', folder), 'utf8')) as { cases: Case[] })
    : { cases: [] as Case[] }

  /** Cases that differ from "solved when the source solves it, a reported reason when it throws". */
  const EXCEPTIONS: Record<string, 'complex' | 'asymmetric' | 'solvable'> = {
    scipy_dare_00: 'complex',
    scipy_dare_01: 'complex',
    scipy_dare_02: 'complex',
    pyctl_bad_Qfs: 'asymmetric',
    drake_R_not_PD_zero: 'solvable', // R = 0 is refused by Drake's policy; the stabilizing solution P = I exists and is checked
  }
  const REASONS: Record<string, string> = {
    drake_Q_not_PSD: 'no-stabilizing-solution',
    drake_Q_not_PSD_N: 'no-stabilizing-solution',
    drake_R_not_PD_zero_N: 'singular-R',
    drake_R_not_PD_neg: 'no-stabilizing-solution',
    drake_R_not_PD_neg_N: 'no-stabilizing-solution',
    drake_not_stabilizable: 'unstabilizable',
    drake_not_stabilizable_N: 'unstabilizable',
    drake_not_detectable: 'undetectable',
    drake_not_detectable_N: 'undetectable',
    drake_QDecomposition_bad: 'undetectable',
  }

  test.each(cases)('$name', (c) => {
    const run = () => dare(c.A, c.B, c.Q, c.R, { ...(c.S && { S: c.S }), ...(c.E && { E: c.E }) })
    const exception = EXCEPTIONS[c.name]
    if (exception === 'complex') return expect(run).toThrow(/must be a real matrix/)
    if (exception === 'asymmetric') return expect(run).toThrow(/must be symmetric/)
    const found = run()
    if (c.expect === 'throw' && exception !== 'solvable') return expect(found.result).toBe(REASONS[c.name])
    expect(found.result).toBe('solved')
    const problem = {
      A: new Matrix(c.A),
      B: new Matrix(c.B),
      Q: new Matrix(c.Q),
      R: new Matrix(c.R),
      S: c.S ? new Matrix(c.S) : Matrix.zeros(c.n, c.m),
      ...(c.E && { E: new Matrix(c.E) }),
    }
    const size = maxAbs(found.P!)
    expect(riccatiDefect(problem, found.P!, found.K!)).toBeLessThan(1e-11)
    expect(riccatiDefect(problem, found.P!, found.K!, 'absolute')).toBeLessThanOrEqual(
      c.source_atol ?? 1e-12 * (1 + size),
    )
    expect(Math.hypot(found.eigenvalues!.re[0]!, found.eigenvalues!.im[0]!)).toBeLessThan(1)
    for (const X of [c.X_expected, c.scipy_1_17_1.X])
      if (X) expect(maxAbs(Matrix.sub(found.P!, new Matrix(X)))).toBeLessThan(1e-7 * size + 1e-15)
    if (c.K_expected) expect(maxAbs(Matrix.sub(found.K!, new Matrix(c.K_expected)))).toBeLessThan(1e-10)
  })

  test('there are cases', () => expect(cases.length).toBe(53))

  test('humanoid on one foot (54 states, 21 controls): K within 1e-8 of the reference, though x and y carry no cost', () => {
    const h = JSON.parse(readFileSync(new URL('humanoid_lqr.json', folder), 'utf8'))
    const kept = dare(h.A, h.B, h.Q, h.R, { uncosted: 'keep' })
    expect(kept.result).toBe('solved')
    const reference = new Matrix(h.K_scipy)
    expect(maxAbs(Matrix.sub(kept.K!, reference)) / maxAbs(reference)).toBeLessThan(1e-8)
    expect(kept.residual).toBeLessThan(1e-10)
    expect(dare(h.A, h.B, h.Q, h.R).result).toBe('undetectable')
  })
})
