/** Everything in the settings of a run that takes the engine's names and sizes to see, found before anything is computed. */
import type { Engine, Layout, Point } from '../../engine/engine.ts'
import type { Mjcf } from '../../engine/mujoco/mjcf.ts'
import { InputError } from '../../scene/inputError.ts'
import { listed, suggestion } from '../../scene/nearest.ts'
import type { Scene } from '../../scene/scene.ts'
import type { ByName, EstimatorSettings, PartialRunSettings } from '../../scene/sweep/runSettings.ts'
import { checkControllerSettings } from '../checkControllerSettings.ts'
import type { ControllerSettings } from '../controllerSettings.ts'
import { disturbancesOf } from '../disturbancesOf.ts'
import { estimatorNoise } from '../estimatorNoise.ts'
import { pointFrom } from '../point.ts'
import { type Disturbance, scheduleRun } from '../simulate.ts'
import { type Cost, taskCost } from '../taskCost.ts'

export interface ResolvedRun {
  readonly duration: number // s
  readonly disturbances: readonly Disturbance[]
  readonly latency: number // control periods
  readonly cost: Cost | null // null where there is nothing to weigh
  readonly unreached: 'keep' | 'refuse'
  readonly sigma: Readonly<Record<string, number>> | null // of what the controller sees
  readonly within: Float64Array // [ndx], of success
  readonly last: number // share of the run
  /** Where the run starts, [nx], given the point of operation. */
  start(point: Point): Float64Array
}

const DURATION = 5 // s, where a scene has no task
const WITHIN = 0.1 // m, rad, m/s, rad/s
const LAST = 0.1
const CONTROLLED = ['ilqr', 'mpc']

/** Throws InputError with the path of the setting, 'kicks[0].coordinate'. */
export function resolveRun(settings: PartialRunSettings, scene: Scene | Mjcf, engine: Engine): ResolvedRun {
  const { layout, dt } = engine
  const { controller = {}, latency = 0 } = settings
  const { type = 'lqr' } = controller
  checkEstimator(settings.estimator, type, engine)
  checkControllerSettings(controllerSettings(controller), layout, called)
  if (typeof settings.at === 'object') placed(settings.at, 'at', scene, engine)
  const task = scene.task ?? { Q: 1, R: 1 }
  const { Q = task.Q, R = task.R } = controller
  if (type !== 'none' && layout.nu === 0)
    throw new InputError({
      path: 'controller',
      expected: '{ "type": "none" } for a scene without controls',
      found: `"${type}"`,
    })
  const places = { Q: { path: 'controller.Q' }, R: { path: 'controller.R' } }
  const isWeighed = type !== 'none' || scene.task !== null || controller.Q !== undefined
  const cost = layout.nu > 0 && isWeighed ? taskCost({ Q, R }, layout, places) : null
  const { duration, disturbances } = schedule(settings, scene, engine)
  const within = vector(settings.success?.within ?? WITHIN, layout, 'success.within', Number.POSITIVE_INFINITY)
  const offset = vector(settings.offset ?? {}, layout, 'offset', 0)
  const sigma = sigmaOf(settings.measurementNoise, layout)
  const initial = settings.initial ?? taskInitial(scene)
  const from = initial === undefined ? null : placed(initial, 'initial', scene, engine)
  return {
    duration,
    disturbances,
    latency: Math.round(latency / dt),
    cost,
    unreached: controller.unreached ?? (typeof Q === 'number' ? 'keep' : 'refuse'),
    sigma: sigma ?? (type === 'lqg' ? estimatorNoise(controllerSettings(controller), layout).sigma : null),
    within,
    last: settings.success?.last ?? LAST,
    start(point) {
      const x = (from ?? point.x).slice()
      engine.integrate(x, offset, x)
      return x
    },
  }
}

function taskInitial({ task }: Scene | Mjcf): object | undefined {
  if (task === null) return undefined
  const { positions, velocities } = task.initial
  return Object.keys(positions).length + Object.keys(velocities).length === 0 ? undefined : task.initial
}

/** The state of a value that names joints. */
function placed(value: object, path: string, scene: Scene | Mjcf, engine: Engine): Float64Array {
  try {
    return pointFrom(engine, scene, value).x
  } catch (error) {
    throw error instanceof InputError ? within(path, error) : error
  }
}

function within(path: string, { path: inner, expected, found }: InputError): InputError {
  return new InputError({ path: inner === '' ? path : `${path}.${inner}`, expected, found })
}

function schedule({ duration, kicks = [], pushes = [] }: PartialRunSettings, { task }: Scene | Mjcf, engine: Engine) {
  const seconds = duration ?? (task as { duration: number } | null)?.duration ?? DURATION
  const disturbances = disturbancesOf({ kicks, pushes }, seconds, engine.dt)
  try {
    scheduleRun(engine, { duration: seconds, disturbances })
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const match = /^disturbances\[(\d+)\]\.(\w+)$/.exec(error.path)
    if (match === null) throw error
    const k = Number(match[1])
    const place = k < kicks.length ? `kicks[${k}]` : `pushes[${k - kicks.length}]`
    throw new InputError({ path: `${place}.${match[2]}`, expected: error.expected, found: error.found })
  }
  return { duration: seconds, disturbances }
}

/** One number for all coordinates, or by name. */
function vector(given: ByName, { dx }: Layout, path: string, missing: number): Float64Array {
  if (typeof given === 'number') return new Float64Array(dx.length).fill(given)
  const names = dx.map(({ name }) => name)
  for (const name of Object.keys(given)) known(`${path}.${name}`, name, names)
  return Float64Array.from(names, (name) => (Object.hasOwn(given, name) ? given[name]! : missing))
}

function known(path: string, name: string, names: readonly string[]): void {
  if (!names.includes(name))
    throw new InputError({ path, expected: `one of ${listed(names)}`, found: `"${name}"${suggestion(name, names)}` })
}

function sigmaOf(given: ByName | undefined, layout: Layout): Readonly<Record<string, number>> | null {
  if (given === undefined) return null
  const values = vector(given, layout, 'measurementNoise', 0)
  return Object.fromEntries(layout.dx.map(({ name }, i) => [name, values[i]!]))
}

/** The settings of a controller as designs take them. */
export function controllerSettings({
  type = 'lqr',
  Q: _Q,
  R: _R,
  unreached: _unreached,
  Qz,
  Qf,
  ...rest
}: NonNullable<PartialRunSettings['controller']> = {}): ControllerSettings {
  const all = { controller: type, ...rest, ...(Qz !== undefined && { qz: Qz }), ...(Qf !== undefined && { qf: Qf }) }
  return all as ControllerSettings // what JSON leaves out is not there, rather than undefined
}

/** Where a sweep says an option of a controller. */
function called(option: keyof ControllerSettings): string {
  const own: Partial<Record<keyof ControllerSettings, string>> = { controller: 'type', qz: 'Qz', qf: 'Qf' }
  return `controller.${own[option] ?? option}`
}

function checkEstimator(estimator: EstimatorSettings = {}, type: string, engine: Engine): void {
  const { method = 'auto', noise, robust, smoothing, samples, scheme, refine } = estimator
  const refuse = (key: string, expected: string, found: string): never => {
    throw new InputError({ path: `estimator.${key}`, expected, found })
  }
  if (method === 'native' && !engine.derivatives)
    refuse('method', `another one for the engine ${engine.name}, which has no derivatives of its own`, '"native"')
  const isNoisy = robust === true || (noise !== undefined && noise !== 'none')
  if (isNoisy && method !== 'auto' && method !== 'rainbow')
    refuse('method', `"auto" or "rainbow" with ${robust ? 'robust' : 'noise'}`, `"${method}"`)
  if (CONTROLLED.includes(type) && !['auto', 'dense', 'native'].includes(method))
    refuse('method', `"auto", "dense" or "native" for a controller that plans`, `"${method}"`)
  if (CONTROLLED.includes(type) && noise === 'estimate') refuse('noise', 'a number or "none" here', '"estimate"')
  if (samples !== undefined && smoothing === undefined) refuse('samples', 'smoothing beside it', 'none')
  if (smoothing === undefined) return
  for (const [key, value] of Object.entries({ method: method !== 'auto' || undefined, noise, robust, scheme, refine }))
    if (value !== undefined && value !== false) refuse(key, 'nothing beside smoothing', 'both')
  const { dx, u } = engine.layout
  const kinds = ['positions', 'velocities', 'activations', 'controls']
  if (typeof smoothing !== 'number')
    for (const name of Object.keys(smoothing))
      known(`estimator.smoothing.${name}`, name, [...kinds, ...[...dx, ...u].map((one) => one.name)])
}

/** Whether a point of operation is found by a search. */
export function isSearched(at: PartialRunSettings['at']): at is 'equilibrium' | 'equilibrium:hold' {
  return at === 'equilibrium' || at === 'equilibrium:hold'
}

/** The point of operation that takes no search. */
export function givenPoint(at: PartialRunSettings['at'], scene: Scene | Mjcf, engine: Engine): Point {
  if (typeof at !== 'object') return engine.home
  return pointFrom(engine, scene, at)
}
