/** From the texts of a robot to its scene and an engine that runs it. */
import { cannonEngine } from '../engine/cannon/cannonEngine.ts'
import type { Engine } from '../engine/engine.ts'
import { parseScene } from '../scene/parseScene.ts'
import { parseUrdf } from '../scene/parseUrdf.ts'
import type { Scene } from '../scene/scene.ts'
import type { SceneTexts } from '../scene/sceneTexts.ts'

export interface OpenedBundle {
  readonly scene: Scene
  readonly engine: Engine
}

/** cannon-es, as the page draws joints, in joint coordinates. The caller disposes the engine. Throws what reading a scene throws. */
export function openBundle({ kind, file, source, files }: SceneTexts): OpenedBundle {
  const scene =
    kind === 'urdf'
      ? parseUrdf(String(source), { file })
      : parseScene(source, { file, files: new Map(Object.entries(files)) })
  return { scene, engine: cannonEngine(scene, { coordinates: 'reduced' }) }
}
