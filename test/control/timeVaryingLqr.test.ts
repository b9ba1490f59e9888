import fc from 'fast-check'
import { Matrix, solve } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { dare } from '../../src/control/dare.ts'
import { finiteHorizonLqr } from '../../src/control/finiteHorizonLqr.ts'
import { openLoop } from '../../src/control/openLoop.ts'
import { timeVaryingLqr } from '../../src/control/timeVaryingLqr.ts'
import { timeVaryingLqrController } from '../../src/control/timeVaryingLqrController.ts'
import { simulate } from '../../src/experiment/simulate.ts'
import { maxAbs } from '../../src/linalg/dense.ts'
import { linearEngine } from '../experiment/engines.ts'
import { gaussianMatrix } from './riccatiOracle.ts'

function problemOf(n: number, m: number, N: number, seed: number) {
  const list = (rows: number, seedOf: number) => Float64Array.from(gaussianMatrix(rows, 1, seedOf, 1).to1DArray())
  const lins = Array.from({ length: N }, (_, k) => ({
    A: gaussianMatrix(n, n, seed + 11 * k, 1 / Math.sqrt(n)),
    B: gaussianMatrix(n, m, seed + 11 * k + 1, 1),
    c: list(n, seed + 11 * k + 2),
  }))
  const costs = Array.from({ length: N }, (_, k) => {
    const W = gaussianMatrix(n + m, n + m, seed + 11 * k + 3, 1)
    const all = W.transpose()
      .mmul(W)
      .add(Matrix.eye(n + m, n + m, 0.1))
    return {
      Q: all.subMatrix(0, n - 1, 0, n - 1),
      R: all.subMatrix(n, n + m - 1, n, n + m - 1),
      S: all.subMatrix(0, n - 1, n, n + m - 1),
      q: list(n, seed + 11 * k + 4),
      r: list(m, seed + 11 * k + 5),
    }
  })
  const W = gaussianMatrix(n, n, seed + 7777, 1)
  return {
    lins,
    costs,
    terminal: W.transpose().mmul(W),
    terminalGradient: list(n, seed + 7778),
    x0: list(n, seed + 7779),
  }
}

/** All states, controls and multipliers at once, from the conditions of Karush, Kuhn and Tucker. */
function oracle({ lins, costs, terminal, terminalGradient, x0 }: ReturnType<typeof problemOf>) {
  const N = lins.length
  const [n, m] = [lins[0]!.B.rows, lins[0]!.B.columns]
  const stride = n + m
  const unknowns = N * stride + n
  const size = unknowns + (N + 1) * n
  const M = Matrix.zeros(size, size)
  const y = Matrix.zeros(size, 1)
  const put = (block: Matrix, row: number, column: number) => {
    M.setSubMatrix(block, row, column)
    if (row !== column) M.setSubMatrix(block.transpose(), column, row)
  }
  put(Matrix.eye(n, n), unknowns, 0) // x_0 given
  for (let i = 0; i < n; i++) y.set(unknowns + i, 0, x0[i]!)
  for (const [k, { A, B, c }] of lins.entries()) {
    const { Q, R, S, q, r } = costs[k]!
    const [x, u, rows] = [k * stride, k * stride + n, unknowns + (k + 1) * n]
    put(Q, x, x)
    put(R, u, u)
    put(S, x, u)
    put(A, rows, x)
    put(B, rows, u)
    put(Matrix.eye(n, n, -1), rows, x + stride)
    for (let i = 0; i < n; i++) {
      y.set(x + i, 0, -q[i]!)
      y.set(rows + i, 0, -c[i]!)
    }
    for (let i = 0; i < m; i++) y.set(u + i, 0, -r[i]!)
  }
  put(terminal, N * stride, N * stride)
  for (let i = 0; i < n; i++) y.set(N * stride + i, 0, -terminalGradient[i]!)
  return solve(M, y).to1DArray()
}

describe('timeVaryingLqr', () => {
  test('follows the solution of the whole problem at once: states, controls and what they cost', () => {
    const sizes = fc.record({
      n: fc.integer({ min: 1, max: 5 }),
      m: fc.integer({ min: 1, max: 3 }),
      N: fc.integer({ min: 1, max: 8 }),
      seed: fc.nat(10000),
    })
    fc.assert(
      fc.property(sizes, ({ n, m, N, seed }) => {
        const problem = problemOf(n, m, N, seed + 1)
        const { lins, costs, terminal, terminalGradient, x0 } = problem
        const found = timeVaryingLqr(lins, costs, { terminal, terminalGradient })
        expect(found.result).toBe('solved')
        const expected = oracle(problem)
        const value = (P: Matrix, p: ArrayLike<number>, x: Matrix) =>
          x.transpose().mmul(P).mmul(x).get(0, 0) +
          2 * Array.from(p).reduce((sum, entry, i) => sum + entry * x.get(i, 0), 0)
        let x = Matrix.columnVector(x0)
        const promised = value(found.P[0]!, found.p[0]!, x) + found.constant[0]!
        let paid = 0
        const scale = expected.reduce((max, entry) => Math.max(max, Math.abs(entry)), 1)
        for (let k = 0; k < N; k++) {
          const u = found.K[k]!.mmul(x).add(Matrix.columnVector(found.k[k]!)).mul(-1)
          for (let i = 0; i < n; i++)
            expect(Math.abs(x.get(i, 0) - expected[k * (n + m) + i]!)).toBeLessThan(1e-9 * scale)
          for (let i = 0; i < m; i++)
            expect(Math.abs(u.get(i, 0) - expected[k * (n + m) + n + i]!)).toBeLessThan(1e-9 * scale)
          const { Q, R, S, q, r } = costs[k]!
          paid += value(Q, q, x) + value(R, r, u) + 2 * x.transpose().mmul(S).mmul(u).get(0, 0)
          x = lins[k]!.A.mmul(x).add(lins[k]!.B.mmul(u)).add(Matrix.columnVector(lins[k]!.c))
        }
        paid += value(terminal, terminalGradient, x)
        expect(Math.abs(promised - paid)).toBeLessThan(1e-8 * (1 + Math.abs(paid) + scale * scale))
      }),
      { seed: 1, numRuns: 60 },
    )
  })

  test('a step whose cost has no minimum is named', () => {
    const { lins, costs } = problemOf(2, 1, 4, 3)
    const bad = costs.map((cost, k) => (k === 2 ? { ...cost, R: [[-1e6]] } : cost))
    const found = timeVaryingLqr(lins, bad)
    expect([found.result, found.K]).toEqual(['no-minimum', []])
    expect(found.message).toContain('at step 2 of 4')
  })

  test('misuse throws, naming the step', () => {
    const { lins, costs } = problemOf(2, 1, 2, 3)
    expect(() => timeVaryingLqr([], costs)).toThrow('needs at least one linearization')
    expect(() => timeVaryingLqr(lins, [costs[0]!])).toThrow('needs one cost or N = 2, got 1')
    expect(() => timeVaryingLqr(lins, { Q: [[1]], R: [[1]] })).toThrow('step 0: Q must be [ndx × ndx] = [2 × 2]')
    expect(() => timeVaryingLqr(lins, { ...costs[0]!, q: [1] })).toThrow('step 0: q must be [ndx] = [2], got [1]')
    expect(() => timeVaryingLqr(lins, costs, { terminalGradient: [0, Number.NaN] })).toThrow(
      'terminalGradient[1] is NaN',
    )
    const apart = lins.map((lin, k) => ({ ...lin, xBar: [k, 0], xBarNext: [k + 2, 0] }))
    expect(() => timeVaryingLqr(apart, costs)).toThrow('starts where linearization 0 does not end: x[0] is 1, not 2')
    expect(() => timeVaryingLqr([lins[0]!, problemOf(3, 1, 1, 3).lins[0]!], problemOf(3, 1, 1, 3).costs[0]!)).toThrow()
  })
})

describe('finiteHorizonLqr', () => {
  const A = gaussianMatrix(4, 4, 2, 0.7)
  const B = gaussianMatrix(4, 2, 3, 1)
  const [Q, R] = [Matrix.eye(4, 4), Matrix.eye(2, 2)]

  test('of a long horizon begins with the gain of the infinite one', () => {
    const { K, P } = dare(A, B, Q, R)
    const found = finiteHorizonLqr({ A, B }, { Q, R }, 200)
    expect(maxAbs(Matrix.sub(found.K[0]!, K!))).toBeLessThan(1e-12)
    expect(maxAbs(Matrix.sub(found.P[0]!, P!)) / maxAbs(P!)).toBeLessThan(1e-12)
    expect([found.K.length, found.P.length]).toEqual([200, 201])
  })

  test('with the cost to go of the infinite horizon at its end has its gain at every step', () => {
    const { K, P } = dare(A, B, Q, R)
    for (const gain of finiteHorizonLqr({ A, B }, { Q, R, terminal: P! }, 5).K)
      expect(maxAbs(Matrix.sub(gain, K!))).toBeLessThan(1e-12)
  })

  test('a scalar step by hand: a = 2, b = 1, q = 3, r = 1, terminal 5 gives K = 10/6, P = 3 + 4·5 − 10²/6', () => {
    const { K, P } = finiteHorizonLqr({ A: [[2]], B: [[1]] }, { Q: [[3]], R: [[1]], terminal: [[5]] }, 1)
    expect(K[0]!.get(0, 0)).toBeCloseTo(10 / 6, 14)
    expect(P[0]!.get(0, 0)).toBeCloseTo(23 - 100 / 6, 13)
  })

  test('misuse throws', () => {
    expect(() => finiteHorizonLqr({ A, B }, { Q, R }, 0)).toThrow('N must be an integer ≥ 1, got 0')
    expect(() => finiteHorizonLqr({ A, B }, { Q, R, terminal: [[1]] }, 3)).toThrow('terminal must be [ndx × ndx]')
  })
})

describe('timeVaryingLqrController', () => {
  const A = [
    [1, 0.1],
    [0, 1],
  ]
  const B = [[0.005], [0.1]]
  const engine = linearEngine(A, B, { dt: 0.1 })

  test('brings a mass to its place at a given time with least effort, and hands over after', async () => {
    // The nominal trajectory rests at 0 while the mass is at 1: the last state is all that costs.
    const N = 20
    const points = Array.from({ length: N }, () => ({
      A,
      B,
      xBar: new Float64Array(2),
      uBar: new Float64Array(1),
      dt: 0.1,
    }))
    const gains = timeVaryingLqr(points, { Q: Matrix.zeros(2, 2), R: [[1]] }, { terminal: Matrix.eye(2, 2).mul(1e8) })
    const controller = timeVaryingLqrController(points, gains, engine.difference, {
      after: openLoop(Float64Array.of(0)),
    })
    const run = await simulate(engine, controller, { x0: Float64Array.of(1, 0), duration: 2.5 })
    expect(Math.abs(run.X[2 * N]!)).toBeLessThan(1e-5)
    expect(Math.abs(run.X[2 * N + 1]!)).toBeLessThan(1e-5)
    expect([...run.U.subarray(N)]).toEqual([0, 0, 0, 0, 0])
    // Least effort is linear in time: u_k = α + βk.
    for (let k = 1; k + 1 < N; k++) expect(run.U[k + 1]! - 2 * run.U[k]! + run.U[k - 1]!).toBeCloseTo(0, 9)
  })

  test('misuse throws', () => {
    expect(() => timeVaryingLqrController([], { K: [], k: [] }, engine.difference)).toThrow('got 0 for 0 points')
  })
})
