/** Everything that calls the blackbox goes through a session: it counts by purpose, checks values, and can be stopped. */

import type { Blackbox } from '../blackbox/blackbox.ts'
import { BlackboxError } from '../blackbox/blackboxError.ts'
import { collectKinks } from './kinks.ts'
import { pointInto } from './perturb.ts'
import { type Scheme, stencilOf } from './stencil.ts'
import type { CallCounts } from './quality.ts'
import { checkVector, resolveOutputScale, resolveScale } from './steps.ts'

export interface SessionOptions {
  readonly at: ArrayLike<number> // [n]
  readonly scheme: Scheme
  readonly base?: ArrayLike<number> | undefined // [m], f(at) where it is known
  readonly maxCalls?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  /** Expects gross errors: a value that is not finite is kept as NaN instead of thrown, and f(at) is the median of several. */
  readonly isRobust?: boolean | undefined
}

export interface Session {
  readonly who: string // begins the messages of errors
  readonly blackbox: Blackbox
  readonly scheme: Scheme
  readonly at: Float64Array // [n]
  readonly scale: Float64Array // [n]
  readonly outputScale: Float64Array // [m], grows with the values seen
  readonly calls: { -readonly [purpose in keyof CallCounts]: number }
  /** Measures anew, expecting noise or gross errors: what was spent so far counts as detection, and kinks are forgotten. */
  startOver(isRobust: boolean): void
  /** Evaluations that maxCalls leaves; Infinity without it. */
  remaining(): number
  /** True when the scheme wants f(at) and it is not known yet. */
  needsBase(): boolean
  /** Adds to the total that progress is reported against. */
  expect(evaluations: number): void
  /** Makes sure that f(at) is known where the scheme wants it, or to compare left and right with. */
  ensureBase(why?: 'for kinks'): Promise<void>
  /**
   * The stencil's differences along the `count` directions in D, [count × m]. 'probing': with steps other than the plan's, which
   * tell nothing of kinks within its steps.
   */
  differences(
    purpose: keyof CallCounts,
    D: ArrayLike<number>,
    steps: ArrayLike<number>,
    count: number,
    use?: 'measuring' | 'probing',
  ): Promise<Float64Array>
  /** Values at z̄ + places[p] · scale · direction, [places × m]. */
  line(purpose: keyof CallCounts, direction: ArrayLike<number>, places: ArrayLike<number>): Promise<Float64Array>
  /** The values themselves, in the order of the stencil: of central ones f(z̄ + p_t) and then f(z̄ − p_t), [2 count × m]. */
  readonly pairs: Session['differences']
  /** The stencil's differences, [count × m], of such values. */
  differencesOf(values: Float64Array): Float64Array
  /**
   * Rows where left and right differences disagree, by more than `noise` [m], the standard deviation of a value, can do; null where
   * that can't be told (forward, f(at) not known, gross errors).
   */
  kinkedRows(noise?: ArrayLike<number>): number[] | null
  /** The direction, in units of the inputs' typical magnitudes, that shows most how left and right differ in a kinked row. */
  kinkOf(row: number): Float64Array // [n]
  /** f(at) where it is known. */
  base(): Float64Array | null // [m]
}

/** A batch holds at most about this many numbers; between batches progress is reported and a signal is heard. */
const BATCH_NUMBERS = 1 << 20
/** Pause for the event loop after so many milliseconds of evaluations. */
const PAUSE_AFTER = 50
/** Evaluations of f(at) whose median is taken where gross errors are expected. */
const ROBUST_BASE = 9

/** Opens a session at a point. Throws RangeError on sizes or values that do not fit. `who` begins the messages. */
export function openSession(who: string, blackbox: Blackbox, options: SessionOptions): Session {
  const { inputs: n, outputs: m } = blackbox
  const { scheme, signal, onProgress, maxCalls = Number.POSITIVE_INFINITY } = options
  let { isRobust = false } = options
  checkVector(who, 'at', options.at, n)
  if (!(maxCalls >= 0)) throw new RangeError(`${who}: maxCalls must be a number ≥ 0, got ${maxCalls}`)
  const at = Float64Array.from(options.at)
  const scale = resolveScale(who, at, blackbox.scale)
  const outputScale = resolveOutputScale(who, m, blackbox.outputScale)
  let base: Float64Array | null = null
  if (options.base !== undefined) {
    checkVector(who, 'base', options.base, m)
    base = Float64Array.from(options.base)
    noteMagnitudes(outputScale, base)
  }

  const calls = { base: 0, directions: 0, heldOut: 0, detection: 0, repair: 0, fallback: 0 }
  const stencil = stencilOf(scheme)
  const perDirection = stencil.offsets.length
  const isTwoSided = stencil.offsets[1] === -1
  let kinks = collectKinks(m)
  let noted: { readonly D: ArrayLike<number>; readonly t: number; readonly step: number }[] = [] // by kinks
  const z = new Float64Array(n)
  let done = 0
  let total = 0
  let lastPause = now()

  /** Evaluates points p = 0 … count − 1, written by `writePoint`, and checks every value. */
  async function evaluate(
    purpose: keyof CallCounts,
    count: number,
    writePoint: (p: number, point: Float64Array) => void,
    describe: (p: number) => string,
  ): Promise<Float64Array> {
    if (done + count > maxCalls)
      throw new RangeError(`${who}: ${done + count} evaluations are needed, maxCalls is ${maxCalls}`)
    const values = new Float64Array(count * m).fill(Number.NaN)
    const check = (from: number, to: number) => {
      const before = done
      calls[purpose] += to - from
      done += to - from
      for (let k = from * m; k < to * m; k++) {
        if (Number.isFinite(values[k]!)) continue
        if (isRobust) {
          values[k] = Number.NaN
          continue
        }
        const output = k % m
        const p = (k - output) / m
        const outputName = blackbox.outputNames?.[output]
        throw new BlackboxError({
          evaluation: before + p - from,
          purpose: describe(p),
          output,
          outputName,
          value: values[k]!,
        })
      }
      if (!isRobust) for (let p = from; p < to; p++) noteMagnitudes(outputScale, values.subarray(p * m, (p + 1) * m))
      onProgress?.(done, Math.max(done, total))
    }
    const batch = blackbox.evaluateBatch === undefined ? 1 : Math.max(1, Math.floor(BATCH_NUMBERS / Math.max(1, n)))
    const Z = batch === 1 ? z : new Float64Array(Math.min(batch, count) * n)
    for (let from = 0; from < count; from += batch) {
      signal?.throwIfAborted()
      const to = Math.min(count, from + batch)
      if (blackbox.evaluateBatch === undefined) {
        writePoint(from, z)
        blackbox.evaluate(z, values.subarray(from * m, to * m))
      } else {
        for (let p = from; p < to; p++) writePoint(p, Z.subarray((p - from) * n, (p - from + 1) * n))
        const points = Z.subarray(0, (to - from) * n)
        const before = done
        await blackbox.evaluateBatch(points, values.subarray(from * m, to * m), to - from, {
          signal,
          onProgress: onProgress && ((part) => onProgress(before + part, Math.max(before + part, total))),
        })
      }
      check(from, to)
      // A signal can only be heard when timers and messages get their turn.
      if (now() - lastPause > PAUSE_AFTER) {
        await pause()
        lastPause = now()
      }
    }
    signal?.throwIfAborted()
    // gross errors are no magnitude of an output
    if (isRobust && count > 0) noteMagnitudes(outputScale, medians(values.map(Math.abs), count, m))
    return values
  }

  /** f at the points of each direction, in the order of the stencil. */
  const sidesOf: Session['pairs'] = async (purpose, D, steps, count, use = 'measuring') => {
    const writePoint = (p: number, point: Float64Array) => {
      const t = Math.floor(p / perDirection)
      pointInto(point, at, scale, D, t * n, stencil.offsets[p % perDirection]! * steps[t]!)
    }
    const label = purpose === 'directions' ? 'direction' : `${PURPOSES[purpose]} direction`
    const describe = (p: number) =>
      `${label} ${Math.floor(p / perDirection)}, ${sideOf(stencil.offsets[p % perDirection]!)}`
    const values = await evaluate(purpose, count * perDirection, writePoint, describe)
    if (isTwoSided && base !== null && use === 'measuring')
      for (let t = 0; t < count; t++) {
        const from = t * perDirection * m
        kinks.note(values.subarray(from, from + m), values.subarray(from + m, from + 2 * m), base, steps[t]!)
        noted.push({ D, t, step: steps[t]! })
      }
    return values
  }

  return {
    who,
    blackbox,
    scheme,
    at,
    scale,
    outputScale,
    calls,
    startOver(expectsGrossErrors) {
      if (expectsGrossErrors && !isRobust) {
        if (options.base === undefined) base = null
        outputScale.set(resolveOutputScale(who, m, blackbox.outputScale))
        if (base !== null) noteMagnitudes(outputScale, base)
      }
      isRobust ||= expectsGrossErrors
      kinks = collectKinks(m)
      noted = []
      for (const purpose of ['base', 'directions', 'heldOut', 'repair', 'fallback'] as const) {
        calls.detection += calls[purpose]
        calls[purpose] = 0
      }
    },
    remaining: () => maxCalls - done,
    needsBase: () => stencil.baseWeight !== 0 && base === null,
    expect(evaluations) {
      total = Math.max(total, done) + evaluations
    },
    async ensureBase(why) {
      const isWanted = stencil.baseWeight !== 0 || (why === 'for kinks' && isTwoSided)
      if (!isWanted || base !== null) return
      const writePoint = (_p: number, point: Float64Array) => point.set(at)
      const count = isRobust ? ROBUST_BASE : 1
      const values = await evaluate('base', count, writePoint, () => 'base point')
      base = count === 1 ? values : medians(values, count, m)
    },
    pairs: sidesOf,
    differencesOf: (values) => subtractReference(values, base, scheme, m),
    async differences(purpose, D, steps, count, use) {
      return subtractReference(await sidesOf(purpose, D, steps, count, use), base, scheme, m)
    },
    line(purpose, direction, places) {
      const writePoint = (p: number, point: Float64Array) => pointInto(point, at, scale, direction, 0, places[p]!)
      return evaluate(purpose, places.length, writePoint, (p) => `${PURPOSES[purpose]} point ${p}`)
    },
    kinkedRows: (noise) => (isTwoSided && base !== null && !isRobust ? kinks.rows(outputScale, noise) : null),
    kinkOf(row) {
      const { D, t, step } = noted[kinks.shownBy(row)]!
      return Float64Array.from({ length: n }, (_, j) => step * D[t * n + j]!)
    },
    base: () => base,
  }
}

const PURPOSES: { readonly [purpose in keyof CallCounts]: string } = {
  base: 'base',
  directions: '',
  heldOut: 'held-out',
  detection: 'detection',
  repair: 'repair',
  fallback: 'fallback',
}

/** The median of each output, values that are missing left out, [m]. */
function medians(values: Float64Array, count: number, m: number): Float64Array {
  return Float64Array.from({ length: m }, (_, i) => {
    const sorted = Float64Array.from({ length: count }, (_, p) => values[p * m + i]!)
      .filter((value) => !Number.isNaN(value))
      .sort()
    const half = sorted.length >> 1
    return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
  })
}

function sideOf(offset: number): string {
  const side = offset > 0 ? 'plus side' : 'minus side'
  return Math.abs(offset) === 1 ? side : `${side}, ${Math.abs(offset)} steps`
}

/** Turns values along directions into differences, [count × m], by the scheme's stencil. */
export function subtractReference(
  values: ArrayLike<number>,
  base: ArrayLike<number> | null,
  scheme: Scheme,
  m: number,
): Float64Array {
  const { weights, baseWeight } = stencilOf(scheme)
  const sides = weights.length
  const Y = new Float64Array(values.length / sides)
  for (let t = 0; t * m < Y.length; t++)
    for (let i = 0; i < m; i++) {
      let sum = baseWeight === 0 ? 0 : baseWeight * base![i]!
      for (let s = 0; s < sides; s++) sum += weights[s]! * values[(t * sides + s) * m + i]!
      Y[t * m + i] = sum
    }
  return Y
}

/** Raises magnitudes to those of the values. */
export function noteMagnitudes(magnitudes: Float64Array, values: ArrayLike<number>): void {
  for (let i = 0; i < magnitudes.length; i++) {
    const magnitude = Math.abs(values[i]!)
    if (magnitude > magnitudes[i]!) magnitudes[i] = magnitude
  }
}

/** Timers, messages and signals get their turn. Browsers lack the immediate; a timeout takes a millisecond or more. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve)
    else setTimeout(resolve, 0)
  })
}

function now(): number {
  return performance.now()
}
