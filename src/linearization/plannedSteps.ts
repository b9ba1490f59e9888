import type { Engine, Point } from '../engine/engine.ts'
import type { Plan } from '../sensing/plan.ts'
import { plannedPoints } from '../sensing/plannedPoints.ts'
import { pointPurposes } from '../sensing/pointPurposes.ts'
import { checkPoint } from './linearize.ts'
import { stepDifferences } from './stepDifferences.ts'

/** States and controls, one row for each step to take. */
export interface PlannedSteps {
  readonly count: number
  readonly X: Float64Array // [count × nx]
  readonly U: Float64Array // [count × nu]
  readonly purposes: readonly string[] // [count], 'the point', 'direction 1a', …
}

/** The steps that a plan of `prepareLinearization` asks for: from the point itself, then from around it. */
export function plannedSteps(engine: Engine, point: Point, plan: Plan): PlannedSteps {
  checkPoint('plannedSteps', engine, point)
  const { nx, ndx, nu } = engine.layout
  const { Z, moved } = plannedMotions(engine, point, plan)
  const n = ndx + nu
  const count = 1 + moved.length
  const X = new Float64Array(count * nx)
  const U = new Float64Array(count * nu)
  const x = new Float64Array(nx)
  X.set(point.x)
  U.set(point.u)
  moved.forEach((p, k) => {
    const z = Z.subarray(p * n, (p + 1) * n)
    engine.integrate(point.x, z.subarray(0, ndx), x)
    X.set(x, (k + 1) * nx)
    for (let j = 0; j < nu; j++) U[(k + 1) * nu + j] = point.u[j]! + z[ndx + j]!
  })
  const all = pointPurposes(plan)
  return { count, X, U, purposes: ['the point', ...moved.map((p) => all[p]!)] }
}

/** Small motions z = (δx, δu) of all planned points, and the numbers of those that are not zero. */
export function plannedMotions(engine: Engine, point: Point, plan: Plan): { Z: Float64Array; moved: number[] } {
  const { inputs: n, scale } = stepDifferences(engine, point, point.x)
  const { count, Z } = plannedPoints(plan, { at: new Float64Array(n), scale })
  const moved = Array.from({ length: count }, (_, p) => p).filter((p) =>
    Z.subarray(p * n, (p + 1) * n).some((value) => value !== 0),
  )
  return { Z, moved }
}
