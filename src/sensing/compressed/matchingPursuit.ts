/**
 * Orthogonal matching pursuit for many right-hand sides with one matrix (Batch-OMP: Rubinstein, Zibulevsky and Elad 2008, "Efficient
 * implementation of the K-SVD algorithm using batch orthogonal matching pursuit", Technion CS-2008-08): residuals are never formed;
 * correlations follow from the Gram matrix, whose columns are computed when a row first needs them and shared by all. Differs from
 * the report in that columns need not be of unit length, and that the caller judges the result, from the residual itself.
 */

/** Columns in the order in which they were taken, the residual after all of them. */
export interface Pursuit {
  readonly support: readonly number[]
  /** True where the estimated residual reached the given norm; otherwise the largest size was reached, or nothing was left. */
  readonly reached: boolean
}

/** Columns that depend on those taken to this share of their square are not taken. */
const DEPENDENT = 1e-10

/** A pursuit of A [q × n]. Cost for a row of s columns: O(qn + sn + s³), and O(qn) for each new column of the Gram matrix. */
export function matchingPursuit(A: Float64Array, q: number, n: number) {
  const gram = new Map<number, Float64Array>()
  const squares = new Float64Array(n)
  for (let e = 0; e < q; e++) for (let j = 0; j < n; j++) squares[j]! += A[e * n + j]! ** 2
  const start = new Float64Array(n) // Aᵀy
  const correlations = new Float64Array(n) // Aᵀ(y − A x)
  const isOut = new Uint8Array(n)

  /** Aᵀa_j, [n]. */
  const gramColumn = (j: number): Float64Array => {
    const kept = gram.get(j)
    if (kept !== undefined) return kept
    const column = new Float64Array(n)
    for (let e = 0; e < q; e++) {
      const entry = A[e * n + j]!
      if (entry !== 0) for (let k = 0; k < n; k++) column[k]! += entry * A[e * n + k]!
    }
    gram.set(j, column)
    return column
  }

  /** Takes columns one by one until |y − A x|₂ ≤ norm, at most `largest` of them. `candidates`: null for all columns. */
  return (y: Float64Array, norm: number, largest: number, candidates: readonly number[] | null): Pursuit => {
    start.fill(0)
    let energy = 0
    for (let e = 0; e < q; e++) {
      energy += y[e]! ** 2
      if (y[e] !== 0) for (let j = 0; j < n; j++) start[j]! += A[e * n + j]! * y[e]!
    }
    isOut.fill(candidates === null ? 0 : 1)
    if (candidates !== null) for (const j of candidates) isOut[j] = 0
    for (let j = 0; j < n; j++) if (squares[j] === 0) isOut[j] = 1

    const support: number[] = []
    const L: Float64Array[] = [] // rows of the Cholesky factor of the support's Gram matrix
    const forward: number[] = [] // L⁻¹ (Aᵀy) on the support
    correlations.set(start)
    let rest = energy
    // The estimate of the residual cancels: below this it says nothing, and the caller looks at the residual itself.
    const enough = Math.max(norm * norm, 1e-14 * energy)
    while (rest > enough && support.length < largest) {
      let best = -1
      let bestGain = 0
      for (let j = 0; j < n; j++) {
        if (isOut[j] === 1) continue
        const gain = correlations[j]! ** 2 / squares[j]!
        if (gain > bestGain) {
          bestGain = gain
          best = j
        }
      }
      if (best === -1) break
      isOut[best] = 1
      const s = support.length
      const G = gramColumn(best)
      const row = new Float64Array(s + 1)
      let pivot = squares[best]!
      for (let c = 0; c < s; c++) {
        let value = G[support[c]!]!
        for (let d = 0; d < c; d++) value -= L[c]![d]! * row[d]!
        row[c] = value / L[c]![c]!
        pivot -= row[c]! ** 2
      }
      if (!(pivot > DEPENDENT * squares[best]!)) continue
      row[s] = Math.sqrt(pivot)
      L.push(row)
      support.push(best)
      let last = start[best]!
      for (let d = 0; d < s; d++) last -= row[d]! * forward[d]!
      forward.push(last / row[s]!)
      rest -= forward[s]! ** 2

      const x = forward.slice()
      for (let c = s; c >= 0; c--) {
        for (let d = c + 1; d <= s; d++) x[c]! -= L[d]![c]! * x[d]!
        x[c]! /= L[c]![c]!
      }
      correlations.set(start)
      for (let c = 0; c <= s; c++) {
        const column = gramColumn(support[c]!)
        for (let j = 0; j < n; j++) correlations[j]! -= column[j]! * x[c]!
      }
    }
    return { support, reached: rest <= enough }
  }
}
