/** A Jacobian that was measured elsewhere as plain JSON: what `jacsense recover --json` prints where the plan is not of a scene. */
import type { Matrix } from 'ml-matrix'
import type { MeasuringPlan } from '../experiment/planFile.ts'
import type { Linearization } from '../linearization/linearization.ts'
import { toPlain } from '../experiment/linearizationJson.ts'

export interface JacobianJson {
  readonly inputs: readonly string[] // columns of J
  readonly inputUnits: readonly string[]
  readonly outputs: readonly string[] // rows of J
  readonly outputUnits: readonly string[]
  readonly at: readonly number[] // the point
  readonly J: readonly (readonly number[])[]
  readonly quality: Readonly<Record<string, unknown>> // Quality with arrays and numbers made plain
}

export function jacobianJson(
  { inputs, outputs }: Pick<MeasuringPlan, 'inputs' | 'outputs'>,
  { J, quality }: { J: Matrix; quality: Linearization['quality'] },
): JacobianJson {
  return toPlain({
    inputs: inputs.map(({ name }) => name),
    inputUnits: inputs.map(({ unit }) => unit),
    outputs: outputs.map(({ name }) => name),
    outputUnits: outputs.map(({ unit }) => unit),
    at: inputs.map(({ at }) => at),
    J: J.to2DArray(),
    quality,
  }) as JacobianJson
}
