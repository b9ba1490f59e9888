/** Least squares for many right-hand sides with one matrix, and how far errors of the right-hand side move the solution. */

export interface LeastSquares {
  readonly rank: number // less than n: some columns depend on others, to rounding
  /** x [n] and the residual y − A x [q]; 0 for dependent columns. */
  solve(y: Float64Array): { x: Float64Array; residual: Float64Array }
  /** cᵀ (AᵀA)⁻¹ c: the variance of cᵀx for independent errors of variance 1 in y. Infinity where c is not determined. */
  variance(c: ArrayLike<number>): number // c [n]
  /** The same for independent errors of the given variances. */
  varianceUnder(variances: Float64Array): (c: ArrayLike<number>) => number // variances [q]
  /** How far each equation decides its own fit, 0 to 1, [q]: their sum is the rank. */
  leverages(): Float64Array
  /** variance(c) of each x_l, [n]. */
  readonly variances: Float64Array
}

const DEPENDENT = 1e-10 // of its norm: what is left of a column that others make up

/** A = Q R by modified Gram–Schmidt, twice (Giraud, Langou and Rozložník 2005, doi:10.1007/s00211-005-0615-4). */
export function leastSquares(A: Float64Array, q: number, n: number): LeastSquares {
  const Q = new Float64Array(n * q) // column l at Q[l·q …]
  const R = new Float64Array(n * n) // upper, row-major
  const isDependent = new Uint8Array(n)
  let rank = 0
  for (let l = 0; l < n; l++) {
    let before = 0
    for (let e = 0; e < q; e++) {
      const a = A[e * n + l]!
      Q[l * q + e] = a
      before += a * a
    }
    for (let pass = 0; pass < 2; pass++)
      for (let p = 0; p < l; p++) {
        if (isDependent[p] === 1) continue
        let along = 0
        for (let e = 0; e < q; e++) along += Q[p * q + e]! * Q[l * q + e]!
        R[p * n + l]! += along
        for (let e = 0; e < q; e++) Q[l * q + e]! -= along * Q[p * q + e]!
      }
    let square = 0
    for (let e = 0; e < q; e++) square += Q[l * q + e]! ** 2
    if (!(Math.sqrt(square) > DEPENDENT * Math.sqrt(before))) {
      isDependent[l] = 1
      continue
    }
    rank++
    const norm = Math.sqrt(square)
    R[l * n + l] = norm
    for (let e = 0; e < q; e++) Q[l * q + e]! /= norm
  }

  /** Rᵀ u = c, from the first entry on; null where c is not determined. */
  const throughR = (c: ArrayLike<number>): Float64Array | null => {
    const u = new Float64Array(n)
    let first = 0
    while (first < n && c[first] === 0) first++
    for (let l = first; l < n; l++) {
      let rest = c[l]!
      for (let p = first; p < l; p++) rest -= R[p * n + l]! * u[p]!
      if (isDependent[l] === 0) u[l] = rest / R[l * n + l]!
      else if (Math.abs(rest) > 1e-8 * Math.abs(c[l]!)) return null
    }
    return u
  }
  const variances = new Float64Array(n)
  const variance = (c: ArrayLike<number>): number => {
    const only = onlyEntry(c, n)
    return only < 0 ? varianceOf(c) : variances[only]! * c[only]! ** 2
  }
  const varianceOf = (c: ArrayLike<number>): number => {
    const u = throughR(c)
    if (u === null) return Number.POSITIVE_INFINITY
    let sum = 0
    for (const value of u) sum += value * value
    return sum
  }
  const unit = new Float64Array(n)
  for (let l = 0; l < n; l++) {
    unit[l] = 1
    variances[l] = isDependent[l] === 1 ? Number.POSITIVE_INFINITY : varianceOf(unit)
    unit[l] = 0
  }

  return {
    rank,
    variance,
    variances,
    leverages() {
      const h = new Float64Array(q)
      for (let l = 0; l < n; l++) if (isDependent[l] === 0) for (let e = 0; e < q; e++) h[e]! += Q[l * q + e]! ** 2
      return h
    },
    varianceUnder(given) {
      const M = new Float64Array(n * n) // Qᵀ diag(given) Q
      for (let l = 0; l < n; l++)
        for (let p = 0; p <= l; p++) {
          let sum = 0
          if (isDependent[l] === 0 && isDependent[p] === 0)
            for (let e = 0; e < q; e++) sum += Q[l * q + e]! * given[e]! * Q[p * q + e]!
          M[l * n + p] = sum
          M[p * n + l] = sum
        }
      return (c) => {
        const u = throughR(c)
        if (u === null) return Number.POSITIVE_INFINITY
        let sum = 0
        for (let l = 0; l < n; l++) for (let p = 0; p < n; p++) sum += u[l]! * M[l * n + p]! * u[p]!
        return sum
      }
    },
    solve(y) {
      const residual = y.slice()
      const x = new Float64Array(n)
      for (let l = 0; l < n; l++) {
        if (isDependent[l] === 1) continue
        let along = 0
        for (let e = 0; e < q; e++) along += Q[l * q + e]! * residual[e]!
        for (let e = 0; e < q; e++) residual[e]! -= along * Q[l * q + e]!
        x[l] = along
      }
      for (let l = n - 1; l >= 0; l--) {
        if (isDependent[l] === 1) continue
        for (let p = l + 1; p < n; p++) x[l]! -= R[l * n + p]! * x[p]!
        x[l]! /= R[l * n + l]!
      }
      return { x, residual }
    },
  }
}

/** The index of the only entry of c that is not zero; −1 where there are more, or none. */
function onlyEntry(c: ArrayLike<number>, n: number): number {
  let only = -1
  for (let l = 0; l < n; l++) {
    if (c[l] === 0) continue
    if (only >= 0) return -1
    only = l
  }
  return only
}
