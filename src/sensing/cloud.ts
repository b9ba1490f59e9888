/** Clouds of points around a point, in pairs z̄ ± δ_t: what they are drawn from, and which entries of a Jacobian they can show. */
import { type Pattern, patternFromColumns } from '../linalg/pattern.ts'
import { random } from '../linalg/random.ts'
import { colorColumns } from './colorColumns.ts'
import { pointInto, spanInto } from './perturb.ts'

/** Pair t moves input j by ± steps[t] · scale[j] · D[t·n + j], as directions do. */
export interface Cloud {
  readonly pairs: number // N
  readonly D: Float64Array // [N × n]
  readonly steps: Float64Array // [N]
}

/** Random streams of the seed; 0 and 1 are those of held-out and repair directions. */
const CLOUD_STREAM = 2
const STEP_STREAM = 3

/**
 * Pairs whose offsets are normal with the given standard deviations, > 0 for one input at least. Their step is the largest of them, in
 * typical inputs, so that what is counted per step (kinks.ts) is counted per widest deviation.
 */
export function drawCloud(pairs: number, deviations: Float64Array, scale: Float64Array, seed: number): Cloud {
  const n = deviations.length
  const { normal } = random(seed, CLOUD_STREAM)
  const widths = deviations.map((deviation, j) => deviation / scale[j]!)
  const step = widths.reduce((most, width) => Math.max(most, width), 0)
  const D = new Float64Array(pairs * n)
  for (let t = 0; t < pairs; t++)
    for (let j = 0; j < n; j++) if (widths[j]! > 0) D[t * n + j] = (normal() * widths[j]!) / step
  return { pairs, D, steps: new Float64Array(pairs).fill(step) }
}

/**
 * The same cloud, each pair moved on by ± `step` typical inputs along the columns of one class, in turn: what columns of different
 * classes do varies over the cloud, and moved together, the large ones would drown the small ones.
 */
export function moveCloud(
  { pairs, D, steps }: Cloud,
  classes: readonly (readonly number[])[],
  step: number,
  seed: number,
): Cloud {
  const n = D.length / pairs
  const { rademacher } = random(seed, STEP_STREAM)
  const moved = D.slice()
  for (let t = 0; t < pairs; t++)
    for (const j of classes[t % classes.length]!) moved[t * n + j] = (rademacher() * step) / steps[t]!
  return { pairs, D: moved, steps }
}

/** Columns in classes that share no row, where column j may have the rows i with j in supports[i]. */
export function columnClasses(supports: readonly Int32Array[], columns: readonly number[]): number[][] {
  const rows = new Map(columns.map((j) => [j, [] as number[]]))
  supports.forEach((support, i) => {
    for (const j of support) rows.get(j)!.push(i)
  })
  const { colors, numColors } = colorColumns(patternFromColumns(supports.length, [...rows.values()]))
  const classes: number[][] = Array.from({ length: Math.max(1, numColors) }, () => [])
  columns.forEach((j, k) => {
    if (rows.get(j)!.length > 0) classes[colors[k]!]!.push(j)
  })
  return classes
}

/** δ_t of the given columns as rounded, half of what lies between the points of a pair; 0 in the others. [N × n] */
export function offsetsOf(
  { pairs, D, steps }: Cloud,
  at: Float64Array,
  scale: Float64Array,
  columns: readonly number[],
): Float64Array {
  const n = at.length
  const X = new Float64Array(pairs * n)
  const span = new Float64Array(n)
  for (let t = 0; t < pairs; t++) {
    spanInto(span, at, scale, D, t * n, steps[t]!, 'central')
    for (const j of columns) X[t * n + j] = span[j]! / 2
  }
  return X
}

/** Both points of every pair, one after the other, in one buffer. */
export function* pointsOf({ pairs, D, steps }: Cloud, at: Float64Array, scale: Float64Array): Generator<Float64Array> {
  const n = at.length
  const z = new Float64Array(n)
  for (let t = 0; t < pairs; t++)
    for (const sign of [1, -1]) {
      pointInto(z, at, scale, D, t * n, sign * steps[t]!)
      yield z
    }
}

/** For each row, the given columns that some pattern has there, ascending. null: all of them. */
export function supportsOf(
  patterns: Iterable<Pattern> | null,
  m: number,
  n: number,
): (columns: readonly number[]) => Int32Array[] {
  if (patterns === null) return (columns) => Array.from({ length: m }, () => Int32Array.from(columns))
  const has = new Uint8Array(m * n)
  for (const { rows, cols, colPtr, rowIdx } of patterns) {
    if (rows !== m || cols !== n)
      throw new RangeError(`smoothedJacobian: the sparsity pattern must be [${m} × ${n}], got [${rows} × ${cols}]`)
    for (let j = 0; j < n; j++) for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) has[rowIdx[k]! * n + j] = 1
  }
  return (columns) => Array.from({ length: m }, (_, i) => Int32Array.from(columns.filter((j) => has[i * n + j] === 1)))
}
