/**
 * The difference step at which curvature and noise weigh alike, for all outputs of a blackbox at once: the testing ratios of Shi, Xie,
 * Xuan and Nocedal 2021 (arXiv 2110.06380, §2) along a direction of the kind that will be measured, the output with the most curvature
 * for its noise deciding; what curvature does to an output may weigh as much, beside its slope, as noise does to the noisiest one. Differs from the paper in: the ratio for five points, made in the same way from the fifth difference; steps
 * by factors of three, whose points are shared; a bracket of [2, 8], as the largest of many outputs' ratios is looked at.
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
const FIRST: { readonly [scheme in Scheme]: number } = { forward: 2, central: 3, 'five-point': 5 } // power of 1/h in the noise's share
const LOW = 2
const HIGH = 8
const FACTOR = 3
const TRIES = 12
/** Of a second or higher difference at twice the step or more: curvature leaves a quarter at most. */
const STEADY = 0.5
/** Share of the tolerance that curvature may take in outputs of little noise. */
const CURVED = 0.1

function scaled(weights: number[], by: number): number[] {
  return weights.map((weight) => weight / by)
}

/**
 * Calls: three, four or six a try, counted as detection; usually two or three tries. `largest`: steps go no further. `sigma` [m]: noise
 * of the outputs' values; rounding where it is 0.
 */
export async function chooseStep(
  session: Session,
  direction: ArrayLike<number>, // [n]
  sigma: ArrayLike<number>, // [m]
  /**
   * `reserve`: calls to leave. `tolerance`: relative accuracy that is wanted. `repeats`: looks at a large ratio, which may be a gross
   * error, the least of which counts.
   */
  {
    largest,
    reserve,
    tolerance,
    repeats = 1,
  }: { largest: number; reserve: number; tolerance: number; repeats?: number },
): Promise<ChosenStep> {
  const { scheme, outputScale } = session
  const m = session.blackbox.outputs
  const { offsets, weights } = tests[scheme]
  const noise = Float64Array.from({ length: m }, (_, i) => Math.max(sigma[i]!, Number.EPSILON * outputScale[i]!))
  const plus = offsets.indexOf(1)
  const minus = scheme === 'forward' ? offsets.indexOf(0) : offsets.indexOf(-1)
  let relative = 0 // noise beside the outputs, the largest
  for (let i = 0; i < m; i++)
    if (outputScale[i]! > 0) relative = Math.max(relative, noise[i]! / Math.max(1, outputScale[i]!))
  let h = Math.min(largest, (3 * Math.max(relative, Number.EPSILON)) ** (1 / FIRST[scheme]))
  let before = { step: 0, sums: new Float64Array(m) }
  let low = 0
  let high = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < TRIES && session.remaining() - reserve >= offsets.length; attempt++) {
    let ratio = Number.POSITIVE_INFINITY
    const least = new Float64Array(m).fill(Number.POSITIVE_INFINITY)
    const sums = new Float64Array(m).fill(Number.POSITIVE_INFINITY)
    for (let look = 0; look < repeats && ratio > HIGH; look++) {
      if (session.remaining() - reserve < offsets.length) break
      session.expect(offsets.length)
      const values = await session.line(
        'detection',
        direction,
        offsets.map((offset) => offset * h),
      )
      // what each output moves with one step
      const slopes = Float64Array.from({ length: m }, (_, i) => {
        const moved = Math.abs(values[plus * m + i]! - values[minus * m + i]!) / (offsets[plus]! - offsets[minus]!)
        return Math.max(moved || 0, tolerance * h * outputScale[i]!)
      })
      let share = 0 // of noise in the noisiest output
      for (let i = 0; i < m; i++) if (slopes[i]! > 0) share = Math.max(share, noise[i]! / slopes[i]!)
      share = Math.min(share, CURVED * tolerance)
      for (let i = 0; i < m; i++) {
        let sum = 0
        for (const [s, weight] of weights.entries()) sum += weight * values[s * m + i]!
        if (Math.abs(sum) < sums[i]!) sums[i] = Math.abs(sum)
        // what hardly shrinks with the step is noise, more than was told
        if (
          h <= before.step / 2 &&
          Number.isFinite(sums[i]!) &&
          sums[i]! > STEADY * before.sums[i]! &&
          sums[i]! > noise[i]!
        ) {
          noise[i] = sums[i]!
          high = Number.POSITIVE_INFINITY
        }
        const allowed = Math.max(noise[i]!, share * slopes[i]!)
        if (allowed > 0 && Math.abs(sum) / allowed < least[i]!) least[i] = Math.abs(sum) / allowed
      }
      // of many outputs some may have been wrong at every look
      const sorted = least.filter((value) => value < Number.POSITIVE_INFINITY).sort()
      if (sorted.length === 0) continue // all values were missing
      ratio = sorted[sorted.length - 1 - (repeats > 1 ? Math.floor(sorted.length / 10) : 0)]!
    }
    if (!sums.some(Number.isFinite)) continue
    before = { step: h, sums }
    if (ratio >= LOW && ratio <= HIGH) return { step: h, isFlat: false }
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
