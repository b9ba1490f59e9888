/** Seeded random numbers: the same seed gives the same sequence on every machine. */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
/**
 * A generator for the given seed (an integer; only its low 32 bits count) and stream (an integer ≥ 0): two streams of one
 * seed are unrelated. Generator xoroshiro128+; normals by the polar method of Marsaglia and Bray 1964, doi:10.1137/1006063.
 * Throws RangeError on a seed or stream that is not an integer.
 */
export function random(seed, stream = 0) {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`random: seed must be an integer, got ${seed}`)
  if (!Number.isSafeInteger(stream)) throw new RangeError(`random: stream must be an integer, got ${stream}`)
  const source = xoroshiro128plus(mix(mix(seed) ^ stream))
  // The seed fills only a quarter of the state: a few steps spread it over the whole.
  for (let i = 0; i < 16; i++) source.next()
  let spare = Number.NaN
  return {
    uniform: () => uniformFloat64(source),
    normal() {
      if (!Number.isNaN(spare)) {
        const value = spare
        spare = Number.NaN
        return value
      }
      for (;;) {
        const a = 2 * uniformFloat64(source) - 1
        const b = 2 * uniformFloat64(source) - 1
        const square = a * a + b * b
        if (square >= 1 || square === 0) continue
        const factor = Math.sqrt((-2 * Math.log(square)) / square)
        spare = b * factor
        return a * factor
      }
    },
    rademacher: () => (source.next() < 0 ? -1 : 1),
    integer(bound) {
      if (!(Number.isSafeInteger(bound) && bound >= 1))
        throw new RangeError(`random: bound must be an integer ≥ 1, got ${bound}`)
      return uniformInt(source, 0, bound - 1)
    },
  }
}
/** The 32-bit finalizer of MurmurHash3 (Appleby): every input bit moves every output bit. */
function mix(seed) {
  let h = (seed | 0) + 0x9e3779b9
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
