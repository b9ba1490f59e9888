/** Do worker threads pay? Linearizations measured one call after the other, and by pools of 1, 2, … workers: the same bits. */
import {
  type Benchmark,
  createEngine,
  type Engine,
  type EnginePool,
  type Linearization,
  linearize,
  loadScene,
  openEnginePool,
  parseScene,
  type Scene,
} from 'jacsense'

export interface Row {
  readonly scene: string
  readonly columns: number
  readonly calls: number
  readonly 'a call (ms)': number
  readonly workers: number
  readonly 'serial (ms)': number
  readonly 'pool (ms)': number
  readonly 'serial / pool': number
  readonly 'opening (ms)': number
}

const WARM_UP = 3 // rounds before timing, for the compilers of all threads

/** Serial and parallel in turn, `budget` rounds each; medians. Throws where any bit differs. */
export const run: Benchmark<Row> = async ({ budget = 15, signal, onProgress } = {}) => {
  const { availableParallelism } = await import('node:os')
  const cores = availableParallelism()
  const cases: [Scene, 'reduced' | 'maximal'][] = [
    [await loadScene('cartpole'), 'reduced'],
    [await loadScene('chains'), 'maximal'],
    [pile(16), 'reduced'],
  ]
  const workerCounts = [...new Set([1, 2, cores])].filter((count) => count <= Math.max(2, cores))
  const rounds = budget + WARM_UP
  const rows: Row[] = []
  for (const [scene, coordinates] of cases) {
    const engine = await createEngine(scene, { coordinates })
    for (const workers of workerCounts) {
      signal?.throwIfAborted()
      const opening = performance.now()
      const pool = await openEnginePool(scene, { coordinates, workers })
      const opened = performance.now() - opening
      try {
        const times: [number[], number[]] = [[], []]
        let calls = 0
        for (let round = 0; round < rounds; round++) {
          signal?.throwIfAborted()
          const serial = await timed(engine)
          const parallel = await timed(engine, pool)
          calls = serial.lin.quality.calls
          requireSameBits(serial.lin, parallel.lin)
          if (round >= WARM_UP) for (const [k, { ms }] of [serial, parallel].entries()) times[k]!.push(ms)
          onProgress?.(rows.length * rounds + round + 1, cases.length * workerCounts.length * rounds)
        }
        const [serial, parallel] = times.map(median) as [number, number]
        rows.push({
          scene: scene.name,
          columns: engine.layout.ndx + engine.layout.nu,
          calls,
          'a call (ms)': rounded(serial / calls),
          workers,
          'serial (ms)': rounded(serial),
          'pool (ms)': rounded(parallel),
          'serial / pool': rounded(serial / parallel),
          'opening (ms)': rounded(opened),
        })
      } finally {
        await pool.close()
      }
    }
    engine.dispose()
  }
  return {
    rows,
    seeds: 'held-out directions: 1',
    notes: [
      `medians of ${budget} rounds of dense central differences on ${cores} cores, after ${WARM_UP} rounds to warm up; every bit was the same`,
      'short linearizations stay with the calling thread; the time includes arithmetic that is not shared',
    ],
  }
}

async function timed(engine: Engine, pool?: EnginePool): Promise<{ lin: Linearization; ms: number }> {
  const start = performance.now()
  const lin = await linearize(engine, engine.home, { method: 'dense', pool })
  return { lin, ms: performance.now() - start }
}

function requireSameBits(serial: Linearization, parallel: Linearization): void {
  for (const block of ['A', 'B'] as const) {
    const expected = serial[block].to1DArray()
    const found = parallel[block].to1DArray()
    if (!found.every((value, k) => Object.is(value, expected[k])))
      throw new Error(`${block} of the parallel run differs from the serial one`)
  }
}

/** A column of boxes and spheres in turn on a floor, one on the other. */
function pile(count: number): Scene {
  const each = <T>(make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
  return parseScene({
    name: `pile-${count}`,
    dt: 0.01,
    bodies: each((i) => ({
      name: `body${i}`,
      mass: 1,
      shapes: [i % 2 === 0 ? { type: 'box', size: [0.5, 0.5, 0.5] } : { type: 'sphere', radius: 0.25 }],
    })),
    joints: each((i) => ({ name: `free${i}`, type: 'free', parent: 'world', child: `body${i}` })),
    environment: [{ type: 'plane' }],
    contact: { friction: 0.5 },
    home: { positions: Object.fromEntries(each((i) => [`free${i}`, [0, 0, 0.249 + 0.498 * i, 1, 0, 0, 0]])) },
    engines: { cannon: { contactStiffness: 1e4 } },
  })
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
const rounded = (value: number): number => Number(value.toPrecision(3))
