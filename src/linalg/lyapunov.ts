/**
 * The continuous Lyapunov equation AᵀP + PA + Q = 0 for stable A (Re λ < 0). Small ones are solved as linear equations in the entries
 * of P on and below the diagonal, which is backward stable also where A is nearly unstable. For larger ones the Cayley transform
 * F = (γI − A)⁻¹(γI + A) makes the Stein equation P = FᵀPF + 2γ MᵀQM with M = (γI − A)⁻¹ for any γ > 0, which Smith's squared
 * iteration sums. Source: R. A. Smith, "Matrix equation XA + BX = C", SIAM J. Appl. Math. 16(1), 1968.
 */
import { Matrix } from 'ml-matrix'
import { maxAbs, solveLinear, symmetrized } from './dense.ts'
import { type ComplexArray, eigenvalues } from './eigenvalues.ts'
import { solveManyInPlace } from './flat.ts'
import { stein } from './stein.ts'

const SMALL = 16 // states: 136 unknowns

/** P [n × n], symmetric, with AᵀP + PA + Q = 0, Q symmetric; null where A is not stable (found out for large n) or not finite. */
export function lyapunov(A: Matrix, Q: Matrix): Matrix | null {
  const n = A.rows
  if (n === 0) return Matrix.zeros(0, 0)
  if (!Number.isFinite(maxAbs(A)) || !Number.isFinite(maxAbs(Q))) return null
  if (n <= SMALL) return direct(A, Q)
  const gamma = middleFrequency(eigenvalues(A))
  const M = solveLinear(Matrix.sub(Matrix.eye(n, n, gamma), A), Matrix.eye(n, n))
  if (!M) return null
  const F = Matrix.sub(Matrix.mul(M, 2 * gamma), Matrix.eye(n, n))
  return stein(
    F,
    symmetrized(
      M.transpose()
        .mmul(Q)
        .mmul(M)
        .mul(2 * gamma),
    ),
  )
}

/** Row (i, j), i ≥ j: Σ_k A_ki P_kj + A_kj P_ik = −Q_ij. */
function direct(A: Matrix, Q: Matrix): Matrix | null {
  const n = A.rows
  const at = (i: number, j: number) => (i >= j ? (i * (i + 1)) / 2 + j : (j * (j + 1)) / 2 + i)
  const unknowns = (n * (n + 1)) / 2
  const M = new Float64Array(unknowns * unknowns)
  const y = new Float64Array(unknowns)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const row = at(i, j)
      y[row] = -Q.get(i, j)
      for (let k = 0; k < n; k++) {
        M[row * unknowns + at(k, j)]! += A.get(k, i)
        M[row * unknowns + at(i, k)]! += A.get(k, j)
      }
    }
  if (!solveManyInPlace(M, y, unknowns, 1) || !y.every(Number.isFinite)) return null
  const P = Matrix.zeros(n, n)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) P.set(i, j, y[at(i, j)]!)
  return P
}

/** √(smallest |λ| · largest |λ|) of those that are not zero to rounding, 1 where all are: no mode is far from it in ratio. */
export function middleFrequency({ re, im }: ComplexArray): number {
  const sizes = Array.from(re, (x, k) => Math.hypot(x, im[k]!))
  const largest = sizes.reduce((max, size) => Math.max(max, size), 0)
  const smallest = sizes.reduce((min, size) => (size > 1e-13 * largest ? Math.min(min, size) : min), largest)
  return largest === 0 ? 1 : Math.sqrt(largest) * Math.sqrt(smallest)
}
