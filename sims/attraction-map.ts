/**
 * From which angles and rates of the pole does LQR recover the cart-pole, and how much of that does a Lyapunov function tell? Runs from
 * a grid of starts with the cart at rest in the middle, against the level set of `regionOfAttraction`. With a path as argument, drawn there as SVG.
 */
import { fileURLToPath } from 'node:url'
import {
  createEngine,
  linearize,
  loadScene,
  lqr,
  lqrController,
  regionOfAttraction,
  simulate,
  taskCost,
} from 'jacsense'
import { chart, writeChart } from './parts/chart.ts'

export interface Row {
  readonly starts: string
  readonly 'of the grid': number
  readonly recovered: number
  readonly 'share of those that recovered (%)': number
}

/** What the picture shows. */
interface AttractionMap {
  readonly angles: readonly number[] // rad
  readonly rates: readonly number[] // rad/s
  readonly recovered: readonly boolean[] // [rates × angles] row-major
  readonly value: (angle: number, rate: number) => number // V, units of cost
  readonly level: number // ρ, the same
}

const ANGLE = 1.6 // rad, half-width of the grid
const RATE = 8 // rad/s
const CELLS = 41 // a side
const DURATION = 8 // s
const WITHIN = 0.05 // rad and m at the end of a run that recovered
const [RECOVERED, LOST, EDGE] = ['#8fbcdb', '#f0d5c6', '#1c3f5c'] // colors

/** `budget`: cells a side of the grid (41). */
export async function run({ budget = CELLS }: { budget?: number } = {}): Promise<Row[]> {
  return table(await attractionMap(budget))
}

async function attractionMap(cells: number): Promise<AttractionMap> {
  const scene = await loadScene('cartpole')
  const engine = await createEngine(scene, { engine: 'cannon' })
  const lin = await linearize(engine)
  const { K, P, message } = lqr(lin, taskCost(scene.task!, engine.layout))
  if (K === null || P === null) throw new Error(`no gain for the cart-pole: ${message}`)
  const controller = lqrController(lin, K, engine.difference)
  const { level } = await regionOfAttraction(engine, controller, { P })
  const axis = (half: number) => Array.from({ length: cells }, (_, k) => half * ((2 * k + 1) / cells - 1))
  const [angles, rates] = [axis(ANGLE), axis(RATE)]
  const recovered: boolean[] = []
  for (const rate of rates)
    for (const angle of angles) {
      const x0 = Float64Array.of(0, angle, 0, rate)
      const { result, dX } = await simulate(engine, controller, { x0, duration: DURATION })
      recovered.push(result === 'completed' && dX.slice(-4).every((d) => Math.abs(d) < WITHIN))
    }
  engine.dispose()
  const value = (a: number, w: number) => P.get(1, 1) * a * a + 2 * P.get(1, 3) * a * w + P.get(3, 3) * w * w
  return { angles, rates, recovered, value, level }
}

function table({ angles, rates, recovered, value, level }: AttractionMap): Row[] {
  const inside = rates.flatMap((rate) => angles.map((angle) => value(angle, rate) <= level))
  const of = (starts: string, is: (k: number) => boolean): Row => {
    const held = recovered.filter((one, k) => one && is(k)).length
    const all = recovered.filter(Boolean).length
    return {
      starts,
      'of the grid': recovered.filter((_, k) => is(k)).length,
      recovered: held,
      'share of those that recovered (%)': all === 0 ? 0 : Number(((100 * held) / all).toFixed(1)),
    }
  }
  return [
    of(`within ±${ANGLE} rad, ±${RATE} rad/s`, () => true),
    of(`of those in the level set V ≤ ${level.toPrecision(4)}`, (k) => inside[k]!),
    of('of those outside of it', (k) => !inside[k]!),
  ]
}

function drawn({ angles, rates, recovered, value, level }: AttractionMap): string {
  const title = 'Starts from which LQR recovers the cart-pole, by angle and rate of the pole'
  const axes = {
    x: { label: 'angle of the pole (rad)', range: [-ANGLE, ANGLE], ticks: [-1.5, -1, -0.5, 0, 0.5, 1, 1.5] },
    y: { label: 'rate of the pole (rad/s)', range: [-RATE, RATE], ticks: [-8, -4, 0, 4, 8] },
  } as const
  const keys = [
    { what: 'recovers', fill: RECOVERED },
    { what: 'does not', fill: LOST },
    { what: 'level set of V, where every sampled step lowers V', stroke: EDGE },
  ]
  return chart({ title, ...axes, keys }, (x, y) => {
    const cellWidth = (x(ANGLE) - x(-ANGLE)) / angles.length
    const cellHeight = (y(-RATE) - y(RATE)) / rates.length
    // One rectangle for each run of equal cells in a row.
    const cells = rates.flatMap((rate, r) =>
      angles.flatMap((angle, a) => {
        const is = (k: number) => recovered[r * angles.length + k]
        if (a > 0 && is(a - 1) === is(a)) return []
        let run = 1
        while (a + run < angles.length && is(a + run) === is(a)) run++
        const place = `x="${(x(angle) - cellWidth / 2).toFixed(2)}" y="${(y(rate) - cellHeight / 2).toFixed(2)}"`
        const size = `width="${(run * cellWidth).toFixed(2)}" height="${(cellHeight + 0.2).toFixed(2)}"`
        return [`<rect ${place} ${size} fill="${is(a) ? RECOVERED : LOST}"/>`]
      }),
    )
    const edge = Array.from({ length: 721 }, (_, k) => {
      // Even in the units of the picture, not in rad and rad/s.
      const [c, s] = [ANGLE * Math.cos((k * Math.PI) / 360), RATE * Math.sin((k * Math.PI) / 360)]
      const reach = Math.sqrt(level / value(c, s))
      return `${x(reach * c)},${y(reach * s)}`
    }).join(' ')
    return [...cells, `<polygon points="${edge}" fill="none" stroke="${EDGE}" stroke-width="2"/>`]
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const map = await attractionMap(CELLS)
  console.table(table(map))
  const file = process.argv[2]
  if (file !== undefined) await writeChart(file, drawn(map))
}
