/** What is to be evaluated elsewhere, and what is taken back: tables with named columns, and the Jacobian that they give. */
import type { Matrix } from 'ml-matrix'
import type { Coordinate, Engine, Point } from '../engine/engine.ts'
import { plannedSteps } from '../linearization/plannedSteps.ts'
import { measurementsFromValues } from '../sensing/measurementsFromValues.ts'
import { plannedPoints } from '../sensing/plannedPoints.ts'
import { pointPurposes } from '../sensing/pointPurposes.ts'
import type { Quality } from '../sensing/quality.ts'
import { recover } from '../sensing/recover.ts'
import type { MeasuringPlan } from './planFile.ts'

export interface PointTable {
  readonly count: number
  readonly columns: readonly Coordinate[] // [n], what to set
  readonly values: Float64Array // [count × n]
  readonly purposes: readonly string[] // [count], 'direction 3a'
  readonly answers: readonly Coordinate[] // [m], what to measure
  readonly tolerance: Float64Array // [n], a value further off belongs to another point
}

/** The points of a plan; for one of a scene, states and controls, which take the engine's coordinates. */
export function pointTable(
  { plan, inputs, outputs }: Pick<MeasuringPlan, 'plan' | 'inputs' | 'outputs'>,
  scene?: { readonly engine: Engine; readonly point: Point },
): PointTable {
  if (scene !== undefined) {
    const { layout } = scene.engine
    const { count, X, U, purposes } = plannedSteps(scene.engine, scene.point, plan)
    const columns = [...layout.x, ...layout.u]
    const values = new Float64Array(count * columns.length)
    for (let p = 0; p < count; p++) {
      values.set(X.subarray(p * layout.nx, (p + 1) * layout.nx), p * columns.length)
      values.set(U.subarray(p * layout.nu, (p + 1) * layout.nu), p * columns.length + layout.nx)
    }
    const at = Float64Array.from([...scene.point.x, ...scene.point.u])
    return { count, columns, values, purposes, answers: layout.x, tolerance: halfWays(values, at) }
  }
  const at = Float64Array.from(inputs, (input) => input.at)
  const { count, Z } = plannedPoints(plan, { at, scale: inputs.map(({ scale }) => scale) })
  const purposes = pointPurposes(plan)
  return { count, columns: inputs, values: Z, purposes, answers: outputs, tolerance: halfWays(Z, at) }
}

/** J and its quality from the values of a plan that is not for a scene. */
export function jacobianFromValues(
  { plan, inputs, outputs }: MeasuringPlan,
  values: Float64Array, // [count × m]
  resolution: Float64Array, // [m], the last place to which values are written
): { J: Matrix; quality: Quality } {
  const point = {
    at: inputs.map(({ at }) => at),
    scale: inputs.map(({ scale }) => scale),
    outputScale: outputs.map(({ scale }, i) => Math.max(scale ?? Number.MIN_VALUE, resolution[i]! / Number.EPSILON)), // raised to the values seen
  }
  return recover(plan, measurementsFromValues(plan, point, values))
}

/** Half of how far each column moves, and what is lost where values are written with seven digits. */
function halfWays(values: Float64Array, at: Float64Array): Float64Array {
  const n = at.length
  const farthest = new Float64Array(n)
  for (let k = 0; k < values.length; k++)
    farthest[k % n] = Math.max(farthest[k % n]!, Math.abs(values[k]! - at[k % n]!))
  return farthest.map((most, j) => most / 2 + 1e-6 * Math.abs(at[j]!))
}
