/** What does a step cost? The exact joint solver against cannon-es' own Gauss–Seidel, on hanging chains of 1 to 64 links. */
import { type Benchmark, createEngine, type Engine, parseScene, type Scene } from 'jacsense'

export interface Row {
  readonly links: number
  readonly 'reduced, exact (µs)': number
  readonly 'maximal, stock 50 iterations (µs)': number
  readonly 'stock / exact': number
}

const LINKS = [1, 4, 16, 64]
const STOCK_ITERATIONS = 50
const WARM_UP = 200 // steps before timing, for the compiler

/** Times both on each chain in turn, `budget` rounds; medians. */
export const run: Benchmark<Row> = async ({ budget = 40, signal, onProgress } = {}) => {
  const rows: Row[] = []
  for (const links of LINKS) {
    const scene = chain(links)
    const exact = await createEngine(scene)
    const stock = await createEngine(scene, { coordinates: 'maximal' })
    const times: [number[], number[]] = [[], []]
    for (const engine of [exact, stock]) timeStep(engine, WARM_UP)
    for (let round = 0; round < budget; round++) {
      signal?.throwIfAborted()
      for (const [k, engine] of [exact, stock].entries()) times[k]!.push(timeStep(engine, Math.ceil(200 / links)))
      onProgress?.(LINKS.indexOf(links) * budget + round + 1, LINKS.length * budget)
    }
    const [a, b] = times.map(median) as [number, number]
    rows.push({
      links,
      'reduced, exact (µs)': rounded(a),
      'maximal, stock 50 iterations (µs)': rounded(b),
      'stock / exact': rounded(b / a),
    })
    exact.dispose()
    stock.dispose()
  }
  const cost = (links: number): number => rows.find((row) => row.links === links)!['reduced, exact (µs)']
  return {
    rows,
    notes: [`medians of ${budget} rounds; 64 links cost ${rounded(cost(64) / cost(16))} times 16 links`],
    seeds: 'none',
  }
}

function chain(links: number): Scene {
  const each = <T>(make: (i: number) => T): T[] => Array.from({ length: links }, (_, i) => make(i))
  return parseScene({
    name: `chain-${links}`,
    dt: 0.01,
    bodies: each((i) => ({ name: `link${i}`, mass: 0.5, com: [0, 0, -0.1], inertia: [0.002, 0.002, 0.0001] })),
    joints: each((i) => ({
      name: `joint${i}`,
      type: 'hinge',
      parent: i === 0 ? 'world' : `link${i - 1}`,
      child: `link${i}`,
      anchors: { parent: [0, 0, i === 0 ? 0 : -0.2] },
      axis: [0, 1, 0],
    })),
    engines: { cannon: { iterations: STOCK_ITERATIONS } },
  })
}

/** µs a step, from home. */
function timeStep(engine: Engine, steps: number): number {
  const { x, u } = engine.home
  const xNext = x.slice()
  const start = performance.now()
  for (let k = 0; k < steps; k++) engine.step(x, u, xNext)
  return ((performance.now() - start) * 1000) / steps
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
const rounded = (value: number): number => Number(value.toPrecision(3))
