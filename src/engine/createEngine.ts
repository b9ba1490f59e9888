/** The engine of a scene or of an MJCF model, by name. */
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import type { Scene } from '../scene/scene.ts'
import { constraintsOf } from './constraintsOf.ts'
import type { Engine } from './engine.ts'
import { isMjcf, type Mjcf } from './mujoco/mjcf.ts'

export interface EngineChoice {
  /** Default 'cannon'; 'mujoco' for MJCF. */
  readonly engine?: string
  /** Overrides the scene's own `engines.<name>.coordinates`; cannon only. */
  readonly coordinates?: 'reduced' | 'maximal'
}

type Loader = (scene: Scene, choice: EngineChoice) => Promise<Engine>

/** Every engine by name; each adapter is loaded when it is first asked for. */
const LOADERS: Readonly<Record<string, Loader>> = {
  cannon: async (scene, { coordinates }) =>
    (await import('./cannon/cannonEngine.ts')).cannonEngine(scene, coordinates ? { coordinates } : {}),
  mujoco: async (scene) => (await import('./mujoco/mujocoEngine.ts')).mujocoEngine(scene),
  rapier: async (scene) => (await import('./rapier/rapierEngine.ts')).rapierEngine(scene),
  reference: async (scene) => (await import('./reference/referenceFromScene.ts')).referenceFromScene(scene),
}

/** Names that `createEngine` knows. */
export const ENGINE_NAMES: readonly string[] = Object.keys(LOADERS)

/**
 * Builds the engine of a scene, or of an MJCF model as `loadMjcf` of jacsense/mujoco returns it (mujoco only). Throws TypeError on
 * what is neither, InputError on an unknown engine name, coordinates that the engine has not, and an engine whose optional package
 * is not installed.
 */
export async function createEngine(scene: Scene | Mjcf, choice: EngineChoice = {}): Promise<Engine> {
  checkScene(scene)
  const { engine = isMjcf(scene) ? 'mujoco' : 'cannon', coordinates } = choice
  const load = Object.hasOwn(LOADERS, engine) ? LOADERS[engine] : undefined
  if (!load) {
    const found = `"${engine}"${suggestion(String(engine), ENGINE_NAMES)}`
    throw new InputError({ path: 'engine', expected: `one of ${listed(ENGINE_NAMES)}`, found })
  }
  if (coordinates !== undefined && coordinates !== 'reduced' && coordinates !== 'maximal')
    throw new InputError({
      path: 'coordinates',
      expected: '"reduced" or "maximal"',
      found: `"${String(coordinates)}"`,
    })
  if (isMjcf(scene)) {
    if (engine !== 'mujoco')
      throw new InputError({
        file: scene.file,
        path: 'engine',
        expected: '"mujoco" for an MJCF model',
        found: `"${engine}"`,
      })
    if (coordinates === 'maximal')
      throw new InputError({ path: 'coordinates', expected: '"reduced" for the engine "mujoco"', found: '"maximal"' })
    return (await import('./mujoco/mujocoEngine.ts')).mujocoEngine(scene)
  }
  const isOwn = coordinates === undefined // what the scene says for cannon counts for every engine that is to run it
  if (engine !== 'cannon' && (coordinates ?? scene.engines.cannon.coordinates) === 'maximal')
    throw new InputError({
      file: isOwn ? scene.file : null,
      path: isOwn ? 'engines.cannon.coordinates' : 'coordinates',
      expected: `"reduced" for the engine "${engine}"`,
      found: '"maximal"',
    })
  const made = await load(scene, choice)
  const constraints = constraintsOf(scene, made.layout, coordinates ?? scene.engines.cannon.coordinates)
  return constraints.length === 0 ? made : Object.assign(made, { constraints })
}

/** Throws TypeError where `scene` is not what `loadScene` and `parseScene` return. */
function checkScene(scene: unknown): void {
  const is = (value: unknown): value is object => typeof value === 'object' && value !== null
  if (isMjcf(scene)) return
  if (is(scene) && 'bodies' in scene && 'joints' in scene && 'engines' in scene && is(scene.engines)) return
  const found =
    typeof scene === 'string'
      ? `the text ${JSON.stringify(scene.slice(0, 60))}: await loadScene(…) first`
      : scene instanceof Promise
        ? 'a Promise: await it first'
        : is(scene)
          ? 'an object that is none: parseScene(…) checks it and fills in what it leaves out'
          : String(scene)
  throw new TypeError(`createEngine: expected a scene as loadScene or parseScene return it, found ${found}`)
}
