import { afterAll, describe, expect, it } from 'vitest'
import { BlackboxError } from '../../src/blackbox/blackboxError.ts'
import { createEngine, type EngineChoice } from '../../src/engine/createEngine.ts'
import type { Engine, Point } from '../../src/engine/engine.ts'
import { type EnginePool, openEnginePool } from '../../src/experiment/openEnginePool.ts'
import { type LinearizeOptions, linearize } from '../../src/linearization/linearize.ts'
import { InputError } from '../../src/scene/inputError.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import type { Scene } from '../../src/scene/scene.ts'
import { boxes, mixedTree } from '../fixtures/scenes.ts'

const pools: EnginePool[] = []
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.close()))
})

/** A pool that sends all but the first point to its workers. */
async function open(scene: Scene, choice: EngineChoice, workers: number): Promise<EnginePool> {
  const pool = await openEnginePool(scene, { ...choice, workers, headStart: 0 })
  pools.push(pool)
  return pool
}

/** The engine with a counter of its own steps. */
function counted(engine: Engine): { engine: Engine; steps: () => number } {
  let steps = 0
  const step: Engine['step'] = (x, u, xNext) => {
    steps++
    engine.step(x, u, xNext)
  }
  return { engine: { ...engine, step }, steps: () => steps }
}

/** A point off home: everything moves a little, each control pushes. */
function offHome({ home, layout, integrate }: Engine): Point {
  const x = home.x.slice()
  integrate(
    x,
    Float64Array.from({ length: layout.ndx }, (_, k) => 0.01 * Math.sin(k + 1)),
    x,
  )
  return { x, u: home.u.map((value, k) => value + 0.1 * Math.cos(k)) }
}

describe('a pool of engines', () => {
  it.each<[string, () => Scene | Promise<Scene>, EngineChoice, number]>([
    ['chains, maximal', () => loadScene('chains'), { coordinates: 'maximal' }, 2],
    ['spheres on the floor, maximal', () => loadScene('spheres'), { coordinates: 'maximal' }, 3],
    ['boxes in contact', () => boxes(3), {}, 1],
    ['every joint type', () => mixedTree(), {}, 2],
    ['cart-pole, reference', () => loadScene('cartpole'), { engine: 'reference' }, 2],
  ])('gives the serial linearization to the last bit: %s', async (_, make, choice, workers) => {
    const scene = await make()
    const { engine, steps } = counted(await createEngine(scene, choice))
    const pool = await open(scene, choice, workers)
    const cases: LinearizeOptions[] = [
      {},
      { scheme: 'forward' },
      { method: 'dense' },
      { structure: { sparsity: 'detect' }, heldOut: 4 },
    ]
    for (const point of [engine.home, offHome(engine)])
      for (const options of cases) {
        const before = steps()
        const serial = await linearize(engine, point, options)
        const between = steps()
        expect(serial.quality.calls).toBe(between - before)
        // Twice: the first batch of all is begun here, the rest are the workers'.
        for (let round = 0; round < 2; round++)
          expect(await linearize(engine, point, { ...options, pool })).toEqual(serial)
        expect(steps() - between).toBeLessThanOrEqual(3)
      }
  })

  it('leaves short work to the engine itself', async () => {
    const scene = await loadScene('cartpole')
    const { engine, steps } = counted(await createEngine(scene))
    const pool = await openEnginePool(scene, { workers: 1, headStart: 1e4 })
    pools.push(pool)
    const { quality } = await linearize(engine, engine.home, { pool })
    expect(steps()).toBe(quality.calls)
  })
})

describe('a pool of boxes', () => {
  const scene = boxes(2)

  it('reports progress, and hears a signal', async () => {
    const engine = await createEngine(scene)
    const pool = await open(scene, {}, 2)
    const seen: [number, number][] = []
    const { quality } = await linearize(engine, engine.home, {
      method: 'dense',
      pool,
      onProgress: (done, total) => seen.push([done, total]),
    })
    expect(seen.at(-1)).toEqual([quality.calls, quality.calls])
    expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).toSorted((a, b) => a - b))
    const stop = new AbortController()
    const stopped = linearize(engine, engine.home, {
      method: 'dense',
      pool,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('seen enough')),
    })
    await expect(stopped).rejects.toThrow('seen enough')
    expect((await linearize(engine, engine.home, { method: 'dense', pool })).quality.calls).toBe(quality.calls)
  })

  it('names the same evaluation and coordinate as the serial run where a step gives no number', async () => {
    // Far enough for a velocity to overflow along one direction.
    const engine = await createEngine(scene)
    const pool = await open(scene, {}, 2)
    const options: LinearizeOptions = { method: 'dense', step: 1e300 }
    const serial = await linearize(engine, engine.home, options).catch((error: unknown) => error)
    const parallel = await linearize(engine, engine.home, { ...options, pool }).catch((error: unknown) => error)
    expect(serial).toBeInstanceOf(BlackboxError)
    expect(parallel).toBeInstanceOf(BlackboxError)
    expect((parallel as Error).message).toBe((serial as Error).message)
    expect({ ...(parallel as BlackboxError) }).toEqual({ ...(serial as BlackboxError) })
  })

  it('refuses engines of other scenes: of another size, or with another floor', async () => {
    const pool = await open(scene, {}, 2)
    const other = await createEngine(boxes(3))
    await expect(linearize(other, other.home, { pool })).rejects.toThrow(
      "linearize: the pool was opened for another engine, 'cannon' with 26 states, 0 controls and dt = 0.01 s; this one is 'cannon' with 39 states",
    )
    const softer = await createEngine(boxes(2, { engines: { cannon: { contactStiffness: 9e3 } } }))
    const refused = linearize(softer, softer.home, { pool })
    await expect(refused).rejects.toThrow(RangeError)
    await expect(refused).rejects.toThrow(/the pool's engine is another one: a step takes free0\.\S+ to \S+, not \S+$/)
  })

  it('is not opened on bad input', async () => {
    await expect(openEnginePool(scene, { engine: 'canon' })).rejects.toThrow(InputError)
    await expect(openEnginePool(scene, { workers: 0 })).rejects.toThrow(RangeError)
  })
})
