/** Senses the Jacobian of a blackbox at a point: prepare, measure, recover, certify, and repair where the certificate fails. */

import { Matrix } from 'ml-matrix'
import type { Blackbox } from '../blackbox/blackbox.ts'
import { type MatrixLike, toSizedMatrix } from '../linalg/dense.ts'
import type { Pattern } from '../linalg/pattern.ts'
import { random } from '../linalg/random.ts'
import type { Ties } from '../linalg/ties.ts'
import { misfitOf, unresolvedRows } from './certificate.ts'
import { checkBlackbox } from './checkBlackbox.ts'
import { checkMatch, type Field } from './checkMatch.ts'
import { confirmKinks } from './confirmKinks.ts'
import { checkRowGroups } from './checkRowGroups.ts'
import { detectWithin } from './detectPattern.ts'
import { dropTies } from './dropTies.ts'
import { explainMisfits } from './explainMisfits.ts'
import { type Diagnosis, diagnoseNoise } from './diagnoseNoise.ts'
import type { KnownEntry, Tied } from './family.ts'
import { fingerprint } from './fingerprint.ts'
import { judge } from './judge.ts'
import { callsOf, checkPlanFits, type MeasureOptions, measureUnless, measureWithin } from './measure.ts'
import { decodingOf, type Measurements, type Plan } from './plan.ts'
import { type PrepareOptions, prepareSensing, type SensingStructure } from './prepareSensing.ts'
import type { Quality } from './quality.ts'
import { directionsFor } from './recover/compressed.ts'
import { decode, qualityOf, stepRangeOf } from './recover.ts'
import { repairRows } from './repairRows.ts'
import { restrictPattern } from './restrictPattern.ts'
import { NOISY_TOLERANCE, senseUnderNoise } from './senseUnderNoise.ts'
import { silentRows } from './silentRows.ts'
import { openSession, type Session } from './session.ts'
import { shortPlan } from './shortPlan.ts'
import { callsPerDirection, checkScheme } from './stencil.ts'
import { type Symmetry, withMirrorImages } from './symmetricBlocks.ts'

export interface SenseOptions extends MeasureOptions, PrepareOptions {
  /**
   * Standard deviation of the noise in a value, of all outputs or of each [m]; 'estimate': find it first; 'none': there is none.
   * Default: it is looked for where half of the rows fail the certificate, with methods 'auto' and 'rainbow'; 'suspect': where any row
   * fails. Under noise the step is chosen anew (unless `step` is given), all colors move in every call, and `tolerance` is by default
   * 0.05, for 'suspect' that of the step.
   */
  readonly noise?: number | ArrayLike<number> | 'estimate' | 'suspect' | 'none' | undefined
  /** Step under noise: 'auto' finds it; default: `step` where it is given, else 'auto'. */
  readonly noisyStep?: number | 'auto' | undefined
  /** true: some values are grossly wrong, or NaN. Default: looked for together with noise. */
  readonly robust?: boolean | undefined
  readonly structure?:
    | {
        /** Superset of the nonzeros, [m × n], or 'detect' to find it first, from random directions (detectBySensing.ts). */
        readonly sparsity?: Pattern | 'detect' | undefined
        /** true: probe the given superset first and keep only the entries that stand out. */
        readonly refine?: boolean | undefined
        /** What is known to be symmetric, see SensingStructure; checked like all else by the held-out directions. */
        readonly symmetric?: Symmetry | undefined
        /** Entries whose values are known, and entries that share parameters; see SensingStructure. */
        readonly known?: readonly KnownEntry[] | undefined
        readonly tied?: Tied | undefined
        /** Rows that share their entries, see Blackbox; default: the blackbox's. */
        readonly rowGroups?: readonly (readonly number[])[] | undefined
        /** Columns and rows that follow from others. Dropped, and all measured, where the certificate shows that they do not hold. */
        readonly ties?: Ties | undefined
      }
    | undefined
  /** false: rows that fail the certificate are only reported, not measured again. Default true. */
  readonly repair?: boolean | undefined
  /**
   * A guess of J, [m × n], such as that of a point near by. Where maxCalls is too little for exact recovery, the estimate is the one
   * nearest to it that the differences allow, entries moving in proportion to their size. Default: zero.
   */
  readonly prior?: MatrixLike | undefined
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
/** Where at least this share of the rows fails, noise or gross errors are looked for. */
const NOISY_SHARE = 0.5
/** With as many directions or more, noise is looked for after the first few: left and right differences then disagree in most rows. */
const MANY = 64
const EARLY = 2
/** Values that a diagnosed noise level was told from, less what they were fitted with. */
const DIAGNOSED_FREEDOM = 8
/** Share of the values that gross errors are taken for at least, where there are any. */
const LEAST_GROSS = 0.2
/** Calls that accuracy under noise may take without maxCalls, in units of dense differences. */
const MOST_DENSE = 20

/**
 * J = ∂f/∂z at `at`. Calls: 1 + C forward (without `base`) or 2C central with C colors (n directions for dense differences),
 * 1 or 2 per held-out direction, and those of detection and repair, as `quality.callsFor` says. Rows that fail on held-out
 * directions, or that rounding hides, are first measured with other steps, which tell flat rows (`flatRows`), then repaired;
 * 'uncertified' says that some still fail (`quality.failedRows`), are hidden (`unresolvedRows`) or not smooth (`kinkedRows`), or
 * that nothing was held out. With `method: 'colored'` or `'newsam-ramsdell'` and no pattern,
 * the pattern is detected. Where maxCalls is too little for exact recovery, 'auto' takes forward differences, or an estimate near the
 * prior. Throws RangeError on misuse or when the plan of another method exceeds maxCalls (repair just stops there), BlackboxError on values that are not finite, and the signal's
 * reason when aborted.
 */
export async function sense(blackbox: Blackbox, options: SenseOptions): Promise<SenseResult> {
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
    const prepare = (sparsity: Pattern | undefined, as: PrepareOptions['method']) =>
      prepareSensing(structureOf(blackbox, structure, sparsity), { ...options, method: as })
    // Prepared before detection too: misuse shall throw before anything is called.
    plan = prepare(superset, detects ? 'dense' : method)
    const isShort = method === 'auto' && !detects && !refines && callsOf(plan, session) > session.remaining()
    if (isShort && options.scheme === undefined) {
      const { quality, ...found } = await sense(blackbox, { ...options, scheme: 'forward' })
      const note = `forward differences: maxCalls is too little for central ones, which take ${callsOf(plan, session)}`
      return { ...found, quality: { ...quality, notes: [note, ...quality.notes] } }
    }
    if (expected !== 'none' && expected !== 'unknown') {
      const found = await senseNoise(session, options, expected)
      if (found !== null) return found
    }
    if (isShort) plan = planFor(session, plan, structureOf(blackbox, structure, superset), options)
    if (detects || refines) {
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
    const noisy = await senseNoise(session, options, 'estimate')
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
    const noisy = await senseNoise(session, { ...options, tolerance }, 'estimate')
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
  let repair: Awaited<ReturnType<typeof repairRows>> = { repairedRows: [], fallback: null, notes: [] }
  if (failed.length > 0) {
    if (plan.method === 'dense')
      notes.push('dense differences fail the certificate: the blackbox is not smooth or too noisy for this step')
    else if (mends && mendable(plan)) {
      const source = random(plan.seed, REPAIR_STREAM)
      repair = await repairRows(session, plan, measurements, { J, residuals, floor, failed, source })
      notes.push(...repair.notes)
      if (repair.repairedRows.length > 0) notes.push(`the ${suspectOf(plan)}, or the blackbox is not smooth there`)
    }
  }

  const hidden = isExact
    ? unresolvedRows(misfitOf(J, plan.outputs, heldOut), residuals, outputScale, plan.tolerance)
    : found.unresolved
  const unresolved = [...hidden, ...silent.map((row) => ({ row, resolution: 1 }))]
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

function priorOf({ inputs: n, outputs: m }: Blackbox, { prior }: SenseOptions): { prior?: number[] } {
  if (prior === undefined) return {}
  return { prior: toSizedMatrix(prior, 'sense', 'prior', { rows: m, columns: n, symbols: 'm × n' }).to1DArray() }
}

/** Whether rows that fail can be measured again: not where gross errors or too few calls are what ails them. */
function mendable(plan: Plan): boolean {
  const decoding = decodingOf(plan)
  return decoding !== 'least-absolute' && decoding !== 'nearest'
}

/** Takes the values for noisy, or partly wrong: as said, or as 15 or more of them show. null where they turn out to be neither. */
async function senseNoise(
  session: Session,
  options: SenseOptions,
  expected: Float64Array | 'estimate',
): Promise<SenseResult | null> {
  const { structure = {}, method = 'auto', seed = 1, tolerance = NOISY_TOLERANCE } = options
  const { blackbox } = session
  const { inputs: n } = blackbox
  const diagnosis = expected === 'estimate' ? await diagnoseNoise(session, seed) : null
  const isRobust = options.robust ?? (diagnosis !== null && diagnosis.grossShare > 0)
  if (diagnosis !== null && !diagnosis.isNoisy && !isRobust) return null
  session.startOver(isRobust)
  const sparsity = structure.sparsity === 'detect' ? undefined : structure.sparsity
  const isTied = structure.tied !== undefined
  const found = await senseUnderNoise(session, {
    sigma: diagnosis?.sigma ?? (expected as Float64Array),
    freedom: diagnosis === null ? Number.POSITIVE_INFINITY : DIAGNOSED_FREEDOM,
    grossShare: isRobust ? Math.max(LEAST_GROSS, diagnosis?.grossShare ?? 0) : 0,
    step: options.noisyStep === 'auto' ? undefined : (options.noisyStep ?? options.step),
    tolerance,
    ...priorOf(blackbox, options),
    most: Number.isFinite(options.maxCalls ?? Number.POSITIVE_INFINITY)
      ? options.maxCalls!
      : MOST_DENSE * (n + 10) * callsPerDirection(session.scheme),
    prepare: (asked, isWhole) =>
      prepareSensing(isWhole ? structureOf(blackbox, {}, undefined) : structureOf(blackbox, structure, sparsity), {
        scheme: session.scheme,
        seed,
        weighing: options.weighing ?? (isTied ? undefined : 'multiplexed'),
        ...(options.heldOut !== undefined && { heldOut: options.heldOut }),
        ...asked,
        method: 'rainbow',
      }),
  })
  const { plan, measurements, J, judgement, statistics } = found
  const told = new Set([...judgement.failed, ...judgement.unresolved.map(({ row }) => row)])
  const silent = (await silentRows(session, plan, measurements)).filter((row) => !told.has(row))
  const kinkedRows = await confirmKinks(session, measurements.noise)
  const isFound = (options.noise === undefined || options.noise === 'suspect') && options.robust === undefined
  const why = method === 'auto' && diagnosis !== null && isFound ? [`auto took rainbow: ${describe(diagnosis)}`] : []
  const quality = qualityOf(plan, judgement.residuals, {
    calls: session.calls,
    stepRange: stepRangeOf(plan, measurements),
    flatRows: judgement.flatRows.filter((row) => !silent.includes(row)),
    unresolved: [...judgement.unresolved, ...silent.map((row) => ({ row, resolution: 1 }))],
    kinkedRows,
    statistics,
    notes: [...why, ...found.notes],
  })
  return resultOf(plan, J, quality, null)
}

function describe({ isNoisy, grossShare }: Diagnosis): string {
  if (grossShare === 0) return 'values carry more noise than rounding'
  const share = `${Math.max(1, Math.round(100 * grossShare))} % of the values looked at are grossly wrong or missing`
  return isNoisy ? `${share}, the others carry noise` : share
}

function resultOf(plan: Plan, J: Float64Array, quality: Quality, pattern: Pattern | null): SenseResult {
  return {
    result: quality.certified ? 'certified' : 'uncertified',
    J: Matrix.from1DArray(plan.outputs, plan.inputs, J),
    quality,
    plan,
    pattern,
  }
}

function structureOf(
  { inputs, outputs, inputGroups, rowGroups: ofBlackbox }: Blackbox,
  { symmetric, ties, known, tied, rowGroups = ofBlackbox }: NonNullable<SenseOptions['structure']>,
  sparsity: Pattern | undefined,
): SensingStructure {
  return { inputs, outputs, sparsity, symmetric, ties, known, tied, inputGroups, rowGroups }
}

/** The noise that the caller speaks of. Throws RangeError on what can't be one, or where the method does not allow for noise. */
function expectedNoise(
  { outputs: m }: Blackbox,
  { noise, robust, method = 'auto', plan }: SenseOptions,
): Float64Array | 'estimate' | 'none' | 'unknown' {
  const allows = method === 'auto' || method === 'rainbow'
  const isSaid = (noise !== undefined && noise !== 'none' && noise !== 'suspect') || robust === true
  if (isSaid && !allows)
    throw new RangeError(`sense: noise and robust are for methods 'auto' and 'rainbow', got method '${method}'`)
  if (isSaid && plan !== undefined) throw new RangeError('sense: give noise and robust, or a plan, not both')
  if (noise === 'none') return robust === true ? new Float64Array(m) : 'none'
  if (noise === undefined || noise === 'suspect') return robust === true ? 'estimate' : allows ? 'unknown' : 'none'
  if (noise === 'estimate') return noise
  const sigma = typeof noise === 'number' ? new Float64Array(m).fill(noise) : Float64Array.from(noise)
  if (sigma.length !== m)
    throw new RangeError(`sense: noise must be a number or have ${m} entries, got ${sigma.length}`)
  for (const value of sigma)
    if (!(Number.isFinite(value) && value >= 0))
      throw new RangeError(`sense: noise must be finite and ≥ 0, got ${value}`)
  return sigma
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
