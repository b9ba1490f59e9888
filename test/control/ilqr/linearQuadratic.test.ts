/** Linear-quadratic problems, whose solutions are known: by eliminating the states, and by the conditions of a minimum in a box. */
import { describe, expect, test } from 'vitest'
import { ilqr } from '../../../src/control/ilqr/ilqr.ts'
import { quadraticTracking } from '../../../src/control/ilqr/quadraticTracking.ts'
import { lqr } from '../../../src/control/lqr.ts'
import { dare } from '../../../src/control/dare.ts'
import { random } from '../../../src/linalg/random.ts'
import { condensed, linearDynamics, randomProblem } from './linearDynamics.ts'

const N = 12

function setUp(n: number, m: number, seed: number, bound: number) {
  const problem = randomProblem(n, m, seed)
  const dynamics = linearDynamics(problem.A, problem.B, [-bound, bound])
  return { problem, dynamics, cost: quadraticTracking(dynamics, problem) }
}

const largestGap = (one: ArrayLike<number>, other: ArrayLike<number>) =>
  Math.max(...Array.from(one, (value, k) => Math.abs(value - other[k]!)))

describe('without limits', () => {
  test.each([1, 2, 3, 4, 5])('one iteration gives the solution of the normal equations (problem %i)', async (seed) => {
    const { problem, dynamics, cost } = setUp(4, 2, seed, Number.POSITIVE_INFINITY)
    const found = await ilqr(dynamics, { x0: problem.x0, cost, N })
    const expected = condensed(problem, N).solveFree()
    expect([found.result, found.iterations, found.largestGap]).toEqual(['solved', 1, 0])
    expect(largestGap(found.U, expected)).toBeLessThan(1e-9 * Math.max(1, ...expected.map(Math.abs)))
  })

  test('a guess of states that is no motion takes one iteration, too, and gives the same', async () => {
    const { problem, dynamics, cost } = setUp(4, 2, 6, Number.POSITIVE_INFINITY)
    const source = random(9)
    const X = Float64Array.from({ length: (N + 1) * 4 }, () => source.normal())
    const U = Float64Array.from({ length: N * 2 }, () => source.normal())
    const found = await ilqr(dynamics, { x0: problem.x0, cost, N, guess: { X, U } })
    expect([found.result, found.iterations, found.largestGap]).toEqual(['solved', 1, 0])
    expect(largestGap(found.U, condensed(problem, N).solveFree())).toBeLessThan(1e-8)
    const [first] = found.history
    expect(first!.expected).toBeCloseTo(first!.actual, 6)
  })

  test('with P of the Riccati equation as the last weight, all gains are the one of lqr', async () => {
    const { problem, dynamics } = setUp(3, 2, 3, Number.POSITIVE_INFINITY)
    const { A, B, Q, R } = problem
    const { P } = dare(A, B, Q, R)
    const cost = quadraticTracking(dynamics, { Q, R, Qf: P!, xGoal: new Float64Array(3) })
    const { K } = lqr({ A, B }, { Q, R })
    const found = await ilqr(dynamics, { x0: problem.x0, cost, N })
    for (let k = 0; k < N; k++)
      expect(largestGap(found.K.subarray(k * 6, (k + 1) * 6), K!.to1DArray())).toBeLessThan(1e-8)
    // the cost to go is xᵀPx
    const x0 = problem.x0
    const expected = P!
      .to2DArray()
      .reduce((sum, row, i) => sum + x0[i]! * row.reduce((s, p, j) => s + p * x0[j]!, 0), 0)
    expect(found.cost / expected).toBeCloseTo(1, 9)
  })
})

describe('with limits', () => {
  test.each([1, 2, 3, 4, 5, 6])(
    'the solution meets the conditions of the minimum in the box (problem %i)',
    async (seed) => {
      // where without limits some controls lie beyond
      const sizes = condensed(randomProblem(4, 2, seed), N)
        .solveFree()
        .map(Math.abs)
      const bound = 0.7 * Math.max(...sizes)
      const { problem, dynamics, cost } = setUp(4, 2, seed, bound)
      const found = await ilqr(dynamics, { x0: problem.x0, cost, N }, { tolerance: 0, gradientTolerance: 1e-12 })
      expect(found.result).toBe('solved')
      const { H, g } = condensed(problem, N)
      const { U } = found
      const gradient = H.to2DArray().map((row, i) => row.reduce((sum, h, j) => sum + h * U[j]!, g.get(i, 0)))
      const scale = Math.max(...gradient.map(Math.abs), 1)
      let held = 0
      for (let i = 0; i < U.length; i++) {
        expect(Math.abs(U[i]!)).toBeLessThanOrEqual(bound)
        if (Math.abs(U[i]!) === bound) {
          held++
          expect(gradient[i]! * Math.sign(U[i]!)).toBeLessThan(1e-8 * scale) // pushes outwards
        } else expect(Math.abs(gradient[i]!)).toBeLessThan(1e-8 * scale)
      }
      expect(held).toBeGreaterThan(0)
      expect(held).toBeLessThan(U.length)
      for (let i = 0; i < U.length; i++)
        if (Math.abs(U[i]!) === bound) expect(Array.from(found.K.subarray(i * 4, (i + 1) * 4))).toEqual([0, 0, 0, 0])
    },
  )
})
