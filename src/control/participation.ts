/**
 * Participation factors |wₖvₖ| of a simple eigenvalue λ: v its right, w its left eigenvector. They have no units and don't
 * change when a coordinate is scaled, so angles in rad, places in m and their rates can be held against each other.
 * Source: I. J. Pérez-Arriaga, G. C. Verghese, F. C. Schweppe, "Selective modal analysis with applications to electric power
 * systems", IEEE Trans. Power Apparatus and Systems 101(9), 1982.
 */
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { fromFlat, maxAbs, toFlat } from '../linalg/dense.ts'
import { balance } from '../linalg/eigenvalues.ts'

const SIMPLE = 1e-5 // second smallest singular value of A − λI, relative to the largest entry: errors split a double λ by 1e-6
const ORTHOGONAL = 1e-3 // |wᴴv| of unit vectors: below, λ is close to defective

/** [n]; null where λ is a multiple eigenvalue of A [n × n], or too close to one for the vectors to mean anything. */
export function participation(A: Matrix, { re, im }: { re: number; im: number }): Float64Array | null {
  const n = A.rows
  const scaled = toFlat(A)
  balance(scaled, n) // makes the two limits above independent of units as well
  const balanced = fromFlat(scaled, n, n)
  const complex = im !== 0
  const size = complex ? 2 * n : n
  const M = Matrix.zeros(size, size) // A − λI, for complex λ as [[Re, −Im], [Im, Re]]
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const entry = balanced.get(i, j) - (i === j ? re : 0)
      M.set(i, j, entry)
      if (complex) M.set(n + i, n + j, entry)
    }
  if (complex)
    for (let i = 0; i < n; i++) {
      M.set(i, n + i, im)
      M.set(n + i, i, -im)
    }
  const { diagonal, leftSingularVectors, rightSingularVectors } = new SingularValueDecomposition(M)
  const next = diagonal[size - (complex ? 3 : 2)] // a complex vector counts twice
  if (next !== undefined && next <= SIMPLE * maxAbs(balanced)) return null
  const w = leftSingularVectors.getColumn(size - 1)
  const v = rightSingularVectors.getColumn(size - 1)
  let [real, imaginary] = [0, 0]
  const factors = new Float64Array(n)
  for (let k = 0; k < n; k++) {
    const [wx, wy, vx, vy] = [w[k]!, complex ? w[n + k]! : 0, v[k]!, complex ? v[n + k]! : 0]
    real += wx * vx + wy * vy
    imaginary += wx * vy - wy * vx
    factors[k] = Math.hypot(wx, wy) * Math.hypot(vx, vy)
  }
  return Math.hypot(real, imaginary) < ORTHOGONAL ? null : factors
}
