/** How many steps of a simulator does it take to train a network that balances a robot? Sensed gradients, and values of the cost alone. */
import { fileURLToPath } from 'node:url'
import {
  attractionRate,
  createEngine,
  type Engine,
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
  readonly balanced: number
  readonly 'of starts': number
}

interface Robot {
  readonly name: string
  readonly hidden: readonly number[]
  readonly box: Readonly<Record<string, number>> // half-widths of the starts
  readonly Q: readonly number[] // per second
  readonly terminal: readonly number[]
  readonly horizons: readonly number[] // s, one after the other
  readonly rate: number
}

const ROBOTS: readonly Robot[] = [
  {
    name: 'cartpole',
    hidden: [16, 16],
    box: { 'slide.position': 0.5, 'pole.angle': 0.3, 'slide.velocity': 0.5, 'pole.velocity': 0.5 },
    Q: [1, 10, 0.1, 0.1],
    terminal: [10, 100, 10, 10],
    horizons: [0.4, 0.8, 1.6],
    rate: 0.05,
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
    terminal: [10, 100, 100, 10, 10, 10],
    horizons: [0.3, 0.6, 1.2, 2],
    rate: 0.03,
  },
]

const GRADIENTS: readonly (readonly [string, 'sensed' | PerturbedOptions])[] = [
  ['sensed A and B', 'sensed'],
  ['antithetic, orthogonal', { decoder: 'antithetic', directions: 24 }],
  ['ridge regression', { decoder: 'ridge', directions: 48, reuse: 3 }],
  ['lasso regression', { decoder: 'lasso', directions: 48, reuse: 3 }],
]
const BATCH = 8 // starts of an iteration
const EVERY = 4 // iterations between two looks at how many starts are balanced; their steps are not counted
const ENOUGH = 0.96
const [LOOK, FINAL] = [50, 100] // starts
const [SEED_OF_LOOKS, SEED_OF_FINAL] = [11, 12]

/** `budget`: iterations for each horizon. */
export async function run({
  budget = 60,
  robots = ROBOTS.map(({ name }) => name),
  gradients = GRADIENTS.map(([name]) => name),
}: {
  budget?: number
  robots?: readonly string[]
  gradients?: readonly string[]
} = {}): Promise<Row[]> {
  const rows: Row[] = []
  for (const robot of ROBOTS.filter(({ name }) => robots.includes(name))) {
    const engine = await createEngine(await loadScene(robot.name), { engine: 'cannon' })
    const known = robot.name === 'cartpole' ? GRADIENTS : GRADIENTS.slice(0, 1)
    for (const [gradient, how] of known.filter(([name]) => gradients.includes(name)))
      rows.push(await trained(engine, robot, gradient, how, budget))
    engine.dispose()
  }
  return rows
}

async function trained(
  engine: Engine,
  robot: Robot,
  gradient: string,
  how: 'sensed' | PerturbedOptions,
  budget: number,
): Promise<Row> {
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
  const costOver = (horizon: number) =>
    rolloutCost(sensedDynamics(engine), policy, {
      xGoal: engine.home.x,
      uGoal: engine.home.u,
      Q: diagonal(robot.Q),
      R: diagonal(Array.from({ length: nu }, () => 1e-3)),
      terminal: diagonal(robot.terminal),
      horizon: Math.round(horizon / engine.dt),
    })
  const balanced = async (cost: RolloutCost, theta: Float64Array, samples: number, seed: number) => {
    const options = { box: robot.box, duration: 6, within: 0.1, samples, seed }
    return (await attractionRate(engine, policyController(cost, theta), options)).successes
  }

  let theta = policy.initial()
  let [steps, iterations] = [0, 0]
  const used: number[] = []
  for (const horizon of robot.horizons) {
    const cost = costOver(horizon)
    const found = await trainPolicy(cost, {
      gradient: how,
      initial: theta,
      start,
      batch: BATCH,
      iterations: budget,
      rate: robot.rate,
      done: async (now) => {
        iterations++
        return iterations % EVERY === 0 && (await balanced(cost, now, LOOK, SEED_OF_LOOKS)) >= ENOUGH * LOOK
      },
    })
    theta = found.theta
    steps += found.steps
    used.push(horizon)
    if (found.result === 'done' || found.result === 'diverged') break
  }
  return {
    robot: robot.name,
    parameters: policy.parameters,
    gradient,
    'horizons (s)': used.join(', '),
    iterations,
    'steps of the simulator': steps,
    balanced: await balanced(costOver(robot.horizons[0]!), theta, FINAL, SEED_OF_FINAL),
    'of starts': FINAL,
  }
}

function diagonal(values: readonly number[]): number[][] {
  return values.map((value, i) => values.map((_, j) => (i === j ? value : 0)))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await run())
