/**
 * The difference step at which curvature and noise weigh alike, found from a few values on a line: Shi, Xie, Xuan and Nocedal 2021,
 * Adaptive finite-difference interval estimation for noisy derivative-free optimization, arXiv 2110.06380, Algorithm 2.1 with its
 * forward and central testing ratios; multiplied by four or divided by it until the ratio is bracketed, then bisected.
 */

export interface AdaptiveStep {
  readonly result: 'found' | 'flat' | 'max-iterations' // 'flat': no curvature shows up to the largest step
  readonly step: number
  readonly calls: number
}

export interface AdaptiveStepOptions {
  readonly scheme?: 'forward' | 'central' | undefined // default 'central'
  readonly largest?: number | undefined // default 1
  readonly maxIterations?: number | undefined // default 30
}

const LOW = 1.5
const HIGH = 6

/**
 * The step for φ at 0, a function of one variable with noise of size `noise` > 0. Values are kept: none is taken twice. Throws
 * RangeError on noise or a largest step that is not > 0.
 */
export function adaptiveStep(
  phi: (t: number) => number,
  noise: number,
  { scheme = 'central', largest = 1, maxIterations = 30 }: AdaptiveStepOptions = {},
): AdaptiveStep {
  if (!(noise > 0 && Number.isFinite(noise)))
    throw new RangeError(`adaptiveStep: noise must be a finite number > 0, got ${noise}`)
  if (!(largest > 0 && Number.isFinite(largest)))
    throw new RangeError(`adaptiveStep: largest must be a finite number > 0, got ${largest}`)
  const known = new Map<number, number>()
  const value = (t: number): number => {
    const kept = known.get(t)
    if (kept !== undefined) return kept
    const fresh = phi(t)
    known.set(t, fresh)
    return fresh
  }
  const ratio =
    scheme === 'forward'
      ? (h: number) => Math.abs(value(4 * h) - 4 * value(h) + 3 * value(0)) / (8 * noise)
      : (h: number) => Math.abs(value(3 * h) - 3 * value(h) + 3 * value(-h) - value(-3 * h)) / (8 * noise)
  let h = Math.min(largest, scheme === 'forward' ? (2 / Math.sqrt(3)) * Math.sqrt(noise) : Math.cbrt(3 * noise))
  let low = 0
  let high = Number.POSITIVE_INFINITY
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const r = ratio(h)
    if (r >= LOW && r <= HIGH) return { result: 'found', step: h, calls: known.size }
    if (r < LOW) {
      if (h >= largest) return { result: 'flat', step: largest, calls: known.size }
      low = h
    } else high = h
    if (high === Number.POSITIVE_INFINITY) h = Math.min(largest, 4 * h)
    else h = low === 0 ? h / 4 : (low + high) / 2
  }
  return { result: 'max-iterations', step: h, calls: known.size }
}
