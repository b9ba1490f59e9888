/**
 * Least absolute deviations with one unknown, min_x Σ_t |a_t x − y_t|, a ≠ 0: the weighted median of y_t/a_t, with weights |a_t|
 * (Edgeworth 1888), and its proof.
 */
import type { AbsoluteVertex } from './absoluteVertex.ts'

const SLACK = 1e-9 // of all weights: a multiplier so close to ±1 leaves open whether x is unique

export function absoluteMedian(a: Float64Array, y: Float64Array): AbsoluteVertex {
  const k = a.length
  const ratios = new Float64Array(k)
  const order: number[] = []
  let total = 0
  for (let t = 0; t < k; t++) {
    if (a[t] === 0) continue
    ratios[t] = y[t]! / a[t]!
    total += Math.abs(a[t]!)
    order.push(t)
  }
  order.sort((one, other) => ratios[one]! - ratios[other]! || one - other)
  let place = 0
  let below = Math.abs(a[order[0]!]!)
  while (below < total / 2 && place + 1 < order.length) below += Math.abs(a[order[++place]!]!)
  const fitted = order[place]!
  const x = ratios[fitted]!

  // Equations that hold share what balances the others.
  const nu = new Float64Array(k)
  let pull = 0
  let held = 0
  let objective = 0
  for (let t = 0; t < k; t++) {
    const side = a[t] === 0 ? -Math.sign(y[t]!) : x === ratios[t] ? 0 : x > ratios[t]! === a[t]! > 0 ? 1 : -1
    if (a[t] !== 0 && side === 0) held += Math.abs(a[t]!)
    else objective += Math.abs(a[t]! * x - y[t]!)
    nu[t] = side
    pull += side * a[t]!
  }
  const share = -pull / held
  let bound = 0
  for (let t = 0; t < k; t++) {
    if (a[t] !== 0 && nu[t] === 0) nu[t] = Math.max(-1, Math.min(1, Math.sign(a[t]!) * share)) + 0
    bound -= y[t]! * nu[t]!
  }
  return {
    isOptimal: true,
    x: Float64Array.of(x),
    objective,
    gap: objective - bound,
    nu,
    fitted: Int32Array.of(fitted),
    isUnique: Math.abs(share) < 1 - SLACK,
    pivots: 0,
  }
}
