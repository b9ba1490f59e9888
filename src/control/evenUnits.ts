/**
 * A second look at Riccati equations in states of very different units (positions in mm beside ones in km): what control does to a mode,
 * beside the largest entries of A and B, then says little. Units in which rows and columns of A are of equal size say more.
 */
import { maxAbs, symmetrized, toFlat } from '../linalg/dense.ts'
import { balance } from '../linalg/eigenvalues.ts'
import type { Accuracy } from './accuracy.ts'
import type { Dare } from './dareVerdict.ts'
import { type RiccatiProblem, riccatiResidual } from './kleinman.ts'
import { scaled } from './stateScaling.ts'

const SPREAD = 2 ** 10 // of the units, from which a second look is worth it
/** Couplings of less, beside the largest, may be rounding that balancing has blown up: they count for nothing. */
const SURE = 1e-7

/**
 * What `solve` makes of the problem in even units, in the given ones: a solution that holds there, or modes out of reach, which then
 * go by names that mean something; null where the units are even, or nothing better was found.
 */
export function inEvenUnits(
  problem: RiccatiProblem,
  tolerance: number,
  solve: (problem: RiccatiProblem, accuracy: Accuracy) => Dare,
): Dare | null {
  const n = problem.A.rows
  const D = new Float64Array(n).fill(1)
  balance(toFlat(problem.A), n, D)
  if (Math.max(...D) / Math.min(...D) < SPREAD) return null
  const Dinv = D.map((d) => 1 / d)
  const even = {
    A: scaled(Dinv, problem.A, D),
    B: scaled(Dinv, problem.B, null),
    Q: scaled(D, problem.Q, D),
    R: problem.R,
    S: scaled(D, problem.S, null),
  }
  const found = solve(even, { A: SURE * maxAbs(even.A), B: SURE * maxAbs(even.B) })
  if (found.result === 'unstabilizable') return found
  if (found.result !== 'solved' || !found.P || !found.K) return null
  const P = symmetrized(scaled(Dinv, found.P, Dinv))
  const K = scaled(null, found.K, Dinv)
  const residual = riccatiResidual(problem, P, K).relative
  return residual <= tolerance ? { ...found, P, K, residual } : null
}
