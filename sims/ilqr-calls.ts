/** How many simulator steps does iLQR save by sensing A and B instead of dense differences, and does it find the same? */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import {
  createEngine,
  type Engine,
  ilqr,
  type IlqrResult,
  loadScene,
  parseScene,
  pointFromNames,
  quadraticTracking,
  type Scene,
  sensedDynamics,
  type SensedDynamicsOptions,
  taskCost,
} from 'jacsense'
import { rounded } from './parts/rounded.ts'

export interface Row {
  readonly scene: string
  readonly 'columns of [A B]': number
  readonly iterations: number
  readonly 'for derivatives, sensed': number
  readonly 'for derivatives, dense': number
  readonly ratio: number
  readonly 'ratio with rollouts': number
  readonly 'ratio, interpolated': number
  readonly 'cost over dense one': number
  readonly 'same, interpolated': number
}

interface Case {
  readonly name: string
  readonly scene: () => Promise<Scene>
  readonly start: Readonly<Record<string, readonly number[]>> // by joint
}

const CASES: readonly Case[] = [
  { name: 'two cart-poles', scene: () => twoOf('cartpole'), start: { 'pole-1': [0.8], 'pole-2': [-0.5] } },
  { name: 'two acrobots', scene: () => twoOf('acrobot'), start: { 'shoulder-1': [0.2], 'shoulder-2': [-0.1] } },
  { name: 'pendulum', scene: () => loadScene('pendulum'), start: { swing: [1] } },
  { name: 'cartpole', scene: () => loadScene('cartpole'), start: { pole: [0.8] } },
  { name: 'acrobot', scene: () => loadScene('acrobot'), start: { shoulder: [0.2] } },
  { name: 'double-cartpole', scene: () => loadScene('double-cartpole'), start: { lower: [0.3] } },
  { name: 'quadrotor', scene: () => loadScene('quadrotor'), start: { base: [1, 1, 0.5, 0.8, 0.6, 0, 0] } },
]

const ITERATIONS = 20
const N = 100

/** The same problem three times: sensed, dense, and sensed with interpolation between knots. `budget`: how many scenes. */
export async function run({ budget = CASES.length }: { budget?: number } = {}): Promise<Row[]> {
  const rows: Row[] = []
  for (const { name, scene, start } of CASES.slice(0, budget)) {
    const engine = await createEngine(await scene())
    const { x: x0 } = pointFromNames(engine, { positions: start, velocities: {}, controls: {} })
    const sensed = await solve(engine, x0, {})
    const dense = await solve(engine, x0, { method: 'dense', checks: 0 })
    const sparse = await solve(engine, x0, { interpolate: { spacing: 4 } })
    const all = ({ calls }: IlqrResult) => calls.derivatives + calls.rollouts
    rows.push({
      scene: name,
      'columns of [A B]': engine.layout.ndx + engine.layout.nu,
      iterations: sensed.iterations,
      'for derivatives, sensed': sensed.calls.derivatives,
      'for derivatives, dense': dense.calls.derivatives,
      ratio: rounded(sensed.calls.derivatives / dense.calls.derivatives),
      'ratio with rollouts': rounded(all(sensed) / all(dense)),
      'ratio, interpolated': rounded(sparse.calls.derivatives / sparse.calls.denseDerivatives),
      'cost over dense one': rounded(sensed.cost / dense.cost),
      'same, interpolated': rounded(sparse.cost / dense.cost),
    })
    engine.dispose()
  }
  return rows
}

async function solve(engine: Engine, x0: Float64Array, options: SensedDynamicsOptions): Promise<IlqrResult> {
  const { home, layout } = engine
  const dynamics = sensedDynamics(engine, options)
  const cost = quadraticTracking(dynamics, {
    ...taskCost({ Q: 1, R: 0.1 }, layout),
    Qf: taskCost({ Q: 10, R: 0.1 }, layout).Q,
    xGoal: home.x,
    uGoal: home.u,
    per: 'second',
  })
  const U = Float64Array.from({ length: N * layout.nu }, (_, k) => home.u[k % layout.nu]!)
  return ilqr(dynamics, { x0, cost, N, guess: { U } }, { maxIterations: ITERATIONS, tolerance: 1e-6 })
}

/** A scene with two of the robots of another one; they never touch. */
async function twoOf(name: string): Promise<Scene> {
  const one = JSON.parse(await readFile(new URL(`../scenes/${name}/scene.json`, import.meta.url), 'utf8'))
  type Part = Record<string, unknown> & { readonly name: string }
  const both = (parts: readonly Part[], references: readonly string[]) =>
    [1, 2].flatMap((number) =>
      parts.map((part) => ({
        ...part,
        name: `${part.name}-${number}`,
        ...Object.fromEntries(
          references
            .filter((key) => part[key] !== undefined && part[key] !== 'world')
            .map((key) => [key, `${String(part[key])}-${number}`]),
        ),
      })),
    )
  return parseScene({
    name: `two-${name}`,
    dt: one.dt,
    bodies: both(one.bodies, []),
    joints: both(one.joints, ['parent', 'child']),
    actuators: both(one.actuators, ['joint']),
    contact: { enabled: false },
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await run())
