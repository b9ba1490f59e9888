/** A worker of an engine pool: an engine of its own, and the step differences around the points that it is told. */
import { serveBlackbox } from '../blackbox/serveBlackbox.ts'
import { createEngine, type EngineChoice } from '../engine/createEngine.ts'
import { stepDifferences } from '../linearization/stepDifferences.ts'
import type { Mjcf } from '../engine/mujoco/mjcf.ts'
import type { Scene } from '../scene/scene.ts'

export interface EngineSetup {
  readonly scene: Scene | Mjcf
  readonly choice: EngineChoice
}

/** Where to take differences, for which of the caller's engines. */
export interface EngineJob {
  readonly engineNumber: number
  readonly x: Float64Array // xBar, [nx]
  readonly u: Float64Array // uBar, [nu]
  readonly fBar: Float64Array // f(xBar, uBar) of the caller's engine, [nx]
}

export default serveBlackbox(async ({ scene, choice }: EngineSetup) => {
  const engine = await createEngine(scene, choice)
  const { layout } = engine
  const known = new Set<number>()
  return ({ engineNumber, x, u, fBar }: EngineJob) => {
    if (!known.has(engineNumber)) {
      // Another engine than the caller's would give a wrong Jacobian that looks right.
      const xNext = new Float64Array(layout.nx)
      engine.step(x, u, xNext)
      const k = xNext.findIndex((value, i) => !Object.is(value, fBar[i]))
      if (k >= 0)
        throw new Error(
          `linearize: the pool's engine is another one: a step takes ${layout.x[k]!.name} to ${xNext[k]}, not ${fBar[k]}`,
        )
      known.add(engineNumber)
    }
    return stepDifferences(engine, { x, u }, fBar)
  }
})
