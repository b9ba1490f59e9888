/** Random directions for the left action: rows s_i of length √n, isotropic, so that the mean of ⟨s_i, g⟩ s_i is g. */
import { random, type Random } from '../linalg/random.ts'
import { hadamardEntry, hadamardOrder } from './hadamardMatrix.ts'

export type Design = 'gaussian' | 'rademacher' | 'orthogonal' | 'hadamard'

/** Designs by name, in the order of how much they spread the error for k ≤ n. */
export const DESIGNS: readonly Design[] = ['gaussian', 'rademacher', 'orthogonal', 'hadamard']

const STREAM = 3 // of the seed

/**
 * S [k × n], row-major. 'gaussian': normal entries; 'rademacher': ±1; 'orthogonal': rows of random orthogonal matrices times √n,
 * a fresh matrix for every n rows; 'hadamard': rows of the smallest Hadamard matrix known that has n columns, drawn without repeats,
 * cropped to n columns after random signs (orthogonal where n is its order, nearly so else). Throws RangeError on sizes below one.
 */
export function designRows(design: Design, k: number, n: number, seed: number): Float64Array {
  for (const [name, value] of Object.entries({ k, n }))
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw new RangeError(`designRows: ${name} must be an integer ≥ 1, got ${value}`)
  const source = random(seed, STREAM)
  const S = new Float64Array(k * n)
  switch (design) {
    case 'gaussian':
      for (let e = 0; e < S.length; e++) S[e] = source.normal()
      return S
    case 'rademacher':
      for (let e = 0; e < S.length; e++) S[e] = source.rademacher()
      return S
    case 'orthogonal':
      for (let from = 0; from < k; from += n) orthogonalRows(S, from, Math.min(n, k - from), n, source)
      return S
    case 'hadamard':
      hadamardRows(S, k, n, source)
      return S
    default:
      throw new RangeError(`designRows: design must be one of ${DESIGNS.join(', ')}; got ${String(design)}`)
  }
}

/** Normal rows made orthogonal (modified Gram–Schmidt, twice) and scaled to length √n: Haar-distributed. */
function orthogonalRows(S: Float64Array, from: number, count: number, n: number, source: Random): void {
  for (let i = from; i < from + count; i++) {
    const row = S.subarray(i * n, (i + 1) * n)
    for (let j = 0; j < n; j++) row[j] = source.normal()
    for (let pass = 0; pass < 2; pass++)
      for (let p = from; p < i; p++) {
        let along = 0
        for (let j = 0; j < n; j++) along += row[j]! * S[p * n + j]!
        for (let j = 0; j < n; j++) row[j]! -= (along / n) * S[p * n + j]!
      }
    let square = 0
    for (let j = 0; j < n; j++) square += row[j]! ** 2
    const scale = Math.sqrt(n / square)
    for (let j = 0; j < n; j++) row[j]! *= scale
  }
}

/** Without repeats until all rows of the matrix are used. Of a power of two it is Sylvester's, (−1)^{popcount(r & c)}. */
function hadamardRows(S: Float64Array, k: number, n: number, source: Random): void {
  const size = hadamardOrder(n)
  const isPower = (size & (size - 1)) === 0
  const entry = isPower ? (r: number, c: number) => (parity(r & c) === 0 ? 1 : -1) : hadamardEntry(size)
  const order = Int32Array.from({ length: size }, (_, r) => r)
  const signs = new Float64Array(n)
  for (let i = 0; i < k; i++) {
    const at = i % size
    if (at === 0) {
      for (let j = 0; j < n; j++) signs[j] = source.rademacher()
      for (let r = size - 1; r > 0; r--) {
        const other = source.integer(r + 1)
        const kept = order[r]!
        order[r] = order[other]!
        order[other] = kept
      }
    }
    const row = order[at]!
    for (let j = 0; j < n; j++) S[i * n + j] = entry(row, j) * signs[j]!
  }
}

function parity(bits: number): number {
  let x = bits
  x ^= x >>> 16
  x ^= x >>> 8
  x ^= x >>> 4
  x ^= x >>> 2
  x ^= x >>> 1
  return x & 1
}
