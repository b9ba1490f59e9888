/** Files dropped on the page: a scene with the URDF files it names, or a URDF file. */
import type { SceneTexts } from '../scene/sceneTexts.ts'

export function openDropped(open: (texts: SceneTexts) => Promise<boolean>, fail: (message: string) => void): void {
  window.addEventListener('dragover', (event) => event.preventDefault())
  window.addEventListener('drop', async (event) => {
    event.preventDefault()
    const files = [...(event.dataTransfer?.files ?? [])]
    const urdfs = files.filter(({ name }) => /\.urdf$/i.test(name))
    const scene = files.find(({ name }) => /\.json$/i.test(name))
    if (scene) {
      const texts = await Promise.all(urdfs.map(async (file) => [file.name, await file.text()] as const))
      let source: unknown
      try {
        source = JSON.parse(await scene.text())
      } catch (error) {
        fail(`${scene.name}: expected JSON, found ${error instanceof Error ? error.message : String(error)}`)
        return
      }
      await open({ kind: 'scene', file: scene.name, source, files: Object.fromEntries(texts) })
    } else if (urdfs[0]) await open({ kind: 'urdf', file: urdfs[0].name, source: await urdfs[0].text(), files: {} })
    else if (files[0]) fail(`${files[0].name}: expected a scene (.json) or a URDF file (.urdf)`)
  })
}
