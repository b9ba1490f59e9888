/** What to measure next where values brought back from elsewhere give no certificate: there is no blackbox to repair them with. */
import type { Quality } from '../sensing/quality.ts'
import type { Plan } from '../sensing/plan.ts'
import { defaultTolerance } from '../sensing/steps.ts'
import type { MeasuringPlan } from './planFile.ts'

type Options = MeasuringPlan['options']

export interface NextPlan {
  readonly when: string // a clause: what it helps against
  readonly options: Options | null // of `jacsense plan`, all of them; null: the structure itself has to change
}

/** Options that any plan can have; all others belong to one method. */
const SHARED = ['engine', 'coordinates', 'at', 'scheme', 'step', 'held-out', 'seed', 'no-ties', 'symmetric']
const COARSER = 10
/** Coarser steps are refused: curvature would hide what is looked for. */
const COARSEST = { forward: 5e-3, other: 0.05 }

/** Plans to try, the most likely help first; none where the Jacobian is certified. */
export function nextPlans({ plan, options, scene, inputs }: MeasuringPlan, quality: Quality): NextPlan[] {
  const { certified, failedRows, unresolvedRows, kinkedRows, heldOutDirections } = quality
  if (certified) return []
  const shared = Object.fromEntries(Object.entries(options).filter(([name]) => SHARED.includes(name)))
  const found: NextPlan[] = []
  const taken = plan.heldOutSteps[0] ?? plan.steps[0] ?? 0
  const step = coarserStep(plan, taken, quality.heldOutResidual)
  const coarser: NextPlan[] = []
  if (inputs.some((input) => input.step !== null))
    coarser.push({
      when: 'if values are noisy or rounded, state larger steps; if they are exact, smaller ones',
      options: null,
    })
  else if (step > taken)
    coarser.push({ when: 'if values are noisy or rounded', options: { ...options, step: Number(step.toPrecision(2)) } })
  if (heldOutDirections === 0) {
    const { 'held-out': _, ...rest } = options
    found.push({ when: 'nothing was held out to check with', options: rest })
  }
  if (failedRows.length > 0) {
    // One missing entry fails its row; noise fails them all.
    const isGeneral = 2 * failedRows.length > plan.outputs && plan.outputs > 1
    const others: NextPlan[] = []
    if (plan.ties !== null && scene !== null)
      others.push({
        when: 'if what measures is not made as the equations of the engine say',
        options: { ...options, 'no-ties': true },
      })
    if (plan.decoder.method === 'compressed' && 2 * plan.directions < plan.inputs) {
      const { 'sparsity-level': _, ...rest } = options
      others.push({
        when: 'if rows have more entries than these directions tell',
        options: { ...rest, directions: 2 * plan.directions },
      })
    }
    if (plan.method !== 'dense')
      others.push({
        when: 'if outputs depend on more inputs than the plan supposes',
        options: { ...shared, method: 'dense' },
      })
    const quieter = [...coarser, moreOften(plan, options, shared)]
    found.push(...(isGeneral || others.length === 0 ? [...quieter, ...others] : [...others, ...quieter]))
    if (plan.decoder.method !== 'rainbow' || plan.decoder.decoding !== 'least-absolute')
      found.push({
        when: 'if some values are grossly wrong',
        options: { ...shared, method: 'rainbow', decoding: 'least-absolute' },
      })
  } else if (unresolvedRows.length > 0)
    found.push(...coarser, ...(quality.noiseLevel === null ? [] : [moreOften(plan, options, shared)]))
  else if (kinkedRows !== null && kinkedRows.length > 0 && scene !== null)
    found.push({
      when: 'there is no derivative where a contact or limit switches: at another point',
      options: { ...options, at: '<state.json>' },
    })
  return found
}

/** More directions than unknowns, which average noise out and tell how much of it there is. */
function moreOften(plan: Plan, options: Options, shared: Options): NextPlan {
  const { repeats: _, ...rest } = options
  const isRainbow = plan.method === 'rainbow'
  return {
    when: 'if noise remains at the largest steps that serve',
    options: isRainbow ? { ...rest, directions: 2 * plan.directions } : { ...shared, method: 'rainbow', repeats: 4 },
  }
}

/** The step at which noise that leaves this residual would be well within the tolerance; what noise does falls as 1/step. */
function coarserStep({ scheme }: Plan, taken: number, residual: number): number {
  const most = COARSEST[scheme === 'forward' ? 'forward' : 'other']
  let step = taken * COARSER
  while (taken > 0 && step < most && (residual * taken) / step > 0.3 * defaultTolerance(scheme, step)) step *= COARSER
  return Math.min(step, most)
}
