/** The engine of a scene, by name. */
import { InputError } from '../scene/inputError.ts'
import type { Scene } from '../scene/scene.ts'
import type { Engine } from './engine.ts'

export interface EngineChoice {
  /** Default 'cannon'. */
  readonly engine?: string
  /** Overrides the scene's own `engines.<name>.coordinates`; cannon only. */
  readonly coordinates?: 'reduced' | 'maximal'
}

type Loader = (scene: Scene, choice: EngineChoice) => Promise<Engine>

/** Every engine by name; each adapter is loaded when it is first asked for. */
const LOADERS: Readonly<Record<string, Loader>> = {
  cannon: async (scene, { coordinates }) =>
    (await import('./cannon/cannonEngine.ts')).cannonEngine(scene, coordinates ? { coordinates } : {}),
  reference: async (scene) => (await import('./reference/referenceFromScene.ts')).referenceFromScene(scene),
}

/** Names that `createEngine` knows. */
export const ENGINE_NAMES: readonly string[] = Object.keys(LOADERS)

/** Builds the engine of a scene. Throws InputError on an unknown engine name or coordinates that the engine has not. */
export async function createEngine(scene: Scene, choice: EngineChoice = {}): Promise<Engine> {
  const { engine = 'cannon', coordinates } = choice
  const load = Object.hasOwn(LOADERS, engine) ? LOADERS[engine] : undefined
  if (!load)
    throw new InputError({ path: 'engine', expected: `one of ${ENGINE_NAMES.join(', ')}`, found: `'${engine}'` })
  if (coordinates !== undefined && coordinates !== 'reduced' && coordinates !== 'maximal')
    throw new InputError({ path: 'coordinates', expected: 'reduced or maximal', found: `'${String(coordinates)}'` })
  if (coordinates === 'maximal' && engine !== 'cannon')
    throw new InputError({ path: 'coordinates', expected: `reduced for the engine '${engine}'`, found: 'maximal' })
  return load(scene, choice)
}
