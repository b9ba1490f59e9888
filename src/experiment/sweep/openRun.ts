/** The engines of a run: the one that the controller is designed with and the one that it controls, kept for the runs that follow. */
import { createEngine } from '../../engine/createEngine.ts'
import type { Engine, Point } from '../../engine/engine.ts'
import { isMjcf, type Mjcf } from '../../engine/mujoco/mjcf.ts'
import { InputError } from '../../scene/inputError.ts'
import type { Scene } from '../../scene/scene.ts'
import type { SceneTexts } from '../../scene/sceneTexts.ts'
import type { Changes, PartialRunSettings } from '../../scene/sweep/runSettings.ts'
import { changeScene } from './changeScene.ts'
import { canonical, sceneOf } from './sceneTexts.ts'

export interface Opened {
  readonly scene: Scene | Mjcf // as the design knows it
  readonly engine: Engine
  readonly plant: Engine // the same engine where nothing differs
  /** Points found by a search, by what was searched for. */
  readonly points: Map<string, Promise<Point>>
}

export interface RunEngines {
  /** Throws InputError, naming settings, on scenes, engines and changes that can't be used. */
  open(settings: PartialRunSettings, key: string, texts: SceneTexts): Promise<Opened>
  dispose(): void
}

const KEPT = 4

/** Keeps the engines of the last few settings: runs of one grid mostly share them. */
export function runEngines(): RunEngines {
  const kept = new Map<string, Opened>()
  return {
    async open(settings, sceneKey, texts) {
      const { engine, coordinates, engineOptions, model, plant } = settings
      const key = canonical([sceneKey, engine, coordinates, engineOptions, model, plant])
      const known = kept.get(key)
      if (known !== undefined) {
        kept.delete(key)
        kept.set(key, known)
        return known
      }
      const opened = await openRun(settings, texts)
      kept.set(key, opened)
      if (kept.size > KEPT) {
        const [oldest, passed] = [...kept][0]!
        kept.delete(oldest)
        disposeOf(passed)
      }
      return opened
    },
    dispose() {
      for (const opened of kept.values()) disposeOf(opened)
      kept.clear()
    },
  }
}

async function openRun(settings: PartialRunSettings, texts: SceneTexts): Promise<Opened> {
  const { coordinates, engineOptions, model, plant } = settings
  const name = settings.engine ?? (texts.kind === 'mjcf' ? 'mujoco' : 'cannon')
  const choice = { engine: name, ...(coordinates && { coordinates }) }
  const base = await sceneOf(texts, name, engineOptions).catch((error: unknown) => {
    if (!(error instanceof InputError) || error.path.startsWith('engineOptions')) throw error
    const file = error.file === texts.file ? '' : `${error.file}: `
    const inner = [file, error.path && `${error.path}: `].join('')
    throw new InputError({ path: 'scene', expected: `${inner}${error.expected}`, found: error.found })
  })
  const scene = changed(base, model, 'model')
  const engine = await createEngine(scene, choice)
  try {
    const plantScene = changed(scene, plant, 'plant')
    const other = plantScene === scene ? engine : await createEngine(plantScene, choice)
    return { scene, engine, plant: other, points: new Map() }
  } catch (error) {
    engine.dispose()
    throw error
  }
}

function changed(scene: Scene | Mjcf, changes: Changes | undefined, path: string): Scene | Mjcf {
  if (changes === undefined) return scene
  if (isMjcf(scene)) throw new InputError({ path, expected: 'no changes of an MJCF model', found: 'some' })
  return changeScene(scene, changes, path)
}

function disposeOf({ engine, plant }: Opened): void {
  if (plant !== engine) plant.dispose()
  engine.dispose()
}
