/** From the arguments of a command to scene, engine, point and linearization. */
import { createEngine } from '../engine/createEngine.ts'
import type { Engine, Point } from '../engine/engine.ts'
import { pointFrom } from '../experiment/point.ts'
import { findEquilibrium } from '../linearization/findEquilibrium.ts'
import type { Linearization } from '../linearization/linearization.ts'
import { linearize } from '../linearization/linearize.ts'
import { certificateSentence } from '../report/certificate.ts'
import { withUnit } from '../report/format.ts'
import { InputError } from '../scene/inputError.ts'
import { loadScene } from '../scene/loadScene.ts'
import { parseJson } from '../scene/parseJson.ts'
import type { Scene } from '../scene/scene.ts'
import { type Io, NumericalFailure } from './io.ts'
import type { LinearizeFlags } from './options.ts'
import { progressLine } from './progress.ts'
import { readText } from './readText.ts'

export interface Setup {
  readonly scene: Scene
  readonly engine: Engine
  readonly point: Point
}

type EngineFlags = Pick<LinearizeFlags, 'engine' | 'coordinates' | 'at'>

/** Loads the scene, builds the engine and finds the point; the caller disposes of the engine. */
export async function setUp(name: string, flags: EngineFlags, io: Io): Promise<Setup> {
  const scene = await loadScene(name, signalOf(io))
  const { coordinates } = flags
  const engine = await createEngine(scene, { engine: flags.engine, ...(coordinates && { coordinates }) })
  try {
    return { scene, engine, point: await pointAt(flags.at, scene, engine, io) }
  } catch (error) {
    engine.dispose()
    throw error
  }
}

async function pointAt(at: string, scene: Scene, engine: Engine, io: Io): Promise<Point> {
  if (at === 'home') return engine.home
  if (at !== 'equilibrium') return readPoint(at, scene, engine)
  const found = await findEquilibrium(engine, engine.home, signalOf(io))
  if (found.result === 'solved') return { x: found.x, u: found.u }
  const unbalanced = found.unbalanced
    .slice(0, 4)
    .map(({ name, unit, value }) => `${name} (${withUnit(value, unit, 3)})`)
  throw new NumericalFailure(
    `no equilibrium found near home (${found.result}): ${unbalanced.length > 0 ? `unbalanced ${unbalanced.join(', ')}` : `residual ${found.residual}`}`,
  )
}

/** The point in a state file. */
export async function readPoint(file: string, scene: Scene, engine: Engine): Promise<Point> {
  return pointFrom(engine, scene, parseJson(await readText(file), file), { file })
}

/** Linearizes at the point with the method, scheme and seed of the command line. */
export async function linearizeAt({ engine, point }: Setup, flags: LinearizeFlags, io: Io): Promise<Linearization> {
  const { method, scheme, seed, refine = false } = flags
  if (method === 'native' && !engine.derivatives)
    throw new InputError({
      path: '--method',
      expected: `auto, dense or colored for the engine ${engine.name}, which has no derivatives of its own`,
      found: 'native',
    })
  const structure = refine && !engine.structure ? { sparsity: 'detect' as const } : { refine }
  const progress = progressLine(io, 'linearizing: call')
  try {
    return await linearize(engine, point, {
      method,
      scheme,
      seed,
      structure,
      ...signalOf(io),
      onProgress: progress.onProgress,
    })
  } finally {
    progress.end()
  }
}

/** Throws when the linearization is not certified: what was printed can't be relied on. */
export function requireCertificate(lin: Linearization): void {
  if (!lin.quality.certified) throw new NumericalFailure(`linearization: ${certificateSentence(lin)}`)
}

/** 'cartpole: cannon engine, 4 states, 1 control, dt = 0.01 s' */
export function titleOf({ scene, engine }: Setup): string {
  const { ndx, nu } = engine.layout
  return `${scene.name}: ${engine.name} engine, ${ndx} states, ${nu} control${nu === 1 ? '' : 's'}, dt = ${engine.dt} s\n`
}

export function signalOf({ signal }: Io): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
