/** Step three of sensing: the Jacobian from measurements, with its certificate. Calls nothing. */

import { Matrix } from 'ml-matrix'
import { expandTies } from '../linalg/ties.ts'
import { roundingFloor, type Unresolved } from './certificate.ts'
import { checkMatch } from './checkMatch.ts'
import { calibrated, judge } from './judge.ts'
import { spanInto } from './perturb.ts'
import { decodingOf, type Measurements, type Plan } from './plan.ts'
import type { CallCounts, Quality } from './quality.ts'
import { recoveries } from './recover/recoveries.ts'
import type { Answers, Statistics } from './recover/recovery.ts'
import { stencilOf } from './stencil.ts'
import { standardErrors, throughTies } from './uncertainty.ts'

/**
 * J [m × n] in units of outputs per input, from measurements taken with the plan. Rows above the plan's tolerance on held-out
 * directions are listed in quality.failedRows, those that rounding hides in unresolvedRows, and the result is not certified; repairing them
 * takes more calls (`sense` does). Throws RangeError naming each field in which plan and measurements differ.
 */
export function recover(plan: Plan, measurements: Measurements): { J: Matrix; quality: Quality } {
  const notes: string[] = []
  const { J, statistics } = decode(plan, measurements, notes)
  const { residuals, unresolved, flatRows } = judge(plan, measurements, J, statistics)
  const calls = { ...measurements.calls, detection: 0, repair: 0, fallback: 0 }
  const stepRange = stepRangeOf(plan, measurements)
  const quality = qualityOf(plan, residuals, { calls, stepRange, unresolved, flatRows, statistics, notes })
  return { J: Matrix.from1DArray(plan.outputs, plan.inputs, J), quality }
}

/** J [m × n], row-major, without certificate, and what is known of its errors. `notes`: takes sentences on how rows were told. */
export function decode(
  plan: Plan,
  measurements: Measurements,
  notes: string[] = [],
): { J: Float64Array; statistics: Statistics | null } {
  checkMeasurements('recover', plan, measurements)
  const J = new Float64Array(plan.outputs * plan.inputs)
  const found = recoveries[plan.method].decodeInto(J, plan, {
    ...answersOf(plan, measurements),
    explain: (note) => notes.push(note),
  })
  if (plan.ties !== null) expandTies(J, plan.ties)
  if (found === null) return { J, statistics: null }
  const statistics = throughTies(found, plan.ties)
  const isShort = decodingOf(plan) === 'nearest'
  return { J, statistics: isShort ? calibrated(plan, measurements, J, statistics) : statistics }
}

/** Measurements as a recovery reads them; a step that vanishes beside its input's value throws RangeError. */
export function answersOf(
  plan: Plan,
  { at, scale, outputScale, scheme, Y, values, noise, noiseFreedom, prior }: Measurements,
): Answers {
  const n = plan.inputs
  const { baseWeight, noise: ofStencil, offsets } = stencilOf(scheme)
  return {
    Y,
    values: values ?? null,
    offsets,
    share: (baseWeight / ofStencil) ** 2,
    prior: prior ?? null,
    noiseFreedom: noiseFreedom ?? Number.POSITIVE_INFINITY,
    noise: noise === undefined ? null : Float64Array.from(noise, (sigma) => stencilOf(scheme).noise * sigma),
    floor: roundingFloor(outputScale),
    sideInto: (span, t, offset) => spanInto(span, at, scale, plan.D, t * n, offset * plan.steps[t]!, 'forward'),
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
    readonly flatRows?: readonly number[]
    readonly unresolved?: readonly Unresolved[]
    readonly kinkedRows?: readonly number[] | null
    readonly statistics?: Statistics | null
    readonly notes?: readonly string[]
  },
): Quality {
  const { calls, stepRange, repairedRows = [], fallback = null, kinkedRows = null } = facts
  const { flatRows = [], unresolved = [], statistics = null } = facts
  const failedRows: number[] = []
  let worst = 0
  for (let i = 0; i < residuals.length; i++) {
    if (flatRows.includes(i)) continue
    if (residuals[i]! > worst) worst = residuals[i]!
    if (!(residuals[i]! <= plan.tolerance)) failedRows.push(i)
  }
  const unchecked = plan.heldOutDirections === 0
  const notes = [...plan.notes, ...(facts.notes ?? [])]
  if (flatRows.length > 0) notes.push(`flat rows, zero up to curvature, rounding or noise: ${flatRows.join(', ')}`)
  const noiseLevel = statistics === null ? null : noiseOf(plan, statistics)
  const isShort = decodingOf(plan) === 'nearest'
  const hasNoise = statistics !== null && noiseLevel !== null && noiseLevel > 0
  if (unresolved.length > 0) {
    const rows = unresolved.map(({ row, resolution }) => `${row} (to ${resolution.toExponential(0)} of itself)`)
    notes.push(
      isShort
        ? `not certified: too few directions for rows ${rows.join(', ')}; raise maxCalls`
        : hasNoise
          ? `not certified: noise hides rows ${rows.join(', ')}; take more directions, a coarser step, or a larger tolerance`
          : `not certified: rounding hides rows ${rows.join(', ')}; take a coarser step, or larger input scales`,
    )
  }
  if (kinkedRows !== null && kinkedRows.length > 0)
    notes.push(`not certified: left and right differences disagree in rows ${kinkedRows.join(', ')}: not smooth there`)
  if (unchecked) notes.push('not certified: no held-out directions were measured')
  return {
    method: plan.method,
    scheme: plan.scheme,
    calls: calls.base + calls.directions + calls.heldOut + calls.detection + calls.repair + calls.fallback,
    callsFor: { ...calls },
    directions: plan.directions,
    colors: 'numColors' in plan.decoder && plan.method !== 'newsam-ramsdell' ? plan.decoder.numColors : null,
    stepRange,
    noiseLevel,
    standardError: statistics === null ? null : standardErrors(statistics, plan.outputs, plan.inputs),
    grossErrors: statistics === null ? null : statistics.grossShare,
    heldOutDirections: plan.heldOutDirections,
    heldOutResidual: worst,
    heldOutResidualByRow: residuals,
    tolerance: plan.tolerance,
    flatRows,
    unresolvedRows: unresolved.map(({ row }) => row),
    kinkedRows,
    failedRows,
    repairedRows,
    fallback,
    certified: failedRows.length + unresolved.length + (kinkedRows?.length ?? 0) === 0 && !unchecked,
    notes,
    seed: plan.seed,
  }
}

/** Standard deviation of one value of the noisiest output; null where nothing tells it. */
function noiseOf(plan: Plan, { deviation }: Statistics): number | null {
  let largest = Number.NaN
  for (const sigma of deviation) if (!(sigma <= largest)) largest = Number.isNaN(sigma) ? largest : sigma
  return Number.isNaN(largest) ? null : largest / stencilOf(plan.scheme).noise
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
