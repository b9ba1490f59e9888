/**
 * How classes of columns share the calls. Repeated: every class is measured alone, R times. Multiplexed: all classes move in every
 * call, up or down as a Hadamard matrix says, and least squares takes them apart: a weighing design (Hotelling 1944,
 * doi:10.1214/aoms/1177731236; Plackett and Burman 1946, doi:10.1093/biomet/33.4.305). At equal calls and equal step for each
 * coordinate the standard deviation of an entry is √C times smaller than with C classes repeated.
 */
import type { Random } from '../linalg/random.ts'
import { hadamardMatrix, hadamardOrder } from './hadamardMatrix.ts'

export type Weighing = 'repeated' | 'multiplexed' | 'random'

/** Directions that would be repeated are made shorter by up to this share. */
export const SHORTER = 0.2
const GOLDEN = (Math.sqrt(5) - 1) / 2 // its multiples spread evenly modulo 1

export const WEIGHINGS: readonly Weighing[] = ['repeated', 'multiplexed', 'random']

/**
 * D [k × n] with entries of at most 1: column j is moved with its class colors[j] (−1: not at all). Random signs, of each column in
 * each direction ('repeated', 'random') or once for all ('multiplexed', whose columns stay orthogonal where k is a multiple of the
 * matrix' order), no more than `together` classes at a time. 'random' knows no classes, and moves columns by half a step to a whole one, so
 * that few directions tell them apart.
 */
export function weigh(
  weighing: Weighing,
  k: number,
  colors: readonly number[], // [n]
  numColors: number, // C
  source: Random,
  together = numColors,
): number[] {
  const n = colors.length
  const D = new Array<number>(k * n).fill(0)
  if (weighing === 'multiplexed') {
    const signs = colors.map(() => source.rademacher())
    const groups = Math.max(1, Math.ceil(numColors / together))
    const size = Math.ceil(numColors / groups)
    for (let g = 0; g < groups; g++) {
      const first = g * size
      const inGroup = Math.min(size, numColors - first)
      const count = Math.floor((k - g + groups - 1) / groups) // of the directions g, g + groups, …
      const W = multiplexedRows(count, inGroup, source)
      for (let r = 0; r < count; r++)
        for (let j = 0; j < n; j++) {
          const c = colors[j]! - first
          if (colors[j]! >= 0 && c >= 0 && c < inGroup) D[(r * groups + g) * n + j] = W[r * inGroup + c]! * signs[j]!
        }
    }
    return withoutRepeats(D, k, n)
  }
  for (let t = 0; t < k; t++)
    for (let j = 0; j < n; j++)
      if (colors[j]! >= 0 && (weighing === 'random' || colors[j] === t % numColors))
        D[t * n + j] = source.rademacher() * (weighing === 'random' ? 0.5 + 0.5 * source.uniform() : 1)
  return weighing === 'random' ? D : withoutRepeats(D, k, n)
}

/**
 * Directions of 0 and ±1 that repeat an earlier one, or its opposite, are made somewhat shorter, each by another share: rounding to single
 * precision and the like are noise that is the same whenever a point is visited again.
 */
function withoutRepeats(D: number[], k: number, n: number): number[] {
  const seen = new Map<string, number>()
  for (let t = 0; t < k; t++) {
    let first = 0
    let key = ''
    for (let j = t * n; j < (t + 1) * n; j++) {
      if (first === 0) first = D[j]!
      key += D[j] === 0 ? '0' : D[j] === first ? '+' : '-'
    }
    const times = seen.get(key) ?? 0
    seen.set(key, times + 1)
    if (times > 0) for (let j = 0; j < n; j++) D[t * n + j]! *= 1 - SHORTER * ((times * GOLDEN) % 1)
  }
  return D
}

/** The number of directions, at least `least` for each color, with which multiplexed classes are orthogonal. */
export function orthogonalDirections(least: number, numColors: number, together = numColors): number {
  if (numColors === 0) return 0
  const groups = Math.max(1, Math.ceil(numColors / together))
  const size = Math.ceil(numColors / groups)
  const order = hadamardOrder(Math.max(least, size))
  const block = hadamardOrder(size)
  return groups * Math.min(order, block * Math.ceil(Math.max(least, 1) / block))
}

/** Matrices of larger order are only made where there are as many colors. */
const LARGEST = 4096

/** W [k × C] of ±1: rows of Hadamard matrices, each used whole before the next. */
function multiplexedRows(k: number, C: number, source: Random): Int8Array {
  const W = new Int8Array(k * C)
  const isWhole = k >= C && k <= Math.max(C, LARGEST) && hadamardOrder(k) === k
  const order = isWhole ? k : hadamardOrder(C)
  const H = hadamardMatrix(order)
  const rows = Int32Array.from({ length: order }, (_, r) => r)
  // the first column is all ones, as is what errors of f(z̄) do to forward differences: better left out
  const isSpare = order > C
  const columns = Int32Array.from({ length: isSpare ? order - 1 : order }, (_, c) => c + (isSpare ? 1 : 0))
  for (let t = 0; t < k; t++) {
    if (t % order === 0) {
      shuffle(rows, source)
      shuffle(columns, source)
    }
    for (let c = 0; c < C; c++) W[t * C + c] = H[rows[t % order]! * order + columns[c]!]!
  }
  return W
}

function shuffle(list: Int32Array, source: Random): void {
  for (let r = list.length - 1; r > 0; r--) {
    const other = source.integer(r + 1)
    const kept = list[r]!
    list[r] = list[other]!
    list[other] = kept
  }
}
