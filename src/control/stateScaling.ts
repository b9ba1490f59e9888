/**
 * Units of the states in which a Riccati equation is best solved: x = D x̃ makes A ← D⁻¹AD, G ← D⁻¹GD⁻¹, Q ← DQD and P ← DPD.
 * D evens out the Hamiltonian matrix [A −G; −Q −Aᵀ]: of its balancing diag(D₁, D₂) the part that keeps it Hamiltonian is
 * D = √(D₁D₂⁻¹), to a power of two, so that scaling rounds nothing. Source: P. Benner, "Symplectic balancing of Hamiltonian matrices",
 * SIAM J. Sci. Comput. 22(5), 2001; the mean of the two halves as in SciPy's solve_continuous_are.
 */
import type { Matrix } from 'ml-matrix'
import { balance } from '../linalg/eigenvalues.ts'

/** The diagonal of D, powers of two, [n]. A, G, Q [n × n]; G, Q symmetric. Diagonals don't count. */
export function stateScaling(A: Matrix, G: Matrix, Q: Matrix): Float64Array {
  const n = A.rows
  const size = 2 * n
  const H = new Float64Array(size * size)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      H[i * size + j] = H[(n + j) * size + n + i] = i === j ? 0 : Math.abs(A.get(i, j))
      H[i * size + n + j] = Math.abs(G.get(i, j))
      H[(n + i) * size + j] = Math.abs(Q.get(i, j))
    }
  const scale = new Float64Array(size).fill(1)
  balance(H, size, scale)
  return Float64Array.from({ length: n }, (_, i) => 2 ** Math.round(Math.log2(scale[i]! / scale[n + i]!) / 2))
}

/** diag(left) M diag(right), M [left.length × right.length]; null stands for ones. */
export function scaled(left: ArrayLike<number> | null, M: Matrix, right: ArrayLike<number> | null): Matrix {
  const out = M.clone()
  for (let i = 0; i < M.rows; i++)
    for (let j = 0; j < M.columns; j++) out.set(i, j, (left?.[i] ?? 1) * M.get(i, j) * (right?.[j] ?? 1))
  return out
}
