/** Linear functions with Jacobians of a family, and how far recovered ones are off. */

import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import type { Random } from '../../src/linalg/random.ts'
import { type Family, type FamilyStructure, familyInto, familyOf } from '../../src/sensing/family.ts'

/** y = J z, J [m × n] row-major. */
export function linear(J: Float64Array, m: number, n: number): Blackbox {
  return {
    inputs: n,
    outputs: m,
    evaluate(z, y) {
      for (let i = 0; i < m; i++) {
        let sum = 0
        for (let j = 0; j < n; j++) sum += J[i * n + j]! * z[j]!
        y[i] = sum
      }
    },
  }
}

/** A member of the family with normal parameters. */
export function drawMember(
  m: number,
  n: number,
  structure: Partial<FamilyStructure>,
  source: Random,
): { J: Float64Array; family: Family } {
  const family = familyOf('test', m, n, { sparsity: null, ...structure })
  const J = new Float64Array(m * n)
  familyInto(
    J,
    family,
    Float64Array.from({ length: family.parameters }, () => source.normal()),
  )
  return { J, family }
}

/** ‖J − truth‖ / ‖truth‖, Frobenius. */
export function relativeError(J: { to1DArray(): number[] }, truth: Float64Array): number {
  let square = 0
  let size = 0
  J.to1DArray().forEach((entry, e) => {
    square += (entry - truth[e]!) ** 2
    size += truth[e]! ** 2
  })
  return Math.sqrt(square / size)
}
