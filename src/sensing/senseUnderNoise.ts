/**
 * Sensing where values carry noise or gross errors: as large a step as curvature allows, all colors in every call (weighing designs), as
 * many directions as the accuracy asked for takes, and least squares, or least absolute deviations where some values are grossly wrong.
 */
import { chooseStep } from './chooseStep.ts'
import { random } from '../linalg/random.ts'
import { ROBUST_CALLS } from './diagnoseNoise.ts'
import { densestRow } from './family.ts'
import { fingerprint } from './fingerprint.ts'
import { heldOutDirections } from './heldOutDirections.ts'
import { failedSlopes, hiddenAgain, type Judgement, judge } from './judge.ts'
import { measureWithin } from './measure.ts'
import { moreDirections } from './moreDirections.ts'
import type { Measurements, Plan } from './plan.ts'
import type { PrepareOptions } from './prepareSensing.ts'
import { decode } from './recover.ts'
import type { Statistics } from './recover/recovery.ts'
import { rowRanges } from './rowRanges.ts'
import type { Session } from './session.ts'
import type { Decoding } from './rainbow/solveEquations.ts'
import { callsPerDirection, stencilOf } from './stencil.ts'
import { orthogonalDirections } from './weighing.ts'

export interface NoisySensing {
  readonly plan: Plan
  readonly measurements: Measurements
  readonly J: Float64Array // [m × n]
  readonly statistics: Statistics | null
  readonly judgement: Judgement
  readonly notes: readonly string[]
}

export interface NoisyOptions {
  readonly sigma: ArrayLike<number> // [m], standard deviation of a value of each output; 0: rounding only
  readonly freedom: number // values behind it; Infinity: known
  readonly grossShare: number // of the values, expected to be grossly wrong; 0: none
  readonly step: number | undefined // as given by the user; else found
  readonly tolerance: number // standard errors that are asked for, relative to the rows
  readonly prior?: readonly number[] // [m × n], a guess of J, where calls are too few
  /** Calls that may be spent in all, beside what the session allows. */
  readonly most: number
  /** Prepares a rainbow plan of the problem; `whole`: without what is known of it. */
  prepare(options: PrepareOptions, whole: boolean): Plan
}

/** Relative accuracy that is asked for under noise. */
export const NOISY_TOLERANCE = 0.05
/** No step is larger, relative to the inputs' typical magnitudes. */
const LARGEST_STEP = 0.1
/** Fewer directions than this tell too little of the noise. */
const LEAST_DIRECTIONS = 8
/** Held-out directions for each group of inputs, of which a third must agree. */
const ROBUST_HELD_OUT = 6
/** Blocks of as many, in which rows that fail may still prove right. */
const HELD_OUT_BLOCKS = 3
const STREAM = 7 // of the seed
/** Colors that move in one call at most where gross errors are to be outvoted: more make solutions slow. */
const ROBUST_TOGETHER = 16
/** Differences for each unknown that are to be left when those with a wrong value are out. */
const LEFT_RATIO = 1.5
/** Looks at a step that seems too large where that may be a gross error. */
const ROBUST_LOOKS = 12
/** By how much a gain must be larger to count where it was only sampled. */
const SURELY = 1.5
/** Directions along which a step is tried, at most. */
const MOST_LOOKED_AT = 4
/** With fewer colors, they all move in every call. */
const FEW = 6
const ROUNDS = 4
/** Numbers that directions and their answers are together, at most: memory, and time for solving, are finite. */
const MOST_NUMBERS = 4e6
const FINER = 1 / 3 // of the step, where curvature shows

/**
 * The Jacobian in outputs per input, with what is known of its errors, within `most` evaluations. Throws RangeError where gross errors
 * can't be outvoted with as many.
 */
export async function senseUnderNoise(session: Session, options: NoisyOptions): Promise<NoisySensing> {
  const { scheme } = session
  const { sigma, grossShare, tolerance } = options
  const isRobust = grossShare > 0
  const { order } = stencilOf(scheme)
  const perDirection = callsPerDirection(scheme)
  const notes: string[] = []
  const largest = Math.min(LARGEST_STEP, (0.5 * tolerance) ** (1 / order))
  const groups = Math.max(1, groupsOf(session).length)
  const affordable = () => Math.floor(Math.min(session.remaining(), options.most - spent(session)) / perDirection)
  const wanted = options.prepare({ tolerance, step: options.step ?? largest }, false)
  const colors = wanted.decoder.method === 'rainbow' ? wanted.decoder.numColors : 0
  // fewer calls than colors: an estimate near what is guessed
  const isShort = !isRobust && affordable() < colors + 2 * groups
  const heldOut = isRobust ? ROBUST_HELD_OUT * groups : isShort ? Math.max(1, affordable() >> 2) : 2 * groups
  const decoding: Decoding | undefined = isRobust ? 'least-absolute' : isShort ? 'nearest' : undefined
  const common = { tolerance, heldOut, ...(decoding && { decoding }) }

  if (isShort) notes.push(`maxCalls leaves ${affordable()} directions for ${colors} colors: an estimate near the prior`)
  let isWhole = false
  let { step, together } = {
    step: options.step ?? largest,
    together: Math.max(1, isRobust ? Math.min(colors, ROBUST_TOGETHER) : colors),
  }
  let finer: Spread | undefined
  const least = firstDirections(wanted, options.grossShare, together) + heldOut
  // what finding the noise left out for want of calls is wanted, too
  const unread = options.freedom === Number.POSITIVE_INFINITY ? 0 : Math.max(0, ROBUST_CALLS - session.calls.detection)
  if (isRobust && affordable() < least)
    throw new RangeError(
      `sense: outvoting gross errors takes ${least * perDirection + unread} evaluations, maxCalls leaves ${affordable() * perDirection}`,
    )
  if (options.step === undefined && (isShort || affordable() < 1.5 * least)) {
    step = standardStep(session, sigma, largest, order)
    notes.push(`step ${step.toPrecision(2)}, for curvature of size one: no call is spent on the true one`)
  } else if (options.step === undefined && colors > 0) {
    const spread = await chooseSpread(session, options, wanted, { together, largest, reserve: least * perDirection })
    ;({ step, together, finer } = spread)
    notes.push(...spread.notes)
  }

  finer ??= { step: FINER * step, together }
  const slopes = new Map<number, number>() // of rows that failed so far
  for (let round = 0; ; round++) {
    const sized = options.prepare({ ...common, step, together }, isWhole)
    const first = Math.max(1, Math.min(firstDirections(sized, options.grossShare, together), affordable() - heldOut))
    // what repeated measurements gain lets curvature weigh more: a finer step
    const gain = Math.max(1, (first * Math.min(together, colors)) / Math.max(1, colors))
    const balanced = options.step === undefined ? step * gain ** (-1 / (2 * (order + 1))) : step
    const asked = { ...common, step: balanced, together }
    const plan = withinReach(options.prepare({ ...asked, directions: first }, isWhole))
    let found = assess(plan, withNoise(await measureWithin(session, plan), options))
    if (isRobust) found = await heldOutLonger(session, found, affordable)
    for (let further = 0; further < ROUNDS; further++) {
      const { unresolved, failed } = found.judgement
      const k = found.plan.directions
      const worst = Math.min(10, Math.max(0, ...unresolved.map(({ resolution }) => resolution / tolerance)))
      // rows that fail although gross errors are outvoted: there were more of them than expected
      const isOutvoted = isRobust && failed.length > 0 && further < 2
      if (failed.length > 0 ? !isOutvoted : unresolved.length === 0) break
      const room = Math.floor(MOST_NUMBERS / (plan.inputs + (1 + perDirection) * plan.outputs)) - k
      const count = Math.min(isOutvoted ? k : Math.ceil(worst ** 2 * 1.1 * k) - k, affordable(), room)
      if (count < 1) break
      const seed = plan.seed + 1 + further
      const more = moreDirections(found.plan, count, seed, together)
      found = assess(...joined(found.plan, found.measurements, more, await measureWithin(session, more)))
    }
    const { failed, unresolved } = found.judgement
    // next: a finer step, then without what was known
    const next = { ...common, ...(round === 0 ? finer : { step, together }) }
    const isNextWhole: boolean = isWhole || round > 0
    const isAffordable = () =>
      firstDirections(options.prepare(next, isNextWhole), options.grossShare, next.together) + heldOut <= affordable()
    if (failed.length === 0 || options.step !== undefined || round >= 2 || !isAffordable()) {
      if (failed.length === 0 && unresolved.length > 0) {
        const worst = Math.max(...unresolved.map(({ resolution }) => resolution / tolerance))
        const calls = Math.ceil(found.plan.directions * worst ** 2 * perDirection)
        notes.push(`about ${calls} calls would tell all rows to ${(100 * tolerance).toPrecision(2)} %`)
      }
      const hidden = hiddenAgain(found.judgement, found.statistics, slopes)
      const told = unresolved.filter(({ row }) => !slopes.has(row) || !hidden.some((other) => other.row === row))
      const judgement = { ...found.judgement, unresolved: [...told, ...hidden].sort((a, b) => a.row - b.row) }
      return { ...found, judgement, notes: [...notes, hintAt(sigma, found.statistics)] }
    }
    for (const [row, slope] of failedSlopes(found.judgement)) slopes.set(row, Math.max(slope, slopes.get(row) ?? 0))
    const how = round === 0 ? 'with a finer step, for curvature' : 'without what was known beforehand'
    notes.push(`rows ${rowRanges(failed)} do not fit: measured again ${how}`)
    step = next.step
    together = next.together
    isWhole = isNextWhole
  }

  function hintAt(of: ArrayLike<number>, statistics: Statistics | null): string {
    let noisiest = 0
    for (let i = 0; i < of.length; i++) noisiest = Math.max(noisiest, of[i]!)
    const noise = noisiest > 0 ? `noise up to ${noisiest.toPrecision(2)}` : 'no more noise than rounding'
    const hasGross = (statistics?.grossShare ?? 0) > 0
    const gross = isRobust ? `, and ${hasGross ? '' : 'no '}gross errors` : ''
    return `values carry ${noise}${gross}: standardError says how far each entry can be trusted`
  }
}

function groupsOf({ blackbox }: Session): readonly (readonly number[])[] {
  return (blackbox.inputGroups ?? []).filter((inputs) => inputs.length > 0)
}

function spent(session: Session): number {
  return Object.values(session.calls).reduce((sum, count) => sum + count, 0)
}

/** Where curvature is not looked for: noise and curvature of size one weigh alike. */
function standardStep(session: Session, sigma: ArrayLike<number>, largest: number, order: number): number {
  const { outputScale } = session
  let relative = Number.EPSILON
  for (let i = 0; i < sigma.length; i++) relative = Math.max(relative, sigma[i]! / Math.max(1, outputScale[i]!))
  return Math.min(largest, (3 * relative) ** (1 / (order + 1)))
}

/** How many colors move in one call, and how far, relative to the inputs' typical magnitudes. */
interface Spread {
  readonly step: number
  readonly together: number
}

/**
 * How many colors move in one call, and how far. Entries are told √b times better by b colors in every call, and in proportion to the
 * step, which curvature allows to be larger where fewer move: the best of all, one, and some between.
 */
async function chooseSpread(
  session: Session,
  options: NoisyOptions,
  wanted: Plan,
  { together: most, largest, reserve }: { together: number; largest: number; reserve: number },
): Promise<Spread & { readonly finer: Spread; readonly notes: string[] }> {
  const isMultiplexed = wanted.decoder.method === 'rainbow' && wanted.decoder.weighing === 'multiplexed'
  const looks = options.grossShare > 0 ? ROBUST_LOOKS : 1
  const look = async (together: number, from?: number) => {
    const asked = { tolerance: options.tolerance, step: largest, ...(isMultiplexed && { together }) }
    const plan = together === most && !isMultiplexed ? wanted : options.prepare(asked, false)
    const given = { largest, reserve, looks, tolerance: options.tolerance, ...(from && { from }) }
    const directions = someDirections(plan, together)
    const found = await chooseStep(session, directions, options.sigma, given)
    const isGuess = found.isFlat && directions.length * together < most
    return { ...found, isGuess, together, gain: found.step * Math.sqrt(together) }
  }
  const all = await look(most)
  let best = all
  if (isMultiplexed && most >= FEW && !all.isFlat) {
    const single = await look(1, 3 * all.step)
    const isTorn = single.step > 2 * all.step
    // not all directions were looked along: others may have more curvature, and surely have some where these had none
    if (!single.isGuess && single.gain > SURELY * best.gain) best = single
    if (isTorn) {
      const some = await look(Math.round(Math.sqrt(most)), Math.sqrt(all.step * single.step))
      if (!some.isGuess && some.gain > best.gain) best = some
    }
  }
  const { step, together, isFlat } = best
  const why = isFlat ? ', the largest: no curvature seen' : ' where curvature and noise weigh alike'
  const spread =
    together < most
      ? `; ${together === 1 ? 'one color moves' : `${together} colors move`} in a call: more would bend the function too much`
      : ''
  return {
    step,
    together,
    // the step for all was tried with all
    finer:
      together < most ? { step: Math.min(all.step, FINER * step), together: most } : { step: FINER * step, together },
    notes: [`step ${step.toPrecision(2)}${why}${spread}`],
  }
}

/** Of a plan's directions, one where all colors move in each, more where they are different ones. */
function someDirections({ D, inputs: n, directions: k, decoder }: Plan, together: number): number[][] {
  const groups = decoder.method === 'rainbow' ? decoder.numColors / together : 1
  const count = Math.max(1, Math.min(MOST_LOOKED_AT, k, Math.round(groups / 4)))
  return Array.from({ length: count }, (_, r) => {
    const t = Math.floor(((r + 0.5) * k) / count)
    return D.slice(t * n, (t + 1) * n)
  })
}

/** Held-out directions that reach further than those measured take a smaller step: curvature would fail them, not the Jacobian. */
function withinReach(plan: Plan): Plan {
  const { inputs: n, D, heldOut, heldOutSteps } = plan
  const reach = longest(D, n) / longest(heldOut, n)
  if (!(reach < 1)) return plan
  const shorter = heldOutSteps.map((step) => reach * step)
  return { ...plan, heldOutSteps: shorter, fingerprint: fingerprint(`within reach ${plan.fingerprint}`, shorter) }
}

/** Norm of the longest row of D [… × n]. */
function longest(D: readonly number[], n: number): number {
  let square = 0
  for (let t = 0; t + n <= D.length && n > 0; t += n) {
    let sum = 0
    for (let j = t; j < t + n; j++) sum += D[j]! ** 2
    square = Math.max(square, sum)
  }
  return Math.sqrt(square)
}

/** Further held-out directions for rows that too few of the first ones support: these may be the wrong ones. */
async function heldOutLonger(session: Session, first: Assessed, affordable: () => number): Promise<Assessed> {
  let found = first
  const source = random(first.plan.seed, STREAM)
  for (let block = 0; block < HELD_OUT_BLOCKS && found.judgement.failed.length > 0; block++) {
    const { plan, measurements } = found
    const { inputs: n, heldOutSteps } = plan
    const count = first.plan.heldOutDirections
    if (count === 0 || affordable() < count) break
    const D = heldOutDirections(source, n, count, groupsOf(session))
    const steps = new Array<number>(count).fill(heldOutSteps[0]!)
    session.expect(count * callsPerDirection(plan.scheme))
    const Y = await session.differences('heldOut', D, steps, count)
    const mark = fingerprint(`held out longer ${plan.fingerprint}`, D)
    found = assess(
      {
        ...plan,
        heldOutDirections: plan.heldOutDirections + count,
        heldOut: [...plan.heldOut, ...D],
        heldOutSteps: [...heldOutSteps, ...steps],
        fingerprint: mark,
      },
      { ...measurements, fingerprint: mark, heldOutY: [...measurements.heldOutY, ...Y] },
    )
  }
  return found
}

/** Equations for each unknown that leave a share of gross differences decidable, random ones (as measured, see docs/sensing.md). */
function robustRatio(share: number): number {
  if (share <= 0.1) return 2
  if (share <= 0.24) return 4
  return share <= 0.4 ? 8 : 12
}

/** Directions to begin with: those of the design, enough to tell the noise; `grossShare` of the values are wrong. */
function firstDirections({ decoder, directions, scheme }: Plan, grossShare: number, together: number): number {
  if (decoder.method !== 'rainbow' || directions === 0) return directions
  const isRobust = grossShare > 0
  if (isRobust && decoder.weighing === 'multiplexed') {
    const sides = callsPerDirection(scheme)
    const unknowns = Math.min(densestRow(decoder.family), together)
    // equations of the values, told by least absolute deviations, and differences that are then left
    const values = (robustRatio(sides > 1 ? grossShare : 1 - (1 - grossShare) ** sides) * unknowns) / sides
    const left = (LEFT_RATIO * unknowns) / (1 - grossShare) ** sides
    return orthogonalDirections(Math.max(values, left) + LEAST_DIRECTIONS, decoder.numColors, together)
  }
  if (decoder.weighing === 'repeated')
    return Math.max(isRobust ? 1 : 3, Math.ceil(directions / decoder.numColors)) * decoder.numColors
  if (decoder.weighing === 'random') return Math.max(directions, LEAST_DIRECTIONS / 2)
  const groups = Math.max(1, Math.ceil(decoder.numColors / together)) // each with directions of its own
  return orthogonalDirections(Math.ceil(LEAST_DIRECTIONS / groups), decoder.numColors, together)
}

function withNoise(measurements: Measurements, { sigma, freedom, prior }: NoisyOptions): Measurements {
  return {
    ...measurements,
    ...(prior !== undefined && { prior }),
    noise: Array.from(sigma),
    ...(freedom < Number.POSITIVE_INFINITY && { noiseFreedom: freedom }),
  }
}

type Assessed = Omit<NoisySensing, 'notes'>

function assess(plan: Plan, measurements: Measurements): Assessed {
  const { J, statistics } = decode(plan, measurements)
  return { plan, measurements, J, statistics, judgement: judge(plan, measurements, J, statistics) }
}

/** A plan and its measurements with the directions of another one appended. */
function joined(plan: Plan, measurements: Measurements, more: Plan, further: Measurements): [Plan, Measurements] {
  const D = [...plan.D, ...more.D]
  const steps = [...plan.steps, ...more.steps]
  const mark = fingerprint(`joined ${plan.fingerprint} ${more.fingerprint}`)
  return [
    { ...plan, directions: plan.directions + more.directions, D, steps, fingerprint: mark },
    {
      ...measurements,
      fingerprint: mark,
      outputScale: further.outputScale,
      Y: [...measurements.Y, ...further.Y],
      ...(measurements.values && further.values && { values: [...measurements.values, ...further.values] }),
      calls: further.calls,
    },
  ]
}
