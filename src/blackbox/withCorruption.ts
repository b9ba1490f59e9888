import { random } from '../linalg/random.ts'
import type { Blackbox } from './blackbox.ts'
import { wrapBlackbox } from './wrapBlackbox.ts'

/**
 * The same blackbox with gross errors: each output value (`of: 'values'`, default), or all outputs of a call together (`of: 'calls'`), are
 * with probability `fraction` moved by ±size (in units of the outputs), or replaced by NaN where size is NaN. Errors depend on the number
 * of evaluations made before, so the wrapper is not pure; the same seed and the same order of evaluations give the same values. Throws
 * RangeError unless 0 ≤ fraction ≤ 1 and size is not infinite.
 */
export function withCorruption(
  blackbox: Blackbox,
  {
    fraction,
    size,
    seed = 1,
    of = 'values',
  }: { fraction: number; size: number; seed?: number | undefined; of?: 'values' | 'calls' | undefined },
): Blackbox {
  if (!(fraction >= 0 && fraction <= 1))
    throw new RangeError(`withCorruption: fraction must be between 0 and 1, got ${fraction}`)
  if (Math.abs(size) === Number.POSITIVE_INFINITY)
    throw new RangeError(`withCorruption: size must be finite or NaN, got ${size}`)
  const source = random(seed)
  return wrapBlackbox(blackbox, (Y, count) => {
    const m = blackbox.outputs
    if (of === 'values') {
      for (let k = 0; k < count * m; k++) if (source.uniform() < fraction) Y[k]! += size * source.rademacher()
      return
    }
    for (let p = 0; p < count; p++) {
      if (!(source.uniform() < fraction)) continue
      for (let i = 0; i < m; i++) Y[p * m + i]! += size * source.rademacher()
    }
  })
}
