/**
 * Products of one matrix M [rows × columns] and of its transpose with several vectors at once: these share what is read of M, and
 * each gets the same bits as it would alone.
 */
import { packedPlace, rankFourUpdate } from './rankFourUpdate.ts'

export interface PackedProducts {
  readonly long: Float64Array // [atMost × longStride], vectors with as many entries as M has rows
  readonly short: Float64Array // [atMost × shortStride], and as many as it has columns; entries that only pad are zero
  readonly longStride: number
  readonly shortStride: number
  /** long = M short for the first `count` vectors. */
  multiply(count: number): void
  /** short = Mᵀ long. */
  multiplyTransposed(count: number): void
  /** As of rankFourUpdate. */
  release(): void
}

/** For so many vectors at a time. M is row-major and copied. */
export function packedProducts(M: Float64Array, rows: number, columns: number, atMost: number): PackedProducts {
  const longStride = 4 * Math.ceil(rows / 4)
  const shortStride = 4 * Math.ceil(columns / 4)
  const width = 2 * Math.ceil(atMost / 2)
  const byRows = 0 // M, by fours of its rows
  const byColumns = byRows + longStride * shortStride // Mᵀ, by fours of its rows
  const long = byColumns + longStride * shortStride
  const short = long + width * longStride
  const { numbers, add, release } = rankFourUpdate(short + width * shortStride)
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      numbers[byRows + (i - (i % 4)) * shortStride + packedPlace(i % 4, j)] = M[i * columns + j]!
      numbers[byColumns + (j - (j % 4)) * longStride + packedPlace(j % 4, i)] = M[i * columns + j]!
    }

  /** `out` = vᵀ N for vectors v [height] at `V`, N [height × width] by fours of its rows, `width` and `height` being strides. */
  function multiplyInto(out: number, V: number, N: number, height: number, width: number, count: number): void {
    numbers.fill(0, out, out + count * width)
    for (let row = 0, four = N; row < height; row += 4, four += 4 * width)
      for (let c = 0, v = V + row, o = out; c < count; c += 2, v += 2 * height, o += 2 * width)
        add(o, o + width, four, four + 4 * width, v, v + height)
  }

  return {
    long: numbers.subarray(long, short),
    short: numbers.subarray(short),
    longStride,
    shortStride,
    multiply(count) {
      multiplyInto(long, short, byColumns, shortStride, longStride, count + (count % 2))
    },
    multiplyTransposed(count) {
      multiplyInto(short, long, byRows, longStride, shortStride, count + (count % 2))
    },
    release,
  }
}
