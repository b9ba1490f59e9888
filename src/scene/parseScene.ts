/** The content of a scene file, with the URDF files that it includes. */
import { resolveScene } from './resolveScene.ts'
import type { Scene } from './scene.ts'
import { includeRobots } from './urdf/includeRobots.ts'

export interface ParseSceneOptions {
  /** Named in errors. */
  readonly file?: string | null
  /** Texts of the URDF files that the scene includes, by their paths as the scene writes them. `loadScene` reads them itself. */
  readonly files?: ReadonlyMap<string, string>
}

/**
 * Reads a scene from `value`, the content of a scene file (docs/scene-format.md). Bodies come out in tree order, otherwise in the
 * order of the file, those of included robots last. Throws InputError at the first thing that can't be used; never returns half a scene.
 */
export function parseScene(value: unknown, { file = null, files = new Map() }: ParseSceneOptions = {}): Scene {
  return resolveScene(value, file, (input, problem) => includeRobots(input, files, file, problem))
}
