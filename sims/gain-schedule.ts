/**
 * Where does one gain not do, and how many points does a schedule need? An acrobot that bends its elbow while it balances, and a
 * quadrotor that turns on the spot, whose feedback of place (along the axes of the world) goes to other rotors at other headings. One gain
 * follows the same points of operation as a schedule. With a path as argument, what the acrobot does is drawn there as SVG.
 */
import { fileURLToPath } from 'node:url'
import {
  createEngine,
  type Engine,
  findEquilibrium,
  type GainSchedule,
  gainSchedule,
  gainScheduleController,
  type Kick,
  linearize,
  loadScene,
  lqr,
  type Point,
  type SchedulePoint,
  simulate,
  taskCost,
  type Trajectory,
} from 'jacsense'
import { chart, writeChart } from './parts/chart.ts'
import { rounded } from './parts/rounded.ts'

export interface Row {
  readonly robot: string
  readonly gains: string
  readonly 'called solved up to (rad)': number
  readonly 'reached quickly (rad)': number
  readonly 'reached slowly (rad)': number
  readonly 'what is lost first beyond (slowly)': string
}

interface Case {
  readonly robot: string
  readonly place: (engine: Engine, at: number) => Promise<Point>
  readonly farthest: number // rad
  readonly grid: number // angles asked for, up to the farthest
  readonly kick: Omit<Kick, 'time'> // half-way
}

const CASES: readonly Case[] = [
  {
    robot: 'acrobot',
    place: bent,
    farthest: 2,
    grid: 10,
    kick: { coordinate: 'shoulder.velocity', amount: 0.02 },
  },
  {
    robot: 'quadrotor',
    place: turned,
    farthest: Math.PI,
    grid: 8,
    kick: { coordinate: 'base.vx', amount: 1 },
  },
]

const FIXED = { start: 0, middle: 0.5, end: 1 } // share of the way
const POINTS = [2, 3, 5, 9, 17]
const FINE = 17 // points that those of one gain follow
const [QUICK, SLOW] = [12, 60] // s, for all of the way
const SETTLING = 8 // s after it
const SHOWN = 1.2 // rad, in the picture
const LOST = 1 // rad, m, away from where it should be
const WITHIN = 0.05 // rad, m and so on, at the end

interface Gains {
  readonly name: string
  readonly points: number
  readonly of?: number // share of the way at which the one gain is designed
}

const GAINS: readonly Gains[] = [
  ...Object.entries(FIXED).map(([name, of]) => ({ name: `one, of the ${name}`, points: FINE, of })),
  ...POINTS.map((points) => ({ name: `scheduled, ${points} points`, points })),
]

/** `budget`: angles asked for of each robot, if fewer than its grid; 1 is but the first robot. */
export async function run({ budget = 10 }: { budget?: number } = {}): Promise<Row[]> {
  const rows: Row[] = []
  for (const one of budget === 1 ? CASES.slice(0, 1) : CASES) {
    const study = await opened(one)
    for (const gains of GAINS) {
      const reached = { solved: 0, quick: 0, slow: 0 }
      const lost = { solved: '', quick: '', slow: '' }
      const count = Math.min(budget, one.grid)
      for (let k = 1; k <= count; k++) {
        const to = (k * one.farthest) / one.grid
        const schedule = await study.schedule(gains, to)
        if (lost.solved === '') {
          if (schedule.result === 'solved') reached.solved = to
          else lost.solved = schedule.result
        }
        for (const [speed, duration] of [
          ['quick', QUICK],
          ['slow', SLOW],
        ] as const) {
          if (lost[speed] !== '') continue
          lost[speed] = (await study.follow(schedule, to, duration)).lost ?? ''
          if (lost[speed] === '') reached[speed] = to
        }
      }
      rows.push({
        robot: one.robot,
        gains: gains.name,
        'called solved up to (rad)': rounded(reached.solved),
        'reached quickly (rad)': rounded(reached.quick),
        'reached slowly (rad)': rounded(reached.slow),
        'what is lost first beyond (slowly)': lost.slow,
      })
    }
    study.engine.dispose()
  }
  return rows
}

/** The robot, with points of operation designed as they are asked for. */
async function opened({ robot, place, kick }: Case) {
  const scene = await loadScene(robot)
  const engine = await createEngine(scene)
  const { layout } = engine
  const cost = taskCost(scene.task!, layout)
  const designed = new Map<number, Promise<SchedulePoint>>()
  const design = async (at: number): Promise<SchedulePoint> => {
    const lin = await linearize(engine, await place(engine, at))
    const { K, message } = lqr(lin, cost)
    if (K === null) throw new Error(`no gain for ${robot} at ${at}: ${message}`)
    return { at, lin, K }
  }
  const pointAt = (at: number): Promise<SchedulePoint> => {
    const point = designed.get(at) ?? design(at)
    designed.set(at, point)
    return point
  }
  const schedule = async ({ points, of }: Gains, to: number) => {
    const all: SchedulePoint[] = []
    for (let k = 0; k < points; k++) all.push(await pointAt((to * k) / (points - 1)))
    if (of === undefined) return gainSchedule(all, engine)
    const { K } = await pointAt(to * of)
    return gainSchedule(
      all.map((point) => ({ ...point, K })),
      engine,
    )
  }
  /** From 0 to `to` within the duration, smoothly, kicked half-way. */
  const follow = async (gains: GainSchedule, to: number, duration: number) => {
    const asked = (t: number) => {
      const share = Math.min(t / duration, 1)
      return to * share * share * (3 - 2 * share)
    }
    const controller = gainScheduleController(gains, (_, t) => asked(t), layout, engine)
    const [from, { lin }] = [await pointAt(0), await pointAt(to)]
    const run = await simulate(engine, controller, {
      x0: from.lin.xBar,
      xBar: lin.xBar,
      uBar: lin.uBar,
      duration: duration + SETTLING,
      disturbances: [{ ...kick, time: duration / 2 }],
    })
    const isThere = run.result === 'completed' && run.dX.slice(-layout.ndx).every((d) => Math.abs(d) < WITHIN)
    return { run, asked, lost: isThere ? null : lostFirst(engine, run, (t, now) => gains.at(asked(t), now)) }
  }
  return { engine, schedule, follow }
}

/** The first coordinate that is LOST from where it should be then; where none is, the one that is farthest away at the end. */
function lostFirst(
  { difference, layout: { nx, ndx, nu, nv, dx } }: Engine,
  { X, steps, times }: Trajectory,
  pointAt: (t: number, out: { K: Float64Array; xBar: Float64Array; uBar: Float64Array }) => void,
): string {
  const now = { K: new Float64Array(nu * ndx), xBar: new Float64Array(nx), uBar: new Float64Array(nu) }
  const off = new Float64Array(ndx)
  for (let k = 0; k <= steps; k++) {
    pointAt(times[k]!, now)
    difference(X.subarray(k * nx, (k + 1) * nx), now.xBar, off)
    const sizes = off.subarray(0, nv).map(Math.abs)
    const largest = Math.max(...sizes)
    if (largest > LOST || k === steps) return dx[sizes.indexOf(largest)]!.name
  }
  return ''
}

/** Balanced with the elbow bent: the shoulder and the motor are searched for. */
async function bent(engine: Engine, angle: number): Promise<Point> {
  const start = { x: engine.home.x.slice(), u: engine.home.u.slice() }
  start.x.set([-angle / 4, angle])
  const found = await findEquilibrium(engine, start, { free: ['shoulder.angle', 'controls'] })
  if (found.result !== 'solved') throw new Error(found.message)
  return found
}

/** Hovering at home, turned about the vertical. */
async function turned({ home }: Engine, angle: number): Promise<Point> {
  const x = home.x.slice()
  x.set([Math.cos(angle / 2), 0, 0, Math.sin(angle / 2)], 3)
  return { x, u: home.u }
}

/** The acrobot's elbow, asked for an angle that one gain does not hold. */
async function drawn(): Promise<string> {
  const study = await opened(CASES[0]!)
  const colors = ['#b5543a', '#d29a4a', '#1c3f5c']
  const names = ['one, of the start', 'one, of the middle', 'scheduled, 5 points']
  const all: Awaited<ReturnType<typeof study.follow>>[] = []
  for (const name of names) {
    const gains = GAINS.find((one) => one.name === name)!
    all.push(await study.follow(await study.schedule(gains, SHOWN), SHOWN, SLOW))
  }
  study.engine.dispose()
  const [low, high] = [-0.5, 1.5] // rad
  const title = `Elbow of an acrobot that is asked to bend it to ${SHOWN} rad: it falls with one gain, and not with scheduled ones`
  const axes = {
    x: { label: 'time (s)', range: [0, SLOW + SETTLING], ticks: [0, 15, 30, 45, 60] },
    y: { label: 'angle of the elbow (rad)', range: [low, high], ticks: [-0.5, 0, 0.5, 1, 1.5] },
  } as const
  const keys = [{ what: 'asked for', fill: '#bbb' }, ...names.map((what, k) => ({ what, fill: colors[k]! }))]
  return chart({ title, ...axes, keys }, (x, y) => {
    const line = (points: readonly string[], color: string, width: number) =>
      `<polyline points="${points.join(' ')}" fill="none" stroke="${color}" stroke-width="${width}"/>`
    const seconds = Array.from({ length: SLOW + SETTLING + 1 }, (_, t) => `${x(t)},${y(all[0]!.asked(t))}`)
    const lines = all.map(({ run: { X, times, layout } }, r) => {
      const points: string[] = []
      for (let k = 0; k < times.length; k += 10) {
        const angle = X[k * layout.nx + 1]!
        if (!(angle > low && angle < high)) break // it has fallen
        points.push(`${x(times[k]!)},${y(angle)}`)
      }
      return line(points, colors[r]!, 2)
    })
    return [line(seconds, '#bbb', 5), ...lines]
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.table(await run())
  const file = process.argv[2]
  if (file !== undefined) await writeChart(file, await drawn())
}
