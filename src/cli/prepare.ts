/** From the arguments of a command to scene, engine, point and linearization. */
import { createEngine } from '../engine/createEngine.ts'
import type { Engine, Point } from '../engine/engine.ts'
import type { Mjcf } from '../engine/mujoco/mjcf.ts'
import { openEnginePool } from '../experiment/openEnginePool.ts'
import { pointFrom } from '../experiment/point.ts'
import { BlackboxError } from '../blackbox/blackboxError.ts'
import { findEquilibrium } from '../linearization/findEquilibrium.ts'
import type { Linearization } from '../linearization/linearization.ts'
import { linearize } from '../linearization/linearize.ts'
import { certificateSentence } from '../experiment/certificate.ts'
import { counted, withUnit } from '../experiment/format.ts'
import { defectOf } from '../experiment/rounding.ts'
import { InputError } from '../scene/inputError.ts'
import { loadScene } from '../scene/loadScene.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import { parseJson } from '../scene/parseJson.ts'
import type { Scene } from '../scene/scene.ts'
import { type Io, NumericalFailure } from './io.ts'
import type { LinearizeFlags } from './options.ts'
import { progressLine } from './progress.ts'
import { isThere, readText } from './readText.ts'
import { smoothingOf, tooFewSamples } from './smoothing.ts'

export interface Setup {
  readonly scene: Scene | Mjcf
  readonly engine: Engine
  readonly point: Point
  readonly where: string // how the point was found: 'home', 'equilibrium, 3 iterations from home'
}

/** Steps that an estimate takes: one at the point, one along a direction, and one to check it. */
const FEWEST_CALLS = 3

type EngineFlags = Pick<LinearizeFlags, 'engine' | 'coordinates' | 'at' | 'folder'>

/** Loads the scene, builds the engine and finds the point; the caller disposes of the engine. */
export async function setUp(name: string, flags: EngineFlags, io: Io): Promise<Setup> {
  const scene = await loadSource(name, flags, io)
  const { coordinates } = flags
  const engine = await createEngine(scene, { engine: flags.engine, ...(coordinates && { coordinates }) })
  try {
    return { scene, engine, ...(await pointAt(flags.at, scene, engine, io)) }
  } catch (error) {
    engine.dispose()
    throw error
  }
}

/** A scene, or an MJCF model for MuJoCo. */
async function loadSource(name: string, { engine, folder }: EngineFlags, io: Io): Promise<Scene | Mjcf> {
  if (engine !== 'mujoco' || !/\.(xml|mjcf)$/i.test(name))
    return loadScene(name, { ...signalOf(io), ...(folder !== undefined && { folder }) })
  return (await import('../engine/mujoco/loadMjcf.ts')).loadMjcf(name, signalOf(io))
}

async function pointAt(
  at: string,
  scene: Scene | Mjcf,
  engine: Engine,
  io: Io,
): Promise<{ readonly point: Point; readonly where: string }> {
  if (at === 'home') return { point: engine.home, where: at }
  const search = /^equilibrium(:hold)?(?::(.+))?$/.exec(at)
  if (search === null) return { point: await readPoint(at, scene, engine), where: at }
  const [, hold, file] = search
  const start = file === undefined ? engine.home : await readPoint(file, scene, engine)
  const from = file ?? 'home'
  const found = await findEquilibrium(engine, start, {
    ...(hold && { free: ['controls', 'activations'] }),
    ...signalOf(io),
  })
  if (found.result === 'solved') {
    const kept = hold ? 'equilibrium with positions held' : 'equilibrium'
    const where =
      found.iterations === 0
        ? `${kept}: ${from} is one`
        : `${kept}, ${counted(found.iterations, 'iteration')} from ${from}`
    return { point: { x: found.x, u: found.u }, where }
  }
  const unbalanced = found.unbalanced
    .slice(0, 4)
    .map(({ name, unit, value }) => `${name} (${withUnit(value, unit, 3)})`)
  const what = hold ? `no controls hold the positions of ${from}` : `no equilibrium found near ${from}`
  const rest = unbalanced.length > 0 ? `unbalanced ${unbalanced.join(', ')}` : found.message
  const remedy = hold && found.result === 'least-squares' ? '; --at equilibrium lets positions move' : ''
  throw new NumericalFailure(`${what} (${found.result}): ${rest}${remedy}`)
}

/** The point in a state file, or of a keyframe 'key:name'. */
export async function readPoint(file: string, scene: Scene | Mjcf, engine: Engine, option = '--at'): Promise<Point> {
  if (file.startsWith('key:')) return keyframeOf(engine, file.slice(4), option)
  const words = option === '--at' ? ['home', 'equilibrium', 'equilibrium:hold'] : []
  // A word, not a path: more likely one of those misspelt than a file.
  if (!/[./\\]/.test(file) && !(await isThere(file)))
    throw new InputError({
      path: option,
      expected: [...words.map((word) => `"${word}"`), 'a state file'].join(', ').replace(/, (?=a state file$)/, ' or '),
      found: `"${file}"${suggestion(file, words)}`,
    })
  return pointFrom(engine, scene, parseJson(await readText(file), file), { file })
}

function keyframeOf({ name: engineName, keyframes }: Engine, name: string, option: string): Point {
  const point = keyframes?.get(name)
  if (point !== undefined) return { x: point.x.slice(), u: point.u.slice() }
  const names = [...(keyframes?.keys() ?? [])]
  const expected =
    names.length > 0 ? `a keyframe of the model: ${listed(names)}` : `a point other than a keyframe: there are none`
  const hint = keyframes === undefined && engineName !== 'mujoco' ? ' (MJCF models in MuJoCo may have them)' : ''
  throw new InputError({
    path: option,
    expected: `${expected}${hint}`,
    found: `"key:${name}"${suggestion(name, names)}`,
  })
}

/** Linearizes at the point with the method, scheme and seed of the command line. */
export async function linearizeAt(
  { scene, engine, point }: Setup,
  flags: LinearizeFlags,
  io: Io,
): Promise<Linearization> {
  const { method, scheme, seed, refine = false, workers, coordinates, noise, robust, tolerance, maxCalls } = flags
  if (method === 'native' && !engine.derivatives)
    throw new InputError({
      path: '--method',
      expected: `auto, dense, colored or compressed for the engine ${engine.name}, which has no derivatives of its own`,
      found: 'native',
    })
  const isNoisy = robust === true || (noise !== undefined && noise !== 'none')
  if (isNoisy && method !== 'auto' && method !== 'rainbow')
    throw new InputError({
      path: '--method',
      expected: `auto or rainbow with ${robust === true ? '--robust' : '--noise'}`,
      found: method,
    })
  const smoothing = smoothingOf(flags, engine.layout)
  const structure = refine && !engine.structure ? { sparsity: 'detect' as const } : { refine }
  const pool =
    workers > 1
      ? await openEnginePool(scene, { engine: flags.engine, ...(coordinates && { coordinates }), workers })
      : undefined
  const progress = progressLine(io, 'linearizing: call')
  try {
    return await linearize(engine, point, {
      method,
      scheme,
      seed,
      structure,
      smoothing,
      pool,
      noise,
      robust,
      tolerance,
      maxCalls,
      ...signalOf(io),
      onProgress: progress.onProgress,
    })
  } catch (error) {
    throw error instanceof BlackboxError ? notANumber(error, scene, engine) : tooFewCalls(tooFewSamples(error), flags)
  } finally {
    progress.end()
    await pool?.close()
  }
}

/** The error of too few calls as one of input. */
function tooFewCalls(error: unknown, { method, robust, maxCalls = 0 }: LinearizeFlags): unknown {
  const least =
    error instanceof RangeError && /(?:needs|takes) (\d+) evaluations, maxCalls leaves (\d+)/.exec(error.message)
  if (!least) return error
  const needed = Number(least[1]) + maxCalls - Number(least[2]) // with what was spent before
  const isEstimate = robust !== true && method === 'auto' // which few steps do for
  const expected = isEstimate
    ? `at least ${FEWEST_CALLS} steps`
    : `at least ${needed} steps${robust === true ? '' : `, or --method auto, which makes do with ${FEWEST_CALLS}`}`
  return new InputError({ path: '--max-calls', expected, found: `${maxCalls}` })
}

/** 'my-robot.json: the cannon engine gives NaN for pole.velocity, one step from the point' */
export function notANumber({ value, output, outputName, purpose }: BlackboxError, scene: Scene | Mjcf, engine: Engine) {
  const coordinate = outputName ?? engine.layout.dx[output]?.name ?? `entry ${output}`
  const place = purpose.includes('(xBar, uBar)') ? 'one step from the point' : 'one step from a point near by'
  return new NumericalFailure(
    `${scene.file ?? scene.name}: the ${engine.name} engine gives ${value} for ${coordinate}, ${place}`,
  )
}

/** Throws when the linearization is not certified: what was printed can't be relied on. */
export function requireCertificate(lin: Linearization): void {
  if (!lin.quality.certified) throw new NumericalFailure(`linearization: ${certificateSentence(lin)}`)
}

/** 'cartpole: cannon engine, 4 states, 1 control, dt = 0.01 s' */
export function titleOf({ scene, engine }: Setup): string {
  const { ndx, nu } = engine.layout
  return `${scene.name}: ${engine.name} engine, ${counted(ndx, 'state')}, ${counted(nu, 'control')}, dt = ${engine.dt} s\n`
}

/** 'c     0 (an equilibrium)', or where the point moves to in one step, and what that means for a loop. */
export function defectText(lin: Linearization, isLoop = false): string {
  const defect = defectOf(lin).map(({ name, unit, value }) => `${name} ${withUnit(value, unit)}`)
  if (defect.length === 0) return 'c     0 (an equilibrium)\n'
  const more = defect.length > 8 ? ` and ${defect.length - 8} more` : ''
  if (lin.quality.smoothing) return `c     ${defect.slice(0, 8).join(', ')}${more}: mean over the cloud\n`
  const elsewhere = isLoop ? ', the loop settles elsewhere' : ''
  return `c     ${defect.slice(0, 8).join(', ')}${more}: not an equilibrium${elsewhere} (try --at equilibrium)\n`
}

export function signalOf({ signal }: Io): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
