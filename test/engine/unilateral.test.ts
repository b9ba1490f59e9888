import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createUnilateralSolver, type RowSet } from '../../src/engine/cannon/unilateral.ts'

const entry = fc.double({ min: -1, max: 1, noNaN: true })

/** Contacts of three rows each (normal, two tangents) and some limit rows, coupled by a random positive definite A = GGᵀ. */
const problems: fc.Arbitrary<RowSet> = fc
  .record({ contacts: fc.integer({ min: 0, max: 3 }), limits: fc.integer({ min: 0, max: 3 }) })
  .filter(({ contacts, limits }) => contacts + limits > 0)
  .chain(({ contacts, limits }) => {
    const size = 3 * contacts + limits
    return fc
      .record({
        G: fc.array(entry, { minLength: size * size, maxLength: size * size }),
        r: fc.array(entry, { minLength: size, maxLength: size }),
        mu: fc.array(fc.double({ min: 0.05, max: 1, noNaN: true }), { minLength: contacts, maxLength: contacts }),
      })
      .map(({ G, r, mu }) => {
        const A = new Float64Array(size * size)
        for (let i = 0; i < size; i++)
          for (let j = 0; j < size; j++)
            for (let k = 0; k < size; k++) A[i * size + j]! += G[i * size + k]! * G[j * size + k]!
        for (let i = 0; i < size; i++) A[i * size + i]! += 0.3
        const normal = new Int32Array(size).fill(-1)
        const coefficients = new Float64Array(size)
        for (let c = 0; c < contacts; c++)
          for (let t = 1; t < 3; t++) {
            normal[3 * c + t] = 3 * c
            coefficients[3 * c + t] = mu[c]!
          }
        return {
          size,
          A,
          eps: new Float64Array(size).fill(1e-9),
          r: Float64Array.from(r, (value, i) => (normal[i]! < 0 ? value : 0.3 * value)),
          normal,
          mu: coefficients,
          lambda: new Float64Array(size),
        }
      })
  })

describe('unilateral rows with Coulomb friction', () => {
  it('satisfy Signorini’s and Coulomb’s conditions to rounding', () => {
    let solved = 0
    let total = 0
    fc.assert(
      fc.property(problems, (rows) => {
        total++
        if (!createUnilateralSolver().solve(rows)) return
        solved++
        const { size, A, eps, r, normal, mu, lambda } = rows
        const w = Float64Array.from({ length: size }, (_, i) => {
          let sum = eps[i]! * lambda[i]! - r[i]!
          for (let j = 0; j < size; j++) sum += A[i * size + j]! * lambda[j]!
          return sum
        })
        for (let i = 0; i < size; i++) {
          const n = normal[i]!
          if (n < 0) {
            expect(lambda[i]!).toBeGreaterThanOrEqual(-1e-12)
            expect(w[i]!).toBeGreaterThan(-1e-9)
            expect(Math.abs(lambda[i]! * w[i]!)).toBeLessThan(1e-9)
            continue
          }
          const bound = mu[i]! * lambda[n]!
          const force = Math.hypot(lambda[i]!, lambda[i + 1]!)
          const speed = Math.hypot(w[i]!, w[i + 1]!)
          expect(force).toBeLessThan(bound + 1e-9)
          if (force < bound - 1e-8) expect(speed).toBeLessThan(1e-8)
          // work against the motion, with the whole bound
          else expect(lambda[i]! * w[i]! + lambda[i + 1]! * w[i + 1]! + force * speed).toBeLessThan(1e-8)
          i++
        }
      }),
      { numRuns: 400, seed: 3 },
    )
    expect(solved / total).toBeGreaterThan(0.98)
  })
})
