/** Senses the Jacobian of a blackbox at a point: prepare, measure, recover, certify, and repair where the certificate fails. */

import { Matrix } from 'ml-matrix'
import type { Blackbox } from '../blackbox/blackbox.ts'
import type { Pattern } from '../linalg/pattern.ts'
import { random } from '../linalg/random.ts'
import type { Ties } from '../linalg/ties.ts'
import { misfitOf, roundingFloor, rowResiduals, unresolvedRows } from './certificate.ts'
import { checkBlackbox } from './checkBlackbox.ts'
import { checkMatch, type Field } from './checkMatch.ts'
import { detectWithin } from './detectPattern.ts'
import { dropTies } from './dropTies.ts'
import { explainMisfits } from './explainMisfits.ts'
import { fingerprint } from './fingerprint.ts'
import { checkPlanFits, type MeasureOptions, measureWithin } from './measure.ts'
import type { Measurements, Plan } from './plan.ts'
import { type PrepareOptions, prepareSensing } from './prepareSensing.ts'
import type { Quality } from './quality.ts'
import { directionsFor } from './recover/compressed.ts'
import { decode, heldOutOf, qualityOf, stepRangeOf } from './recover.ts'
import { repairRows } from './repairRows.ts'
import { restrictPattern } from './restrictPattern.ts'
import { openSession, type Session } from './session.ts'
import { checkScheme } from './stencil.ts'
import { type Symmetry, withMirrorImages } from './symmetricBlocks.ts'

export interface SenseOptions extends MeasureOptions, PrepareOptions {
  readonly structure?:
    | {
        /** Superset of the nonzeros, [m × n], or 'detect' to find it first, from random directions (detectBySensing.ts). */
        readonly sparsity?: Pattern | 'detect' | undefined
        /** true: probe the given superset first and keep only the entries that stand out. */
        readonly refine?: boolean | undefined
        /** What is known to be symmetric, see SensingStructure; checked like all else by the held-out directions. */
        readonly symmetric?: Symmetry | undefined
        /** Columns and rows that follow from others. Dropped, and all measured, where the certificate shows that they do not hold. */
        readonly ties?: Ties | undefined
      }
    | undefined
  /** false: rows that fail the certificate are only reported, not measured again. Default true. */
  readonly repair?: boolean | undefined
  /** A plan of an earlier result, to be used again: saves coloring. Structure and preparing options are then those of the plan. */
  readonly plan?: Plan | undefined
}

export interface SenseResult {
  readonly result: 'certified' | 'uncertified'
  readonly J: Matrix // [m × n], outputs per input
  readonly quality: Quality
  readonly plan: Plan // fits other points of the same blackbox
  readonly pattern: Pattern | null // the one found, where detection or refinement ran
}

/** Random stream of the repair directions; the plan's held-out ones are stream 0. */
const REPAIR_STREAM = 1

/**
 * J = ∂f/∂z at `at`. Calls: 1 + C forward (without `base`) or 2C central with C colors (n directions for dense differences),
 * 1 or 2 per held-out direction, and those of detection and repair, as `quality.callsFor` says. Rows that fail on held-out
 * directions, or that rounding hides, are first measured with other steps, which tell flat rows (`flatRows`), then repaired;
 * 'uncertified' says that some still fail (`quality.failedRows`), are hidden (`unresolvedRows`) or not smooth (`kinkedRows`), or
 * that nothing was held out. With `method: 'colored'` or `'newsam-ramsdell'` and no pattern,
 * the pattern is detected. Throws RangeError on misuse or
 * when the plan itself exceeds maxCalls (repair just stops there), BlackboxError on values that are not finite, and the signal's
 * reason when aborted.
 */
export async function sense(blackbox: Blackbox, options: SenseOptions): Promise<SenseResult> {
  checkBlackbox('sense', blackbox, options)
  const { structure = {}, method = 'auto', step, repair: mends = true } = options
  const scheme = options.plan?.scheme ?? options.scheme ?? 'central'
  checkScheme('sense', scheme)
  if (options.plan !== undefined) checkReuse(options.plan, blackbox, options)
  const session = openSession('sense', blackbox, { ...options, scheme })

  let pattern: Pattern | null = null
  let plan = options.plan
  if (plan === undefined) {
    const superset = structure.sparsity === 'detect' ? undefined : structure.sparsity
    const needsPattern = method === 'colored' || method === 'newsam-ramsdell'
    const usesPattern = needsPattern || method === 'auto'
    const detects = usesPattern && (structure.sparsity === 'detect' || (superset === undefined && needsPattern))
    const refines = usesPattern && superset !== undefined && structure.refine === true
    const prepare = (sparsity: Pattern | undefined, as: PrepareOptions['method']) =>
      prepareSensing(
        {
          inputs: blackbox.inputs,
          outputs: blackbox.outputs,
          sparsity,
          symmetric: structure.symmetric,
          ties: structure.ties,
          inputGroups: blackbox.inputGroups,
        },
        { ...options, method: as },
      )
    // Prepared before detection too: misuse shall throw before anything is called.
    plan = prepare(superset, detects ? 'dense' : method)
    if (detects || refines) {
      pattern = await detectWithin(session, superset, step)
      const { symmetric } = structure
      plan = prepare(symmetric === undefined ? pattern : withMirrorImages(pattern, symmetric), method)
    }
  }

  const notes: string[] = pattern === null ? [] : [detectionNote(session, plan)]
  let measurements = await measureWithin(session, plan)
  let found = assess(plan, measurements)
  let failedWithTies: readonly number[] = []
  if (mends && plan.ties !== null && found.failed.length > 0) {
    const sparsity = pattern ?? (structure.sparsity === 'detect' ? undefined : structure.sparsity)
    const untied = await dropTies(session, plan, measurements, sparsity ?? null)
    if (untied === null)
      notes.push('what was known beforehand does not hold here, and maxCalls leaves too little to measure it')
    else {
      failedWithTies = found.failed
      notes.push(`what was known beforehand does not hold here (${found.failed.length} rows): measured without it`)
      ;({ plan, measurements } = untied)
      found = assess(plan, measurements)
    }
  }
  const { J, heldOut, floor, misfits, residuals } = found
  const { outputScale } = measurements
  const hidden = unresolvedRows(misfits, residuals, outputScale, plan.tolerance)
  const doubtful = [...found.failed, ...hidden.map(({ row }) => row)].sort((a, b) => a - b)
  const flatRows =
    mends && doubtful.length > 0
      ? await explainMisfits(session, J, heldOut, misfits, doubtful, outputScale, plan.tolerance)
      : []
  const failed = found.failed.filter((i) => !flatRows.includes(i))
  let repair: Awaited<ReturnType<typeof repairRows>> = { repairedRows: [], fallback: null }
  if (failed.length > 0) {
    if (plan.method === 'dense')
      notes.push('dense differences fail the certificate: the blackbox is not smooth or too noisy for this step')
    else if (mends) {
      const source = random(plan.seed, REPAIR_STREAM)
      repair = await repairRows(session, plan, measurements, { J, residuals, floor, failed, source })
      if (repair.repairedRows.length > 0) notes.push(`the ${structureOf(plan)}, or the blackbox is not smooth there`)
    }
  }

  const unresolved = unresolvedRows(misfitOf(J, plan.outputs, heldOut), residuals, outputScale, plan.tolerance)
  const quality = qualityOf(plan, residuals, {
    calls: session.calls,
    stepRange: stepRangeOf(plan, measurements),
    repairedRows: [...new Set([...failedWithTies, ...repair.repairedRows])].sort((a, b) => a - b),
    fallback: repair.fallback,
    flatRows,
    unresolved: unresolved.filter(({ row }) => !flatRows.includes(row)),
    kinkedRows: session.kinkedRows(),
    notes,
  })
  return {
    result: quality.certified ? 'certified' : 'uncertified',
    J: Matrix.from1DArray(plan.outputs, plan.inputs, J),
    quality,
    plan,
    pattern,
  }
}

/** Throws RangeError listing what differs between a plan and the blackbox or options it is to be used with. */
function checkReuse(plan: Plan, blackbox: Blackbox, options: SenseOptions): void {
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
  const sparsity = structure?.sparsity
  if (typeof sparsity === 'object' && 'colPtr' in plan.decoder) {
    const { colPtr, rowIdx } = plan.decoder
    const left = plan.ties === null ? sparsity : restrictPattern(sparsity, plan.ties)
    add('sparsity pattern', fingerprint(colPtr, rowIdx), fingerprint(left.colPtr, left.rowIdx))
  }
  checkMatch('sense', fields)
}

function structureOf({ decoder, directions }: Plan): string {
  if (decoder.method === 'compressed') return `repaired rows have more entries than ${directions} directions tell`
  return decoder.method === 'colored' && decoder.elimination !== null
    ? 'sparsity pattern misses entries or the symmetry does not hold in the repaired rows'
    : 'sparsity pattern misses entries in the repaired rows'
}

/** J and how it stands against the held-out directions. */
function assess(plan: Plan, measurements: Measurements) {
  const J = decode(plan, measurements)
  const heldOut = heldOutOf(plan, measurements)
  const floor = roundingFloor(measurements.outputScale)
  const misfits = misfitOf(J, plan.outputs, heldOut)
  const residuals = rowResiduals(misfits, floor, plan.tolerance)
  return { J, heldOut, floor, misfits, residuals, failed: rowsAbove(residuals, plan.tolerance) }
}

function rowsAbove(residuals: Float64Array, tolerance: number): number[] {
  const rows: number[] = []
  for (let i = 0; i < residuals.length; i++) if (!(residuals[i]! <= tolerance)) rows.push(i)
  return rows
}

function detectionNote(session: Session, plan: Plan): string {
  const { detection } = session.calls
  return `finding the pattern took ${detection} evaluations; pass the plan or the pattern on to other points (${plan.method}, ${plan.directions} directions)`
}
