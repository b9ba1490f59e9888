import type { Pattern } from '../linalg/pattern.ts'
import { type HeldOut, type Misfit, reachOf, roundingFloor, rowResiduals, unresolvedRows } from './certificate.ts'
import { spanInto } from './perturb.ts'
import type { Measurements, Plan } from './plan.ts'
import type { Quality } from './quality.ts'
import { answersOf, checkMeasurements, qualityOf, stepRangeOf } from './recover.ts'
import { recoveries } from './recover/recoveries.ts'

export interface SparseJacobian {
  readonly pattern: Pattern // the plan's, [m × n]
  readonly values: Float64Array // [nnz], entry k stands in row pattern.rowIdx[k], in outputs per input
  readonly quality: Quality
}

/**
 * The entries of a sparse Jacobian from measurements taken with a plan that has a pattern, for Jacobians too large to be stored
 * densely: memory is proportional to (directions + held-out directions) · (inputs + outputs) plus entries. The certificate is that
 * of `recover`. Throws RangeError on a plan without a pattern and naming each field in which plan and measurements differ.
 */
export function recoverSparse(plan: Plan, measurements: Measurements): SparseJacobian {
  const { decoder } = plan
  const { valuesInto } = recoveries[plan.method]
  if (!('colPtr' in decoder) || valuesInto === undefined)
    throw new RangeError(`recoverSparse: a ${plan.method} plan has no sparsity pattern; use recover`)
  if (plan.ties !== null)
    throw new RangeError(
      'recoverSparse: a plan with ties has entries outside of its pattern; use recover, or prepare without ties',
    )
  checkMeasurements('recoverSparse', plan, measurements)
  const pattern: Pattern = {
    rows: plan.outputs,
    cols: plan.inputs,
    colPtr: Int32Array.from(decoder.colPtr),
    rowIdx: Int32Array.from(decoder.rowIdx),
  }
  const values = new Float64Array(pattern.rowIdx.length)
  valuesInto(values, plan, answersOf(plan, measurements))
  const { at, scale, scheme, heldOutY } = measurements
  const heldOut = { at, scale, scheme, D: plan.heldOut, steps: plan.heldOutSteps, Y: heldOutY }
  const misfits = sparseMisfitOf(pattern, values, heldOut)
  const residuals = rowResiduals(misfits, roundingFloor(measurements.outputScale), plan.tolerance)
  const unresolved = unresolvedRows(misfits, residuals, measurements.outputScale, plan.tolerance)
  const calls = { ...measurements.calls, detection: 0, repair: 0, fallback: 0 }
  const quality = qualityOf(plan, residuals, { calls, stepRange: stepRangeOf(plan, measurements), unresolved })
  return { pattern, values, quality }
}

/** `misfitOf` of the certificate for the entries of a pattern. */
function sparseMisfitOf(pattern: Pattern, values: Float64Array, heldOut: HeldOut): Misfit {
  const { at, scale, scheme, D, steps, Y } = heldOut
  const { rows: m, cols: n, colPtr, rowIdx } = pattern
  const count = steps.length
  const misfit = new Float64Array(count * m)
  const size = new Float64Array(count * m)
  const whole = new Float64Array(count * m)
  const span = new Float64Array(n)
  const all = new Float64Array(m)
  const moved = new Float64Array(m)
  for (let j = 0; j < n; j++)
    for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) all[rowIdx[k]!]! += (values[k]! * scale[j]!) ** 2
  for (let t = 0; t < count; t++) {
    spanInto(span, at, scale, D, t * n, steps[t]!, scheme)
    const reach = reachOf(heldOut, t)
    moved.fill(0)
    for (let j = 0; j < n; j++) {
      if (D[t * n + j] === 0) continue
      for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) {
        misfit[t * m + rowIdx[k]!]! -= values[k]! * span[j]!
        moved[rowIdx[k]!]! += (values[k]! * scale[j]!) ** 2
      }
    }
    for (let i = 0; i < m; i++) {
      const Delta = Y[t * m + i]!
      misfit[t * m + i]! += Delta
      size[t * m + i] = Math.max(Math.abs(Delta), reach * Math.sqrt(moved[i]!))
      whole[t * m + i] = Math.max(Math.abs(Delta), reach * Math.sqrt(all[i]!))
    }
  }
  return { count, misfit, size, whole }
}
