/**
 * Where a share of the values is grossly wrong, more of the differences are: each is wrong where any of its values is, of central ones more
 * than a third where a fifth of the values are. So the values are first held against each other by themselves, each an equation of its
 * own, f(z̄ + o p) − f(z̄) = o J p but for curvature, which has the same sign on both sides and so hardly moves the least absolute
 * deviations. Calls of which most values are far off are wrong as a whole, and all that is made of them is left out.
 */
import type { Family } from '../family.ts'
import type { Plan } from '../plan.ts'
import type { Answers } from '../recover/recovery.ts'
import { solveFamily } from './solveFamily.ts'

export interface Outvoted {
  readonly Y: ArrayLike<number> // [k × m], differences; NaN where a call was wrong
  /** Parameters [d] to look for further gross errors from; null where there are hardly any. */
  readonly start: Float64Array | null
}

const MOST = 0.5 // of a call's values
const FEW = 0.02 // of the values: no more than least absolute deviations of the differences deal with

/** Leaves out the differences that have a wrong call in them. */
export function outvoteValues(
  family: Family,
  { inputs: n, outputs: m, directions: k, D, tolerance }: Plan,
  { Y, values, offsets, sideInto, floor }: Answers,
): Outvoted {
  const sides = offsets.length
  if (values === null || sides === 1) return { Y, start: null }
  const count = k * sides
  const middle = middles(values, m)
  const moved = new Float64Array(count * n)
  const spans = new Float64Array(count * n)
  const right = new Float64Array(count * m)
  for (let p = 0; p < count; p++) {
    const t = Math.floor(p / sides)
    sideInto(spans.subarray(p * n, (p + 1) * n), t, offsets[p % sides]!)
    for (let j = 0; j < n; j++) moved[p * n + j] = D[t * n + j]!
    for (let i = 0; i < m; i++) right[p * m + i] = values[p * m + i]! - middle[i]!
  }
  const { theta, gross, solved } = solveFamily(family, 'absolute', {
    count,
    D: moved,
    spans,
    Y: right,
    noise: null,
    noiseFreedom: 0,
    share: 0,
    floor,
    tolerance,
    prior: null,
    start: null,
  })
  const kept = Float64Array.from(Y)
  let others = 0 // wrong values of calls that are right
  for (let p = 0; p < count; p++) {
    let wrong = 0
    let all = 0
    for (let i = 0; i < m; i++) {
      wrong += gross[p * m + i]!
      all += solved[p * m + i]!
    }
    if (wrong > MOST * all) kept.fill(Number.NaN, Math.floor(p / sides) * m, (Math.floor(p / sides) + 1) * m)
    else others += wrong
  }
  return { Y: kept, start: others > FEW * count * m ? theta : null }
}

/** Nearly f(z̄), [m]: medians of the means of opposite values, which stencils have side by side. */
function middles(values: ArrayLike<number>, m: number): Float64Array {
  const pairs = values.length / m / 2
  const means = new Float64Array(pairs)
  return Float64Array.from({ length: m }, (_, i) => {
    let count = 0
    for (let p = 0; p < pairs; p++) {
      const mean = (values[2 * p * m + i]! + values[(2 * p + 1) * m + i]!) / 2
      if (!Number.isNaN(mean)) means[count++] = mean
    }
    return count === 0 ? Number.NaN : means.subarray(0, count).sort()[count >> 1]!
  })
}
