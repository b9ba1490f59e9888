import { BlackboxError } from '../blackbox/blackboxError.ts'
import { type Measurements, type Plan, wantsValues } from './plan.ts'
import { callsPerDirection, stencilOf } from './stencil.ts'
import { noteMagnitudes, subtractReference } from './session.ts'
import { checkVector, resolveOutputScale, resolveScale } from './steps.ts'

/**
 * Measurements from values brought back from elsewhere: `values[p·m …]` is f at point p of `plannedPoints`, which must have been
 * given the same `at` and `scale`. Throws RangeError on sizes that do not fit and BlackboxError on a value that is not finite.
 */
export function measurementsFromValues(
  plan: Plan,
  point: {
    readonly at: ArrayLike<number> // [n]
    readonly scale?: ArrayLike<number> | undefined // [n]
    readonly outputScale?: ArrayLike<number> | undefined // [m]
  },
  values: ArrayLike<number>, // [count × m]
): Measurements {
  const who = 'measurementsFromValues'
  const { inputs: n, outputs: m, scheme, directions, heldOutDirections } = plan
  checkVector(who, 'at', point.at, n)
  const scale = resolveScale(who, point.at, point.scale)
  const perDirection = callsPerDirection(scheme)
  const all = directions + heldOutDirections
  const numBase = stencilOf(scheme).baseWeight !== 0 && all > 0 ? 1 : 0
  const count = numBase + all * perDirection
  if (values.length !== count * m)
    throw new RangeError(`${who}: values must have ${count} × ${m} = ${count * m} entries, got ${values.length}`)
  for (let k = 0; k < values.length; k++) {
    if (Number.isFinite(values[k]!)) continue
    const evaluation = Math.floor(k / m)
    throw new BlackboxError({ evaluation, purpose: 'values brought back', output: k % m, value: values[k]! })
  }

  const outputScale = resolveOutputScale(who, m, point.outputScale)
  const flat = Float64Array.from(values)
  for (let p = 0; p < count; p++) noteMagnitudes(outputScale, flat.subarray(p * m, (p + 1) * m))
  const base = numBase === 1 ? flat.subarray(0, m) : null
  const Y = Array.from(subtractReference(flat.subarray(numBase * m), base, scheme, m))
  return {
    fingerprint: plan.fingerprint,
    inputs: n,
    outputs: m,
    scheme,
    at: Array.from(point.at),
    scale: Array.from(scale),
    outputScale: Array.from(outputScale),
    Y: Y.slice(0, directions * m),
    ...(wantsValues(plan) && { values: Array.from(flat.subarray(0, directions * perDirection * m)) }),
    heldOutY: Y.slice(directions * m),
    calls: { base: numBase, directions: directions * perDirection, heldOut: heldOutDirections * perDirection },
  }
}
