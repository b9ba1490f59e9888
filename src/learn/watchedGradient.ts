/** A gradient through a fixed point by the method that a watch has chosen. */
import type { FixedPointMap } from './fixedPoint.ts'
import { cosine, type FixedPointGradient, fixedPointGradient, type FixedPointMethod } from './fixedPointGradient.ts'
import type { GradientWatch } from './gradientWatch.ts'

/**
 * As `fixedPointGradient`, by the watch's method; where a check is due, by all of them: their gradients by d are compared, and the exact
 * one is given. Without an exact one (I − ∂R/∂u is singular) nothing is compared, and Neumann's is given with result 'singular'.
 */
export function watchedGradient(
  map: FixedPointMap,
  at: { readonly u: Float64Array; readonly d: Float64Array; readonly w: Float64Array },
  watch: GradientWatch,
): FixedPointGradient & { readonly method: FixedPointMethod } {
  const { terms } = watch
  const by = (method: FixedPointMethod) => ({ ...fixedPointGradient(map, at, { method, terms }), method })
  const isDue = watch.isDue
  const chosen = isDue ? by('exact') : by(watch.method)
  if (chosen.result === 'singular') {
    watch.note()
    return { ...by('neumann'), result: 'singular' }
  }
  if (!isDue) watch.note()
  else {
    const cosineOf = (method: FixedPointMethod) => cosine(by(method).gradient, chosen.gradient)
    watch.note({ 'jacobian-free': cosineOf('jacobian-free'), neumann: cosineOf('neumann') })
  }
  return chosen
}
