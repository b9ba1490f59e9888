import { random } from '../linalg/random.ts'
import type { Blackbox } from './blackbox.ts'
import { wrapBlackbox } from './wrapBlackbox.ts'

/**
 * The same blackbox with gross errors: each output value is, with probability `fraction`, moved by ±size (in units of the
 * outputs). Errors depend on the number of evaluations made before, so the wrapper is not pure; the same seed and the same
 * order of evaluations give the same values. Throws RangeError unless 0 ≤ fraction ≤ 1 and size is finite.
 */
export function withCorruption(
  blackbox: Blackbox,
  { fraction, size, seed = 1 }: { fraction: number; size: number; seed?: number },
): Blackbox {
  if (!(fraction >= 0 && fraction <= 1))
    throw new RangeError(`withCorruption: fraction must be between 0 and 1, got ${fraction}`)
  if (!Number.isFinite(size)) throw new RangeError(`withCorruption: size must be finite, got ${size}`)
  const source = random(seed)
  return wrapBlackbox(blackbox, (Y, count) => {
    for (let k = 0; k < count * blackbox.outputs; k++)
      if (source.uniform() < fraction) Y[k]! += size * source.rademacher()
  })
}
