/** Further directions of the same kind for a rainbow plan: they need not tell the parameters by themselves. */
import { random } from '../linalg/random.ts'
import { fingerprint } from './fingerprint.ts'
import type { Plan } from './plan.ts'
import { weigh } from './weighing.ts'

const STREAM = 8 // of the seed

/** A plan of `count` directions with the steps of the given one, and nothing held out. Throws RangeError unless its method is 'rainbow'. */
export function moreDirections(plan: Plan, count: number, seed: number): Plan {
  const { decoder, steps } = plan
  if (decoder.method !== 'rainbow') throw new RangeError(`moreDirections: a ${decoder.method} plan`)
  const D = weigh(decoder.weighing, count, decoder.colors, decoder.numColors, random(seed, STREAM))
  return {
    ...plan,
    directions: count,
    D,
    steps: new Array<number>(count).fill(steps[0]!),
    heldOutDirections: 0,
    heldOut: [],
    heldOutSteps: [],
    fingerprint: fingerprint(`more ${plan.fingerprint}`, D),
  }
}
