/**
 * The tableau T = A A_B⁻¹ [k × n] that expresses all equations in n of them, B. Exchanging one of these is a change of rank one,
 * T − column·rowᵀ/pivot; four at a time are carried out together, as reading and writing T costs more than computing it.
 */
import { dotAt } from '../linalg/flat.ts'

const TOGETHER = 4

/** All arrays are the tableau's own; T, B and placeOf are to be read only. */
export interface ExchangeTableau {
  readonly T: Float64Array // [k × n], up to date after `settle`
  readonly B: Int32Array // [n], −1 where there is none yet
  readonly placeOf: Int32Array // [k], column of T that stands for an equation in B, −1 for others
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
  // T is yet to become T − F Pᵀ; P is zero where nothing waits.
  const F = new Float64Array(k * TOGETHER)
  const P = new Float64Array(n * TOGETHER)
  const rows = new Int32Array(k)
  const came = new Int32Array(TOGETHER) // into B
  let waiting = 0

  function settle(): void {
    if (waiting === 0) return
    subtractFour(T, F, P, rows, k, n)
    // Rows of equations that came into B are unit rows but for rounding.
    for (let w = 0; w < waiting; w++) {
      const place = placeOf[came[w]!]!
      if (place < 0) continue
      const row = came[w]! * n
      for (let j = 0; j < n; j++) T[row + j] = 0
      T[row + place] = 1
    }
    F.fill(0)
    P.fill(0)
    waiting = 0
  }

  return {
    T,
    B,
    placeOf,
    settle,
    set(otherT, otherB) {
      T.set(otherT)
      B.set(otherB)
      placeOf.fill(-1)
      for (let i = 0; i < n; i++) if (B[i]! >= 0) placeOf[B[i]!] = i
      F.fill(0)
      P.fill(0)
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
      for (let j = 0; j < n; j++) {
        const p = j * TOGETHER
        out[j] = T[row + j]! - (a * P[p]! + b * P[p + 1]! + c * P[p + 2]!)
      }
    },
    columnInto(out, i) {
      const p = i * TOGETHER
      const a = P[p]!
      const b = P[p + 1]!
      const c = P[p + 2]!
      for (let t = 0; t < k; t++) {
        const f = t * TOGETHER
        const place = placeOf[t]!
        if (place < 0) out[t] = T[t * n + i]! - (a * F[f]! + b * F[f + 1]! + c * F[f + 2]!)
        else out[t] = place === i ? 1 : 0
      }
    },
    exchange(e, i, row, column) {
      const pivot = row[i]!
      const inverse = 1 / pivot
      for (let t = 0; t < k; t++) F[t * TOGETHER + waiting] = column[t]! * inverse
      F[e * TOGETHER + waiting] = 1
      for (let j = 0; j < n; j++) P[j * TOGETHER + waiting] = row[j]!
      P[i * TOGETHER + waiting] = pivot - 1 // column i becomes itself/pivot
      if (B[i]! >= 0) placeOf[B[i]!] = -1
      B[i] = e
      placeOf[e] = i
      came[waiting++] = e
      if (waiting === TOGETHER) settle()
    },
  }
}

/** T −= F Pᵀ, T [k × n], F [k × 4], P [n × 4]; two rows at a time, so that P is read half as often. `rows` [k] is scratch. */
function subtractFour(T: Float64Array, F: Float64Array, P: Float64Array, rows: Int32Array, k: number, n: number): void {
  let count = 0
  for (let t = 0; t < k; t++) {
    const f = t * TOGETHER
    if (F[f] !== 0 || F[f + 1] !== 0 || F[f + 2] !== 0 || F[f + 3] !== 0) rows[count++] = t
  }
  const end = n * TOGETHER
  const whole = count - (count % 2)
  for (let i = 0; i < whole; i += 2) {
    let at = rows[i]! * n
    let next = rows[i + 1]! * n
    const f = rows[i]! * TOGETHER
    const g = rows[i + 1]! * TOGETHER
    const a0 = F[f]!
    const a1 = F[f + 1]!
    const a2 = F[f + 2]!
    const a3 = F[f + 3]!
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
  if (whole === count) return
  const t = rows[whole]!
  for (let j = 0; j < n; j++) T[t * n + j]! -= dotAt(F, t * TOGETHER, P, j * TOGETHER, TOGETHER)
}
