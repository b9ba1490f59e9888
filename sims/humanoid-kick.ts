/**
 * How hard a kick does a humanoid survive that LQR balances on its right foot, at which joint? A and B are sensed in MuJoCo, at the
 * equilibrium that is found from home; the kick changes the speed of one joint at once. With a path as argument, drawn there as SVG.
 */
import { fileURLToPath } from 'node:url'
import {
  createEngine,
  findEquilibrium,
  linearize,
  loadScene,
  lqr,
  lqrController,
  openLoop,
  simulate,
  taskCost,
  type Trajectory,
} from 'jacsense'
import { chart, writeChart } from './parts/chart.ts'
import { rounded } from './parts/rounded.ts'

export interface Row {
  readonly 'joint kicked': string
  readonly direction: string
  readonly 'survived, as all smaller ones (rad/s)': number
  readonly 'smallest fatal kick (rad/s)': number | null // null where none was tried
  readonly 'fallen after (s)': number | null // under that one
  readonly 'without limits of the motors': number | null // the same; null where it stands
}

export const JOINTS = ['abdomen_z', 'abdomen_y', 'abdomen_x', 'right_hip_x', 'left_hip_x', 'left_hip_y']
const KICKS = [0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 16] // rad/s
const DURATION = 8 // s after the kick
const FALLEN = 0.8 // of the pelvis's height

/** `budget`: kicks for each joint and direction, smallest first; 1 is but one joint. The first row is without feedback. */
export async function run({
  budget = KICKS.length,
  joints = budget === 1 ? JOINTS.slice(0, 1) : JOINTS,
}: {
  budget?: number
  joints?: readonly string[]
} = {}): Promise<Row[]> {
  const scene = await loadScene('humanoid')
  const engine = await createEngine(scene, { engine: 'mujoco' })
  const { nx } = engine.layout
  const { x, u, ...found } = await findEquilibrium(engine, engine.home)
  if (found.result !== 'solved') throw new Error(found.message)
  const lin = await linearize(engine, { x, u }, { method: 'dense' })
  // where the foot stands and where it points is nothing that a motor could change
  const { K, message } = lqr(lin, taskCost({ Q: 1, R: 1 }, engine.layout), { unreached: 'keep' })
  if (K === null) throw new Error(`no gain for the humanoid: ${message}`)
  const controller = lqrController(lin, K, engine.difference)

  const options = { x0: x, xBar: x, uBar: u, duration: DURATION }
  /** In s; null where it stands to the end. */
  const fallOf = ({ X, steps, dt, stoppedAt }: Trajectory): number | null => {
    for (let k = 0; k <= steps; k++) if (!(X[k * nx + 2]! > FALLEN * x[2]!)) return rounded(k * dt)
    return stoppedAt?.time ?? null
  }
  const fallUnder = async (joint: string, amount: number, saturate = true): Promise<number | null> => {
    const disturbances = [{ time: 0, coordinate: `${joint}.velocity`, amount }]
    return fallOf(await simulate(engine, controller, { ...options, saturate, disturbances }))
  }

  const rows: Row[] = [
    {
      'joint kicked': 'none, without feedback',
      direction: '',
      'survived, as all smaller ones (rad/s)': 0,
      'smallest fatal kick (rad/s)': null,
      'fallen after (s)': fallOf(await simulate(engine, openLoop(u), options)),
      'without limits of the motors': null,
    },
  ]
  for (const joint of joints)
    for (const [direction, sign] of [
      ['+', 1],
      ['−', -1],
    ] as const) {
      let survived = 0
      let fatal: number | null = null
      let fall: number | null = null
      // one after the other: a smaller kick may make it fall where a larger one does not
      for (const kick of KICKS.slice(0, budget)) {
        fall = await fallUnder(joint, sign * kick)
        if (fall !== null) {
          fatal = kick
          break
        }
        survived = kick
      }
      rows.push({
        'joint kicked': joint,
        direction,
        'survived, as all smaller ones (rad/s)': survived,
        'smallest fatal kick (rad/s)': fatal,
        'fallen after (s)': fall,
        'without limits of the motors': fatal && (await fallUnder(joint, sign * fatal, false)),
      })
    }
  engine.dispose()
  return rows
}

/** Bars of what is survived, up for kicks of positive sign and down for others. */
function drawn(rows: readonly Row[]): string {
  const joints = [...new Set(rows.slice(1).map((row) => row['joint kicked']))]
  const [survived, one] = ['#8fbcdb', '#b5543a']
  const title = 'Largest kicks of single joints that a humanoid on one foot survives under LQR, in both directions'
  const axes = {
    x: { label: 'joint kicked', range: [-0.5, joints.length - 0.5], ticks: joints },
    y: { label: 'speed (rad/s)', range: [-10, 10], ticks: [-8, -4, 0, 4, 8] },
  } as const
  const keys = [
    { what: 'survived', fill: survived },
    { what: '±1 rad/s', stroke: one },
  ]
  return chart({ title, ...axes, keys }, (x, y) => [
    ...rows.slice(1).map((row) => {
      const [at, size] = [joints.indexOf(row['joint kicked']), row['survived, as all smaller ones (rad/s)']]
      const top = y(row.direction === '+' ? size : 0)
      const [width, height] = [x(0.6) - x(0), y(0) - y(size)]
      return `<rect x="${x(at - 0.3)}" y="${top}" width="${width.toFixed(2)}" height="${height.toFixed(2)}" fill="${survived}"/>`
    }),
    ...[1, 0, -1].map((speed) => {
      const ends = `x1="${x(-0.5)}" x2="${x(joints.length - 0.5)}" y1="${y(speed)}" y2="${y(speed)}"`
      return `<line ${ends} stroke="${speed === 0 ? '#888' : one}"/>`
    }),
  ])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rows = await run()
  console.table(rows)
  const file = process.argv[2]
  if (file !== undefined) await writeChart(file, drawn(rows))
}
