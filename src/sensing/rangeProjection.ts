/**
 * Orthogonal projection Q Qᵀ v on the range of Q [k × n], whose columns are orthonormal, for several vectors at once: they share what
 * is read of Q, and each gets the same bits as it would alone.
 */
const TOGETHER = 4 // entries of a vector that a sweep takes up; sizes are padded to multiples of it

export interface RangeProjection {
  readonly stride: number // k, padded: where the next vector starts
  /** out = Q Qᵀ v for the first `count` vectors of V; both [count × stride], the padding zero. */
  projectInto(out: Float64Array, V: Float64Array, count: number): void
}

/** Scratch is for `atMost` vectors at a time. */
export function rangeProjection(Q: Float64Array, k: number, n: number, atMost: number): RangeProjection {
  const stride = padded(k)
  const inner = padded(n)
  // In the order of reading: by fours of what is summed over, then by the sums.
  const forward = new Float64Array(inner * stride) // Qᵀ [n × k]
  const back = new Float64Array(stride * inner) // Q [k × n]
  for (let t = 0; t < k; t++)
    for (let j = 0; j < n; j++) {
      forward[placeOf(j, t, inner)] = Q[t * n + j]!
      back[placeOf(t, j, stride)] = Q[t * n + j]!
    }
  const x = new Float64Array(atMost * inner)

  return {
    stride,
    projectInto(out, V, count) {
      multiplyInto(x, forward, V, inner, stride, count)
      multiplyInto(out, back, x, stride, inner, count)
    },
  }
}

const padded = (size: number): number => TOGETHER * Math.ceil(size / TOGETHER)

/** Of entry (row, column) of a packed matrix. */
const placeOf = (row: number, column: number, rows: number): number =>
  (Math.floor(column / TOGETHER) * rows + row) * TOGETHER + (column % TOGETHER)

/**
 * out = M v for `count` vectors, M [rows × inner] packed. Four columns of M at a time, for two vectors where there are two: eight
 * numbers stay in registers while sums go by.
 */
function multiplyInto(
  out: Float64Array, // [count × rows]
  M: Float64Array,
  V: Float64Array, // [count × inner]
  rows: number,
  inner: number,
  count: number,
): void {
  out.fill(0, 0, count * rows)
  const pairs = count - (count % 2)
  const size = TOGETHER * rows
  for (let from = 0, first = 0; first < inner; first += TOGETHER, from += size) {
    for (let c = 0; c < pairs; c += 2)
      addPair(out, c * rows, (c + 1) * rows, M, from, from + size, V, c * inner + first, (c + 1) * inner + first)
    if (pairs < count) addOne(out, pairs * rows, M, from, from + size, V, pairs * inner + first)
  }
}

function addPair(
  out: Float64Array,
  to: number,
  next: number,
  M: Float64Array,
  from: number,
  end: number,
  V: Float64Array,
  v: number,
  w: number,
): void {
  const v0 = V[v]!
  const v1 = V[v + 1]!
  const v2 = V[v + 2]!
  const v3 = V[v + 3]!
  const w0 = V[w]!
  const w1 = V[w + 1]!
  const w2 = V[w + 2]!
  const w3 = V[w + 3]!
  for (let i = from, a = to, b = next; i < end; i += TOGETHER, a++, b++) {
    const m0 = M[i]!
    const m1 = M[i + 1]!
    const m2 = M[i + 2]!
    const m3 = M[i + 3]!
    out[a]! += v0 * m0 + v1 * m1 + v2 * m2 + v3 * m3
    out[b]! += w0 * m0 + w1 * m1 + w2 * m2 + w3 * m3
  }
}

function addOne(
  out: Float64Array,
  to: number,
  M: Float64Array,
  from: number,
  end: number,
  V: Float64Array,
  v: number,
): void {
  const v0 = V[v]!
  const v1 = V[v + 1]!
  const v2 = V[v + 2]!
  const v3 = V[v + 3]!
  for (let i = from, a = to; i < end; i += TOGETHER, a++)
    out[a]! += v0 * M[i]! + v1 * M[i + 1]! + v2 * M[i + 2]! + v3 * M[i + 3]!
}
