/**
 * Simultaneous orthogonal matching pursuit, for rows that share their support: takes the column that best explains the residuals of all
 * rows at once (Tropp, Gilbert and Strauss 2006, doi:10.1016/j.sigpro.2005.05.030), in the rank-aware form of Davies and Eldar 2012
 * (doi:10.1109/TIT.2011.2173722): the gain of a column is the share of it, beyond the columns taken, that lies in the span of the
 * residuals,
 *
 *     gain_j = |Uᵀ P a_j|² / |P a_j|²,   U: orthonormal basis of the residuals P Y, P: projector beside the columns taken.
 *
 * So it does not matter how rows are scaled, or how alike they are; and s rows in general position tell s columns from s + 1 equations.
 * Differs from the paper in that directions which a row's accuracy does not tell are left out of U, that rows leave when they are
 * explained, and that the caller judges the result.
 */

export interface JointPursuit {
  readonly support: readonly number[] // columns in the order in which they were taken, those of `start` first
  /** How many of these explain each row; −1: none. */
  readonly explainedBy: readonly number[] // [r]
}

/** Columns that depend on those taken to this share of their square are not taken. */
const DEPENDENT = 1e-10
/** A direction belongs to the residuals' span where it is this many times what the accuracy of its row may do to it. */
const TOLD = 4
/** Rows in the span of whose residuals columns are looked for; further ones say little more, and cost its square. */
export const MAX_ROWS = 32

/** A pursuit of A [q × n]. Cost of a column for r rows: O(qn + r²(q + n)). */
export function jointPursuit(A: Float64Array, q: number, n: number) {
  const columns = new Float64Array(n * q) // column j at j·q …
  const squares = new Float64Array(n)
  for (let e = 0; e < q; e++)
    for (let j = 0; j < n; j++) {
      columns[j * q + e] = A[e * n + j]!
      squares[j]! += A[e * n + j]! ** 2
    }

  /** Aᵀv. */
  const correlate = (v: Float64Array): Float64Array => {
    const sums = new Float64Array(n)
    for (let e = 0; e < q; e++) for (let j = 0; j < n; j++) sums[j]! += A[e * n + j]! * v[e]!
    return sums
  }

  /**
   * Takes the columns of `start`, then others one by one, until each row's |y − A x|₂ is within its norm, at most `largest` in all.
   * `candidates`: the only ones that may be taken; null for all.
   */
  return (
    Y: readonly Float64Array[], // r of [q]
    norms: ArrayLike<number>, // [r]
    largest: number,
    { start = [], candidates = null }: { start?: readonly number[]; candidates?: readonly number[] | null } = {},
  ): JointPursuit => {
    const isOut = new Uint8Array(n).fill(candidates === null ? 0 : 1)
    if (candidates !== null) for (const j of candidates) isOut[j] = 0
    const left = squares.slice() // |P a_j|²
    for (let j = 0; j < n; j++) if (squares[j] === 0) isOut[j] = 1
    const explainedBy = new Array<number>(Y.length).fill(-1)
    const rows: Residual[] = []
    for (const [r, y] of Y.entries()) {
      const size = length(y)
      if (size <= norms[r]!) explainedBy[r] = 0
      else {
        const unit = y.map((value) => value / size)
        rows.push({ r, residual: unit, correlation: correlate(unit), noise: norms[r]! / size, isOpen: true })
      }
    }
    const basis: Float64Array[] = []
    const support: number[] = []

    const take = (j: number): void => {
      isOut[j] = 1
      const v = columns.slice(j * q, (j + 1) * q)
      for (let pass = 0; pass < 2; pass++) for (const other of basis) subtract(v, dot(v, other), other)
      const square = dot(v, v)
      if (!(square > DEPENDENT * squares[j]!)) return
      scale(v, 1 / Math.sqrt(square))
      basis.push(v)
      support.push(j)
      const along = correlate(v)
      for (let k = 0; k < n; k++) left[k] = Math.max(0, left[k]! - along[k]! ** 2)
      for (const row of rows) {
        if (!row.isOpen) continue
        const part = dot(row.residual, v)
        subtract(row.residual, part, v)
        subtract(row.correlation, part, along)
        if (length(row.residual) > row.noise) continue
        row.isOpen = false
        explainedBy[row.r] = support.length
      }
    }

    for (const j of start) if (isOut[j] === 0 && support.length < largest) take(j)
    while (support.length < largest) {
      const open = rows.filter(({ isOpen }) => isOpen)
      if (open.length === 0) break
      const gains = gainsOf(open, n)
      let best = -1
      let bestGain = 0
      for (let j = 0; j < n; j++) {
        if (isOut[j] === 1 || !(left[j]! > DEPENDENT * squares[j]!)) continue
        const gain = gains[j]! / left[j]!
        if (gain > bestGain) {
          bestGain = gain
          best = j
        }
      }
      if (best === -1) break
      take(best)
    }
    return { support, explainedBy }
  }
}

interface Residual {
  readonly r: number
  readonly residual: Float64Array // [q], P y / |y|
  readonly correlation: Float64Array // [n], Aᵀ P y / |y|
  readonly noise: number // what the row's accuracy may do to the residual, in the 2-norm
  isOpen: boolean
}

/** |Uᵀ P a_j|² for all columns: U by Gram–Schmidt with the clearest direction first. Aᵀ U follows by the same steps. */
function gainsOf(open: readonly Residual[], n: number): Float64Array {
  const rest = open.slice(0, MAX_ROWS).map(({ residual, correlation, noise }) => ({
    v: residual.slice(),
    w: correlation.slice(),
    noise,
    size: length(residual),
  }))
  const gains = new Float64Array(n)
  for (let rank = 0; rest.length > 0; rank++) {
    let clearest = 0
    for (let i = 1; i < rest.length; i++)
      if (rest[i]!.size * rest[clearest]!.noise > rest[clearest]!.size * rest[i]!.noise) clearest = i
    const [{ v, w, noise, size }] = rest.splice(clearest, 1) as [(typeof rest)[number]]
    // a row that is open tells its own direction, whatever its noise
    if (rank > 0 && !(size > TOLD * noise)) break
    for (let j = 0; j < n; j++) gains[j]! += (w[j]! / size) ** 2
    for (const other of rest) {
      const part = dot(other.v, v) / size ** 2
      subtract(other.v, part, v)
      subtract(other.w, part, w)
      other.noise = Math.hypot(other.noise, part * noise)
      other.size = length(other.v)
    }
  }
  return gains
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let e = 0; e < a.length; e++) sum += a[e]! * b[e]!
  return sum
}

function length(a: Float64Array): number {
  return Math.sqrt(dot(a, a))
}

/** a −= factor · b. */
function subtract(a: Float64Array, factor: number, b: Float64Array): void {
  for (let e = 0; e < a.length; e++) a[e]! -= factor * b[e]!
}

function scale(a: Float64Array, factor: number): void {
  for (let e = 0; e < a.length; e++) a[e]! *= factor
}
