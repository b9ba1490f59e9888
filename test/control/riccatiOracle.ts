/** What the Riccati tests hold results against, written without the code under test. */
import { Matrix, solve } from 'ml-matrix'

/** A matrix of normally distributed entries from a linear congruential generator and the Box–Muller transform. */
export function gaussianMatrix(rows: number, columns: number, seed: number, sigma: number): Matrix {
  let state = (seed * 2654435761) >>> 0
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 4294967296
  }
  const M = Matrix.zeros(rows, columns)
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      M.set(i, j, sigma * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()))
  return M
}

interface Problem {
  A: Matrix
  B: Matrix
  Q: Matrix
  R: Matrix
  S: Matrix
  E?: Matrix
}

/**
 * Largest entry of AᵀPA − EᵀPE − (AᵀPB + S)(R + BᵀPB)⁻¹(BᵀPA + Sᵀ) + Q and of K − (R + BᵀPB)⁻¹(BᵀPA + Sᵀ), relative to the
 * largest entries of the terms (or absolute, of the equation alone).
 */
export function riccatiDefect(
  { A, B, Q, R, S, E }: Problem,
  P: Matrix,
  K: Matrix,
  kind: 'relative' | 'absolute' = 'relative',
): number {
  const largest = (M: Matrix) => M.to1DArray().reduce((max, x) => Math.max(max, Math.abs(x)), 0)
  const right = B.transpose().mmul(P).mmul(A).add(S.transpose())
  const gain = solve(Matrix.add(R, B.transpose().mmul(P).mmul(B)), right)
  const AtPA = A.transpose().mmul(P).mmul(A)
  const EtPE = E ? E.transpose().mmul(P).mmul(E) : P
  const gained = right.transpose().mmul(gain)
  const defect = largest(Matrix.sub(Matrix.add(AtPA, Q), Matrix.add(EtPE, gained)))
  if (kind === 'absolute') return defect
  const scale = largest(AtPA) + largest(EtPE) + largest(gained) + largest(Q)
  return Math.max(defect / scale, largest(Matrix.sub(K, gain)) / Math.max(largest(gain), 1e-300))
}
