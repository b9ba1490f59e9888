/** Difference steps, and what may be expected of differences taken with them. */

import { type Scheme, stencilOf } from './stencil.ts'

/**
 * The relative step that balances curvature against rounding for a function of unit scale: √ε forward, ∛ε central (Nocedal
 * and Wright 2006, Numerical Optimization, §8.1), and by the same argument the fifth root of ε for five points. Multiplied by the
 * typical magnitude of each input.
 */
export function defaultStep(scheme: Scheme): number {
  if (scheme === 'central') return Math.cbrt(Number.EPSILON)
  const { order } = stencilOf(scheme)
  return order === 1 ? Math.sqrt(Number.EPSILON) : Number.EPSILON ** (1 / (order + 1))
}

/**
 * Relative error to expect of a difference quotient of a smooth function of unit scale with the given relative step:
 * curvature h forward, h² central or h⁴ with five points, plus rounding ε/h. 3e-8, 7e-11 and 6e-13 at the default steps.
 */
export function expectedError(scheme: Scheme, step: number): number {
  return step ** stencilOf(scheme).order + Number.EPSILON / step
}

/**
 * The default tolerance of the certificate: ten thousand times the expected error (3e-4 forward, 7e-7 central), so that
 * curvature and rounding amplification of that order raise no false alarm, while a missing entry of more than that share of
 * its row is seen; at most 1e-2, however coarse the step.
 */
export function defaultTolerance(scheme: Scheme, step: number): number {
  return Math.min(1e-2, 1e4 * expectedError(scheme, step))
}

/**
 * Throws RangeError unless differences with this step can meet the tolerance: their expected error must be below it. The message
 * says which steps would do.
 */
export function checkStep(who: string, scheme: Scheme, step: number, tolerance: number): void {
  const error = expectedError(scheme, step)
  if (error < tolerance) return
  const finest = Number.EPSILON / tolerance
  const coarsest = tolerance ** (1 / stencilOf(scheme).order)
  const advice =
    2 * finest < coarsest
      ? `steps between about ${(2 * finest).toExponential(1)} and ${(0.7 * coarsest).toExponential(1)} can`
      : `no step can; the default step meets tolerances above ${expectedError(scheme, defaultStep(scheme)).toExponential(1)}`
  throw new RangeError(
    `${who}: ${scheme} differences with step ${step} cannot meet the tolerance ${tolerance.toPrecision(3)}: ` +
      `their error is about ${error.toExponential(1)}; ${advice}`,
  )
}

/** Rounding errors of outputs are taken to be at most this many units of ε times their typical magnitude. */
export const ROUNDING_UNITS = 64

/** A difference of at most this many units of ε times the typical magnitude of its output shows no slope. */
export const ZERO_UNITS = 4

/** Typical magnitudes of inputs: as given, else max(1, |z|). Throws RangeError naming the entry that is not finite and > 0. */
export function resolveScale(who: string, at: ArrayLike<number>, given: ArrayLike<number> | undefined): Float64Array {
  const n = at.length
  if (given === undefined) return Float64Array.from(at, (value) => Math.max(1, Math.abs(value)))
  if (given.length !== n) throw new RangeError(`${who}: scale must have ${n} entries, got ${given.length}`)
  for (let j = 0; j < n; j++)
    if (!(Number.isFinite(given[j]!) && given[j]! > 0))
      throw new RangeError(`${who}: scale[${j}] must be finite and > 0, got ${given[j]}`)
  return Float64Array.from(given)
}

/** Typical magnitudes of outputs as given, else zeros, to be raised by the values seen. Throws RangeError like resolveScale. */
export function resolveOutputScale(who: string, m: number, given: ArrayLike<number> | undefined): Float64Array {
  if (given === undefined) return new Float64Array(m)
  checkVector(who, 'outputScale', given, m)
  for (let i = 0; i < m; i++)
    if (!(given[i]! > 0)) throw new RangeError(`${who}: outputScale[${i}] must be > 0, got ${given[i]}`)
  return Float64Array.from(given)
}

/** Throws RangeError unless `values` has `length` finite entries. */
export function checkVector(who: string, name: string, values: ArrayLike<number>, length: number): void {
  if (values.length !== length)
    throw new RangeError(`${who}: ${name} must have ${length} entries, got ${values.length}`)
  for (let j = 0; j < length; j++)
    if (!Number.isFinite(values[j]!)) throw new RangeError(`${who}: ${name}[${j}] must be finite, got ${values[j]}`)
}
