/**
 * What errors do the values of a blackbox carry? Fifteen values on a short line through the point: gross errors are what least absolute
 * deviations from a parabola leave far outside of all else; noise is told by ECNoise (estimateNoise.ts) where there are none, and by
 * the middling deviations from the parabola where there are.
 */
import { random } from '../linalg/random.ts'
import { highDifference, noiseOfValues } from './estimateNoise.ts'
import { heldOutDirections } from './heldOutDirections.ts'
import { leastAbsoluteDeviations } from './leastAbsoluteDeviations.ts'
import type { Session } from './session.ts'
import { ROUNDING_UNITS } from './steps.ts'

export interface Diagnosis {
  /** Standard deviation of the noise of each output's values, [m]; 0: no more than rounding. */
  readonly sigma: Float64Array
  readonly isNoisy: boolean // some output has more noise than rounding
  readonly grossShare: number // of the values, grossly wrong or missing
}

const POINTS = 15
const SPACING = 1e-6 // of the inputs' typical magnitudes
const COARSER = 100
const TRIES = 3
const STREAM = 6 // of the seed
const FAR = 12 // deviations beyond so many robust standard deviations are gross
const MAD_TO_SIGMA = 1.4826 // of a normal distribution
const MOVES = 3
const OFTEN = 0.05 // share of gross errors
const LOOKS = 2 // more, among gross errors
/** Calls that reading the noise takes among gross errors, at the least. */
export const ROBUST_CALLS = POINTS * (1 + LOOKS)
const AGREE = 4 // factor within which readings agree; where they do not, the least counts
const PARAMETERS = 3 // of a parabola
const ONE_SIDED = 0.05 // noise on one side of the point, as a share of that on the other, is none

/**
 * Calls: 15, 15 more for each coarser spacing where values do not differ at the first, and 30 more among gross errors, found or
 * expected (`isRobust`); counted as detection.
 */
export async function diagnoseNoise(session: Session, seed: number, isRobust = false): Promise<Diagnosis> {
  const { blackbox, outputScale } = session
  const { inputs: n, outputs: m } = blackbox
  const direction = heldOutDirections(random(seed, STREAM), n, 1)
  const sigma = new Float64Array(m)
  let gross = 0
  let total = 0
  let open = Array.from({ length: m }, (_, i) => i)
  let spacing = SPACING
  for (let attempt = 0; attempt < TRIES && open.length > 0 && session.remaining() >= POINTS; attempt++) {
    const places = Array.from({ length: POINTS }, (_, p) => (p - (POINTS - 1) / 2) * spacing)
    session.expect(POINTS)
    const values = await session.line('detection', direction, places)
    const isLast = attempt === TRIES - 1 || session.remaining() < POINTS
    const again: number[] = []
    for (const i of open) {
      const line = Float64Array.from({ length: POINTS }, (_, p) => values[p * m + i]!)
      const reading = readLine(line, outputScale[i]!, isRobust)
      sigma[i] = reading.sigma
      if (reading.isTooFine && !isLast) again.push(i)
      else {
        gross += reading.gross
        total += POINTS
      }
    }
    open = again
    spacing *= COARSER
  }
  // a line may have had more gross errors than it tells, or all at one end: all outputs are looked at again, and the middling reading counts
  const isGross = isRobust || gross > OFTEN * total
  const readings = Array.from(sigma, (value) => [value])
  for (let look = 0; look < LOOKS && isGross && session.remaining() >= POINTS; look++) {
    const places = Array.from({ length: POINTS }, (_, p) => (p - (POINTS - 1) / 2) * SPACING)
    session.expect(POINTS)
    const values = await session.line('detection', direction, places)
    for (let i = 0; i < m; i++) {
      const line = Float64Array.from({ length: POINTS }, (_, p) => values[p * m + i]!)
      readings[i]!.push(readLine(line, outputScale[i]!, isRobust).sigma)
    }
  }
  for (const [i, those] of readings.entries()) {
    const told = those.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b)
    const low = told[0] ?? 0
    const middle = told[(told.length - 1) >> 1] ?? 0
    sigma[i] = low > 0 && middle > AGREE * low ? low : middle
  }
  return { sigma, isNoisy: sigma.some((value) => value > 0), grossShare: total === 0 ? 0 : gross / total }
}

/** The noise in equispaced values by ECNoise; where it finds none, the most that high differences show. */
function noiseOf(line: Float64Array): number {
  // a constant is taken off first: ECNoise refuses values that differ by much of their size
  const offset = line[0]!
  let largest = 0
  for (const value of line) largest = Math.max(largest, Math.abs(value - offset))
  const shifted = line.map((value) => value - offset + 100 * largest)
  const reading = noiseOfValues(shifted)
  if (reading.result === 'found') return reading.sigma
  // one difference alone may vanish by chance, as of values rounded to single precision
  let most = 0
  for (let points = shifted.length - 2; points <= shifted.length; points++)
    for (let from = 0; from + points <= shifted.length; from++)
      most = Math.max(most, highDifference(shifted.subarray(from, from + points)))
  return most
}

function readLine(
  line: Float64Array,
  magnitude: number,
  isRobust: boolean,
): { sigma: number; gross: number; isTooFine: boolean } {
  const rounding = ROUNDING_UNITS * Number.EPSILON * magnitude
  const kept = Array.from(line.keys()).filter((p) => !Number.isNaN(line[p]!))
  const missing = POINTS - kept.length
  if (kept.length <= PARAMETERS) return { sigma: Number.NaN, gross: POINTS, isTooFine: false }
  let equal = 0
  for (let p = 1; p < POINTS; p++) if (line[p] === line[p - 1]) equal++
  const isTooFine = equal >= POINTS / 2
  const A = kept.map((p) => {
    const t = (2 * p) / (POINTS - 1) - 1
    return [1, t, t * t]
  })
  const values = kept.map((p) => [line[p]!])
  const { x } = leastAbsoluteDeviations(A, values)[0]!
  const deviations = kept.map((p, e) => Math.abs(line[p]! - A[e]!.reduce((sum, a, l) => sum + a * x[l]!, 0)))
  const sorted = deviations.toSorted((a, b) => a - b).slice(PARAMETERS)
  const middling = MAD_TO_SIGMA * sorted[sorted.length >> 1]!
  // beside what the values move from point to point, too: on a grid, as in single precision, many deviations are zero
  const moves = kept.slice(1).map((p, e) => Math.abs(line[p]! - line[kept[e]!]!))
  const move = moves.sort((a, b) => a - b)[moves.length >> 1]!
  const limit = FAR * Math.max(middling, rounding / ROUNDING_UNITS) + rounding + MOVES * move
  const far = kept.filter((_, e) => deviations[e]! > limit)
  // at one end of the line only: the function jumps or bends there
  const isJump = far.length > 1 && (far.at(-1)! < far.length || far[0]! >= POINTS - far.length)
  if (isJump && missing === 0 && !isRobust) return { sigma: 0, gross: 0, isTooFine }
  const gross = missing + far.length
  if (gross > 0) return { sigma: middling > rounding ? middling : 0, gross, isTooFine }

  // noise is on both sides; where the function bends or jumps within the line, one side is smooth
  const half = POINTS >> 1
  const [left, right] = [noiseOf(line.subarray(0, half)), noiseOf(line.subarray(POINTS - half))]
  const isNoise = Math.min(left, right) > Math.max(rounding, ONE_SIDED * Math.max(left, right))
  // values on a grid may line up by chance on one side, or on both: the next spacing tells
  return {
    sigma: isNoise ? noiseOf(line) : 0,
    gross: 0,
    isTooFine: isTooFine || (!isNoise && Math.max(left, right) > rounding),
  }
}
