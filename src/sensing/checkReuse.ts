import type { Blackbox } from '../blackbox/blackbox.ts'
import { checkMatch, type Field } from './checkMatch.ts'
import { checkRowGroups } from './checkRowGroups.ts'
import { fingerprint } from './fingerprint.ts'
import { checkPlanFits } from './measure.ts'
import type { Plan } from './plan.ts'
import { directionsFor } from './recover/compressed.ts'
import { restrictPattern } from './restrictPattern.ts'
import type { SenseOptions } from './senseOptions.ts'

/** Throws RangeError listing what differs between a plan and the blackbox or options it is to be used with. */
export function checkReuse(plan: Plan, blackbox: Blackbox, options: SenseOptions): void {
  checkPlanFits('sense', plan, blackbox)
  const { method = 'auto', scheme, step, heldOut, tolerance, seed, structure } = options
  const fields: Field[] = []
  const add = (name: string, planned: string | number, actual: string | number | undefined) => {
    if (actual !== undefined) fields.push({ name, planned, actual })
  }
  add('method', plan.method, method === 'auto' ? undefined : method)
  add('scheme', plan.scheme, scheme)
  add('step', plan.heldOutSteps[0] ?? plan.steps[0] ?? 'none', step)
  add('heldOut', plan.heldOutDirections, heldOut)
  add('tolerance', plan.tolerance, tolerance)
  add('seed', plan.seed, seed)
  add('directions', plan.directions, options.directions)
  const narrowed = plan.outputs === 0 || (plan.decoder.method === 'compressed' && plan.decoder.superset !== null)
  if (options.sparsityLevel !== undefined && !narrowed)
    add('directions', plan.directions, directionsFor(options.sparsityLevel, plan.inputs))
  add('design', plan.decoder.method === 'compressed' ? plan.decoder.design : 'none', options.design)
  if (structure?.rowGroups !== undefined && plan.decoder.method === 'compressed') {
    const groups = checkRowGroups('sense', structure.rowGroups, plan.outputs)
    add('row groups', fingerprint(JSON.stringify(plan.decoder.groups)), fingerprint(JSON.stringify(groups)))
  }
  const sparsity = structure?.sparsity
  if (typeof sparsity === 'object' && 'colPtr' in plan.decoder) {
    const { colPtr, rowIdx } = plan.decoder
    const left = plan.ties === null ? sparsity : restrictPattern(sparsity, plan.ties)
    add('sparsity pattern', fingerprint(colPtr, rowIdx), fingerprint(left.colPtr, left.rowIdx))
  }
  checkMatch('sense', fields)
}
