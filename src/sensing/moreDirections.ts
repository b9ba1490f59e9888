/** Further directions of the same kind for a rainbow plan: they need not tell the parameters by themselves. */
import { random } from '../linalg/random.ts'
import { fingerprint } from './fingerprint.ts'
import type { Plan } from './plan.ts'
import { SHORTER, weigh } from './weighing.ts'

const STREAM = 8 // of the seed

/**
 * A plan of `count` directions with steps somewhat shorter than those of the given one, and nothing held out. Throws RangeError unless its
 * method is 'rainbow'.
 */
export function moreDirections(plan: Plan, count: number, seed: number, together: number): Plan {
  const { decoder, steps } = plan
  if (decoder.method !== 'rainbow') throw new RangeError(`moreDirections: a ${decoder.method} plan`)
  const source = random(seed, STREAM)
  const D = weigh(decoder.weighing, count, decoder.colors, decoder.numColors, source, together)
  // no point is visited twice: what a function of the point alone does to its values would be the same error again
  const step = steps[0]! * (1 - SHORTER * source.uniform())
  return {
    ...plan,
    directions: count,
    D,
    steps: new Array<number>(count).fill(step),
    heldOutDirections: 0,
    heldOut: [],
    heldOutSteps: [],
    fingerprint: fingerprint(`more ${plan.fingerprint}`, [step], D),
  }
}
