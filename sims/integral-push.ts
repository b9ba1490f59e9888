/**
 * What is left of a constant push that nobody modelled, with and without integral action, and what does it cost? A push from the
 * beginning to the end of a run, and, in other runs without one, the hardest kick that is survived. With a path as argument, the
 * cart's way under a push that ends is drawn there as SVG.
 */
import { fileURLToPath } from 'node:url'
import {
  type Controller,
  createEngine,
  type Engine,
  integralAction,
  integralController,
  linearize,
  loadScene,
  lqr,
  lqrController,
  simulate,
  taskCost,
  type Trajectory,
} from 'jacsense'
import { bisectKick } from './parts/bisectKick.ts'
import { chart, writeChart } from './parts/chart.ts'
import { rounded } from './parts/rounded.ts'

export interface Row {
  readonly robot: string
  readonly 'push (N)': number
  readonly controller: string
  readonly 'offset at the end': number // the largest of the outputs, m or rad
  readonly 'largest on the way': number // the same
  readonly 'within 0.01 from (s)': number | null
  readonly kicked: string // without a push
  readonly 'largest survived kick': number // m/s, rad/s
}

interface Case {
  readonly robot: string
  readonly outputs: readonly string[] // that are held
  readonly control: string // that gives more than it is asked for
  readonly push: number // N, so much more
  readonly kicked: string
}

const CASES: readonly Case[] = [
  { robot: 'cartpole', outputs: ['slide.position'], control: 'motor', push: 2, kicked: 'pole.velocity' },
  { robot: 'double-cartpole', outputs: ['slide.position'], control: 'motor', push: 2, kicked: 'upper.velocity' },
  {
    robot: 'quadrotor',
    outputs: ['base.x', 'base.y', 'base.z', 'base.rz'],
    control: 'front-left',
    push: -0.2, // a tenth of what it hovers on
    kicked: 'base.vx',
  },
]

const WEIGHTS = [1, 10] // of the integrals
const DURATION = 20 // s
const PUSH = { from: 1, to: 12 } // s, in the picture
const SHOWN = 20 // s
const SETTLED = 0.01 // m, rad
const HIGHEST = 20 // m/s, rad/s, fatal for certain
const REST = 1e-9 // what is less is told as 0

/** `budget`: runs for each largest kick. */
export async function run({ budget = 10 }: { budget?: number } = {}): Promise<Row[]> {
  const rows: Row[] = []
  for (const one of CASES) {
    const { engine, designs } = await designed(one)
    for (const [name, controller] of designs) {
      const pushed = await underPush(engine, controller, one)
      const survives = (amount: number) => comesBack(engine, controller, one.kicked, amount)
      const { survived } = await bisectKick(survives, { highest: HIGHEST, runs: budget })
      rows.push({
        robot: one.robot,
        'push (N)': one.push,
        controller: name,
        ...pushed,
        kicked: one.kicked,
        'largest survived kick': rounded(survived),
      })
    }
    engine.dispose()
  }
  return rows
}

async function designed({ robot, outputs }: Case): Promise<{ engine: Engine; designs: [string, Controller][] }> {
  const scene = await loadScene(robot)
  const engine = await createEngine(scene)
  const lin = await linearize(engine)
  const cost = taskCost(scene.task!, engine.layout)
  const { K, message } = lqr(lin, cost)
  if (K === null) throw new Error(`no gain for ${robot}: ${message}`)
  const designs: [string, Controller][] = [['LQR', lqrController(lin, K, engine.difference)]]
  for (const weight of WEIGHTS) {
    const Qz = outputs.map((_, i) => outputs.map((_, j) => (i === j ? weight : 0)))
    const action = integralAction(lin, { ...cost, outputs, Qz })
    designs.push([`with integrals, Qz = ${weight}`, integralController(lin, action, engine.difference)])
  }
  return { engine, designs }
}

async function underPush(engine: Engine, controller: Controller, { outputs, control, push }: Case) {
  const { layout, dt } = engine
  const disturbances = [{ time: 0, duration: DURATION, control, amount: push }]
  const { result, message, dX, steps } = await simulate(engine, controller, { duration: DURATION, disturbances })
  if (result !== 'completed') throw new Error(message)
  const held = outputs.map((name) => layout.dx.findIndex((one) => one.name === name))
  const off = (k: number) => Math.max(...held.map((i) => Math.abs(dX[k * layout.ndx + i]!)))
  let largest = 0
  let lastOutside = -1
  for (let k = 0; k <= steps; k++) {
    largest = Math.max(largest, off(k))
    if (off(k) > SETTLED) lastOutside = k
  }
  return {
    'offset at the end': off(steps) < REST ? 0 : rounded(off(steps)),
    'largest on the way': rounded(largest),
    'within 0.01 from (s)': lastOutside === steps ? null : rounded((lastOutside + 1) * dt),
  }
}

/** Is all within 0.05 (m, rad, m/s, rad/s) again at the end? */
async function comesBack(engine: Engine, controller: Controller, coordinate: string, amount: number): Promise<boolean> {
  const disturbances = [{ time: 0, coordinate, amount }]
  const { result, dX } = await simulate(engine, controller, { duration: DURATION, disturbances })
  return result === 'completed' && dX.slice(-engine.layout.ndx).every((d) => Math.abs(d) < 0.05)
}

/** The cart's way under a push that ends. */
async function drawn(): Promise<string> {
  const [cartpole] = CASES
  const { engine, designs } = await designed(cartpole!)
  const disturbances = [{ time: PUSH.from, duration: PUSH.to - PUSH.from, control: 'motor', amount: cartpole!.push }]
  const colors = ['#b5543a', '#4a6fa5', '#1c3f5c']
  const runs: Trajectory[] = []
  for (const [, controller] of designs) runs.push(await simulate(engine, controller, { duration: SHOWN, disturbances }))
  engine.dispose()
  const keys = designs.map(([name], k) => ({ what: name, fill: colors[k]! }))
  const title =
    'Place of the cart under a push of 2 N from 1 s to 12 s: LQR stays 0.69 m away, with integrals it comes back'
  const axes = {
    x: {
      label: `time (s); ${cartpole!.push} N from ${PUSH.from} s to ${PUSH.to} s`,
      range: [0, SHOWN],
      ticks: [0, 4, 8, 12, 16, 20],
    },
    y: { label: 'place of the cart (m)', range: [-0.8, 0.4], ticks: [-0.8, -0.4, 0, 0.4] },
  } as const
  return chart({ title, ...axes, keys }, (x, y) => [
    `<rect x="${x(PUSH.from)}" y="${y(0.4)}" width="${x(PUSH.to) - x(PUSH.from)}" height="${y(-0.8) - y(0.4)}" fill="#eceae4"/>`,
    ...runs.map(({ times, dX, layout: { ndx } }, r) => {
      const points = Array.from(times, (t, k) => (k % 5 === 0 ? [`${x(t)},${y(dX[k * ndx]!)}`] : [])).flat()
      return `<polyline points="${points.join(' ')}" fill="none" stroke="${colors[r]}" stroke-width="2"/>`
    }),
  ])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.table(await run())
  const file = process.argv[2]
  if (file !== undefined) await writeChart(file, await drawn())
}
