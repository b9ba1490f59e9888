/**
 * Newton's method for the discrete Riccati equation. Source: G. A. Hewer, "An iterative technique for the computation of the
 * steady state gains for the discrete optimal regulator", IEEE Trans. Automat. Control 16(4), 1971 (the discrete form of
 * D. L. Kleinman's iteration of 1968). From a stabilizing gain every iterate stabilizes, and P_k falls quadratically to the
 * stabilizing solution where there is one. R may be singular and Q indefinite: only R + BᵀPB is inverted.
 */
import { Matrix } from 'ml-matrix'
import { frobenius, solveLinear, symmetrized } from '../linalg/dense.ts'
import { product } from '../linalg/product.ts'
import { stein } from '../linalg/stein.ts'

/** Σ xᵀQx + uᵀRu + 2xᵀSu along x⁺ = Ax + Bu: A, Q [n × n], B, S [n × m], R [m × m]. */
export interface RiccatiProblem {
  readonly A: Matrix
  readonly B: Matrix
  readonly Q: Matrix
  readonly R: Matrix
  readonly S: Matrix
}

/** K = (R + BᵀPB)⁻¹(BᵀPA + Sᵀ), [m × n]; null where R + BᵀPB is singular. */
export function gainOf({ A, B, R, S }: RiccatiProblem, P: Matrix): Matrix | null {
  const BtP = product(B.transpose(), P)
  const G = symmetrized(Matrix.add(R, product(BtP, B)))
  return solveLinear(G, Matrix.add(product(BtP, A), S.transpose()))
}

/**
 * AᵀPA − EᵀPE − Kᵀ(BᵀPA + Sᵀ) + Q, and its Frobenius norm relative to the sum of the terms' norms.
 * The products are taken as they stand in the equation, not as the solver formed them.
 */
export function riccatiResidual(
  { A, B, Q, S }: RiccatiProblem,
  P: Matrix,
  K: Matrix,
  E?: Matrix,
): { matrix: Matrix; relative: number } {
  const PA = product(P, A)
  const AtPA = product(A.transpose(), PA)
  const EtPE = E ? product(E.transpose(), product(P, E)) : P
  const gained = product(K.transpose(), Matrix.add(product(B.transpose(), PA), S.transpose()))
  const matrix = Matrix.add(Matrix.sub(Matrix.sub(AtPA, gained), EtPE), Q)
  const scale = frobenius(AtPA) + frobenius(EtPE) + frobenius(gained) + frobenius(Q)
  return { matrix, relative: scale === 0 ? 0 : frobenius(matrix) / scale }
}

/**
 * Newton iterates from a stabilizing gain K0 [m × n]: P_k solves P = (A − BK)ᵀP(A − BK) + Q + KᵀRK − SK − (SK)ᵀ, then
 * K = gainOf(P). Stops when P settles to rounding. P is the last iterate, null when none could be computed.
 */
export function newtonKleinman(
  problem: RiccatiProblem,
  K0: Matrix,
  maxIterations: number,
): { P: Matrix | null; iterations: number } {
  const { A, B, Q, R, S } = problem
  let K = K0
  let P: Matrix | null = null
  let lastChange = Number.POSITIVE_INFINITY
  for (let iterations = 1; iterations <= maxIterations; iterations++) {
    const SK = product(S, K)
    const KtRK = product(K.transpose(), product(R, K))
    const cost = symmetrized(Matrix.sub(Matrix.add(Q, KtRK), Matrix.add(SK, SK.transpose())))
    const next = stein(Matrix.sub(A, product(B, K)), cost)
    if (!next) return { P, iterations }
    const change = P ? frobenius(Matrix.sub(next, P)) : Number.POSITIVE_INFINITY
    const size = frobenius(next)
    P = next
    // Settled to rounding, or as far as rounding lets it: changes are small and no longer fall.
    if (change <= 4 * Number.EPSILON * size || (change <= 1e-9 * size && change >= lastChange / 2))
      return { P, iterations }
    lastChange = change
    const gain = gainOf(problem, P)
    if (!gain) return { P, iterations }
    K = gain
  }
  return { P, iterations: maxIterations }
}
