import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BlackboxError } from '../../src/blackbox/blackboxError.ts'
import { createEngine, type EngineChoice } from '../../src/engine/createEngine.ts'
import type { Engine, Point } from '../../src/engine/engine.ts'
import { type EnginePool, openEnginePool } from '../../src/experiment/openEnginePool.ts'
import type { Linearization } from '../../src/linearization/linearization.ts'
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

/** A, B and c as text that tells every bit. */
function bitsOf({ A, B, c }: Linearization): string {
  return Buffer.from(Float64Array.from([...A.to1DArray(), ...B.to1DArray(), ...c]).buffer).toString('base64')
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
    const away = offHome(engine)
    const cases: [Point, LinearizeOptions][] = [
      [engine.home, {}],
      [away, { method: 'dense', scheme: 'forward' }],
    ]
    if (engine.layout.ndx < 100)
      cases.push(
        [engine.home, { scheme: 'forward', structure: { sparsity: 'detect' } }],
        [away, { heldOut: 4 }],
        [away, { structure: { refine: true }, seed: 3 }],
      )
    for (const [point, options] of cases) {
      const before = steps()
      const serial = await linearize(engine, point, options)
      const between = steps()
      expect(serial.quality.calls).toBe(between - before)
      const parallel = await linearize(engine, point, { ...options, pool })
      // The nominal step, and the first evaluation of all.
      expect(steps() - between).toBeLessThanOrEqual(point === engine.home ? 2 : 1)
      expect(parallel.quality).toEqual(serial.quality)
      expect(bitsOf(parallel)).toEqual(bitsOf(serial))
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
  let pool: EnginePool
  beforeAll(async () => {
    pool = await open(scene, {}, 2)
  })

  it('reports progress, and hears a signal', async () => {
    const engine = await createEngine(scene)
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
    const options: LinearizeOptions = { method: 'dense', scheme: 'forward', step: 1e300, tolerance: 1e305 }
    const serial = await linearize(engine, engine.home, options).catch((error: unknown) => error)
    const parallel = await linearize(engine, engine.home, { ...options, pool }).catch((error: unknown) => error)
    expect(serial).toBeInstanceOf(BlackboxError)
    expect(parallel).toBeInstanceOf(BlackboxError)
    expect((parallel as Error).message).toBe((serial as Error).message)
    expect({ ...(parallel as BlackboxError) }).toEqual({ ...(serial as BlackboxError) })
  })

  it('refuses engines of other scenes: of another size, or with another floor', async () => {
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
