/**
 * A linearization of steps taken elsewhere: by a robot, or by a simulator that jacsense can't call. The engine gives coordinates,
 * sizes and what is known beforehand; it is not stepped for what is measured.
 */
import { Matrix } from 'ml-matrix'
import type { Engine, Layout, Point } from '../engine/engine.ts'
import { collectKinks } from '../sensing/kinks.ts'
import { measurementsFromValues } from '../sensing/measurementsFromValues.ts'
import type { Plan } from '../sensing/plan.ts'
import type { Quality } from '../sensing/quality.ts'
import { recover } from '../sensing/recover.ts'
import { stencilOf } from '../sensing/stencil.ts'
import type { Linearization } from './linearization.ts'
import { checkPoint } from './linearize.ts'
import { plannedMotions } from './plannedSteps.ts'
import { stepDifferences } from './stepDifferences.ts'

export interface StepsOptions {
  /** What entries of XNext are rounded to, where that is coarser than a double; what it hides is not certified. */
  readonly resolution?: ArrayLike<number> | undefined // [nx]
}

/**
 * The linearization of the steps that were taken: row p of `XNext` is the state after a control period from row p of
 * `plannedSteps`. As `linearize` gives it, but that failing rows are not measured again; `prepareLinearization` with other options
 * makes a plan that does. Throws RangeError on sizes that do not fit, a value that is not finite, and a quaternion that is none,
 * naming row and coordinate.
 */
export function linearizationFromSteps(
  engine: Engine,
  point: Point,
  plan: Plan,
  XNext: ArrayLike<number>, // [count × nx]
  { resolution }: StepsOptions = {},
): Linearization {
  checkPoint('linearizationFromSteps', engine, point)
  const { layout } = engine
  const { nx, ndx, nu } = layout
  const { Z, moved } = plannedMotions(engine, point, plan)
  const states = Float64Array.from(XNext)
  checkStates(states, 1 + moved.length, layout)
  const fBar = states.slice(0, nx)
  const { scale, outputScale: magnitudes } = stepDifferences(engine, point, fBar)
  const places = tangentResolution(layout, resolution ?? new Float64Array(nx))
  const outputScale = magnitudes!.map((magnitude, i) => Math.max(magnitude, places[i]! / Number.EPSILON))

  // A planned point that is the point itself (the base of forward differences) stays zero.
  const values = new Float64Array((Z.length / (ndx + nu)) * ndx)
  moved.forEach((p, k) => {
    const xNext = states.subarray((k + 1) * nx, (k + 2) * nx)
    engine.difference(xNext, fBar, values.subarray(p * ndx, (p + 1) * ndx))
  })
  const measurements = measurementsFromValues(plan, { at: new Float64Array(ndx + nu), scale, outputScale }, values)
  const { J, quality } = recover(plan, measurements)
  const c = new Float64Array(ndx)
  engine.difference(fBar, point.x, c)
  return {
    A: J.subMatrix(0, ndx - 1, 0, ndx - 1),
    B: nu === 0 ? Matrix.zeros(ndx, 0) : J.subMatrix(0, ndx - 1, ndx, ndx + nu - 1),
    c,
    xBar: point.x.slice(),
    uBar: point.u.slice(),
    xBarNext: point.x.slice(),
    dt: engine.dt,
    layout,
    engine: 'measured elsewhere',
    quality: withKinks(quality, kinksOf(plan, values, measurements.outputScale, quality), 1 + moved.length),
    plan,
  }
}

function checkStates(states: Float64Array, count: number, { nx, nq, x }: Layout): void {
  const who = 'linearizationFromSteps'
  if (states.length !== count * nx)
    throw new RangeError(`${who}: expected ${count} × ${nx} = ${count * nx} numbers, got ${states.length}`)
  for (let k = 0; k < states.length; k++) {
    const [p, i] = [Math.floor(k / nx), k % nx]
    const { name } = x[i]!
    if (!Number.isFinite(states[k]!)) throw new RangeError(`${who}: row ${p + 1}: ${name} is ${states[k]}`)
    if (i >= nq || !name.endsWith('.qw')) continue
    const norm = Math.hypot(...states.subarray(k, k + 4))
    // Its length has no say in differences; one that is far from 1 is something else.
    if (!(Math.abs(norm - 1) < 1e-3))
      throw new RangeError(`${who}: row ${p + 1}: ${name} should begin a unit quaternion, got one of length ${norm}`)
  }
}

/** The resolution of states as one of differences, [ndx]: rotations by the coarsest of all quaternions. */
function tangentResolution({ x, dx, nq }: Layout, resolution: ArrayLike<number>): Float64Array {
  const places = new Map(x.map(({ name }, k) => [name, resolution[k]!]))
  const quaternions = x.flatMap(({ name }, k) => (k < nq && /\.q[wxyz]$/.test(name) ? [2 * resolution[k]!] : []))
  return Float64Array.from(dx, ({ name }) => places.get(name) ?? Math.max(0, ...quaternions))
}

/** Rows in which left and right differences disagree, as `linearize` compares them; null without pairs, or with gross errors. */
function kinksOf(
  plan: Plan,
  values: Float64Array,
  outputScale: readonly number[],
  { noiseLevel, grossErrors }: Quality,
): number[] | null {
  const { outputs: m, steps, heldOutSteps } = plan
  const { offsets } = stencilOf(plan.scheme)
  if (offsets[1] !== -1 || (grossErrors !== null && grossErrors > 0)) return null
  const kinks = collectKinks(m)
  const zero = new Float64Array(m)
  const all = [...steps, ...heldOutSteps]
  all.forEach((step, t) => {
    const side = (s: number) => values.subarray((offsets.length * t + s) * m, (offsets.length * t + s + 1) * m)
    kinks.note(side(0), side(1), zero, step)
  })
  return kinks.rows(Float64Array.from(outputScale), new Float64Array(m).fill(noiseLevel ?? 0))
}

function withKinks(quality: Quality, kinkedRows: number[] | null, steps: number): Quality {
  const { certified, calls, callsFor, notes } = quality
  const isKinked = kinkedRows !== null && kinkedRows.length > 0
  const note = `not certified: left and right differences disagree in rows ${kinkedRows?.join(', ')}: not smooth there`
  return {
    ...quality,
    calls: steps,
    callsFor: { ...callsFor, base: callsFor.base + steps - calls }, // the step from the point itself
    kinkedRows,
    certified: certified && !isKinked,
    notes: isKinked ? [...notes, note] : notes,
  }
}
