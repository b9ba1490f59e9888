/**
 * How many steps of a simulator does it take to train a network that balances a robot? Sensed gradients, and values of the cost alone.
 * Runs are short: behind their end stands what LQR expects from there on, by one linearization at home.
 */
import { fileURLToPath } from 'node:url'
import {
  attractionRate,
  createEngine,
  dare,
  type Engine,
  linearize,
  loadScene,
  mlpPolicy,
  type PerturbedOptions,
  policyController,
  type RolloutCost,
  rolloutCost,
  sensedDynamics,
  trainPolicy,
} from 'jacsense'

export interface Row {
  readonly robot: string
  readonly parameters: number
  readonly gradient: string
  readonly 'horizons (s)': string
  readonly iterations: number
  readonly 'steps of the simulator': number
  readonly balanced: string // of each hundred of starts that training never saw
}

interface Robot {
  readonly name: string
  readonly hidden: readonly number[]
  readonly box: Readonly<Record<string, number>> // half-widths of the starts
  readonly Q: readonly number[] // per second
  readonly horizons: readonly number[] // s, one after the other
}

const ROBOTS: readonly Robot[] = [
  {
    name: 'cartpole',
    hidden: [16, 16],
    box: { 'slide.position': 0.5, 'pole.angle': 0.3, 'slide.velocity': 0.5, 'pole.velocity': 0.5 },
    Q: [1, 10, 0.1, 0.1],
    horizons: [0.1, 0.2, 0.4],
  },
  {
    name: 'double-cartpole',
    hidden: [16, 16],
    box: {
      'slide.position': 0.2,
      'lower.angle': 0.05,
      'upper.angle': 0.05,
      'slide.velocity': 0.2,
      'lower.velocity': 0.1,
      'upper.velocity': 0.1,
    },
    Q: [1, 10, 10, 0.1, 0.1, 0.1],
    horizons: [0.1, 0.2, 0.4],
  },
]

interface Gradient {
  readonly name: string
  readonly how: 'sensed' | PerturbedOptions
  readonly rate: Readonly<Record<string, number>> // of Adam, by robot
}

const SENSED: Gradient = { name: 'sensed A and B', how: 'sensed', rate: { cartpole: 0.2, 'double-cartpole': 0.05 } }
/** Each with what took the fewest steps of a grid: docs/policies.md. */
const GRADIENTS: readonly Gradient[] = [
  SENSED,
  {
    name: 'antithetic, orthogonal',
    how: { decoder: 'antithetic', directions: 8, sigma: 0.05 },
    rate: { cartpole: 0.2 },
  },
  { name: 'ridge regression', how: { decoder: 'ridge', directions: 24, sigma: 0.005 }, rate: { cartpole: 0.1 } },
  { name: 'lasso regression', how: { decoder: 'lasso', directions: 48, sigma: 0.005 }, rate: { cartpole: 0.1 } },
]
const BATCH = 8 // starts of an iteration
const R = 1e-3 // of each control, per second
const EVERY = 4 // iterations between two looks at whether all starts are balanced; their steps are not counted
const [LOOK, SEED_OF_LOOKS] = [50, 11] // starts
const [FINAL, SEEDS_OF_FINAL] = [100, [12, 13, 14]]

/** `budget`: iterations for each horizon. */
export async function run({
  budget = 60,
  robots = ROBOTS.map(({ name }) => name),
  gradients = GRADIENTS.map(({ name }) => name),
  seed = 1,
}: {
  budget?: number
  robots?: readonly string[]
  gradients?: readonly string[]
  seed?: number // of the first parameters, of starts and of directions
} = {}): Promise<Row[]> {
  const rows: Row[] = []
  for (const robot of ROBOTS.filter(({ name }) => robots.includes(name))) {
    const engine = await createEngine(await loadScene(robot.name), { engine: 'cannon' })
    const known = robot.name === 'cartpole' ? GRADIENTS : [SENSED]
    for (const gradient of known.filter(({ name }) => gradients.includes(name)))
      rows.push(await trained(engine, robot, gradient, budget, seed))
    engine.dispose()
  }
  return rows
}

async function trained(engine: Engine, robot: Robot, gradient: Gradient, budget: number, seed: number): Promise<Row> {
  const { ndx, nu, nx, dx } = engine.layout
  const policy = mlpPolicy(ndx, nu, robot.hidden)
  const widths = dx.map(({ name }) => robot.box[name] ?? 0)
  const start = (uniform: () => number) => {
    const x = new Float64Array(nx)
    engine.integrate(
      engine.home.x,
      Float64Array.from(widths, (width) => width * (2 * uniform() - 1)),
      x,
    )
    return x
  }
  const ofControls = Array.from({ length: nu }, () => R)
  const { A, B, quality } = await linearize(engine)
  const scaled = (values: readonly number[]) => diagonal(values.map((value) => value * engine.dt))
  const { P: terminal, message } = dare(A, B, scaled(robot.Q), scaled(ofControls))
  if (terminal === null) throw new Error(`${robot.name}: ${message}`)
  const costOver = (horizon: number) =>
    rolloutCost(sensedDynamics(engine), policy, {
      xGoal: engine.home.x,
      uGoal: engine.home.u,
      Q: diagonal(robot.Q),
      R: diagonal(ofControls),
      terminal,
      horizon: Math.round(horizon / engine.dt),
    })
  const balanced = async (cost: RolloutCost, theta: Float64Array, samples: number, seed: number) => {
    const options = { box: robot.box, duration: 6, within: 0.1, samples, seed }
    return (await attractionRate(engine, policyController(cost, theta), options)).successes
  }

  let theta = policy.initial(seed)
  let [steps, iterations] = [quality.calls, 0]
  const used: number[] = []
  for (const [phase, horizon] of robot.horizons.entries()) {
    const cost = costOver(horizon)
    const found = await trainPolicy(cost, {
      gradient: gradient.how,
      initial: theta,
      start,
      batch: BATCH,
      iterations: budget,
      rate: gradient.rate[robot.name]!,
      seed: 100 * seed + phase,
      done: async (now) => {
        iterations++
        return iterations % EVERY === 0 && (await balanced(cost, now, LOOK, SEED_OF_LOOKS)) === LOOK
      },
    })
    theta = found.theta
    steps += found.steps
    used.push(horizon)
    if (found.result === 'done' || found.result === 'diverged') break
  }
  const hundreds: number[] = []
  const final = Math.min(FINAL, 5 * budget) // fewer where a tiny budget shows nothing
  for (const one of SEEDS_OF_FINAL) hundreds.push(await balanced(costOver(robot.horizons[0]!), theta, final, one))
  return {
    robot: robot.name,
    parameters: policy.parameters,
    gradient: gradient.name,
    'horizons (s)': used.join(', '),
    iterations,
    'steps of the simulator': steps,
    balanced: hundreds.join(', '),
  }
}

function diagonal(values: readonly number[]): number[][] {
  return values.map((value, i) => values.map((_, j) => (i === j ? value : 0)))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await run())
