/**
 * The Monte Carlo robustness of a controller as a sweep: from which starts it recovers, and how much the robot may differ from the model, be late,
 * or be measured badly. A plain value, to be run or to be written to a file and edited.
 */
import type { Engine, Layout } from '../../engine/engine.ts'
import { InputError } from '../../scene/inputError.ts'
import { loadScene } from '../../scene/loadScene.ts'
import type { Scene } from '../../scene/scene.ts'
import type { SceneTexts } from '../../scene/sceneTexts.ts'
import type { ControllerSettings, RunSettings } from '../../scene/sweep/runSettings.ts'
import { SWEEP_FORMAT, SWEEP_VERSION } from '../../scene/sweep/sweepFile.ts'
import { unstableModes } from '../unstableModes.ts'
import { sensedAt } from './designRun.ts'
import type { SweepJob } from './job.ts'
import { runEngines } from './openRun.ts'
import { resolveRun } from './resolveRun.ts'
import { runJob } from './runJob.ts'
import { readScene, sceneKey } from './sceneTexts.ts'

export interface RobustnessOptions {
  readonly engine?: string // default 'cannon'
  readonly controller?: NonNullable<ControllerSettings['type']> // default 'lqr'
  readonly samples?: number // runs for each value of a factor, default 20
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined // runs to find the range of starts
}

const SAMPLES = 20
const CELLS = 21 // a side of the map
const ALL_AT_ONCE = 25 // times `samples`
const FIRST = 1e-3 // of the deviations tried, in the unit of the coordinate
const DOUBLINGS = 14
const BISECTIONS = 5
const BEYOND = 1.5 // times the largest deviation that recovered: the half-width of the map
const TURN = 3.14 // rad: beyond half a turn to either side, orientations come again
const INSIDE = 0.5 // times that one: the half-width of the starts of all other studies
const SHORTEST = 4 // s
const MOST_BODIES = 4 // with a study of their own
const MASSES = { from: 0.25, to: 4, count: 9 }
const LATENCIES = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24] // control periods
const NOISES = [0, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3]
const DAMPINGS = [0, 0.003, 0.01, 0.03, 0.06, 0.1, 0.3, 1] // N·s/m or N·m·s/rad, for each kg of the robot
const FRICTIONS = { from: 0.2, to: 2, count: 10 }

/**
 * `scene` as the command line takes it. Runs the controller a few dozen times to find how far starts may be from the point. Throws InputError on a
 * scene that can't be used, or that the controller recovers from no start.
 */
export async function robustnessSweep(
  scene: string,
  options: RobustnessOptions = {},
): Promise<Record<string, unknown>> {
  const { engine: engineName = 'cannon', controller: type = 'lqr', samples = SAMPLES, signal, onProgress } = options
  const texts = await readScene(scene, { folder: '.', engine: engineName, signal })
  if (texts.kind === 'mjcf')
    throw new InputError({
      path: '--scene',
      expected: 'a scene or URDF file',
      found: `an MJCF model, "${scene}", whose bodies can't be changed`,
    })
  const base = {
    scene,
    engine: engineName,
    controller: { type },
    initial: {}, // the point itself
    duration: Math.max(SHORTEST, (await loadScene(scene)).task?.duration ?? 0),
  }
  const engines = runEngines()
  try {
    const key = await sceneKey(texts)
    const opened = await engines.open(base as RunSettings, key, texts)
    resolveRun(base as RunSettings, opened.scene, opened.engine)
    const pair = await startPair(opened.engine)
    const reach: number[] = []
    for (const [k, { name }] of pair.entries()) {
      const recovers = (amount: number) =>
        recovered({ ...base, offset: { [name]: amount } }, { key, texts, engines, signal })
      reach.push(
        await largest(recovers, (done) =>
          onProgress?.(k * (DOUBLINGS + BISECTIONS) + done, 2 * (DOUBLINGS + BISECTIONS)),
        ),
      )
    }
    if (reach[0] === 0)
      throw new InputError({
        path: '--scene',
        expected: `a loop that recovers from ${FIRST} ${pair[0]!.unit} of ${pair[0]!.name}`,
        found: 'one that does not',
      })
    return written(opened.scene as Scene, opened.engine, { base, pair, reach, samples })
  } finally {
    engines.dispose()
  }
}

/**
 * The position and the rate whose starts the map shows: of what falls first; where nothing falls, of what pushes most when it is off (the tilt of
 * a quadrotor, not its heading); where nothing pushes, of the last one.
 */
async function startPair(engine: Engine): Promise<[Layout['dx'][number], Layout['dx'][number]]> {
  const { dx, nv } = engine.layout
  const positions = dx.slice(0, nv)
  const lin = await sensedAt(engine, engine.home, {}, { seed: 1 })
  const [mode] = unstableModes(lin)
  const strongest = mode?.coordinates
    .map(({ name }) => positions.findIndex((one) => one.name === name))
    .find((i) => i >= 0)
  // A position that falls shows beside its rate, which may be the larger part of the mode.
  const byRate = mode?.coordinates
    .map(({ name }) => dx.slice(nv).findIndex((one) => one.name === name))
    .find((i) => i >= 0)
  const pushes = positions.map((_, j) => Math.hypot(...positions.map((_, i) => lin.A.get(nv + i, j))))
  const most = Math.max(...pushes)
  const pushing = most > 1e-9 ? pushes.findIndex((push) => push > 0.999 * most) : nv - 1
  const index = strongest ?? byRate ?? pushing
  return [dx[index]!, dx[nv + index]!]
}

interface Trial {
  readonly key: string
  readonly texts: SceneTexts
  readonly engines: ReturnType<typeof runEngines>
  readonly signal: AbortSignal | undefined
}

async function recovered(settings: object, { key, texts, engines, signal }: Trial): Promise<boolean> {
  signal?.throwIfAborted()
  const job: SweepJob = {
    index: 0,
    study: null,
    seed: 1,
    parameters: {},
    settings: { ...settings, scene: key } as RunSettings,
    timeLimit: 60,
  }
  return (await runJob(job, texts, engines)).success
}

/** The largest amount from which it recovers, of doubled ones, then bisected; 0 where it does not from the first. */
async function largest(recovers: (amount: number) => Promise<boolean>, told: (done: number) => void): Promise<number> {
  let [good, bad] = [0, Number.POSITIVE_INFINITY]
  for (let k = 0, amount = FIRST; k < DOUBLINGS; k++, amount *= 2) {
    told(k)
    if (!(await recovers(amount))) {
      bad = amount
      break
    }
    good = amount
  }
  for (let k = 0; k < BISECTIONS && good > 0 && Number.isFinite(bad); k++) {
    told(DOUBLINGS + k)
    const middle = (good + bad) / 2
    if (await recovers(middle)) good = middle
    else bad = middle
  }
  return good
}

interface Found {
  readonly base: Record<string, unknown>
  readonly pair: readonly Layout['dx'][number][]
  readonly reach: readonly number[]
  readonly samples: number
}

function written(scene: Scene, { dt }: Engine, { base, pair, reach, samples }: Found): Record<string, unknown> {
  const two = (value: number) => Number(value.toPrecision(2))
  const half = reach.map((one, k) => (one > 0 ? one : reach[1 - k]!)) // a rate it does not recover from at all: as wide as the position
  const start = (factor: number) =>
    pair.map(({ name, unit }, k) => {
      const width = Math.min(two(factor * half[k]!), unit === 'rad' ? factor * TURN : Number.POSITIVE_INFINITY)
      return { set: `offset.${name}`, name, unit, uniform: [-width, width] }
    })
  const starts = { count: samples, axes: start(INSIDE) }
  const names = scene.bodies.map(({ name }) => name)
  const massStudy = (set: string, name: string, of: string) => ({
    name: `mass of ${of}`,
    description: `Mass and inertia of ${of} by a factor that the design does not know, from starts within half of what it recovers from.`,
    grid: [{ set, name, logRange: MASSES }],
    sample: starts,
  })
  const kilograms = scene.bodies.reduce((sum, { mass }) => sum + mass, 0)
  const touches = scene.contact.enabled && scene.environment.some(({ collide }) => collide)
  const factors = [
    { set: 'plant.mass', name: 'factor of all masses', logUniform: [0.5, 2] },
    { set: 'plant.addedDamping', name: 'added damping', unit: 'N·s/m, N·m·s/rad', uniform: [0, two(0.1 * kilograms)] },
    { set: 'latency', name: 'latency', unit: 's', uniform: [0, two(5 * dt)] },
    { set: 'measurementNoise', name: 'measurement noise', logUniform: [1e-4, 1e-2] },
    ...(touches ? [{ set: 'plant.friction', name: 'factor of friction', uniform: [0.5, 1.5] }] : []),
  ]
  return {
    format: SWEEP_FORMAT,
    version: SWEEP_VERSION,
    name: `robustness-${scene.name}`,
    description: `How robust ${String((base.controller as { type: string }).type)} is on the scene ${scene.name}: starts, masses, damping${touches ? ', friction' : ''}, latency and noise.`,
    seed: 1,
    base,
    studies: [
      {
        name: 'region of attraction',
        description: 'From which starts it recovers, the robot being as the design knows it.',
        grid: pair.map(({ name, unit }, k) => {
          const width = Math.min(two(BEYOND * half[k]!), unit === 'rad' ? TURN : Number.POSITIVE_INFINITY)
          return { set: `offset.${name}`, name, unit, range: { from: -width, to: width, count: CELLS } }
        }),
      },
      massStudy('plant.mass', 'factor of all masses', 'all bodies'),
      ...(names.length > 1 && names.length <= MOST_BODIES
        ? names.map((name) => massStudy(`plant.mass.${name}`, `factor of the mass of ${name}`, name))
        : []),
      {
        name: 'damping',
        description: 'Damping of all hinges and sliders that the design does not know.',
        grid: [
          {
            set: 'plant.addedDamping',
            name: 'added damping',
            unit: 'N·s/m, N·m·s/rad',
            values: DAMPINGS.map((one) => two(one * kilograms)),
          },
        ],
        sample: starts,
      },
      ...(touches
        ? [
            {
              name: 'friction',
              description: 'Friction of all contacts by a factor that the design does not know.',
              grid: [{ set: 'plant.friction', name: 'factor of friction', range: FRICTIONS }],
              sample: starts,
            },
          ]
        : []),
      {
        name: 'latency',
        description: 'Controls act late, in whole control periods.',
        grid: [
          {
            set: 'latency',
            name: 'latency',
            unit: 's',
            values: LATENCIES.map((one) => Number((one * dt).toPrecision(6))),
          },
        ],
        sample: starts,
      },
      {
        name: 'measurement noise',
        description: 'Noise on every coordinate that the controller sees, its standard deviation in the unit of each.',
        grid: [{ set: 'measurementNoise', name: 'measurement noise', values: NOISES }],
        sample: starts,
      },
      {
        name: 'all at once',
        description: 'Starts and all factors drawn at random.',
        sample: { count: ALL_AT_ONCE * samples, axes: [...start(INSIDE), ...factors] },
      },
    ],
  }
}
