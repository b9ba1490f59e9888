/** Steps a scene on several cores: worker threads that build an engine each, for `linearize`. */
import { type BlackboxPoolOptions, openBlackboxPool } from '../blackbox/openBlackboxPool.ts'
import { rolloutBlackbox } from '../control/ilqr/rolloutBlackbox.ts'
import { createEngine, type EngineChoice } from '../engine/createEngine.ts'
import type { Engine } from '../engine/engine.ts'
import { engineSteps } from '../linearization/engineSteps.ts'
import type { StepPool } from '../linearization/linearize.ts'
import type { Mjcf } from '../engine/mujoco/mjcf.ts'
import type { Scene } from '../scene/scene.ts'
import type { EngineJob, EngineSetup } from './engineWorker.ts'

export interface EnginePoolOptions extends EngineChoice, BlackboxPoolOptions {}

export interface EnginePool extends StepPool {
  readonly workers: number
  /** Ends the workers. */
  close(): Promise<void>
}

/**
 * A pool for linearizing engines made by `createEngine(scene, { engine, coordinates })`, in Node:
 * `linearize(engine, point, { pool })`. Opening it takes about as long as starting Node, so open once and use often. A pool
 * speeds up what a step's cost and number make long; short batches stay with the engine itself.
 * Throws InputError as `createEngine` does, RangeError on a number of workers that does not fit, PoolError when a worker can't
 * start; `linearize` throws RangeError where its engine is not the pool's.
 */
export async function openEnginePool(scene: Scene | Mjcf, options: EnginePoolOptions = {}): Promise<EnginePool> {
  const { engine: name, coordinates, workers, headStart } = options
  const choice: EngineChoice = { ...(name !== undefined && { engine: name }), ...(coordinates && { coordinates }) }
  const own = await createEngine(scene, choice) // bad input shall throw here as it does there
  const expected = describe(own)
  own.dispose()

  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const module = new URL(`./engineWorker.${extension}`, import.meta.url)
  const pool = await openBlackboxPool<EngineSetup, EngineJob>(module, { scene, choice }, { workers, headStart })
  const engineNumbers = new WeakMap<Engine, number>()
  let numEngines = 0
  const numberOf = (engine: Engine): number => {
    const found = describe(engine)
    if (found !== expected)
      throw new RangeError(`linearize: the pool was opened for another engine, ${expected}; this one is ${found}`)
    const known = engineNumbers.get(engine)
    if (known !== undefined) return known
    engineNumbers.set(engine, numEngines)
    return numEngines++
  }
  return {
    workers: pool.workers,
    parallel: (blackbox, engine, { x, u }, fBar) =>
      pool.parallel(blackbox, { engineNumber: numberOf(engine), x, u, fBar, of: 'differences' }),
    steps(engine) {
      const { x, u } = engine.home
      const fBar = new Float64Array(engine.layout.nx)
      engine.step(x, u, fBar)
      return pool.parallel(engineSteps(engine), { engineNumber: numberOf(engine), x, u, fBar, of: 'steps' })
    },
    rollouts(engine, task) {
      const { x, u } = engine.home
      const fBar = new Float64Array(engine.layout.nx)
      engine.step(x, u, fBar)
      const job: EngineJob = { engineNumber: numberOf(engine), x, u, fBar, of: 'rollouts', task }
      return pool.parallel(rolloutBlackbox(engine, task), job)
    },
    close: () => pool.close(),
  }
}

function describe({ name, dt, layout: { nx, nu } }: Engine): string {
  return `'${name}' with ${nx} states, ${nu} controls and dt = ${dt} s`
}
