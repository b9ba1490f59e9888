/** From how far away does LQR on sensed A and B bring a robot back? Random starts in boxes around the point, and in larger ones. */
import { fileURLToPath } from 'node:url'
import { attractionRate, createEngine, linearize, loadScene, lqr, lqrController, taskCost } from 'jacsense'

export interface Row {
  readonly robot: string
  readonly 'starts within ±': string
  readonly 'times the box': number
  readonly recovered: number
  readonly 'of starts': number
  readonly '95 % interval (%)': string
}

/** Half-widths of the starts by name of the coordinate. */
interface Box {
  readonly robot: string
  readonly halfWidths: Readonly<Record<string, number>> // in the coordinate's unit
}

export const BOXES: readonly Box[] = [
  {
    robot: 'cartpole',
    halfWidths: { 'slide.position': 1.5, 'pole.angle': 0.9, 'slide.velocity': 1.5, 'pole.velocity': 1.5 },
  },
  {
    robot: 'double-cartpole',
    halfWidths: {
      'slide.position': 1,
      'lower.angle': 0.2,
      'upper.angle': 0.2,
      'slide.velocity': 1,
      'lower.velocity': 0.5,
      'upper.velocity': 0.5,
    },
  },
  {
    robot: 'quadrotor',
    halfWidths: {
      ...each(['base.x', 'base.y', 'base.z'], 1.5),
      ...each(['base.rx', 'base.ry', 'base.rz'], 0.75),
      ...each(['base.vx', 'base.vy', 'base.vz'], 1.5),
      ...each(['base.wx', 'base.wy', 'base.wz'], 1.5),
    },
  },
]
const SCALES = [1, 1.2, 1.5, 2] // of the box
const STARTS = 100
const DURATION = 8 // s
const WITHIN = 0.05 // m, rad, m/s and rad/s, over the last tenth of a run that recovered
const SEED = 2 // the boxes were chosen with another one

/** `budget`: scales of the box, from 1 on; `robots`: those to try. */
export async function run({
  budget = SCALES.length,
  robots = BOXES.map(({ robot }) => robot),
}: {
  budget?: number
  robots?: readonly string[]
} = {}): Promise<Row[]> {
  const rows: Row[] = []
  for (const { robot, halfWidths } of BOXES.filter((one) => robots.includes(one.robot))) {
    const scene = await loadScene(robot)
    const engine = await createEngine(scene, { engine: 'cannon' })
    const lin = await linearize(engine)
    const { K, message } = lqr(lin, taskCost(scene.task!, engine.layout))
    if (K === null) throw new Error(`no gain for ${robot}: ${message}`)
    const controller = lqrController(lin, K, engine.difference)
    for (const scale of SCALES.slice(0, budget)) {
      const box = Object.fromEntries(Object.entries(halfWidths).map(([name, width]) => [name, scale * width]))
      const options = { box, duration: DURATION, within: WITHIN, samples: STARTS, seed: SEED }
      const { successes, samples, interval } = await attractionRate(engine, controller, options)
      rows.push({
        robot,
        'starts within ±': described(box, engine.layout.dx),
        'times the box': scale,
        recovered: successes,
        'of starts': samples,
        '95 % interval (%)': interval.map((share) => (100 * share).toFixed(1)).join(' … '),
      })
    }
    engine.dispose()
  }
  return rows
}

function each(names: readonly string[], width: number): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, width]))
}

/** '1.5 m slide.position, 0.9 rad pole.angle'; neighbours of the same width and unit together. */
function described(box: Readonly<Record<string, number>>, coordinates: readonly { name: string; unit: string }[]) {
  const parts: { width: string; names: string[] }[] = []
  for (const { name, unit } of coordinates) {
    const width = `${Number(box[name]!.toPrecision(3))} ${unit}`
    const last = parts.at(-1)
    if (last?.width === width) last.names.push(name)
    else parts.push({ width, names: [name] })
  }
  return parts.map(({ width, names }) => `${width} ${names.join(' ')}`).join(', ')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await run())
