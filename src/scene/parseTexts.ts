/** The scene of texts that travel, as to a page's worker. What reads URDF, and XML, is loaded for those that need it. */
import { resolveScene } from './resolveScene.ts'
import type { Scene } from './scene.ts'
import type { SceneTexts } from './sceneTexts.ts'

/** Throws as parseScene and parseUrdf. */
export async function parseTexts({ kind, file, source, files }: SceneTexts): Promise<Scene> {
  if (kind === 'urdf') return (await import('./parseUrdf.ts')).parseUrdf(String(source), { file })
  const includes = typeof source === 'object' && source !== null && 'robots' in source
  if (!includes) return resolveScene(source, file, () => [])
  return (await import('./parseScene.ts')).parseScene(source, { file, files: new Map(Object.entries(files)) })
}
