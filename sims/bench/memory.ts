/**
 * Does memory stay flat? Linearizes a scene again and again with each engine that is installed and compares heap and resident memory
 * after the last linearization with those after the first hundred. Collects garbage before each reading where Node is started with
 * --expose-gc; without it, readings hold what is not collected yet. V8 lets its young generation grow by itself; --max-semi-space-size=1
 * keeps that out of the resident memory.
 */
import { type Benchmark, createEngine, linearize, loadScene } from 'jacsense'

export interface Row {
  readonly engine: string
  readonly scene: string
  readonly linearizations: number
  readonly 'heap after 100 (MB)': number
  readonly 'heap after all (MB)': number
  readonly 'resident after 100 (MB)': number
  readonly 'resident after all (MB)': number
  readonly 'resident, all / 100': number
}

const SCENES: Readonly<Record<string, string>> = { mujoco: 'hopper', cannon: 'hopper', rapier: 'cartpole' }
const FIRST = 100
const REPORT_EVERY = 50
const PAUSE_EVERY = 500 // for the event loop

/** `budget` linearizations with each engine, default 10 000. */
export const run: Benchmark<Row> = async ({ budget = 10_000, signal, onProgress } = {}) => {
  const rows: Row[] = []
  const notes: string[] = []
  const names = Object.keys(SCENES)
  for (const [e, name] of names.entries()) {
    const scene = await loadScene(SCENES[name]!)
    const engine = await createEngine(scene, { engine: name }).catch((error: unknown) => {
      notes.push(`${name} left out: ${error instanceof Error ? error.message : String(error)}`)
      return null
    })
    if (engine === null) continue
    const total = Math.max(budget, FIRST)
    let early = reading()
    for (let k = 1; k <= total; k++) {
      signal?.throwIfAborted()
      await linearize(engine)
      if (k === FIRST) early = reading()
      if (k % PAUSE_EVERY === 0) await new Promise((resolve) => setTimeout(resolve, 0))
      if (k % REPORT_EVERY === 0) onProgress?.(e * total + k, names.length * total)
    }
    const late = reading()
    engine.dispose()
    rows.push({
      engine: name,
      scene: scene.name,
      linearizations: total,
      'heap after 100 (MB)': early.heap,
      'heap after all (MB)': late.heap,
      'resident after 100 (MB)': early.resident,
      'resident after all (MB)': late.resident,
      'resident, all / 100': Math.round((1000 * late.resident) / early.resident) / 1000,
    })
  }
  if (globalThis.gc === undefined)
    notes.push('without node --expose-gc: readings hold garbage that is not collected yet')
  return { rows, notes, seeds: 'held-out directions: 1' }
}

/** MB. */
function reading(): { heap: number; resident: number } {
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  const megabytes = (bytes: number) => Math.round((10 * bytes) / 2 ** 20) / 10
  return { heap: megabytes(heapUsed), resident: megabytes(rss) }
}
