/** From the texts of a robot to its scene and an engine that runs it. */
import { reducedCannonEngine } from '../engine/cannon/reducedEngine.ts'
import type { Engine } from '../engine/engine.ts'
import { parseTexts } from '../scene/parseTexts.ts'
import type { Scene } from '../scene/scene.ts'
import type { SceneTexts } from '../scene/sceneTexts.ts'

export interface OpenedBundle {
  readonly scene: Scene
  readonly engine: Engine
}

/** cannon-es, as the page draws joints, in joint coordinates. The caller disposes the engine. Throws what reading a scene throws. */
export async function openBundle(texts: SceneTexts): Promise<OpenedBundle> {
  const scene = await parseTexts(texts)
  return { scene, engine: reducedCannonEngine(scene) }
}
