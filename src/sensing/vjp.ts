/**
 * The left action g = Jᵀw of a blackbox's Jacobian from few calls, their number independent of the number of outputs: along random
 * directions, decoded as leftAction.ts says. With as many orthogonal directions as inputs it is exact.
 */
import type { Blackbox } from '../blackbox/blackbox.ts'
import { designRows } from './designs.ts'
import {
  decodeLeftAction,
  type LeftActionOptions,
  type LeftEstimate,
  leftAction,
  leftActionPointsInto,
  project,
} from './leftAction.ts'
import { checkVector, resolveScale } from './steps.ts'

export interface VjpOptions extends LeftActionOptions {
  readonly base?: ArrayLike<number> | undefined // [m], f(z) where it is known: saves a call in forward differences
  readonly seed?: number | undefined // default 1
  readonly signal?: AbortSignal | undefined
}

export interface Vjp extends LeftEstimate {
  readonly calls: number // blackbox evaluations
}

/**
 * Jᵀw at z, w [m]. A direction one of whose calls gives NaN or Infinity is left out with its antithetic partner. Throws RangeError
 * on sizes that do not fit and when no direction is left.
 */
export async function vjp(
  blackbox: Blackbox,
  z: ArrayLike<number>, // [n]
  w: ArrayLike<number>, // [m]
  options: VjpOptions = {},
): Promise<Vjp> {
  const { inputs: n, outputs: m } = blackbox
  const { seed = 1, signal } = options
  checkVector('vjp', 'z', z, n)
  checkVector('vjp', 'w', w, m)
  const how = leftAction('vjp', n, options)
  if (options.base !== undefined) checkVector('vjp', 'base', options.base, m)
  const scale = resolveScale('vjp', Float64Array.from(z), blackbox.scale)
  const S = designRows(how.design, how.directions, n, seed)

  const along = how.sides * how.directions
  const wantsBase = how.scheme === 'forward' && how.decoding !== 'least-absolute'
  const count = along + (wantsBase && options.base === undefined ? 1 : 0)
  const Z = new Float64Array(count * n)
  leftActionPointsInto(Z, how, S, z, scale)
  if (count > along) Z.set(Float64Array.from(z), along * n)
  const values = await evaluateAll(blackbox, Z, count, signal)

  const base = wantsBase ? project(Float64Array.from(options.base ?? values.subarray(along * m)), w)[0]! : 0
  const projected = {
    values: project(values.subarray(0, along * m), w),
    base,
    norm: Math.hypot(...Array.from(w)),
    scale,
  }
  return { ...decodeLeftAction('vjp', how, S, [projected])[0]!, calls: count }
}

async function evaluateAll(
  blackbox: Blackbox,
  Z: Float64Array,
  count: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const { inputs: n, outputs: m } = blackbox
  const Y = new Float64Array(count * m)
  signal?.throwIfAborted()
  if (blackbox.evaluateBatch) await blackbox.evaluateBatch(Z, Y, count, { signal })
  else
    for (let p = 0; p < count; p++) {
      signal?.throwIfAborted()
      blackbox.evaluate(Z.subarray(p * n, (p + 1) * n), Y.subarray(p * m, (p + 1) * m))
    }
  return Y
}
