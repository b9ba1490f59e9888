/** How many simulator steps does a linearization take, and does what is known of the structure change A and B? */
import { fileURLToPath } from 'node:url'
import { createEngine, type Linearization, linearize, loadScene } from 'jacsense'

export interface Row {
  readonly scene: string
  readonly 'states + controls': number
  readonly colors: number | null
  readonly 'calls, colored': number
  readonly 'calls, dense': number
  readonly 'largest difference': number
  readonly certified: boolean
}

const SCENES = ['cartpole', 'double-cartpole', 'quadrotor', 'chains', 'spheres']

/** Linearizes scenes at home, colored and dense. `budget`: how many scenes. */
export async function run({ budget = SCENES.length }: { budget?: number } = {}): Promise<Row[]> {
  const rows: Row[] = []
  for (const name of SCENES.slice(0, budget)) {
    const engine = await createEngine(await loadScene(name))
    const colored = await linearize(engine, engine.home, { method: 'colored' })
    const dense = await linearize(engine, engine.home, { method: 'dense' })
    rows.push({
      scene: name,
      'states + controls': engine.layout.ndx + engine.layout.nu,
      colors: colored.quality.colors,
      'calls, colored': colored.quality.calls,
      'calls, dense': dense.quality.calls,
      'largest difference': largestDifference(colored, dense),
      certified: colored.quality.certified && dense.quality.certified,
    })
    engine.dispose()
  }
  return rows
}

function largestDifference(one: Linearization, other: Linearization): number {
  const gaps = (['A', 'B'] as const).flatMap((name) => {
    const second = other[name].to1DArray()
    return one[name].to1DArray().map((value, k) => Math.abs(value - second[k]!))
  })
  return gaps.reduce((largest, gap) => Math.max(largest, gap), 0)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await run())
