/**
 * The tableau T = A A_B⁻¹ [k × n] that expresses all equations in n of them, B. Exchanging one of these is a change of rank one,
 * T − column·rowᵀ/pivot; four at a time are carried out together, as reading and writing T costs more than computing it.
 */
import { arrayRoom } from '../linalg/arrayRoom.ts'
import { packedPlace, rankFourUpdate } from '../linalg/rankFourUpdate.ts'

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
  /** As of rankFourUpdate. */
  release(): void
}

export function exchangeTableau(k: number, n: number): ExchangeTableau {
  // T is yet to become T + F Pᵀ; F is zero where nothing waits. One row of T and F is spare.
  const atP = (k + 1) * n + 1
  const endP = atP + TOGETHER * (n + (n % 2))
  const { numbers, add, release } = rankFourUpdate(endP + (k + 1) * TOGETHER)
  const T = numbers.subarray(0, k * n)
  const P = numbers.subarray(atP, endP)
  const F = numbers.subarray(endP)
  const room = arrayRoom(2 * k + n)
  const B = room.ints(n).fill(-1)
  const placeOf = room.ints(k).fill(-1)
  const others = room.ints(k)
  const slotOf = room.ints(k) // of an equation among the others
  let numOthers = 0
  const came = new Int32Array(TOGETHER) // into B
  let waiting = 0

  function settle(): void {
    if (waiting === 0) return
    for (let o = 0; o < numOthers; o += 2) {
      const t = others[o]!
      const u = o + 1 < numOthers ? others[o + 1]! : k // the spare row
      add(t * n, u * n, atP, endP, endP + t * TOGETHER, endP + u * TOGETHER)
    }
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
    release,
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
      for (let j = 0, p = 0; j < n; j += 2, p += 2 * TOGETHER) {
        out[j] = T[row + j]! + (a * P[p]! + b * P[p + 2]! + c * P[p + 4]!)
        if (j + 1 < n) out[j + 1] = T[row + j + 1]! + (a * P[p + 1]! + b * P[p + 3]! + c * P[p + 5]!)
      }
    },
    columnInto(out, i) {
      const p = packedPlace(0, i)
      const a = P[p]!
      const b = P[p + 2]!
      const c = P[p + 4]!
      out.fill(0)
      if (B[i]! >= 0) out[B[i]!] = 1
      for (let o = 0; o < numOthers; o++) {
        const t = others[o]!
        const f = t * TOGETHER
        out[t] = T[t * n + i]! + (a * F[f]! + b * F[f + 1]! + c * F[f + 2]!)
      }
    },
    exchange(e, i, row, column) {
      const pivot = row[i]!
      const inverse = -1 / pivot
      for (let o = 0; o < numOthers; o++) F[others[o]! * TOGETHER + waiting] = column[others[o]!]! * inverse
      for (let j = 0, p = packedPlace(waiting, 0); j < n; j += 2, p += 2 * TOGETHER) {
        P[p] = row[j]!
        if (j + 1 < n) P[p + 1] = row[j + 1]!
      }
      P[packedPlace(waiting, i)] = pivot - 1 // column i becomes itself/pivot
      F[e * TOGETHER + waiting] = -1
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
