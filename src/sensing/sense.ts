/** Senses the Jacobian of a blackbox at a point: prepare, measure, recover, certify, and repair where the certificate fails. */

import type { Blackbox } from '../blackbox/blackbox.ts'
import { fromFlat } from '../linalg/dense.ts'
import type { Pattern } from '../linalg/pattern.ts'
import { random } from '../linalg/random.ts'
import { misfitOf, unresolvedRows } from './certificate.ts'
import { checkBlackbox } from './checkBlackbox.ts'
import { checkReuse } from './checkReuse.ts'
import { closerNote, lookCloser } from './lookCloser.ts'
import { lookFarther } from './lookFarther.ts'
import { dropTies } from './dropTies.ts'
import { expectedNoise } from './expectedNoise.ts'
import { explainMisfits } from './explainMisfits.ts'
import { judge } from './judge.ts'
import { callsOf, measureUnless, measureWithin } from './measure.ts'
import { decodingOf, type Measurements, type Plan } from './plan.ts'
import { type PrepareOptions, prepareSensing, type SensingStructure } from './prepareSensing.ts'
import { decode, qualityOf, stepRangeOf } from './recover.ts'
import type { repairRows } from './repairRows.ts'
import type { senseNoise } from './senseNoise.ts'
import {
  priorOf,
  resultOf,
  type SensedValues,
  type SenseOptions,
  type SenseResult,
  structureOf,
} from './senseOptions.ts'
import { silentRows } from './silentRows.ts'
import { openSession, type Session } from './session.ts'
import { shortPlan } from './shortPlan.ts'
import { checkScheme } from './stencil.ts'
import { withMirrorImages } from './symmetricBlocks.ts'

/** Random stream of the repair directions; the plan's held-out ones are stream 0. */
const REPAIR_STREAM = 1
/** Where at least this share of the rows fails, noise or gross errors are looked for. */
const NOISY_SHARE = 0.5
/** With as many directions or more, noise is looked for after the first few: left and right differences then disagree in most rows. */
const MANY = 64
const EARLY = 2
/**
 * J = ∂f/∂z at `at`. Calls: 1 + C forward (without `base`) or 2C central with C colors (n directions for dense differences),
 * 1 or 2 per held-out direction, and those of detection and repair, as `quality.callsFor` says. Rows that fail on held-out
 * directions, or that rounding hides, are first measured with other steps, which tell flat rows (`flatRows`), then repaired;
 * 'uncertified' says that some still fail (`quality.failedRows`), are hidden (`unresolvedRows`) or not smooth (`kinkedRows`), or
 * that nothing was held out. With `method: 'colored'` or `'newsam-ramsdell'` and no pattern,
 * the pattern is detected. Where maxCalls is too little for exact recovery, 'auto' takes forward differences, or an estimate near the
 * prior. Throws RangeError on misuse or when the plan of another method exceeds maxCalls (repair just stops there), BlackboxError on values
 * that are not finite, and the signal's reason when aborted.
 */
export async function sense(blackbox: Blackbox, options: SenseOptions): Promise<SenseResult> {
  const { values, ...found } = await senseValues(blackbox, options)
  return { ...found, J: fromFlat(values, blackbox.outputs, blackbox.inputs) }
}

/** `sense` with J as a flat array. */
export async function senseValues(blackbox: Blackbox, options: SenseOptions): Promise<SensedValues> {
  checkBlackbox('sense', blackbox, options)
  const { structure = {}, method = 'auto', step, repair: mends = true } = options
  const scheme = options.plan?.scheme ?? options.scheme ?? 'central'
  checkScheme('sense', scheme)
  if (options.plan !== undefined) checkReuse(options.plan, blackbox, options)
  const expected = expectedNoise(blackbox, options)
  const session = openSession('sense', blackbox, { ...options, scheme, isRobust: options.robust })

  let pattern: Pattern | null = null
  let plan = options.plan
  if (plan === undefined) {
    const superset = structure.sparsity === 'detect' ? undefined : structure.sparsity
    const needsPattern = method === 'colored' || method === 'newsam-ramsdell'
    const usesPattern = needsPattern || method === 'auto'
    const detects = usesPattern && (structure.sparsity === 'detect' || (superset === undefined && needsPattern))
    const refines = usesPattern && superset !== undefined && structure.refine === true
    const isSaid = expected !== 'none' && expected !== 'unknown'
    const prepare = (sparsity: Pattern | undefined, as: PrepareOptions['method'], free = {}) =>
      prepareSensing(structureOf(blackbox, structure, sparsity), { ...options, method: as, ...free })
    // Prepared before anything is called, as misuse shall throw. Under noise, steps and tolerances are another matter.
    const free = isSaid ? { step: undefined, tolerance: undefined } : {}
    plan = prepare(superset, detects ? 'dense' : method, free)
    const isShort = method === 'auto' && !detects && !refines && callsOf(plan, session) > session.remaining()
    if (isShort && options.scheme === undefined) {
      const { quality, ...found } = await senseValues(blackbox, { ...options, scheme: 'forward' })
      const note = `forward differences: maxCalls is too little for central ones, which take ${callsOf(plan, session)}`
      return { ...found, quality: { ...quality, notes: [note, ...quality.notes] } }
    }
    if (isSaid) {
      const found = await noiseSensed(session, options, expected)
      if (found !== null) return found
      plan = prepare(superset, detects ? 'dense' : method)
    }
    if (isShort) plan = planFor(session, plan, structureOf(blackbox, structure, superset), options)
    if (detects || refines) {
      const { detectWithin } = await import('./detectPattern.ts')
      pattern = await detectWithin(session, superset, step)
      const { symmetric } = structure
      plan = prepare(symmetric === undefined ? pattern : withMirrorImages(pattern, symmetric), method)
    }
  }

  const notes: string[] = pattern === null ? [] : [detectionNote(session, plan)]
  const looksForNoise = mends && expected === 'unknown' && options.plan === undefined
  const early = looksForNoise && plan.directions >= MANY ? EARLY : 0
  let measured = await measureUnless(session, plan, early, () => isRoughAllOver(session))
  if (measured === null) {
    const noisy = await noiseSensed(session, options, 'estimate')
    if (noisy !== null) return noisy
    measured = await measureWithin(session, plan)
  }
  let measurements = { ...measured, ...priorOf(blackbox, options) }
  let found = assess(plan, measurements)
  const silent = mends ? await silentRows(session, plan, measurements) : []
  const numBad = found.failed.length + silent.length
  const share = options.noise === 'suspect' ? 0 : NOISY_SHARE
  const isHopeless = silent.length > 0 || (numBad >= share * plan.outputs && numBad > 0)
  if (isHopeless && looksForNoise) {
    const { tolerance = options.noise === 'suspect' ? plan.tolerance : undefined } = options
    const noisy = await noiseSensed(session, { ...options, tolerance }, 'estimate')
    if (noisy !== null) return noisy
  }
  let failedWithTies: readonly number[] = []
  if (mends && plan.ties !== null && found.failed.length > 0 && mendable(plan)) {
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
  const { J, heldOut, floor, misfits, residuals, statistics } = found
  notes.push(...found.notes)
  const { outputScale } = measurements
  const isExact = statistics === null
  const doubtful = [...found.failed, ...found.unresolved.map(({ row }) => row)].sort((a, b) => a - b)
  const flatRows =
    mends && isExact && doubtful.length > 0
      ? await explainMisfits(session, J, heldOut, misfits, doubtful, outputScale, plan.tolerance)
      : found.flatRows
  const failed = found.failed.filter((i) => !flatRows.includes(i))
  // What kinks at the point is not told by more differences.
  const kinked = new Set(session.kinkedRows() ?? [])
  const mendableRows = failed.filter((i) => !kinked.has(i))
  let repair: Awaited<ReturnType<typeof repairRows>> = { repairedRows: [], fallback: null, notes: [] }
  if (mends && plan.method !== 'dense' && mendable(plan) && mendableRows.length > 0) {
    const source = random(plan.seed, REPAIR_STREAM)
    const { repairRows } = await import('./repairRows.ts')
    repair = await repairRows(session, plan, measurements, { J, residuals, floor, failed: mendableRows, source })
    notes.push(...repair.notes)
  }
  const bent = mends && isExact ? mendableRows.filter((i) => !(residuals[i]! <= plan.tolerance)) : []
  const closer = await lookCloser(session, J, heldOut, bent, outputScale, plan.tolerance)
  for (const [i, residual] of closer) residuals[i] = residual
  if (closer.size > 0) notes.push(closerNote(closer.keys()))
  if (plan.method === 'dense' && failed.length > closer.size)
    notes.push('dense differences fail the certificate: the blackbox is not smooth or too noisy for this step')
  if (repair.repairedRows.some((i) => !closer.has(i)))
    notes.push(`the ${suspectOf(plan)}, or the blackbox is not smooth there`)

  const isChanged = failed.length > 0 // or may be, by repair
  const hidden =
    isExact && isChanged
      ? unresolvedRows(misfitOf(J, plan.outputs, heldOut), residuals, outputScale, plan.tolerance)
      : found.unresolved
  const stillHidden = hidden.map(({ row }) => row).filter((row) => !flatRows.includes(row) && !closer.has(row))
  const confirmed =
    mends && isExact ? await lookFarther(session, J, heldOut, misfits, stillHidden, outputScale, plan.tolerance) : []
  const unresolved = [
    ...hidden.filter(({ row }) => !confirmed.includes(row) && !closer.has(row)),
    ...silent.map((row) => ({ row, resolution: 1 })),
  ]
  const quality = qualityOf(plan, residuals, {
    calls: session.calls,
    stepRange: stepRangeOf(plan, measurements),
    repairedRows: [...new Set([...failedWithTies, ...repair.repairedRows])].sort((a, b) => a - b),
    fallback: repair.fallback,
    flatRows,
    unresolved: unresolved.filter(({ row }) => !flatRows.includes(row)),
    kinkedRows: session.kinkedRows(),
    statistics,
    notes,
  })
  return resultOf(plan, J, quality, pattern)
}

/** `senseNoise`, loaded where noise is said or looked for: it is much, and pages that sense clean simulators need none of it. */
async function noiseSensed(...given: Parameters<typeof senseNoise>): ReturnType<typeof senseNoise> {
  return (await import('./senseNoise.ts')).senseNoise(...given)
}

function isRoughAllOver(session: Session): boolean {
  const kinked = session.kinkedRows()
  return kinked !== null && kinked.length >= NOISY_SHARE * session.blackbox.outputs
}

/** The best plan that maxCalls leaves room for, with a note of what it lacks. */
function planFor(session: Session, plan: Plan, structure: SensingStructure, options: SenseOptions): Plan {
  const needed = callsOf(plan, session)
  const calls = session.remaining() - (session.needsBase() ? 1 : 0)
  const short = shortPlan(structure, options, calls)
  if (short === null) return plan // measuring it throws and says what it takes
  const near = options.prior === undefined ? 'zero' : 'the prior'
  const note = `exact recovery takes ${needed} calls, maxCalls leaves ${session.remaining()}: rows of more than ${short.directions} ${short.directions === 1 ? 'entry' : 'entries'} are the nearest to ${near} that fit`
  return { ...short, notes: [note, ...short.notes] }
}

/** Whether rows that fail can be measured again: not where gross errors or too few calls are what ails them. */
function mendable(plan: Plan): boolean {
  const decoding = decodingOf(plan)
  return decoding !== 'least-absolute' && decoding !== 'nearest'
}

function suspectOf({ decoder, directions }: Plan): string {
  if (decoder.method === 'compressed') return `repaired rows have more entries than ${directions} directions tell`
  return decoder.method === 'colored' && decoder.elimination !== null
    ? 'sparsity pattern misses entries or the symmetry does not hold in the repaired rows'
    : 'sparsity pattern misses entries in the repaired rows'
}

/** J and how it stands against the held-out directions. */
function assess(plan: Plan, measurements: Measurements) {
  const notes: string[] = []
  const { J, statistics } = decode(plan, measurements, notes)
  return { J, statistics, notes, ...judge(plan, measurements, J, statistics) }
}

function detectionNote(session: Session, plan: Plan): string {
  const { detection } = session.calls
  return `finding the pattern took ${detection} evaluations; pass the plan or the pattern on to other points (${plan.method}, ${plan.directions} directions)`
}
