/** Are the parameters of a family told by given directions? Asked before any call is spent. */
import type { Family } from '../family.ts'
import { componentsOf, entriesByRow } from './components.ts'
import { equationsOf } from './equations.ts'
import { leastSquares } from './leastSquares.ts'

/**
 * By how much errors of a parameter are larger than if it were alone in its equations: the worst of all, 1 at best, Infinity where a
 * parameter is not told. D [k × n], in units of the steps.
 */
export function amplification(family: Family, D: readonly number[], k: number): number {
  const byRow = entriesByRow(family)
  const given = { count: k, spans: Float64Array.from(D), Y: [] }
  const place = new Int32Array(family.parameters).fill(-1)
  const seen = new Set<string>()
  let worst = 1
  for (const component of componentsOf(family, D, k)) {
    if (component.key !== null && seen.has(component.key)) continue
    if (component.key !== null) seen.add(component.key)
    const { parameters } = component
    const width = parameters.length
    for (const [l, p] of parameters.entries()) place[p] = l
    const { A, rows } = equationsOf(family, byRow, component, given, place, null)
    for (const p of parameters) place[p] = -1
    const q = rows.length
    if (q < width) return Number.POSITIVE_INFINITY
    const { variances } = leastSquares(A, q, width)
    for (let l = 0; l < width; l++) {
      let square = 0
      for (let e = 0; e < q; e++) square += A[e * width + l]! ** 2
      worst = Math.max(worst, Math.sqrt(square * variances[l]!))
    }
    if (!(worst < Number.POSITIVE_INFINITY)) return Number.POSITIVE_INFINITY
  }
  return worst
}
