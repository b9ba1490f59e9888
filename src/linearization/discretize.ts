/**
 * Continuous ↔ discrete with the control held over each step (zero-order hold):
 * exp([[Ac, Bc], [0, 0]] dt) = [[A, B], [0, I]]. Source: C. F. Van Loan, "Computing integrals involving the matrix exponential",
 * IEEE Trans. Automat. Control 23(3), 1978, doi:10.1109/TAC.1978.1101743.
 */
import { Matrix } from 'ml-matrix'
import { type MatrixLike, toMatrix } from '../linalg/dense.ts'
import { expm } from '../linalg/expm.ts'
import { logm } from '../linalg/logm.ts'

/**
 * A [n × n] and B [n × m] of x⁺ = Ax + Bu from ẋ = Ac x + Bc u, dt s. Misuse throws RangeError or TypeError naming the matrix.
 */
export function discretize(Ac: MatrixLike, Bc: MatrixLike, dt: number): { A: Matrix; B: Matrix } {
  const { A, B } = checked('discretize', ['Ac', 'Bc'], Ac, Bc, dt)
  const n = A.rows
  const generator = Matrix.zeros(n + B.columns, n + B.columns)
  generator.setSubMatrix(Matrix.mul(A, dt), 0, 0)
  if (B.columns > 0) generator.setSubMatrix(Matrix.mul(B, dt), 0, n)
  return split(expm(generator), n)
}

export type Continuized =
  | { readonly result: 'solved'; readonly Ac: Matrix; readonly Bc: Matrix } // [n × n], [n × m]
  | {
      /** A has an eigenvalue on the closed negative real axis: no real ẋ = Ac x + Bc u of minimal frequencies steps like it. */
      readonly result: 'no-logarithm'
      readonly eigenvalue: { readonly re: number; readonly im: number }
      readonly message: string
    }
  | { readonly result: 'max-iterations'; readonly message: string }

/**
 * Ac and Bc whose `discretize` is (A, B): the principal logarithm, so frequencies above π/dt come back as their aliases below.
 * A semi-implicit Euler step has one too, close to, but not, the equations of motion. Misuse throws naming the matrix.
 */
export function continuize(A: MatrixLike, B: MatrixLike, dt: number): Continuized {
  const discrete = checked('continuize', ['A', 'B'], A, B, dt)
  const n = discrete.A.rows
  const size = n + discrete.B.columns
  const transition = Matrix.eye(size, size)
  transition.setSubMatrix(discrete.A, 0, 0)
  if (size > n) transition.setSubMatrix(discrete.B, 0, n)
  const log = logm(transition)
  if (log.result === 'max-iterations')
    return { result: log.result, message: 'the matrix logarithm did not converge: A is badly conditioned' }
  if (log.result === 'no-logarithm') {
    const { eigenvalue } = log
    const message = `A has the eigenvalue ${eigenvalue.re} on the closed negative real axis: there is no real continuous-time system`
    return { result: log.result, eigenvalue, message }
  }
  const { A: Ac, B: Bc } = split(log.L.mul(1 / dt), n)
  return { result: 'solved', Ac, Bc }
}

function checked(caller: string, [nameA, nameB]: [string, string], A: MatrixLike, B: MatrixLike, dt: number) {
  if (!(Number.isFinite(dt) && dt > 0)) throw new RangeError(`${caller}: dt must be a number > 0 (s), got ${dt}`)
  const a = toMatrix(A, caller, nameA)
  if (a.columns !== a.rows) throw new RangeError(`${caller}: ${nameA} must be [n × n], got [${a.rows} × ${a.columns}]`)
  const b = toMatrix(B, caller, nameB)
  if (b.rows !== a.rows)
    throw new RangeError(`${caller}: ${nameB} must be [n × m] with n = ${a.rows}, got [${b.rows} × ${b.columns}]`)
  return { A: a, B: b }
}

/** The upper blocks [n × n] and [n × m]. */
function split(M: Matrix, n: number): { A: Matrix; B: Matrix } {
  const B = Matrix.zeros(n, M.columns - n)
  for (let i = 0; i < n; i++) for (let j = n; j < M.columns; j++) B.set(i, j - n, M.get(i, j))
  return { A: n === 0 ? Matrix.zeros(0, 0) : M.subMatrix(0, n - 1, 0, n - 1), B }
}
