/** Riccati equations whose states are in units that are decades apart: the answer must not depend on them. */
import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { dare } from '../../src/control/dare.ts'
import { scaled } from '../../src/control/stateScaling.ts'
import { random } from '../../src/linalg/random.ts'
import { riccatiDefect } from './riccatiOracle.ts'

const PROBLEMS = Array.from({ length: 20 }, (_, k) => k)

/** A system with unstable modes, and units of its states 10^−spread … 10^spread. */
function drawn(spread: number, k: number, coupled: boolean) {
  const source = random(1000 * spread + k + 1)
  const [n, m] = [4 + (k % 12), 1 + (k % 3)]
  const matrix = (rows: number, columns: number, sigma: number) =>
    new Matrix(Array.from({ length: rows }, () => Array.from({ length: columns }, () => sigma * source.normal())))
  const A = Matrix.zeros(n + 1, n + 1)
  A.setSubMatrix(matrix(n, n, 1.1 / Math.sqrt(n)), 0, 0)
  A.setSubMatrix(matrix(n, 1, 0.5), 0, n)
  if (coupled) A.setSubMatrix(matrix(1, n, 0.5), n, 0)
  A.set(n, n, 1.3) // else a mode of its own
  const B = matrix(n + 1, m, 1)
  const D = Array.from({ length: n + 1 }, () => 10 ** (spread * (2 * source.uniform() - 1)))
  return { A, B, D, Dinv: D.map((d) => 1 / d), R: Matrix.eye(m, m) }
}

describe.each([0, 3, 6])('units 1e±%d apart', (spread) => {
  test.each(PROBLEMS)('problem %d: solved, to the same closed loop as in even units', (k) => {
    const { A, B, D, Dinv, R } = drawn(spread, k, true)
    const [there, b, q] = [scaled(Dinv, A, D), scaled(Dinv, B, null), scaled(D, Matrix.eye(D.length, D.length), D)]
    const found = dare(there, b, q, R)
    expect(found.result).toBe('solved')
    expect(
      riccatiDefect({ A: there, B: b, Q: q, R, S: Matrix.zeros(D.length, R.rows) }, found.P!, found.K!),
    ).toBeLessThan(1e-10)
    const even = dare(A, B, Matrix.eye(D.length, D.length), R)
    const apart = Matrix.sub(scaled(null, found.K!, Dinv), even.K!)
    expect(apart.norm() / even.K!.norm()).toBeLessThan(1e-6)
  })

  test.each(PROBLEMS)('problem %d: a mode out of reach is refused by its name', (k) => {
    const { A, B, D, Dinv, R } = drawn(spread, k, false)
    const n = D.length - 1
    for (let j = 0; j < B.columns; j++) B.set(n, j, 0)
    const names = D.map((_, i) => (i === n ? 'runaway' : `calm${i}`))
    const Q = scaled(D, Matrix.eye(n + 1, n + 1), D)
    const { result, unstabilizable } = dare(scaled(Dinv, A, D), scaled(Dinv, B, null), Q, R, { names })
    expect(result).toBe('unstabilizable')
    expect(unstabilizable).toHaveLength(1)
    expect(unstabilizable![0]!.coordinates[0]!.name).toBe('runaway')
  })
})

test('a coupling that is rounding is not blown up into reach', () => {
  for (const coupling of [1e-18, 1e-16, 1e-14]) {
    const { result, unstabilizable } = dare(
      [
        [0.5, 1],
        [coupling, 1.1],
      ],
      [[1], [0]],
      [
        [1, 0],
        [0, 1],
      ],
      [[1]],
      {
        names: ['calm', 'runaway'],
      },
    )
    expect([result, unstabilizable?.length]).toEqual(['unstabilizable', 1])
  }
})
