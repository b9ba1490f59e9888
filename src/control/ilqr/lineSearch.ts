/**
 * The line search of iLQR on the merit cost + ν Σ|gaps|: step lengths from long to short until one lowers it by a share of what the model
 * promises (Nocedal and Wright 2006, Numerical Optimization, §18.3, with ν by eq. 18.36).
 */
import type { ExpectedChange } from './expectedChange.ts'

export interface LineSearchOutcome {
  readonly alpha: number // 0: none
  readonly cost: number
  readonly expected: number // reduction of the merit that the model promised
  readonly actual: number
  readonly tried: number
}

const SUFFICIENT = 1e-4 // of the expected reduction
const LEAST_SHARE = 0.1 // of the gaps' weight that must stay as reduction
/** Changes of the merit within this share of it are rounding. */
const ROUNDING = 1e-14

/** The least ν at which the step lowers the merit to first order, and `nu` at least. */
export function penaltyFor(nu: number, { linear, quadratic }: ExpectedChange, sumOfGaps: number): number {
  if (sumOfGaps === 0) return nu
  return Math.max(nu, (linear + Math.max(0, quadratic)) / ((1 - LEAST_SHARE) * sumOfGaps))
}

/** `tryAt` rolls out with the k-th step length and returns the cost, NaN where that fails; what `keep` was called after last is taken. */
export function searchAlong(
  stepLengths: Float64Array,
  pick: 'first' | 'best',
  before: { readonly cost: number; readonly sumOfGaps: number; readonly nu: number },
  change: ExpectedChange,
  tryAt: (alpha: number, k: number) => number,
  keep: () => void,
): LineSearchOutcome {
  const { cost, sumOfGaps, nu } = before
  let tried = 0
  let best: LineSearchOutcome | null = null
  for (const [k, alpha] of stepLengths.entries()) {
    const next = tryAt(alpha, k)
    tried++
    const expected = -alpha * (change.linear + alpha * change.quadratic) + nu * alpha * sumOfGaps
    const actual = cost - next + nu * alpha * sumOfGaps
    const floor = ROUNDING * Math.max(Math.abs(cost), Math.abs(next))
    if (!(expected > 0 && actual >= SUFFICIENT * expected - (expected < floor ? floor : 0))) continue
    const found = { alpha, cost: next, expected, actual, tried }
    if (best !== null && actual <= best.actual) continue
    keep()
    if (pick === 'first') return found
    best = found
  }
  if (best === null) return { alpha: 0, cost, expected: 0, actual: 0, tried }
  return { ...best, tried }
}
