/**
 * Linearizations along a trajectory, each with its own certificate. What one point teaches of the sparsity serves the next: entries
 * that vanish there are not looked for here. Where that is wrong, as when a contact makes an influence, the certificate fails, and
 * the point is measured again with all that the engine's structure allows, from which the pattern is found anew.
 */
import type { Engine, Point } from '../engine/engine.ts'
import { type Pattern, patternFromColumns } from '../linalg/pattern.ts'
import { patternFromJacobian } from '../sensing/patternFromJacobian.ts'
import { defaultStep, expectedError, ROUNDING_UNITS } from '../sensing/steps.ts'
import { withDetection } from '../sensing/quality.ts'
import type { Linearization } from './linearization.ts'
import { type LinearizeOptions, linearize } from './linearize.ts'

export interface LinearizeAlongOptions
  extends Omit<LinearizeOptions, 'xBarNext' | 'plan' | 'structure' | 'onProgress'> {
  /** The state after the last point, [nx]; default: where the engine steps to, so that the last c is zero. */
  readonly xFinal?: Float64Array | undefined
  /** Learn the sparsity from point to point (default); false, and always with smoothing: the engine's structure at each. */
  readonly learn?: boolean | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined // points
}

/** Of an estimate: the point itself, a direction and its check; with fewer left, the first attempt stands. */
const LEAST_CALLS = 3
/** Entries below this many times the expected error of the differences, relative to the largest of their row, are not learned. */
const ERROR_UNITS = 10

/**
 * One linearization for each point; xBarNext of a point is the state of the next, so that c is the defect f(x_k, u_k) ⊖ x_{k+1}.
 * Throws as `linearize`. Points that fail their certificate are returned with `quality.certified` false, and teach nothing.
 */
export async function linearizeAlong(
  engine: Engine,
  points: readonly Point[],
  options: LinearizeAlongOptions = {},
): Promise<Linearization[]> {
  const { xFinal, learn: mayLearn = true, onProgress, ...shared } = options
  const isSmoothed = shared.smoothing !== undefined
  const learn = mayLearn && !isSmoothed
  const found: Linearization[] = []
  let known: Pattern | null = null
  for (const [k, point] of points.entries()) {
    options.signal?.throwIfAborted()
    const superset = engine.structure?.(point.x, point.u)
    const xBarNext = points[k + 1]?.x ?? xFinal ?? stepped(engine, point)
    let lin: Linearization | null = null
    const previous = found.at(-1)
    const prior = previous && shared.maxCalls !== undefined ? { prior: previous } : {}
    let spent = 0 // on a pattern that did not serve
    if (known !== null) {
      const sparsity: Pattern = superset ? intersect(known, superset) : known
      lin = await linearize(engine, point, { ...shared, ...prior, structure: { sparsity }, xBarNext, repair: false })
      const isSpent = shared.maxCalls !== undefined && shared.maxCalls - lin.quality.calls < LEAST_CALLS
      if (!lin.quality.certified && !isSpent) {
        spent = lin.quality.calls
        lin = null
      }
    }
    const left = shared.maxCalls === undefined ? {} : { maxCalls: shared.maxCalls - spent }
    lin ??= await linearize(engine, point, {
      ...shared,
      ...left,
      ...prior,
      ...(!isSmoothed && { structure: { sparsity: superset } }),
      xBarNext,
    })
    if (spent > 0) {
      const note = `the pattern of the point before does not hold here (${spent} calls): found again`
      lin = { ...lin, quality: withDetection(lin.quality, spent, note) }
    }
    if (learn && lin.quality.certified) known = patternOf(lin)
    found.push(lin)
    onProgress?.(k + 1, points.length)
  }
  return found
}

function stepped(engine: Engine, { x, u }: Point): Float64Array {
  const xNext = new Float64Array(engine.layout.nx)
  engine.step(x, u, xNext)
  return xNext
}

/** The entries of [A B] that stand out from rounding and from the error of differences. */
function patternOf({ A, B, quality }: Linearization): Pattern {
  const rows = A.to2DArray().map((row, i) => [...row, ...(B.columns > 0 ? B.getRow(i) : [])])
  const step = quality.stepRange[0] > 0 ? quality.stepRange[0] : defaultStep(quality.scheme)
  const floor = (ROUNDING_UNITS * Number.EPSILON) / step
  return patternFromJacobian(rows, {
    floor,
    relative: ERROR_UNITS * expectedError(quality.scheme, step),
    cols: A.columns + B.columns,
  })
}

function columnsOf({ cols, colPtr, rowIdx }: Pattern): number[][] {
  return Array.from({ length: cols }, (_, j) => Array.from(rowIdx.subarray(colPtr[j]!, colPtr[j + 1]!)))
}

function intersect(a: Pattern, b: Pattern): Pattern {
  const other = columnsOf(b)
  return patternFromColumns(
    a.rows,
    columnsOf(a).map((rows, j) => {
      const inside = new Set(other[j])
      return rows.filter((i) => inside.has(i))
    }),
  )
}
