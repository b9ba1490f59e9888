import type { Engine, Point } from '../engine/engine.ts'
import type { Pattern } from '../linalg/pattern.ts'
import type { Ties } from '../linalg/ties.ts'
import type { Plan } from '../sensing/plan.ts'
import { type PrepareOptions, prepareSensing } from '../sensing/prepareSensing.ts'
import { checkPoint } from './linearize.ts'
import { stepDifferences } from './stepDifferences.ts'

export interface PrepareLinearizationOptions extends PrepareOptions {
  readonly structure?:
    | {
        /** Superset of the nonzeros of [A B]; default: what the engine says. */
        readonly sparsity?: Pattern | undefined
        /** What is known of [A B] beforehand; default: what the engine states at the point. 'none': measure everything. */
        readonly ties?: Ties | 'none' | undefined
      }
    | undefined
}

/** The plan with which `linearize` measures at `point`, for steps to be taken elsewhere. Steps the engine once, for its ties. */
export function prepareLinearization(
  engine: Engine,
  point: Point = engine?.home,
  { structure = {}, ...options }: PrepareLinearizationOptions = {},
): Plan {
  checkPoint('prepareLinearization', engine, point)
  const { x, u } = point
  const { inputs, outputs, inputGroups, rowGroups } = stepDifferences(engine, point, x)
  const sparsity = structure.sparsity ?? engine.structure?.(x, u)
  let { ties } = structure
  if (ties === undefined && engine.ties) {
    const xNext = new Float64Array(engine.layout.nx)
    engine.step(x, u, xNext)
    ties = engine.ties(x, u, xNext)
  }
  return prepareSensing(
    { inputs, outputs, sparsity, ties: ties === 'none' ? undefined : ties, inputGroups, rowGroups },
    { ...options, step: options.step ?? engine.differenceStep },
  )
}
