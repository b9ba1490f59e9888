/**
 * Do two simulators of one model agree? Both step and are linearized at the same points; x⁺, A − I and B of the one are held against
 * those of the other, coordinate by coordinate.
 */
import { Matrix } from 'ml-matrix'
import type { Coordinate, Engine, Layout, Point } from '../engine/engine.ts'
import { frobenius } from '../linalg/dense.ts'
import { compareLinearizations, type WorstEntry } from './compareLinearizations.ts'
import type { Linearization } from './linearization.ts'
import { checkPoint, linearize } from './linearize.ts'

/** Of a comparison where both engines compute in double precision, and where one is of single precision. */
const TOLERANCE = { double: 1e-6, single: 5e-3 } as const

export interface CompareEnginesOptions {
  /** Relative, of x⁺, A − I and B; default: 1e-6, and 5e-3 where one of the two is of single precision. */
  readonly tolerance?: number | undefined
  readonly seed?: number | undefined // of the directions that linearizations take; default 1
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined // linearizations
}

/** One coordinate of x⁺, as the step moved it: f(x, u) ⊖ x. */
export interface StepDifference extends Coordinate {
  readonly value: number // of the engine
  readonly reference: number // of the other one
  readonly difference: number // |f ⊖ f_other|
}

export interface PointComparison {
  /**
   * 'differ': an error above the tolerance, of x⁺, or of A and B where both are certified; 'unsure': else, where an error of A or B is
   * above it, or rows are kinked, as where a contact switches, where A and B tell nothing; 'agree': the rest. Rows that only their
   * certificate refuses still count where the engines agree on them.
   */
  readonly verdict: 'agree' | 'differ' | 'unsure'
  readonly relativeA: number // ‖A − A_other‖ / ‖A_other − I‖, Frobenius
  readonly relativeB: number // ‖B − B_other‖ / ‖B_other‖; 0 without controls
  /** ‖f ⊖ f_other‖ / max(‖f_other ⊖ x‖, ‖A_other − I‖): against what a step moves, or what it makes of a deviation of size one. */
  readonly relativeStep: number
  readonly worstA: Omit<WorstEntry, 'block'> | null // the entry that differs most; null where A has none
  readonly worstB: Omit<WorstEntry, 'block'> | null
  readonly step: readonly StepDifference[] // [ndx]
  /** Of the engine and of the other one, whose entries are in the order of the first: cost and certificates are their `quality`. */
  readonly linearizations: readonly [Linearization, Linearization]
  /** Contacts and joint limits that act here, as the engines that can tell say in words. Null where none can. */
  readonly closedSwitches: readonly string[] | null
  /** Those open here and within reach of the period, which one of the two may feel already. Null where none can tell. */
  readonly nearSwitches: readonly string[] | null
}

export interface EngineComparison {
  readonly engines: readonly [string, string] // names
  readonly tolerance: number
  readonly agree: boolean // at every point
  readonly points: readonly PointComparison[] // in the order of the points
}

/**
 * Compares `engine` with each of `others`, at `points` of `engine`. Coordinates are matched by name. Each engine is linearized once at
 * each point. Throws RangeError where engines have other coordinates, units or control periods, and on options that are no numbers
 * > 0; else as `linearize`.
 */
export async function compareEngines(
  engine: Engine,
  others: readonly Engine[],
  points: readonly Point[] = [engine?.home],
  options: CompareEnginesOptions = {},
): Promise<EngineComparison[]> {
  const { tolerance, seed = 1, signal, onProgress } = options
  if (tolerance !== undefined && !(tolerance > 0))
    throw new RangeError(`compareEngines: tolerance must be a number > 0, got ${tolerance}`)
  for (const point of points) checkPoint('compareEngines', engine, point)
  const orders = others.map((other) => orderOf(engine, other))
  const found: PointComparison[][] = others.map(() => [])
  const tolerances = others.map((other) => tolerance ?? TOLERANCE[precisionOf(engine, other)])
  const total = points.length * (1 + others.length)
  let done = 0
  const linearized = async (one: Engine, point: Point): Promise<Linearization> => {
    const lin = await linearize(one, point, { seed, signal })
    done++
    onProgress?.(done, total)
    return lin
  }
  for (const point of points) {
    const lin = await linearized(engine, point)
    for (const [k, other] of others.entries()) {
      const order = orders[k]!
      const there = { x: permuted(point.x, order.xThere), u: permuted(point.u, order.uThere) }
      const theirs = reordered(await linearized(other, there), engine, order)
      found[k]!.push(comparePoint([engine, other], [lin, theirs], [point, there], tolerances[k]!))
    }
  }
  return others.map((other, k) => ({
    engines: [engine.name, other.name],
    tolerance: tolerances[k]!,
    agree: found[k]!.every(({ verdict }) => verdict === 'agree'),
    points: found[k]!,
  }))
}

function precisionOf(...engines: readonly Engine[]): 'single' | 'double' {
  return engines.some(({ precision }) => precision === 'single') ? 'single' : 'double'
}

function comparePoint(
  engines: readonly [Engine, Engine],
  [lin, reference]: readonly [Linearization, Linearization],
  places: readonly [Point, Point],
  tolerance: number,
): PointComparison {
  const { relativeA, relativeB, worst } = compareLinearizations(lin, reference)
  const largest = (name: 'A' | 'B') => {
    const entries = worst.filter(({ block }) => block.startsWith(name))
    const most = entries.reduce<WorstEntry | null>((a, b) => (a === null || b.difference > a.difference ? b : a), null)
    if (most === null) return null
    const { block: _, ...entry } = most
    return entry
  }
  const step = stepDifferences(engines[0], lin, reference)
  const n = lin.A.rows
  const scale = Math.max(norm(reference.c), frobenius(Matrix.sub(reference.A, Matrix.eye(n, n))))
  const apart = norm(step.map(({ difference }) => difference))
  const relativeStep = apart === 0 ? 0 : apart / scale
  const isStepOff = !(relativeStep <= tolerance)
  const isOff = !(relativeA <= tolerance && relativeB <= tolerance)
  const isCertified = lin.quality.certified && reference.quality.certified
  const isKinked = [lin, reference].some(({ quality }) => (quality.kinkedRows ?? []).length > 0)
  const told = (what: 'closedSwitches' | 'nearSwitches') => {
    const lists = engines.flatMap((engine, k) => {
      const list = engine[what]?.(places[k]!.x, places[k]!.u)
      return list === undefined ? [] : [list]
    })
    return lists.length === 0 ? null : [...new Set(lists.flat())]
  }
  return {
    verdict: isStepOff || (isOff && isCertified) ? 'differ' : isOff || isKinked ? 'unsure' : 'agree',
    relativeA,
    relativeB,
    relativeStep,
    worstA: largest('A'),
    worstB: largest('B'),
    step,
    linearizations: [lin, reference],
    closedSwitches: told('closedSwitches'),
    nearSwitches: told('nearSwitches'),
  }
}

/** By coordinate; steps are taken back from c = f ⊖ x, as x ⊕ c. */
function stepDifferences(engine: Engine, lin: Linearization, reference: Linearization): StepDifference[] {
  const { ndx, nx, dx } = engine.layout
  const own = new Float64Array(nx)
  const other = new Float64Array(nx)
  const apart = new Float64Array(ndx)
  engine.integrate(lin.xBar, lin.c, own)
  engine.integrate(lin.xBar, reference.c, other)
  engine.difference(own, other, apart)
  return dx.map(({ name, unit }, i) => ({
    name,
    unit,
    value: lin.c[i]!,
    reference: reference.c[i]!,
    difference: Math.abs(apart[i]!),
  }))
}

function norm(values: ArrayLike<number>): number {
  return Math.hypot(...Array.from(values))
}

/** Where each coordinate of the one stands in the other. */
interface Order {
  readonly dx: Int32Array // [ndx] of the engine → index in the other
  readonly u: Int32Array // [nu] of the engine → index in the other
  readonly xThere: Int32Array // [nx] of the other → index in the engine
  readonly uThere: Int32Array // [nu] of the other → index in the engine
}

/** Throws RangeError where the two have not the same coordinates, in the same units, and the same control period. */
function orderOf(engine: Engine, other: Engine): Order {
  const names = `engines '${engine.name}' and '${other.name}'`
  if (Math.abs(engine.dt - other.dt) > 1e-12 * engine.dt)
    throw new RangeError(`compareEngines: ${names} have control periods of ${engine.dt} s and ${other.dt} s`)
  const match = (kind: 'x' | 'dx' | 'u', from: Layout, to: Layout): Int32Array => {
    const at = new Map(to[kind].map(({ name }, k) => [name, k]))
    return Int32Array.from(from[kind], ({ name, unit }) => {
      const k = at.get(name)
      if (k === undefined)
        throw new RangeError(
          `compareEngines: ${names} have other coordinates: ${kind} entry '${name}' is in one of them alone (joint and body coordinates can't be compared, nor two models)`,
        )
      const unitThere = to[kind][k]!.unit
      if (unitThere !== unit)
        throw new RangeError(`compareEngines: ${names} have '${name}' in '${unit}' and in '${unitThere}'`)
      return k
    })
  }
  const [a, b] = [engine.layout, other.layout]
  // both ways: neither may have more than the other
  match('x', a, b)
  match('dx', b, a)
  return { dx: match('dx', a, b), u: match('u', a, b), xThere: match('x', b, a), uThere: match('u', b, a) }
}

function permuted(values: Float64Array, order: Int32Array): Float64Array {
  return Float64Array.from(order, (k) => values[k]!)
}

/** The linearization with rows and columns in the order of `engine`, at its point. */
function reordered(lin: Linearization, { layout }: Engine, { dx, u, xThere }: Order): Linearization {
  const back = (x: Float64Array): Float64Array => {
    const out = new Float64Array(x.length)
    xThere.forEach((to, k) => {
      out[to] = x[k]!
    })
    return out
  }
  const pick = (M: Matrix, columns: Int32Array): Matrix => {
    const out = Matrix.zeros(dx.length, columns.length)
    dx.forEach((i, row) => {
      columns.forEach((j, column) => {
        out.set(row, column, M.get(i, j))
      })
    })
    return out
  }
  return {
    ...lin,
    layout,
    A: pick(lin.A, dx),
    B: pick(lin.B, u),
    c: permuted(lin.c, dx),
    xBar: back(lin.xBar),
    uBar: permuted(lin.uBar, u),
    xBarNext: back(lin.xBarNext),
  }
}
