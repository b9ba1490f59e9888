/**
 * Holds a Jacobian against its held-out directions (certificate.ts), and allows for what noise does to them and to it:
 *
 * - a misfit within ALLOWED standard deviations of held-out noise and of the prediction is none;
 * - a row whose prediction may be off by more than the tolerance of its size, at two standard deviations, is unresolved: noise hides
 *   it, and more directions would tell;
 * - a row that is zero to within its standard deviation, and this small beside its output, is flat;
 * - where gross errors are expected, more than half of the held-out differences that are likely to be right (of those that move the same
 *   inputs), a third of all and three at least, must agree: wrong predictions agree with none but by chance.
 */
import {
  type HeldOut,
  type Misfit,
  misfitOf,
  reachOf,
  roundingFloor,
  rowResiduals,
  type Unresolved,
  unresolvedRows,
} from './certificate.ts'
import { spanInto } from './perturb.ts'
import { decodingOf, type Measurements, type Plan } from './plan.ts'
import type { Statistics } from './recover/recovery.ts'

export interface Judgement {
  readonly heldOut: HeldOut
  readonly floor: Float64Array // [m], what rounding may do
  readonly misfits: Misfit
  readonly residuals: Float64Array // [m]
  readonly failed: readonly number[] // rows above the tolerance
  readonly unresolved: readonly Unresolved[]
  readonly flatRows: readonly number[] // zero to within noise
}

/** Standard deviations that a held-out misfit may have: one in two million is further by chance. */
const ALLOWED = 5
/** Standard deviations within which a prediction must be known. */
const SURE = 2
/** Held-out differences that must agree at least where some may be grossly wrong, and the share of those that are likely to be right. */
const LEAST_AGREEING = 3
const AGREEING = 0.55

/** A row whose held-out misfits are this many times what was expected, squared, has an error of its own. */
const OWN = 25

/**
 * The statistics of an estimate from too few differences, whose errors are told by a model: its deviations are raised to what held-out
 * differences show, of all rows together, or of a row alone where it stands out.
 */
export function calibrated(
  plan: Plan,
  measurements: Measurements,
  J: Float64Array,
  statistics: Statistics,
): Statistics {
  const { outputs: m } = plan
  const { at, scale, scheme, heldOutY, outputScale } = measurements
  const heldOut = { at, scale, scheme, D: plan.heldOut, steps: plan.heldOutSteps, Y: heldOutY }
  const { misfit, count } = misfitOf(J, m, heldOut)
  const { deviation } = predictionsOf(heldOut, J, m, statistics)
  const floor = roundingFloor(outputScale)
  const ratio = Float64Array.from({ length: m }, (_, i) => {
    let sum = 0
    for (let t = 0; t < count; t++) {
      const expected = Math.hypot(deviation[t * m + i]!, statistics.deviation[i]! || 0, floor[i]!)
      sum += (misfit[t * m + i]! / expected) ** 2 / count
    }
    return sum
  })
  let together = 0
  let rows = 0
  for (const one of ratio) {
    if (!(one < OWN)) continue
    together += one
    rows++
  }
  const common = rows === 0 ? 1 : Math.max(1, together / rows)
  // what was expected of a row that stands out may have been nothing: then its misfit is all that is known
  const reach = Math.max(...plan.heldOutSteps.map((_, t) => reachOf(heldOut, t)), 0)
  const own = Float64Array.from(ratio, (one, i) => {
    if (one < OWN || reach === 0) return 0
    let square = 0
    for (let t = 0; t < count; t++) square += misfit[t * m + i]! ** 2 / count
    return square / reach ** 2 / plan.inputs
  })
  return {
    ...statistics,
    variance(i, span) {
      let sum = common * statistics.variance(i, span)
      if (own[i]! > 0) for (let j = 0; j < span.length; j++) sum += own[i]! * (span[j]! / scale[j]!) ** 2
      return sum
    },
  }
}

/** How J [m × n] stands against its held-out differences; `statistics`: what is known of its errors, null: nothing. */
export function judge(
  plan: Plan,
  measurements: Measurements,
  J: Float64Array, // [m × n]
  statistics: Statistics | null,
): Judgement {
  const { outputs: m, tolerance } = plan
  const { at, scale, outputScale, scheme, heldOutY } = measurements
  const heldOut = { at, scale, scheme, D: plan.heldOut, steps: plan.heldOutSteps, Y: heldOutY }
  const floor = roundingFloor(outputScale)
  const misfits = misfitOf(J, m, heldOut)
  const failedOf = (residuals: Float64Array) =>
    Array.from(residuals.keys()).filter((i) => !(residuals[i]! <= tolerance))
  const plain = (residuals: Float64Array): Judgement => ({
    heldOut,
    floor,
    misfits,
    residuals,
    failed: failedOf(residuals),
    unresolved: unresolvedRows(misfits, residuals, outputScale, tolerance),
    flatRows: [],
  })
  if (statistics === null) return plain(rowResiduals(misfits, floor, tolerance))

  const predictions = predictionsOf(heldOut, J, m, statistics)
  const isRobust = decodingOf(plan) === 'least-absolute'
  const residuals = residualsUnderNoise(misfits, heldOut, predictions, statistics, floor, tolerance, isRobust)
  for (const i of statistics.undeterminedRows) residuals[i] = 1
  const isQuiet = isWithoutNoise(statistics, floor)
  /** Most held-out differences of the row are small beside the output, too. */
  const isFlatHeldOut = (i: number) => {
    if (statistics.undeterminedRows.includes(i)) return false
    const count = heldOut.steps.length
    let small = 0
    for (let t = 0; t < count; t++) {
      const allowed = ALLOWED * (statistics.deviation[i]! || 0) + tolerance * reachOf(heldOut, t) * outputScale[i]!
      if (Math.abs(misfits.misfit[t * m + i]!) <= allowed) small++
    }
    return isRobust ? 2 * small > count : small === count
  }
  const isShort = decodingOf(plan) === 'nearest'
  if (isQuiet && !isRobust && !isShort) return plain(residuals)
  const { unresolved, flatRows: small } = hiddenByNoise(predictions, heldOut, outputScale, tolerance)
  const flatRows = small.filter((i) => residuals[i]! <= tolerance || isFlatHeldOut(i))
  return {
    heldOut,
    floor,
    misfits,
    residuals,
    failed: failedOf(residuals).filter((i) => !flatRows.includes(i)),
    unresolved: unresolved.filter(({ row }) => residuals[row]! <= tolerance),
    flatRows,
  }
}

/** No more noise than rounding makes. */
function isWithoutNoise({ deviation }: Statistics, floor: Float64Array): boolean {
  return deviation.every((sigma, i) => !(sigma > floor[i]!))
}

/** What J says of each held-out direction, [h × m]. */
interface Predictions {
  readonly deviation: Float64Array // standard deviation of the prediction; NaN: unknown
  /** Difference to expect along such a direction, of the entries that it moves, and of all had it moved them: as in Misfit, without the
   * difference itself, which may be noise. */
  readonly size: Float64Array
  readonly whole: Float64Array
}

function predictionsOf(heldOut: HeldOut, J: Float64Array, m: number, statistics: Statistics): Predictions {
  const { at, scale, scheme, D, steps } = heldOut
  const n = at.length
  const [deviation, size, whole] = Array.from({ length: 3 }, () => new Float64Array(steps.length * m)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const span = new Float64Array(n)
  for (let t = 0; t < steps.length; t++) {
    spanInto(span, at, scale, D, t * n, steps[t]!, scheme)
    const reach = reachOf(heldOut, t)
    for (let i = 0; i < m; i++) {
      let moved = 0
      let all = 0
      for (let j = 0; j < n; j++) {
        const part = (J[i * n + j]! * scale[j]!) ** 2
        all += part
        if (D[t * n + j] !== 0) moved += part
      }
      deviation[t * m + i] = Math.sqrt(statistics.variance(i, span))
      size[t * m + i] = reach * Math.sqrt(moved)
      whole[t * m + i] = reach * Math.sqrt(all)
    }
  }
  return { deviation, size, whole }
}

function residualsUnderNoise(
  { misfit, size, count }: Misfit,
  heldOut: HeldOut,
  predictions: Predictions,
  { deviation, grossShare }: Statistics,
  floor: Float64Array,
  tolerance: number,
  isRobust: boolean,
): Float64Array {
  const m = floor.length
  const share = Math.max(1 / 3, AGREEING * (1 - grossShare))
  const groups = isRobust ? groupsOf(heldOut) : Array.from({ length: count }, (_, t) => [t])
  return Float64Array.from(floor, (_, i) => {
    const residual = (t: number): number => {
      const noise = Math.hypot(deviation[i]!, predictions.deviation[t * m + i]!)
      const error = Math.abs(misfit[t * m + i]!) - (Number.isNaN(noise) ? 0 : ALLOWED * noise)
      if (Number.isNaN(error)) return Number.POSITIVE_INFINITY // the held-out call failed
      return error > 0 ? error / (size[t * m + i]! + floor[i]! / tolerance) : 0
    }
    let worst = 0
    for (const group of groups) {
      const sorted = group.map(residual).sort((a, b) => a - b)
      const needed = isRobust
        ? Math.min(group.length, Math.max(LEAST_AGREEING, Math.ceil(group.length * share)))
        : group.length
      worst = Math.max(worst, sorted[needed - 1]!)
    }
    return worst
  })
}

/** Held-out directions that move the same inputs. */
function groupsOf({ D, steps, at }: HeldOut): number[][] {
  const n = at.length
  const groups = new Map<string, number[]>()
  for (let t = 0; t < steps.length; t++) {
    let key = ''
    for (let j = 0; j < n; j++) key += D[t * n + j] === 0 ? '0' : '1'
    groups.set(key, [...(groups.get(key) ?? []), t])
  }
  return [...groups.values()]
}

function hiddenByNoise(
  { deviation, size, whole }: Predictions,
  heldOut: HeldOut,
  outputScale: ArrayLike<number>,
  tolerance: number,
): { unresolved: Unresolved[]; flatRows: number[] } {
  const m = outputScale.length
  const count = heldOut.steps.length
  const unresolved: Unresolved[] = []
  const flatRows: number[] = []
  for (let i = 0; i < m; i++) {
    let worst = 0
    let isFlat = count > 0
    for (let t = 0; t < count; t++) {
      const doubt = SURE * deviation[t * m + i]!
      const entries = size[t * m + i]!
      if (Number.isNaN(doubt) || entries === 0) continue
      const resolution = doubt / entries
      if (!(entries <= 2 * doubt && doubt <= tolerance * reachOf(heldOut, t) * outputScale[i]!)) isFlat = false
      // small beside its row, and known roughly or zero to within noise
      const isSmallBlock =
        doubt <= tolerance * whole[t * m + i]! && (resolution <= Math.sqrt(tolerance) || resolution >= 0.5)
      if (resolution > tolerance && !isSmallBlock) worst = Math.max(worst, resolution)
    }
    if (worst === 0) continue
    if (isFlat) flatRows.push(i)
    else unresolved.push({ row: i, resolution: worst })
  }
  return { unresolved, flatRows }
}

/** Slopes of rows that fail, as their held-out differences show them at most, by row: in outputs per relative step. */
export function failedSlopes({ failed, heldOut: { Y, steps }, residuals }: Judgement): Map<number, number> {
  const m = residuals.length
  return new Map(
    failed.map((i) => [i, Math.max(...Array.from(steps, (step, t) => Math.abs(Y[t * m + i]! || 0) / step))] as const),
  )
}

/** Rows that failed with a coarser step, and whose held-out noise would now hide half of what they failed by. */
export function hiddenAgain(
  { heldOut: { steps }, failed }: Judgement,
  statistics: Statistics | null,
  slopes: ReadonlyMap<number, number>,
): Unresolved[] {
  const finest = Math.max(0, ...Array.from(steps))
  const isHidden = ([i, slope]: readonly [number, number]) =>
    !failed.includes(i) && ALLOWED * (statistics?.deviation[i] ?? 0) > 0.5 * slope * finest
  return [...slopes].filter(isHidden).map(([row]) => ({ row, resolution: 1 }))
}
