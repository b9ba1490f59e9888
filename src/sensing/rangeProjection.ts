/**
 * Orthogonal projection Q Qᵀ v on the range of Q [k × n], whose columns are orthonormal, for several vectors at once: they share what
 * is read of Q, and each gets the same bits as it would alone.
 */
import { packedPlace, rankFourUpdate } from '../linalg/rankFourUpdate.ts'

export interface RangeProjection {
  readonly stride: number // where the next vector starts: k or a little more, the rest zeros
  readonly vectors: Float64Array // [atMost × stride], to be filled
  readonly projections: Float64Array // [atMost × stride], valid until the next call
  /** Projects the first `count` vectors. */
  project(count: number): void
  /** As of rankFourUpdate. */
  release(): void
}

/** For so many vectors at a time. */
export function rangeProjection(Q: Float64Array, k: number, n: number, atMost: number): RangeProjection {
  const stride = 4 * Math.ceil(k / 4)
  const inner = 4 * Math.ceil(n / 4)
  const width = 2 * Math.ceil(atMost / 2)
  const forward = 0 // Q, by fours of its rows
  const back = forward + stride * inner // Qᵀ, by fours of its rows
  const from = back + inner * stride // the vectors v
  const between = from + width * stride // Qᵀ v
  const to = between + width * inner // Q Qᵀ v
  const { numbers, add, release } = rankFourUpdate(to + width * stride)
  for (let t = 0; t < k; t++)
    for (let j = 0; j < n; j++) {
      numbers[forward + (t - (t % 4)) * inner + packedPlace(t % 4, j)] = Q[t * n + j]!
      numbers[back + (j - (j % 4)) * stride + packedPlace(j % 4, t)] = Q[t * n + j]!
    }

  /** out = V M for an even number of vectors, V [count × rows], M [rows × columns] by fours of its rows. */
  function multiplyInto(out: number, V: number, M: number, rows: number, columns: number, count: number): void {
    numbers.fill(0, out, out + count * columns)
    for (let row = 0, four = M; row < rows; row += 4, four += 4 * columns)
      for (let c = 0, v = V + row, o = out; c < count; c += 2, v += 2 * rows, o += 2 * columns)
        add(o, o + columns, four, four + 4 * columns, v, v + rows)
  }

  return {
    stride,
    vectors: numbers.subarray(from, between),
    projections: numbers.subarray(to),
    project(count) {
      const even = count + (count % 2)
      multiplyInto(between, from, forward, stride, inner, even)
      multiplyInto(to, between, back, inner, stride, even)
    },
    release,
  }
}
