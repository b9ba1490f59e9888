/** A worker of an engine pool: an engine of its own, and the step differences around the points that it is told. */
import { serveBlackbox } from '../blackbox/serveBlackbox.ts'
import { rolloutBlackbox } from '../control/ilqr/rolloutBlackbox.ts'
import { createEngine, type EngineChoice } from '../engine/createEngine.ts'
import { engineSteps } from '../linearization/engineSteps.ts'
import { stepDifferences } from '../linearization/stepDifferences.ts'
import type { RolloutTask } from '../linearization/trajectory/dynamics.ts'
import type { Mjcf } from '../engine/mujoco/mjcf.ts'
import type { Scene } from '../scene/scene.ts'

export interface EngineSetup {
  readonly scene: Scene | Mjcf
  readonly choice: EngineChoice
}

/** For which of the caller's engines, where to take differences, steps from anywhere, or rollouts. */
export interface EngineJob {
  readonly engineNumber: number
  readonly x: Float64Array // xBar, [nx]
  readonly u: Float64Array // uBar, [nu]
  readonly fBar: Float64Array // f(xBar, uBar) of the caller's engine, [nx]
  readonly of: 'differences' | 'steps' | 'rollouts'
  readonly task?: RolloutTask // of rollouts
}

export default serveBlackbox(async ({ scene, choice }: EngineSetup) => {
  const engine = await createEngine(scene, choice)
  const { layout } = engine
  const known = new Set<number>()
  return ({ engineNumber, x, u, fBar, of, task }: EngineJob) => {
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
    if (task) return rolloutBlackbox(engine, task)
    return of === 'steps' ? engineSteps(engine) : stepDifferences(engine, { x, u }, fBar)
  }
})
