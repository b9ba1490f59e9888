/** Which gradient through a fixed point is cheap and still good enough: the cosine to the exact one, watched, and a fallback. */
import { checkMethod, FIXED_POINT_METHODS, type FixedPointMethod } from './fixedPointGradient.ts'

export interface WatchOptions {
  readonly method?: FixedPointMethod | undefined // the cheapest to be used, default 'jacobian-free'
  readonly terms?: number | undefined // k of Neumann, default 3
  readonly every?: number | undefined // gradients from one check to the next, default 20; the first one is checked
  readonly leastCosine?: number | undefined // to the exact gradient, default 0.9
}

/** What a check found. */
export interface GradientCheck {
  readonly at: number // gradients taken before it
  readonly cosines: Readonly<Record<Exclude<FixedPointMethod, 'exact'>, number>> // to the exact gradient
  readonly method: FixedPointMethod // used from here to the next check
}

/** A state that goes from gradient to gradient. */
export interface GradientWatch {
  readonly terms: number
  /** Of the next gradient, unless it is checked. */
  readonly method: FixedPointMethod
  /** Whether the next gradient is to be checked: taken by all methods, and the exact one used. */
  readonly isDue: boolean
  readonly checks: readonly GradientCheck[]
  /** Whether any check found the cheapest method too far off. */
  readonly fellBack: boolean
  /** A gradient was taken; with cosines, it was checked. */
  note(cosines?: GradientCheck['cosines']): void
}

/**
 * The rule: every so many gradients, all methods are compared with the exact gradient; until the next check the cheapest one is used,
 * from `method` on, whose cosine is at least `leastCosine`; the exact one where there is none. So a map that gets stiff falls back to
 * Neumann, then to exact gradients, and comes back when it is not stiff any more. Throws RangeError or TypeError on options that do not fit.
 */
export function gradientWatch(options: WatchOptions = {}): GradientWatch {
  const { method: cheapest = 'jacobian-free', terms = 3, every = 20, leastCosine = 0.9 } = options
  checkMethod('gradientWatch', cheapest, terms)
  if (!(Number.isSafeInteger(every) && every >= 1))
    throw new RangeError(`gradientWatch: every must be an integer ≥ 1, got ${every}`)
  if (!(leastCosine > -1 && leastCosine < 1))
    throw new RangeError(`gradientWatch: leastCosine must be between −1 and 1, got ${leastCosine}`)
  const allowed = FIXED_POINT_METHODS.slice(FIXED_POINT_METHODS.indexOf(cheapest))
  const checks: GradientCheck[] = []
  let taken = 0
  let method: FixedPointMethod = cheapest
  return {
    terms,
    checks,
    get method() {
      return method
    },
    get isDue() {
      return cheapest !== 'exact' && taken % every === 0
    },
    get fellBack() {
      return checks.some((check) => check.method !== cheapest)
    },
    note(cosines) {
      if (cosines !== undefined) {
        method = allowed.find((one) => one === 'exact' || cosines[one] >= leastCosine)!
        checks.push({ at: taken, cosines, method })
      }
      taken++
    },
  }
}
