/**
 * Least squares through the origin, y_t = J x_t + e_t, each row of J on its own regressors, with standard errors that do not take
 * the residuals to be alike: those of a kinked function are large where the cloud is wide. HC2 of MacKinnon and White 1985,
 * doi:10.1016/0304-4076(85)90158-7: with W = X (XᵀX)⁻¹ and leverages h_t = x_tᵀ w_t,
 *
 *     var J_ij = Σ_t q_t,  q_t = w_tj² e_ti² / (1 − h_t).
 *
 * Differs from it in one factor, found by experiment: where few samples make the sum (a switch that the cloud only reaches with its
 * tail), it is too small as often as these are missing. var J_ij is multiplied by 1 + Σ q² / (Σ q)², about what one more sample like
 * them would add, less 3/N, which that is for normal residuals and regressors of one size. For max(0, z) at 2σ and 500 samples, ±1.96
 * standard errors then hold the slope in 92 % of all clouds, not 90 %.
 */

export interface CloudFit {
  readonly J: Float64Array // [m × n], zero outside of the supports
  readonly standardError: Float64Array // [m × n]
  /** How many samples an entry's standard error rests on, (Σ q)² / Σ q²: 1 where a single one makes it; N where residuals are rounding. */
  readonly participation: Float64Array // [m × n]
  /** The largest score of a column left out of a row's support, Σ x e / √(Σ x² e²): about normal where it is rightly left out. */
  readonly missing: Float64Array // [m]
}

/**
 * Rows of X [N × n] are samples, of Y [N × m] their outputs; `supports[i]` are the columns that row i may have. Residuals of at most
 * `floor[i]` [m] are rounding. Throws RangeError where a support has no fewer columns than there are samples, or some repeat others.
 */
export function fitCloud(
  X: Float64Array,
  Y: Float64Array,
  N: number,
  supports: readonly Int32Array[], // [m], ascending
  floor: ArrayLike<number>, // [m]
): CloudFit {
  const m = supports.length
  const n = X.length / N
  const fit = {
    J: new Float64Array(m * n),
    standardError: new Float64Array(m * n),
    participation: new Float64Array(m * n).fill(N),
    missing: new Float64Array(m),
  }
  const rowsOf = new Map<string, number[]>()
  supports.forEach((support, i) => {
    const key = support.join()
    const rows = rowsOf.get(key)
    if (rows === undefined) rowsOf.set(key, [i])
    else rows.push(i)
  })
  const e = new Float64Array(N)
  const share = new Float64Array(N)
  for (const rows of rowsOf.values()) {
    const support = supports[rows[0]!]!
    const k = support.length
    const { part, W, leverage } = projector(X, N, n, support)
    const b = new Float64Array(k)
    for (const i of rows) {
      b.fill(0)
      // the second pass takes off what rounding left of the first
      for (let pass = 0; pass < 2; pass++) {
        residualsInto(e, Y, part, b, i, m)
        for (let t = 0; t < N; t++) for (let a = 0; a < k; a++) b[a]! += W[t * k + a]! * e[t]!
      }
      residualsInto(e, Y, part, b, i, m)
      let square = 0
      for (let t = 0; t < N; t++) {
        share[t] = e[t]! ** 2 / (1 - leverage[t]!)
        square += e[t]! ** 2
      }
      const isExact = Math.sqrt(square / N) <= floor[i]!
      for (let a = 0; a < k; a++) {
        let sum = 0
        let squares = 0
        for (let t = 0; t < N; t++) {
          const q = W[t * k + a]! ** 2 * share[t]!
          sum += q
          squares += q * q
        }
        const place = i * n + support[a]!
        fit.J[place] = b[a]!
        fit.standardError[place] = sum === 0 ? 0 : Math.sqrt(sum * (1 + Math.max(0, squares / sum ** 2 - 3 / N)))
        if (!isExact && squares > 0) fit.participation[place] = (sum * sum) / squares
      }
      if (isExact) continue
      fit.missing[i] = largestScore(X, e, support, n)
    }
  }
  return fit
}

/** The regressors of a support, [N × k], W = X (XᵀX)⁻¹ of them, and leverages [N]. */
function projector(X: Float64Array, N: number, n: number, support: Int32Array) {
  const k = support.length
  if (k >= N) throw new RangeError(`fitCloud: ${k} columns need more than ${N} samples`)
  const part = new Float64Array(N * k)
  for (let t = 0; t < N; t++) for (let a = 0; a < k; a++) part[t * k + a] = X[t * n + support[a]!]!
  const L = new Float64Array(k * k) // Cholesky factor of XᵀX
  for (let t = 0; t < N; t++)
    for (let a = 0; a < k; a++) {
      const x = part[t * k + a]!
      for (let b = 0; b <= a; b++) L[a * k + b]! += x * part[t * k + b]!
    }
  for (let a = 0; a < k; a++) {
    const whole = L[a * k + a]!
    for (let b = 0; b <= a; b++) {
      let sum = L[a * k + b]!
      for (let c = 0; c < b; c++) sum -= L[a * k + c]! * L[b * k + c]!
      if (a > b) L[a * k + b] = sum / L[b * k + b]!
      else if (sum > 1e-12 * whole) L[a * k + a] = Math.sqrt(sum)
      else throw new RangeError(`fitCloud: column ${support[a]} of the samples repeats others; take more samples`)
    }
  }
  const W = part.slice()
  const leverage = new Float64Array(N)
  for (let t = 0; t < N; t++) {
    const w = W.subarray(t * k, (t + 1) * k)
    for (let a = 0; a < k; a++) {
      for (let b = 0; b < a; b++) w[a]! -= L[a * k + b]! * w[b]!
      w[a]! /= L[a * k + a]!
    }
    for (let a = k - 1; a >= 0; a--) {
      for (let b = a + 1; b < k; b++) w[a]! -= L[b * k + a]! * w[b]!
      w[a]! /= L[a * k + a]!
    }
    for (let a = 0; a < k; a++) leverage[t]! += w[a]! * part[t * k + a]!
  }
  return { part, W, leverage }
}

/** e_t = y_ti − x_tᵀ b. */
function residualsInto(
  e: Float64Array,
  Y: Float64Array,
  part: Float64Array,
  b: Float64Array,
  i: number,
  m: number,
): void {
  const k = b.length
  for (let t = 0; t < e.length; t++) {
    let sum = Y[t * m + i]!
    for (let a = 0; a < k; a++) sum -= part[t * k + a]! * b[a]!
    e[t] = sum
  }
}

function largestScore(X: Float64Array, e: Float64Array, support: Int32Array, n: number): number {
  if (support.length === n) return 0
  const along = new Float64Array(n)
  const square = new Float64Array(n)
  for (let t = 0; t < e.length; t++)
    for (let j = 0; j < n; j++) {
      const product = X[t * n + j]! * e[t]!
      along[j]! += product
      square[j]! += product * product
    }
  for (const j of support) along[j] = 0
  let largest = 0
  for (let j = 0; j < n; j++)
    if (square[j]! > 0) largest = Math.max(largest, Math.abs(along[j]!) / Math.sqrt(square[j]!))
  return largest
}
