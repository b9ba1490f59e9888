/** Plan files as values: sealed with a fingerprint of all they hold when written, refused when that no longer fits. */
import { InputError } from '../scene/inputError.ts'
import { PLAN_FORMAT, PLAN_VERSION, type PlanFile, parsePlanFile } from '../scene/parsePlanFile.ts'
import { checkPlan } from '../sensing/checkPlan.ts'
import { fingerprint } from '../sensing/fingerprint.ts'
import type { Plan } from '../sensing/plan.ts'

/** A plan file whose plan is known to hold together. */
export interface MeasuringPlan extends Omit<PlanFile, 'plan'> {
  readonly plan: Plan
}

export type PlanContent = Omit<MeasuringPlan, 'format' | 'version' | 'fingerprint'>

/** Adds format, version and fingerprint. */
export function sealPlanFile(content: PlanContent): MeasuringPlan {
  const { plan, ...rest } = content
  const whole = { format: PLAN_FORMAT, version: PLAN_VERSION, ...rest, plan } as const
  return { ...whole, fingerprint: fingerprint(canonical(whole)) }
}

/**
 * The plan in the JSON value of a plan file. Throws InputError, naming `file`, on another format or version, on values of the wrong
 * type or size, on a file that was changed since it was written, and on a plan that does not hold together.
 */
export function openPlanFile(value: unknown, { file = null }: { file?: string | null } = {}): MeasuringPlan {
  const parsed = parsePlanFile(value, { file })
  const { fingerprint: stated, ...rest } = parsed
  const found = fingerprint(canonical(rest))
  if (found !== stated)
    throw new InputError({
      file,
      path: 'fingerprint',
      expected: `${found}, that of what the file holds`,
      found: `${stated}: the file was changed after "jacsense plan" wrote it`,
    })
  const plan = parsed.plan as unknown as Plan
  try {
    checkPlan('plan', plan)
    sameLength('inputs', parsed.inputs, plan.inputs)
    sameLength('outputs', parsed.outputs, plan.outputs)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new InputError({ file, path: 'plan', expected: 'a plan that holds together', found: error.message })
  }
  return { ...parsed, plan }
}

function sameLength(what: string, list: readonly unknown[], length: number): void {
  if (list.length !== length) throw new RangeError(`plan: ${length} ${what}, and names of ${list.length}`)
}

/** JSON with keys in order, so that a file that was only laid out anew stays the same. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : entry,
  )
}
