/**
 * What can be controlled where some combinations of coordinates stay as they are whatever control does: a robot that stands on a
 * floor keeps the place and heading of its foot. With W [n × k] the left vectors of such modes (AᵀW = W, BᵀW = 0), a = Wᵀx is
 * constant; its cost is the same under every control and infinite in sum. It is left out: with T the orthogonal complement of W and
 * b = Tᵀx, what is controlled is b's distance from the rest X a, u's from U a, where those belong to a,
 *
 *     X = Tᵀ(A T X + A W + B U)   (the regulator equations for a constant exosystem; B. A. Francis, "The linear multivariable
 *                                  regulator problem", SIAM J. Control Optim. 15(3), 1977),
 *
 * of least norm. For a robot that was moved elsewhere X moves the other coordinates along, and U is zero.
 */
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { frobenius, maxAbs, symmetrized } from '../linalg/dense.ts'
import type { Accuracy } from './accuracy.ts'
import { type Mode, uncontrolledSpace } from './modes.ts'

export interface NeutralProblem {
  readonly A: Matrix // [n × n]
  readonly B: Matrix // [n × m]
  readonly Q: Matrix // [n × n]
  readonly S: Matrix | undefined // [n × m]
}

/** The problem whose gain K' gives K = K' + `shift`, with cost on what control can change only. */
export interface Controllable extends NeutralProblem {
  readonly shift: Matrix // [m × n]
  readonly modes: readonly Mode[] // left as they are
}

const ON_CIRCLE = 1e-7 // |λ| within this of 1, and the accuracy of A, counts as on the unit circle
const SPREAD = 10 // how much farther than errors of A multiple eigenvalues may lie
const SOLVABLE = 1e-6 // residual of the regulator equations, relative to their right side
const RANK = 1e-9 // singular values of their matrix, relative to the largest

/**
 * Null where there is no such mode, where one of them grows or turns (a free body's place, which its speed moves on; a pair of
 * eigenvalues), or where no X and U are at rest with it.
 */
export function withoutNeutralModes(
  { A, B, Q, S }: NeutralProblem,
  names: readonly string[],
  accuracy: Accuracy,
): Controllable | null {
  const n = A.rows
  const m = B.columns
  const spread = Math.sqrt(n)
  const band = Math.max(ON_CIRCLE, SPREAD * spread * accuracy.A)
  const {
    modes,
    basis: W,
    complement: T,
  } = uncontrolledSpace(A, B, names, {
    low: 1 - band,
    negligible: { A: spread * accuracy.A, C: spread * accuracy.B },
  })
  const k = W.columns
  if (k === 0 || k === n) return null
  const Wt = W.transpose()
  const Tt = T.transpose()
  // Constant: neither growing (chains of position and speed) nor turning.
  const motion = Wt.mmul(A).mmul(W).sub(Matrix.eye(k, k))
  if (maxAbs(motion) > band) return null

  const r = n - k
  const M = Matrix.zeros(r, r + m) // [Tᵀ(A − I)T, TᵀB]
  M.setSubMatrix(Tt.mmul(A).mmul(T).sub(Matrix.eye(r, r)), 0, 0)
  M.setSubMatrix(Tt.mmul(B), 0, r)
  const right = Tt.mmul(A).mmul(W).mul(-1)
  const XU = leastNorm(M, right)
  if (frobenius(Matrix.sub(M.mmul(XU), right)) > SOLVABLE * frobenius(right) + spread * accuracy.A) return null
  const X = XU.subMatrix(0, r - 1, 0, k - 1)
  const U = XU.subMatrix(r, r + m - 1, 0, k - 1)

  const L = Tt.sub(X.mmul(Wt)) // x → b − X a
  const UWt = U.mmul(Wt)
  const Lt = L.transpose()
  return {
    A: Matrix.add(A, B.mmul(UWt)),
    B,
    Q: symmetrized(Lt.mmul(Tt.mmul(Q).mmul(T)).mmul(L)),
    S: S && Lt.mmul(Tt.mmul(S)),
    shift: UWt.mul(-1),
    modes,
  }
}

/** The X of least norm that brings M X closest to Y. */
function leastNorm(M: Matrix, Y: Matrix): Matrix {
  const { diagonal, leftSingularVectors, rightSingularVectors } = new SingularValueDecomposition(M, {
    autoTranspose: true,
  })
  const largest = diagonal.reduce((max, sigma) => Math.max(max, sigma), 0)
  const UtY = leftSingularVectors.transpose().mmul(Y)
  for (let i = 0; i < diagonal.length; i++) UtY.mulRow(i, diagonal[i]! > RANK * largest ? 1 / diagonal[i]! : 0)
  return rightSingularVectors.mmul(UtY)
}
