/**
 * Principal matrix logarithm by inverse scaling and squaring: square roots by the product form of the Denman–Beavers
 * iteration until the matrix is near I, then a diagonal Padé approximant of log(I + X) in partial fractions (which is
 * Gauss–Legendre quadrature of ∫₀¹ X (I + tX)⁻¹ dt). Source: S. H. Cheng, N. J. Higham, C. S. Kenney, A. J. Laub, "Approximating
 * the logarithm of a matrix to specified accuracy", SIAM J. Matrix Anal. Appl. 22(4), 2001, doi:10.1137/S0895479899364015.
 * Differs from the paper in: a fixed degree 8 and a fixed threshold, chosen so that the Padé error stays below rounding.
 */
import { Matrix } from 'ml-matrix'
import { maxAbs, norm1, solveLinear } from './dense.ts'
import { eigenvalues } from './eigenvalues.ts'

export type Logarithm =
  | { readonly result: 'solved'; readonly L: Matrix } // [n × n]
  | { readonly result: 'no-logarithm'; readonly eigenvalue: { readonly re: number; readonly im: number } } // real and ≤ 0
  | { readonly result: 'max-iterations' }

/** Nodes and weights of Gauss–Legendre quadrature on [0, 1], 8 points (symmetric about 1/2). */
const LEGENDRE: readonly (readonly [node: number, weight: number])[] = [
  [0.1834346424956498, 0.362683783378362],
  [0.525532409916329, 0.3137066458778873],
  [0.7966664774136267, 0.2223810344533745],
  [0.9602898564975363, 0.1012285362903763],
].flatMap(([x, w]) => [
  [(1 - x!) / 2, w! / 2],
  [(1 + x!) / 2, w! / 2],
])
const NEAR_IDENTITY = 0.25 // the [8/8] Padé error of log at this distance is below 1e-17
const MAX_ROOTS = 60
const MAX_ROOT_ITERATIONS = 30
const ON_NEGATIVE_AXIS = 1e-12 // relative to the eigenvalue's magnitude; to the largest one for an eigenvalue zero

/**
 * L with exp(L) = M and all eigenvalues within |Im| < π, M [n × n]. It exists for real M without eigenvalues on the closed
 * negative real axis; otherwise the offending eigenvalue is reported. Throws RangeError when M is not square or not finite.
 */
export function logm(M: Matrix): Logarithm {
  const n = M.rows
  if (n === 0) return { result: 'solved', L: Matrix.zeros(0, 0) }
  const { re, im } = eigenvalues(M)
  const largest = Math.hypot(re[0]!, im[0]!)
  for (let k = 0; k < n; k++) {
    const size = Math.hypot(re[k]!, im[k]!)
    const isZero = size <= n * Number.EPSILON * largest
    if (isZero || (re[k]! < 0 && Math.abs(im[k]!) <= ON_NEGATIVE_AXIS * size))
      return { result: 'no-logarithm', eigenvalue: { re: isZero ? 0 : re[k]!, im: 0 } }
  }
  const I = Matrix.eye(n, n)
  let X = M
  let roots = 0
  for (; norm1(Matrix.sub(X, I)) > NEAR_IDENTITY; roots++) {
    const root = roots < MAX_ROOTS ? squareRoot(X) : null
    if (!root) return { result: 'max-iterations' }
    X = root
  }
  const Y = Matrix.sub(X, I)
  const L = Matrix.zeros(n, n)
  for (const [node, weight] of LEGENDRE) {
    const term = solveLinear(Matrix.add(I, Matrix.mul(Y, node)), Y)! // ‖tY‖ ≤ 1/4
    L.add(term.mul(weight))
  }
  return { result: 'solved', L: L.mul(2 ** roots) }
}

/**
 * Principal square root by the product form of the Denman–Beavers iteration with determinantal scaling left out:
 * M₀ = X₀ = A; X ← X(I + M⁻¹)/2, M ← (I + (M + M⁻¹)/2)/2. Null when it does not settle.
 */
function squareRoot(A: Matrix): Matrix | null {
  const n = A.rows
  const I = Matrix.eye(n, n)
  let X = A.clone()
  let M = A.clone()
  let lastGap = Number.POSITIVE_INFINITY
  for (let k = 0; k < MAX_ROOT_ITERATIONS; k++) {
    const inverse = solveLinear(M, I)
    if (!inverse) return null
    X = X.mmul(Matrix.add(I, inverse)).mul(0.5)
    M = Matrix.add(M, inverse).mul(0.25).add(Matrix.mul(I, 0.5))
    const gap = maxAbs(Matrix.sub(M, I))
    if (gap <= n * Number.EPSILON || (gap < 1e-10 && gap >= lastGap / 2)) return X
    lastGap = gap
  }
  return null
}
