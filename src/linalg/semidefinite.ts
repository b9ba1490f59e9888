/**
 * W λ = r with W symmetric positive semidefinite and known only up to rounding, where r may lie outside the range of W: λ leaves the
 * least |W λ − r|.
 *
 * Pivoted Cholesky factors W = L Lᵀ up to its rank (Higham, Accuracy and Stability of Numerical Algorithms, 2002, §10.3). Rows beyond
 * the rank are sums X of the pivots' rows, and the vector z nearest to r in the range is, on the pivots,
 * z = r₁ + Xᵀ (1 + X Xᵀ)⁻¹ (r₂ − X r₁): well conditioned, as pivoting keeps X small, and r₁ itself where r is in the range.
 */
export interface SemidefiniteSolver {
  /** Factors W [n × n], row-major, of which the lower triangle is read; pivots that are not above `least` count as zero. */
  factor(W: Float64Array, least: number): void
  /** λ [n], zero outside the pivots; may be r [n]. */
  solve(lambda: Float64Array, r: Float64Array): void
  /** Of the last W. */
  rank(): number
}

export function createSemidefiniteSolver(n: number): SemidefiniteSolver {
  const L = new Float64Array(n * n) // row k for pivot k; its first `rank` columns, and then the Cholesky factor of 1 + X Xᵀ
  const X = new Float64Array(n * n) // rows after the rank, `rank` columns
  const pivots = new Int32Array(n)
  const rest = new Float64Array(n)
  const z = new Float64Array(n)
  let rank = 0

  function swap(i: number, k: number): void {
    const pivot = pivots[i]!
    pivots[i] = pivots[k]!
    pivots[k] = pivot
    for (let j = 0; j < k; j++) {
      const kept = L[i * n + j]!
      L[i * n + j] = L[k * n + j]!
      L[k * n + j] = kept
    }
  }

  function factor(W: Float64Array, least: number): void {
    for (let i = 0; i < n; i++) {
      pivots[i] = i
      rest[i] = W[i * n + i]!
    }
    for (rank = 0; rank < n; rank++) {
      let best = rank
      for (let i = rank + 1; i < n; i++) if (rest[pivots[i]!]! > rest[pivots[best]!]!) best = i
      if (!(rest[pivots[best]!]! > least)) break
      if (best !== rank) swap(best, rank)
      eliminate(W, rank)
    }
    for (let k = rank; k < n; k++) loadDependence(k)
  }

  /** Column k of L, and what is left of the diagonal. */
  function eliminate(W: Float64Array, k: number): void {
    const p = pivots[k]!
    const diagonal = Math.sqrt(rest[p]!)
    L[k * n + k] = diagonal
    for (let i = k + 1; i < n; i++) {
      const q = pivots[i]!
      let sum = p < q ? W[q * n + p]! : W[p * n + q]!
      for (let j = 0; j < k; j++) sum -= L[i * n + j]! * L[k * n + j]!
      const entry = sum / diagonal
      L[i * n + k] = entry
      rest[q]! -= entry * entry
    }
  }

  /** Row k of X, X L₁ = L₂, and row k of the factor of 1 + X Xᵀ. */
  function loadDependence(k: number): void {
    const row = k * n
    for (let j = rank - 1; j >= 0; j--) {
      let sum = L[row + j]!
      for (let i = j + 1; i < rank; i++) sum -= X[row + i]! * L[i * n + j]!
      X[row + j] = sum / L[j * n + j]!
    }
    for (let i = rank; i <= k; i++) {
      let sum = i === k ? 1 : 0
      for (let j = 0; j < rank; j++) sum += X[row + j]! * X[i * n + j]!
      for (let j = rank; j < i; j++) sum -= L[row + j]! * L[i * n + j]!
      L[row + i] = i === k ? Math.sqrt(sum) : sum / L[i * n + i]!
    }
  }

  /** z := L⁻¹ z and then L⁻ᵀ z, on rows and columns first … last − 1 of L. */
  function substitute(first: number, last: number): void {
    for (let k = first; k < last; k++) {
      let sum = z[k]!
      for (let j = first; j < k; j++) sum -= L[k * n + j]! * z[j]!
      z[k] = sum / L[k * n + k]!
    }
    for (let k = last - 1; k >= first; k--) {
      let sum = z[k]!
      for (let i = k + 1; i < last; i++) sum -= L[i * n + k]! * z[i]!
      z[k] = sum / L[k * n + k]!
    }
  }

  return {
    factor,
    solve(lambda, r) {
      for (let k = 0; k < n; k++) z[k] = r[pivots[k]!]!
      for (let k = rank; k < n; k++) for (let j = 0; j < rank; j++) z[k]! -= X[k * n + j]! * z[j]!
      substitute(rank, n)
      for (let k = rank; k < n; k++) for (let j = 0; j < rank; j++) z[j]! += X[k * n + j]! * z[k]!
      substitute(0, rank)
      for (let k = 0; k < n; k++) lambda[pivots[k]!] = k < rank ? z[k]! : 0
    },
    rank: () => rank,
  }
}
