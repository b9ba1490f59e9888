/** The equations of a component: differences of its rows less what is known, as a dense matrix times its parameters. */
import type { Family } from '../family.ts'
import type { Component, EntriesByRow } from './components.ts'

export interface Spans {
  readonly count: number // k
  readonly spans: Float64Array // [k × n], what each difference is the Jacobian times
  readonly Y: ArrayLike<number> // [k × m]; NaN: a call failed
}

/** Equation e stands for row rows[e] of J along direction directions[e]; those without a parameter are left out. */
export interface Equations {
  readonly A: Float64Array // [q × width], row-major
  readonly rows: Int32Array // [q]
  readonly directions: Int32Array // [q]
}

/** `place`: where each parameter of the component stands among its parameters, [d]; −1 for others. `weights`: of rows of J, [m]. */
export function equationsOf(
  { cols: n, termPtr, parameter, factor }: Family,
  { ptr, entry, column }: EntriesByRow,
  component: Component,
  { count: k, spans }: Spans,
  place: Int32Array,
  weights: ArrayLike<number> | null,
): Equations {
  const width = component.parameters.length
  const A = new Float64Array(component.rows.length * k * width)
  const rows: number[] = []
  const directions: number[] = []
  let q = 0
  for (const i of component.rows) {
    const weight = weights === null ? 1 : weights[i]!
    for (let t = 0; t < k; t++) {
      let isUsed = false
      for (let a = ptr[i]!; a < ptr[i + 1]!; a++) {
        const span = spans[t * n + column[a]!]!
        if (span === 0) continue
        const e = entry[a]!
        for (let s = termPtr[e]!; s < termPtr[e + 1]!; s++) {
          const l = place[parameter[s]!]!
          if (l < 0) continue
          A[q * width + l]! += weight * span * factor[s]!
          isUsed = true
        }
      }
      if (!isUsed) continue
      rows.push(i)
      directions.push(t)
      q++
    }
  }
  return { A: A.subarray(0, q * width), rows: Int32Array.from(rows), directions: Int32Array.from(directions) }
}

/** Y less J₀ times the spans, [k × m]. */
export function lessKnown(
  { rows: m, cols: n, colPtr, rowIdx, known }: Family,
  { count: k, spans, Y }: Spans,
): Float64Array {
  const rest = Float64Array.from(Y)
  if (!known.some((value) => value !== 0)) return rest
  for (let t = 0; t < k; t++)
    for (let j = 0; j < n; j++) {
      const span = spans[t * n + j]!
      if (span === 0) continue
      for (let e = colPtr[j]!; e < colPtr[j + 1]!; e++) rest[t * m + rowIdx[e]!]! -= known[e]! * span
    }
  return rest
}
