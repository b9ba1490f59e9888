/** Step three of sensing: the Jacobian from measurements, with its certificate. Calls nothing. */

import { Matrix } from 'ml-matrix'
import { expandTies } from '../linalg/ties.ts'
import { type HeldOut, misfitOf, roundingFloor, rowResiduals } from './certificate.ts'
import { checkMatch } from './checkMatch.ts'
import { spanInto } from './perturb.ts'
import type { Measurements, Plan } from './plan.ts'
import type { CallCounts, Quality } from './quality.ts'
import { recoveries } from './recover/recoveries.ts'
import type { Answers } from './recover/recovery.ts'

/**
 * J [m × n] in units of outputs per input, from measurements taken with the plan. Rows above the plan's tolerance on held-out
 * directions are listed in quality.failedRows and the result is not certified; repairing them takes more calls (`sense` does).
 * Throws RangeError naming each field in which plan and measurements differ.
 */
export function recover(plan: Plan, measurements: Measurements): { J: Matrix; quality: Quality } {
  const J = decode(plan, measurements)
  const heldOut = heldOutOf(plan, measurements)
  const floor = roundingFloor(measurements.outputScale)
  const residuals = rowResiduals(misfitOf(J, plan.outputs, heldOut), floor, plan.tolerance)
  const calls = { ...measurements.calls, detection: 0, repair: 0, fallback: 0 }
  const quality = qualityOf(plan, residuals, { calls, stepRange: stepRangeOf(plan, measurements) })
  return { J: Matrix.from1DArray(plan.outputs, plan.inputs, J), quality }
}

/** J [m × n], row-major, without certificate. */
export function decode(plan: Plan, measurements: Measurements): Float64Array {
  checkMeasurements('recover', plan, measurements)
  const J = new Float64Array(plan.outputs * plan.inputs)
  recoveries[plan.method].decodeInto(J, plan, answersOf(plan, measurements))
  if (plan.ties !== null) expandTies(J, plan.ties)
  return J
}

/** Measurements as a recovery reads them; a step that vanishes beside its input's value throws RangeError. */
export function answersOf(plan: Plan, { at, scale, scheme, Y }: Measurements): Answers {
  const n = plan.inputs
  return {
    Y,
    spanInto(span, t) {
      spanInto(span, at, scale, plan.D, t * n, plan.steps[t]!, scheme)
      for (let j = 0; j < n; j++)
        if (span[j] === 0 && plan.D[t * n + j] !== 0)
          throw new RangeError(
            `recover: the step of input ${j} vanishes beside its value ${at[j]}; give a larger scale or step`,
          )
    },
  }
}

/** The held-out part of plan and measurements. */
export function heldOutOf(plan: Plan, { at, scale, scheme, heldOutY }: Measurements): HeldOut {
  return { at, scale, scheme, D: plan.heldOut, steps: plan.heldOutSteps, Y: heldOutY }
}

/** Smallest and largest step of an input, in units of the inputs; [0, 0] without directions. */
export function stepRangeOf(plan: Plan, { scale }: { readonly scale: ArrayLike<number> }): [number, number] {
  let smallest = Number.POSITIVE_INFINITY
  let largest = 0
  for (let t = 0; t < plan.directions; t++)
    for (let j = 0; j < plan.inputs; j++) {
      const step = plan.steps[t]! * scale[j]! * Math.abs(plan.D[t * plan.inputs + j]!)
      if (step === 0) continue
      if (step < smallest) smallest = step
      if (step > largest) largest = step
    }
  return largest === 0 ? [0, 0] : [smallest, largest]
}

/** Quality of a Jacobian whose rows have the given held-out residuals. */
export function qualityOf(
  plan: Plan,
  residuals: Float64Array, // [m]
  facts: {
    readonly calls: CallCounts
    readonly stepRange: readonly [number, number]
    readonly repairedRows?: readonly number[]
    readonly fallback?: string | null
    readonly kinkedRows?: readonly number[] | null
    readonly notes?: readonly string[]
  },
): Quality {
  const { calls, stepRange, repairedRows = [], fallback = null, kinkedRows = null, notes = [] } = facts
  const failedRows: number[] = []
  let worst = 0
  for (let i = 0; i < residuals.length; i++) {
    if (residuals[i]! > worst) worst = residuals[i]!
    if (!(residuals[i]! <= plan.tolerance)) failedRows.push(i)
  }
  const unchecked = plan.heldOutDirections === 0
  return {
    method: plan.method,
    scheme: plan.scheme,
    calls: calls.base + calls.directions + calls.heldOut + calls.detection + calls.repair + calls.fallback,
    callsFor: { ...calls },
    directions: plan.directions,
    colors: plan.decoder.method === 'colored' ? plan.decoder.numColors : null,
    stepRange,
    noiseLevel: null,
    heldOutDirections: plan.heldOutDirections,
    heldOutResidual: worst,
    heldOutResidualByRow: residuals,
    tolerance: plan.tolerance,
    kinkedRows,
    failedRows,
    repairedRows,
    fallback,
    certified: failedRows.length === 0 && !unchecked,
    notes: [...plan.notes, ...notes, ...(unchecked ? ['not certified: no held-out directions were measured'] : [])],
    seed: plan.seed,
  }
}

/** Throws RangeError listing the fields in which plan and measurements differ. */
export function checkMeasurements(who: string, plan: Plan, measurements: Measurements): void {
  const { inputs: n, outputs: m, scheme, directions, heldOutDirections } = plan
  const fields = [
    { name: 'inputs', planned: n, actual: measurements.inputs },
    { name: 'outputs', planned: m, actual: measurements.outputs },
    { name: 'scheme', planned: scheme, actual: measurements.scheme },
    { name: 'entries of at', planned: n, actual: measurements.at.length },
    { name: 'entries of scale', planned: n, actual: measurements.scale.length },
    { name: 'entries of outputScale', planned: m, actual: measurements.outputScale.length },
    { name: 'entries of Y', planned: directions * m, actual: measurements.Y.length },
    { name: 'entries of heldOutY', planned: heldOutDirections * m, actual: measurements.heldOutY.length },
    {
      name: 'fingerprint of pattern, directions, steps and seed',
      planned: plan.fingerprint,
      actual: measurements.fingerprint,
    },
  ]
  checkMatch(who, fields)
}
