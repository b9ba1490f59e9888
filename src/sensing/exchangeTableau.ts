/**
 * The tableau T = A A_B⁻¹ [k × n] that expresses all equations in n of them, B. Exchanging one of these is a change of rank one,
 * T − column·rowᵀ/pivot; four at a time are carried out together, as reading and writing T costs more than computing it.
 */
const TOGETHER = 4

/** All arrays are the tableau's own, and are to be read only. */
export interface ExchangeTableau {
  readonly T: Float64Array // [k × n], up to date after `settle`
  readonly B: Int32Array // [n], −1 where there is none yet
  readonly placeOf: Int32Array // [k], column of T that stands for an equation in B, −1 for others
  readonly others: Int32Array // the equations outside of B: as many as there are, k − n once B is full; in no order
  /** Starts from another tableau, whose unit rows are those of the equations in B. */
  set(T: Float64Array, B: ArrayLike<number>): void
  /** out [n] = row of equation e. */
  rowInto(out: Float64Array, e: number): void
  /** out [k] = column i. */
  columnInto(out: Float64Array, i: number): void
  /** Makes place i stand for equation e, of which this is the row; `row` [n] and column i [k] are as the two functions above give them. */
  exchange(e: number, i: number, row: Float64Array, column: Float64Array): void
  /** Brings T up to date. */
  settle(): void
}

export function exchangeTableau(k: number, n: number): ExchangeTableau {
  const T = new Float64Array(k * n)
  const B = new Int32Array(n).fill(-1)
  const placeOf = new Int32Array(k).fill(-1)
  const others = new Int32Array(k)
  const slotOf = new Int32Array(k) // of an equation among the others
  let numOthers = 0
  // T is yet to become T − F Pᵀ; F is zero where nothing waits.
  const F = new Float64Array(k * TOGETHER)
  const P = new Float64Array(n * TOGETHER)
  const came = new Int32Array(TOGETHER) // into B
  let waiting = 0

  function settle(): void {
    if (waiting === 0) return
    subtractFour(T, F, P, others, numOthers, n)
    for (let w = 0; w < waiting; w++) {
      const place = placeOf[came[w]!]!
      if (place < 0) continue
      const row = came[w]! * n
      T.fill(0, row, row + n)
      T[row + place] = 1
    }
    F.fill(0)
    waiting = 0
  }

  return {
    T,
    B,
    placeOf,
    others,
    settle,
    set(otherT, otherB) {
      T.set(otherT)
      B.set(otherB)
      placeOf.fill(-1)
      for (let i = 0; i < n; i++) if (B[i]! >= 0) placeOf[B[i]!] = i
      numOthers = 0
      for (let t = 0; t < k; t++) {
        slotOf[t] = numOthers
        if (placeOf[t]! < 0) others[numOthers++] = t
      }
      F.fill(0)
      waiting = 0
    },
    rowInto(out, e) {
      if (placeOf[e]! >= 0) {
        out.fill(0)
        out[placeOf[e]!] = 1
        return
      }
      const row = e * n
      const f = e * TOGETHER
      const a = F[f]!
      const b = F[f + 1]!
      const c = F[f + 2]!
      for (let j = 0, p = 0; j < n; j++, p += TOGETHER)
        out[j] = T[row + j]! - (a * P[p]! + b * P[p + 1]! + c * P[p + 2]!)
    },
    columnInto(out, i) {
      const p = i * TOGETHER
      const a = P[p]!
      const b = P[p + 1]!
      const c = P[p + 2]!
      out.fill(0)
      if (B[i]! >= 0) out[B[i]!] = 1
      for (let o = 0; o < numOthers; o++) {
        const t = others[o]!
        const f = t * TOGETHER
        out[t] = T[t * n + i]! - (a * F[f]! + b * F[f + 1]! + c * F[f + 2]!)
      }
    },
    exchange(e, i, row, column) {
      const pivot = row[i]!
      const inverse = 1 / pivot
      for (let o = 0; o < numOthers; o++) F[others[o]! * TOGETHER + waiting] = column[others[o]!]! * inverse
      for (let j = 0, p = waiting; j < n; j++, p += TOGETHER) P[p] = row[j]!
      P[i * TOGETHER + waiting] = pivot - 1 // column i becomes itself/pivot
      F[e * TOGETHER + waiting] = 1
      // In place of e comes what leaves B or, where nothing does, the last of the others.
      const leaving = B[i]!
      if (leaving >= 0) {
        F[leaving * TOGETHER + waiting] = inverse
        placeOf[leaving] = -1
      } else numOthers--
      const instead = leaving >= 0 ? leaving : others[numOthers]!
      others[slotOf[e]!] = instead
      slotOf[instead] = slotOf[e]!
      B[i] = e
      placeOf[e] = i
      came[waiting++] = e
      if (waiting === TOGETHER) settle()
    },
  }
}

/** T −= F Pᵀ in some rows, T [k × n], F [k × 4], P [n × 4]; two rows at a time, so that P is read half as often. */
function subtractFour(
  T: Float64Array,
  F: Float64Array,
  P: Float64Array,
  rows: Int32Array,
  count: number,
  n: number,
): void {
  const end = n * TOGETHER
  for (let i = 0; i < count; i += 2) {
    const f = rows[i]! * TOGETHER
    let at = rows[i]! * n
    const a0 = F[f]!
    const a1 = F[f + 1]!
    const a2 = F[f + 2]!
    const a3 = F[f + 3]!
    if (i + 1 === count) {
      for (let j = 0; j < end; j += TOGETHER, at++)
        T[at]! -= a0 * P[j]! + a1 * P[j + 1]! + a2 * P[j + 2]! + a3 * P[j + 3]!
      return
    }
    const g = rows[i + 1]! * TOGETHER
    let next = rows[i + 1]! * n
    const b0 = F[g]!
    const b1 = F[g + 1]!
    const b2 = F[g + 2]!
    const b3 = F[g + 3]!
    for (let j = 0; j < end; j += TOGETHER, at++, next++) {
      const p0 = P[j]!
      const p1 = P[j + 1]!
      const p2 = P[j + 2]!
      const p3 = P[j + 3]!
      T[at]! -= a0 * p0 + a1 * p1 + a2 * p2 + a3 * p3
      T[next]! -= b0 * p0 + b1 * p1 + b2 * p2 + b3 * p3
    }
  }
}
