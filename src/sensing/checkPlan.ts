import { checkPattern } from '../linalg/checkPattern.ts'
import { checkTies } from '../linalg/ties.ts'
import { checkRowGroups } from './checkRowGroups.ts'
import type { Family } from './family.ts'
import type { Plan } from './plan.ts'
import { recoveries } from './recover/recoveries.ts'
import { checkScheme } from './stencil.ts'

interface Support {
  readonly colPtr: readonly number[]
  readonly rowIdx: readonly number[]
}

/**
 * Throws RangeError, beginning with `who`, unless a plan that comes from elsewhere, such as a file, holds together: known method and
 * scheme, lists of the sizes that it states, indices inside them. A plan as `prepareSensing` makes it passes.
 */
export function checkPlan(who: string, plan: Plan): void {
  const { inputs: n, outputs: m, directions: k, heldOutDirections: h, decoder, ties } = plan
  if (!Object.hasOwn(recoveries, plan.method))
    throw new RangeError(`${who}: method must be one of ${Object.keys(recoveries).join(', ')}; got ${plan.method}`)
  checkScheme(who, plan.scheme)
  if (decoder.method !== plan.method)
    throw new RangeError(`${who}: a plan of method ${plan.method} needs its decoder, got that of ${decoder.method}`)
  const sized = (what: string, list: ArrayLike<number>, length: number) => {
    if (list.length !== length) throw new RangeError(`${who}: ${what} must have ${length} entries, got ${list.length}`)
  }
  sized('D', plan.D, k * n)
  sized('steps', plan.steps, k)
  sized('heldOut', plan.heldOut, h * n)
  sized('heldOutSteps', plan.heldOutSteps, h)
  for (const step of [...plan.steps, ...plan.heldOutSteps])
    if (!(Number.isFinite(step) && step > 0)) throw new RangeError(`${who}: steps must be finite and > 0, got ${step}`)

  // Whatever the method: lists of these names mean the same in all decoders.
  const facts = decoder as { readonly [fact: string]: unknown }
  const family = facts.family as Partial<Family> | undefined
  const pattern = (family ?? ('superset' in facts ? facts.superset : facts)) as Partial<Support> | null
  const entries = pattern?.rowIdx?.length ?? 0
  if (pattern?.colPtr !== undefined || pattern?.rowIdx !== undefined) {
    const [colPtr, rowIdx] = [
      indices('colPtr', pattern.colPtr, 0, entries),
      indices('rowIdx', pattern.rowIdx, 0, m - 1),
    ]
    checkPattern(who, { rows: m, cols: n, colPtr, rowIdx }, m, n)
  }
  if (family !== undefined) {
    const terms = family.parameter?.length ?? 0
    sized('termPtr', indices('termPtr', family.termPtr, 0, terms), entries + 1)
    indices('parameter', family.parameter, 0, Number(family.parameters) - 1)
  }
  if (facts.numColors !== undefined) indices('numColors', [facts.numColors], 0, n)
  if (facts.colors !== undefined) {
    sized('colors', indices('colors', facts.colors, -1, Number(facts.numColors) - 1), n)
  }
  if (facts.unitOf !== undefined) indices('unitOf', facts.unitOf, -1, k - 1)
  if (facts.method === 'compressed') checkRowGroups(who, facts.groups, m)
  const elimination = facts.elimination as { order?: unknown; twin?: unknown } | null | undefined
  if (elimination) {
    indices('order', elimination.order, 0, entries - 1)
    sized('twin', indices('twin', elimination.twin, -1, entries - 1), entries)
  }
  if (ties !== null) {
    if (![ties.tiedColumns, ties.tiedRows].every(Array.isArray)) throw new RangeError(`${who}: ties must be lists`)
    for (const { from, known } of [...ties.tiedColumns, ...ties.tiedRows])
      if (![from, known].every(Array.isArray)) throw new RangeError(`${who}: terms of ties must be lists`)
    checkTies(who, ties, m, n)
  }

  function indices(what: string, list: unknown, least: number, most: number): Int32Array {
    if (!Array.isArray(list)) throw new RangeError(`${who}: ${what} must be a list`)
    for (const value of list)
      if (!(Number.isSafeInteger(value) && value >= least && value <= most))
        throw new RangeError(`${who}: ${what} must be whole numbers from ${least} to ${most}, got ${value}`)
    return Int32Array.from(list)
  }
}
