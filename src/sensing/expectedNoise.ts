/** What a caller of `sense` says of the noise of its values. */
import type { Blackbox } from '../blackbox/blackbox.ts'
import type { SenseOptions } from './senseOptions.ts'

/** The noise that the caller speaks of. Throws RangeError on what can't be one, or where the method does not allow for noise. */
export function expectedNoise(
  { outputs: m }: Blackbox,
  { noise, robust, method = 'auto', plan }: SenseOptions,
): Float64Array | 'estimate' | 'none' | 'unknown' {
  const allows = method === 'auto' || method === 'rainbow'
  const isSaid = (noise !== undefined && noise !== 'none' && noise !== 'suspect') || robust === true
  if (isSaid && !allows)
    throw new RangeError(`sense: noise and robust are for methods 'auto' and 'rainbow', got method '${method}'`)
  if (isSaid && plan !== undefined) throw new RangeError('sense: give noise and robust, or a plan, not both')
  if (noise === 'none') return robust === true ? new Float64Array(m) : 'none'
  if (noise === undefined || noise === 'suspect') return robust === true ? 'estimate' : allows ? 'unknown' : 'none'
  if (noise === 'estimate') return noise
  const sigma = typeof noise === 'number' ? new Float64Array(m).fill(noise) : Float64Array.from(noise)
  if (sigma.length !== m)
    throw new RangeError(`sense: noise must be a number or have ${m} entries, got ${sigma.length}`)
  for (const value of sigma)
    if (!(Number.isFinite(value) && value >= 0))
      throw new RangeError(`sense: noise must be finite and ≥ 0, got ${value}`)
  return sigma
}
