/**
 * Matrix exponential by scaling and squaring with Padé approximants of degree 3 to 13. Source: N. J. Higham, "The scaling and
 * squaring method for the matrix exponential revisited", SIAM J. Matrix Anal. Appl. 26(4), 2005, Algorithm 2.3,
 * doi:10.1137/04061101X. Differs from the paper in: no balancing and no shift by the trace.
 */
import { Matrix } from 'ml-matrix'
import { maxAbs, norm1, solveLinear } from './dense.ts'

/** Degree, largest 1-norm at which it reaches double precision (Table 2.3), and the numerator's coefficients. */
const PADE: readonly { degree: number; theta: number; b: readonly number[] }[] = [
  { degree: 3, theta: 1.495585217958292e-2, b: [120, 60, 12, 1] },
  { degree: 5, theta: 2.53939833006323e-1, b: [30240, 15120, 3360, 420, 30, 1] },
  { degree: 7, theta: 9.504178996162932e-1, b: [17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1] },
  {
    degree: 9,
    theta: 2.097847961257068,
    b: [17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1],
  },
  {
    degree: 13,
    theta: 5.371920351148152,
    b: [
      64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
      670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
    ],
  },
]

/** exp(A), A [n × n]. Throws RangeError when A is not square or not finite, or when exp(A) overflows. */
export function expm(A: Matrix): Matrix {
  const n = A.rows
  if (A.columns !== n) throw new RangeError(`expm: the matrix must be square, got [${n} × ${A.columns}]`)
  if (!Number.isFinite(maxAbs(A))) throw new RangeError('expm: the matrix has entries that are not finite')
  if (n === 0) return Matrix.zeros(0, 0)
  const norm = norm1(A)
  const pade = PADE.find(({ theta }) => norm <= theta) ?? PADE.at(-1)!
  const squarings = norm <= pade.theta ? 0 : Math.ceil(Math.log2(norm / pade.theta))
  let X = padeApproximant(Matrix.mul(A, 2 ** -squarings), pade.b)
  for (let k = 0; k < squarings; k++) X = X.mmul(X)
  if (!Number.isFinite(maxAbs(X))) throw new RangeError(`expm: overflow, the matrix has 1-norm ${norm.toPrecision(3)}`)
  return X
}

/** (V − U)⁻¹(V + U), U = A Σ b_{2k+1} A^{2k} and V = Σ b_{2k} A^{2k}. */
function padeApproximant(A: Matrix, b: readonly number[]): Matrix {
  const n = A.rows
  const A2 = A.mmul(A)
  let power = Matrix.eye(n, n)
  let odd = Matrix.mul(power, b[1]!)
  let V = Matrix.mul(power, b[0]!)
  for (let k = 2; k < b.length; k += 2) {
    power = power.mmul(A2)
    V = V.add(Matrix.mul(power, b[k]!))
    odd = odd.add(Matrix.mul(power, b[k + 1]!))
  }
  const U = A.mmul(odd)
  return solveLinear(Matrix.sub(V, U), Matrix.add(V, U))! // V − U is well conditioned within theta
}
