import { random } from '../linalg/random.ts'
import type { Blackbox } from './blackbox.ts'
import { wrapBlackbox } from './wrapBlackbox.ts'

/**
 * The same blackbox with independent Gaussian noise of standard deviation sigma (in units of the outputs) added to every
 * output. Noise depends on the number of evaluations made before, so the wrapper is not pure; the same seed and the same order
 * of evaluations give the same values. Throws RangeError unless sigma is finite and ≥ 0.
 */
export function withNoise(blackbox: Blackbox, { sigma, seed = 1 }: { sigma: number; seed?: number }): Blackbox {
  if (!(Number.isFinite(sigma) && sigma >= 0))
    throw new RangeError(`withNoise: sigma must be a finite number ≥ 0, got ${sigma}`)
  const source = random(seed)
  return wrapBlackbox(blackbox, (Y, count) => {
    for (let k = 0; k < count * blackbox.outputs; k++) Y[k]! += sigma * source.normal()
  })
}
