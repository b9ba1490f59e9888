import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createUnilateralSolver, type RowSet } from '../../src/engine/cannon/unilateral.ts'

const entry = fc.integer({ min: -1000, max: 1000 }).map((value) => value / 1000)

const FRICTION_COMPLIANCE = 1e-5 // of the rows' own response, as the engine has it

/**
 * Contacts of three rows each (normal, two tangents) and some limit rows, coupled by A = GGᵀ with `rank` of G's columns: fewer
 * than rows make contacts redundant, and only compliance tells how they share the load.
 */
const problems = (rank: (size: number) => number, maxContacts: number): fc.Arbitrary<RowSet> =>
  fc
    .record({ contacts: fc.integer({ min: 0, max: maxContacts }), limits: fc.integer({ min: 0, max: 3 }) })
    .filter(({ contacts, limits }) => contacts + limits > 0)
    .chain(({ contacts, limits }) => {
      const size = 3 * contacts + limits
      const columns = rank(size)
      return fc
        .record({
          G: fc.array(entry, { minLength: size * columns, maxLength: size * columns }),
          r: fc.array(entry, { minLength: size, maxLength: size }),
          soft: fc.array(fc.double({ min: 0.003, max: 0.3, noNaN: true }), { minLength: size, maxLength: size }),
          mu: fc.array(fc.double({ min: 0.05, max: 1, noNaN: true }), { minLength: contacts, maxLength: contacts }),
        })
        .map(({ G, r, soft, mu }) => {
          const A = new Float64Array(size * size)
          for (let i = 0; i < size; i++)
            for (let j = 0; j < size; j++)
              for (let k = 0; k < columns; k++) A[i * size + j]! += G[i * columns + k]! * G[j * columns + k]!
          const normal = new Int32Array(size).fill(-1)
          const coefficients = new Float64Array(size)
          const eps = Float64Array.from(soft)
          for (let c = 0; c < contacts; c++) {
            const own = (A[(3 * c + 1) * (size + 1)]! + A[(3 * c + 2) * (size + 1)]!) / 2
            for (let t = 1; t < 3; t++) {
              normal[3 * c + t] = 3 * c
              coefficients[3 * c + t] = mu[c]!
              eps[3 * c + t] = FRICTION_COMPLIANCE * Math.max(own, 1e-3)
            }
          }
          return {
            size,
            A,
            eps,
            r: Float64Array.from(r, (value, i) => (normal[i]! < 0 ? value : 0.3 * value)),
            normal,
            mu: coefficients,
            lambda: new Float64Array(size),
          }
        })
    })

/** Signorini's and Coulomb's conditions, in units of the largest impulse and of the velocities asked for. */
function expectSolved({ size, A, eps, r, normal, mu, lambda }: RowSet): void {
  const w = Float64Array.from({ length: size }, (_, i) => {
    let sum = eps[i]! * lambda[i]! - r[i]!
    for (let j = 0; j < size; j++) sum += A[i * size + j]! * lambda[j]!
    return sum
  })
  const largest = Math.max(1, ...lambda.map(Math.abs))
  const small = 1e-8 * largest
  for (let i = 0; i < size; i++) {
    const n = normal[i]!
    if (n < 0) {
      expect(lambda[i]!).toBeGreaterThanOrEqual(-1e-12 * largest)
      expect(w[i]!).toBeGreaterThan(-small)
      expect(Math.abs(lambda[i]! * w[i]!)).toBeLessThan(small * largest)
      continue
    }
    const bound = mu[i]! * lambda[n]!
    const force = Math.hypot(lambda[i]!, lambda[i + 1]!)
    const speed = Math.hypot(w[i]!, w[i + 1]!)
    expect(force).toBeLessThan(bound + small)
    if (force < bound - 10 * small) expect(speed).toBeLessThan(small)
    // work against the motion, with the whole bound
    else expect(lambda[i]! * w[i]! + lambda[i + 1]! * w[i + 1]! + force * speed).toBeLessThan(small * largest)
    i++
  }
}

describe('unilateral rows with Coulomb friction', () => {
  it.each([
    ['definite', (size: number) => size, 3, 400],
    ['semidefinite: of half the rank', (size: number) => Math.ceil(size / 2), 6, 400],
    ['semidefinite: of rank six, as contacts of one body', (size: number) => Math.min(6, size), 8, 300],
  ] as const)(
    'satisfy Signorini’s and Coulomb’s conditions to rounding where A is %s',
    (_, rank, contacts, numRuns) => {
      fc.assert(
        fc.property(problems(rank, contacts), (rows) => {
          expect(createUnilateralSolver().solve(rows)).toBe(true)
          expectSolved(rows)
        }),
        { numRuns, seed: 3 },
      )
    },
  )

  it('says so, and returns, where there is nothing to solve', () => {
    const rows = (r: number) => ({
      size: 1,
      A: new Float64Array(1),
      eps: new Float64Array(1),
      r: Float64Array.of(r),
      normal: Int32Array.of(-1),
      mu: new Float64Array(1),
      lambda: new Float64Array(1),
    })
    expect(createUnilateralSolver().solve(rows(Number.NaN))).toBe(false)
    const still = rows(-1)
    expect(createUnilateralSolver().solve(still)).toBe(true)
    expect(still.lambda[0]).toBe(0)
  })
})
