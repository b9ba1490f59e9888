/** Typed arrays that share one buffer: where many small ones are needed, each by itself costs several times as much. */
export interface ArrayRoom {
  /** Zeros. */
  floats(length: number): Float64Array
  ints(length: number): Int32Array
}

/** For so many numbers in all; arrays beyond that get buffers of their own. An integer takes the place of a number, at most. */
export function arrayRoom(numbers: number): ArrayRoom {
  const buffer = new ArrayBuffer(8 * numbers)
  let taken = 0
  function place(length: number): number | null {
    const first = taken
    if (first + length > numbers) return null
    taken += length
    return 8 * first
  }
  return {
    floats(length) {
      const at = place(length)
      return at === null ? new Float64Array(length) : new Float64Array(buffer, at, length)
    },
    ints(length) {
      const at = place(Math.ceil(length / 2))
      return at === null ? new Int32Array(length) : new Int32Array(buffer, at, length)
    },
  }
}
