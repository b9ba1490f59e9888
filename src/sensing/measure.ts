/** Step two of sensing: the only one that calls the blackbox. */

import { plainArray } from '../linalg/plainArray.ts'
import type { Blackbox } from '../blackbox/blackbox.ts'
import { checkMatch } from './checkMatch.ts'
import { type Measurements, type Plan, wantsValues } from './plan.ts'
import { callsPerDirection } from './stencil.ts'
import { openSession, type Session } from './session.ts'

export interface MeasureOptions {
  readonly at: ArrayLike<number> // [n], the point
  /** f(at) where it is known: saves a call in forward differences, and under noise. */
  readonly base?: ArrayLike<number> | undefined // [m]
  readonly maxCalls?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/**
 * Evaluates the blackbox along the directions of a plan: 1 (without `base`) + k + h times forward, 2k + 2h central. Throws
 * BlackboxError naming evaluation and output when a value is not finite, RangeError when sizes do not fit the plan or maxCalls
 * does not suffice, and the signal's reason when aborted.
 */
export async function measure(blackbox: Blackbox, plan: Plan, options: MeasureOptions): Promise<Measurements> {
  checkPlanFits('measure', plan, blackbox)
  const session = openSession('measure', blackbox, { ...options, scheme: plan.scheme })
  return measureWithin(session, plan)
}

/** `measure` for a session that goes on afterwards. */
export async function measureWithin(session: Session, plan: Plan): Promise<Measurements> {
  const { D, steps, directions } = plan
  expectCalls(session, plan)
  if (!wantsValues(plan))
    return measureDifferences(session, plan, () => session.differences('directions', D, steps, directions))
  let values: Float64Array = new Float64Array(0)
  const measurements = await measureDifferences(session, plan, async () => {
    values = await session.pairs('directions', D, steps, directions)
    return session.differencesOf(values)
  })
  return { ...measurements, values: plainArray(values) }
}

/** `measureWithin`, but for looking after the first `early` directions whether to go on; null where `isHopeless` says no. */
export async function measureUnless(
  session: Session,
  plan: Plan,
  early: number,
  isHopeless: () => boolean,
): Promise<Measurements | null> {
  if (early === 0) return measureWithin(session, plan)
  const { inputs: n, D, steps, directions } = plan
  expectCalls(session, plan)
  await session.ensureBase()
  const first = await session.differences('directions', D, steps, early)
  if (isHopeless()) return null
  return measureDifferences(session, plan, async () => {
    const count = directions - early
    const rest = await session.differences('directions', D.slice(early * n), steps.slice(early), count)
    const Y = new Float64Array(first.length + rest.length)
    Y.set(first)
    Y.set(rest, first.length)
    return Y
  })
}

/** Measurements whose differences along the plan's directions, [k × m], are taken as given. */
async function measureDifferences(
  session: Session,
  plan: Plan,
  take: () => Promise<Float64Array>,
): Promise<Measurements> {
  const { directions, heldOutDirections } = plan
  if (directions + heldOutDirections > 0) await session.ensureBase()
  const Y = await take()
  const heldOutY = await session.differences('heldOut', plan.heldOut, plan.heldOutSteps, heldOutDirections)
  const { base, directions: forDirections, heldOut } = session.calls
  return {
    fingerprint: plan.fingerprint,
    inputs: plan.inputs,
    outputs: plan.outputs,
    scheme: plan.scheme,
    at: plainArray(session.at),
    scale: plainArray(session.scale),
    outputScale: plainArray(session.outputScale),
    Y: plainArray(Y),
    heldOutY: plainArray(heldOutY),
    calls: { base, directions: forDirections, heldOut },
  }
}

/** Throws RangeError where the plan takes more calls than maxCalls leaves. */
function expectCalls(session: Session, plan: Plan): void {
  const needed = callsOf(plan, session)
  if (needed > session.remaining())
    throw new RangeError(
      `${session.who}: the plan needs ${needed} evaluations, maxCalls leaves ${session.remaining()}; ` +
        'raise maxCalls, or give a sparsity pattern, a forward scheme or fewer held-out directions',
    )
  session.expect(needed)
}

/** Evaluations that a plan takes in a session, f(at) included where it is wanted and not known. */
export function callsOf({ directions, heldOutDirections, scheme }: Plan, session: Session): number {
  const planned = (directions + heldOutDirections) * callsPerDirection(scheme)
  return planned + (planned > 0 && session.needsBase() ? 1 : 0)
}

/** Throws RangeError listing the fields in which blackbox and plan differ. */
export function checkPlanFits(who: string, plan: Plan, blackbox: Blackbox): void {
  checkMatch(who, [
    { name: 'inputs', planned: plan.inputs, actual: blackbox.inputs },
    { name: 'outputs', planned: plan.outputs, actual: blackbox.outputs },
  ])
}
