/**
 * The difference step at which curvature and noise weigh alike, for all outputs of a blackbox at once: the testing ratios of Shi, Xie,
 * Xuan and Nocedal 2021 (arXiv 2110.06380, §2) along directions of the kind that will be measured, the output with the most curvature
 * for its noise deciding; what curvature does to an output may weigh as much, beside its slope, as noise does to all of them together.
 * Differs from the paper in: the ratio for five points, made in the same way from the fifth difference; steps by factors of three, whose
 * points are shared; a bracket of [2, 8], as the largest of many outputs' ratios is looked at.
 */
import type { Session } from './session.ts'
import type { Scheme } from './stencil.ts'

export interface ChosenStep {
  readonly step: number // relative to the inputs' typical magnitudes
  readonly isFlat: boolean // no curvature shows up to the largest step
}

/** Σ weights[s] · f(offsets[s] · h), at the best step three times the size of the noise. */
const tests: {
  readonly [scheme in Scheme]: { readonly offsets: readonly number[]; readonly weights: readonly number[] }
} = {
  forward: { offsets: [4, 1, 0], weights: scaled([1, -4, 3], 8) },
  central: { offsets: [3, 1, -1, -3], weights: scaled([1, -3, 3, -1], 8) },
  // h⁵ |f⁽⁵⁾| = 11.25 ε at the best step: error h⁴ |f⁽⁵⁾| / 30 of curvature, 1.5 ε / h of noise
  'five-point': { offsets: [3, 2, 1, -1, -2, -3], weights: scaled([0.5, -2, 2.5, -2.5, 2, -0.5], 3.75) },
}
const POWER: { readonly [scheme in Scheme]: number } = { forward: 2, central: 3, 'five-point': 5 } // power of h that ratios grow with
const LOW = 2
const HIGH = 8
const MIDDLE = 4
const FACTOR = 3
const TRIES = 12
/** Of a second or higher difference at twice the step or more: curvature leaves a quarter at most. */
const STEADY = 0.5
/** Share of the tolerance that curvature may take in outputs of little noise. */
const CURVED = 0.1
/** Ratios of looks agree that differ by no more, and by this share. */
const AGREE = 4
const AGREE_SHARE = 0.25
/** As many looks must agree, and by so many more than on any other ratio: gross errors may be alike, too. */
const AGREEING = 3
const LEAD = 2

const normOf = (values: Float64Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))

function scaled(weights: number[], by: number): number[] {
  return weights.map((weight) => weight / by)
}

/** The size that enough of the ratios agree on; NaN where they do not. */
function agreedOn(ratios: readonly number[]): number {
  const isClose = (a: number, b: number) => Math.abs(a - b) <= AGREE + AGREE_SHARE * Math.max(Math.abs(a), Math.abs(b))
  const followers = ratios.map((one) => ratios.filter((other) => isClose(one, other)).length)
  const most = Math.max(...followers)
  const winner = ratios[followers.indexOf(most)]!
  const second = Math.max(0, ...followers.filter((_, r) => !isClose(ratios[r]!, winner)))
  return most >= AGREEING && most >= second + LEAD ? Math.abs(winner) : Number.NaN
}

/**
 * Calls for each direction: three, four or six a try, counted as detection; usually two or three tries. `largest`: steps go no further.
 * `sigma` [m]: noise of the outputs' values; rounding where it is 0.
 */
export async function chooseStep(
  session: Session,
  directions: readonly ArrayLike<number>[], // [n] each; the one with the most curvature decides
  sigma: ArrayLike<number>, // [m]
  /**
   * `reserve`: calls to leave. `tolerance`: relative accuracy that is wanted. `looks`: at a large ratio, which may be a gross error
   * until several looks agree. `from`: the step that is tried first; default: where curvature of size one and noise weigh alike.
   */
  {
    largest,
    reserve,
    tolerance,
    looks = 1,
    from,
  }: { largest: number; reserve: number; tolerance: number; looks?: number; from?: number },
): Promise<ChosenStep> {
  const { scheme, outputScale } = session
  const m = session.blackbox.outputs
  const { offsets, weights } = tests[scheme]
  const noise = Float64Array.from({ length: m }, (_, i) => Math.max(sigma[i]!, Number.EPSILON * outputScale[i]!))
  const plus = offsets.indexOf(1)
  const minus = scheme === 'forward' ? offsets.indexOf(0) : offsets.indexOf(-1)
  const isAffordable = (count: number) => session.remaining() - reserve >= count * offsets.length

  /** Testing ratios along a direction, signed, and the sums that they are made of; NaN where a value was missing. */
  async function look(direction: ArrayLike<number>, h: number): Promise<{ ratios: Float64Array; sums: Float64Array }> {
    session.expect(offsets.length)
    const places = offsets.map((offset) => offset * h)
    const values = await session.line('detection', direction, places)
    // what each output moves with one step
    const slopes = Float64Array.from({ length: m }, (_, i) => {
      const moved = Math.abs(values[plus * m + i]! - values[minus * m + i]!) / (offsets[plus]! - offsets[minus]!)
      return Math.max(moved || 0, tolerance * h * outputScale[i]!)
    })
    // of noise in all outputs together
    const share = Math.min(CURVED * tolerance, normOf(noise) / normOf(slopes) || 0)
    const sums = new Float64Array(m)
    for (const [s, weight] of weights.entries()) for (let i = 0; i < m; i++) sums[i]! += weight * values[s * m + i]!
    const ratios = sums.map((sum, i) => {
      const allowed = Math.max(noise[i]!, share * slopes[i]!)
      return allowed > 0 ? sum / allowed : 0 * sum
    })
    return { ratios, sums }
  }

  /** The same where some values may be grossly wrong: sizes of what two looks agree on, or is small; 0 where nothing is. */
  async function lookOften(
    direction: ArrayLike<number>,
    h: number,
  ): Promise<{ ratios: Float64Array; sums: Float64Array }> {
    const ratios = new Float64Array(m).fill(Number.NaN)
    const sums = new Float64Array(m).fill(Number.POSITIVE_INFINITY)
    const seen: Float64Array[] = [] // ratios of each look
    while (seen.length < looks && ratios.some(Number.isNaN) && isAffordable(1)) {
      const { ratios: next, sums: nextSums } = await look(direction, h)
      seen.push(next)
      for (let i = 0; i < m; i++) {
        if (Math.abs(nextSums[i]!) < sums[i]!) sums[i] = Math.abs(nextSums[i]!)
        if (Math.abs(next[i]!) <= HIGH) ratios[i] = Math.abs(next[i]!)
        else if (Number.isNaN(ratios[i]!)) ratios[i] = agreedOn(seen.map((one) => one[i]!))
      }
    }
    return {
      ratios: ratios.map((ratio) => (Number.isNaN(ratio) ? 0 : ratio)),
      sums: sums.map((sum, i) => (Number.isNaN(ratios[i]!) ? 0 : sum)),
    }
  }

  let relative = 0 // noise beside the outputs, the largest
  for (let i = 0; i < m; i++)
    if (outputScale[i]! > 0) relative = Math.max(relative, noise[i]! / Math.max(1, outputScale[i]!))
  let h = Math.min(largest, from ?? (3 * Math.max(relative, Number.EPSILON)) ** (1 / POWER[scheme]))
  let before = { step: 0, sums: new Float64Array(m) }
  let low = 0
  let high = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < TRIES && isAffordable(directions.length); attempt++) {
    const ratios = new Float64Array(m) // of the directions, the largest
    const sums = new Float64Array(m)
    for (const direction of directions) {
      const found = await (looks > 1 ? lookOften(direction, h) : look(direction, h))
      for (let i = 0; i < m; i++) {
        ratios[i] = Math.max(ratios[i]!, Math.abs(found.ratios[i]!))
        sums[i] = Math.max(sums[i]!, Math.abs(found.sums[i]!))
      }
    }
    // what hardly shrinks with the step is noise, more than was told
    for (let i = 0; i < m; i++)
      if (h <= before.step / 2 && sums[i]! > STEADY * before.sums[i]! && sums[i]! > noise[i]!) {
        noise[i] = sums[i]!
        ratios[i] = Math.min(1, ratios[i]!)
        high = Number.POSITIVE_INFINITY
      }
    before = { step: h, sums }
    const ratio = Math.max(0, ...ratios)
    if (ratio >= LOW && ratio <= HIGH)
      return { step: Math.min(largest, h * (MIDDLE / ratio) ** (1 / POWER[scheme])), isFlat: false }
    if (ratio < LOW) {
      if (h >= largest) return { step: largest, isFlat: true }
      low = h
    } else high = h
    if (high === Number.POSITIVE_INFINITY) h = Math.min(largest, FACTOR * h)
    else h = low === 0 ? h / FACTOR : Math.sqrt(low * high)
    if (low > 0 && high / low < 1.3) break
  }
  return { step: h, isFlat: false }
}
