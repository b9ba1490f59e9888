/** After tsc: bundles the viewer's page into dist/viewer, a static site, with the package's scenes and a picture of each. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { listScenes, loadScene, readSceneTexts } from '../dist/scene/loadScene.js'
import { threeModules } from './threeModules.mjs'
import { thumbnail } from './thumbnail.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const site = join(root, 'dist/viewer')

// 10 and 4 MB that are loaded when they are chosen: `jacsense view` serves them from where the optional packages are installed.
const paths = { '@mujoco/mujoco': '../mujoco/mujoco.js', '@dimforge/rapier3d-compat': '../rapier/rapier.js' }
const withoutEngines = { external: Object.keys(paths), output: { paths } }

// From its modules instead of from its one file: decompositions that are not used stay out. 1 kB less, gzipped.
const matrices = fileURLToPath(new URL('src/index.js', import.meta.resolve('ml-matrix')))

await build({
  root: join(root, 'src/viewer'),
  configFile: false,
  base: './',
  logLevel: 'error',
  plugins: [threeModules()],
  resolve: { alias: { 'ml-matrix': matrices } },
  worker: { format: 'es', rollupOptions: withoutEngines },
  build: {
    outDir: site,
    emptyOutDir: true,
    target: 'es2023',
    chunkSizeWarningLimit: 12_000,
    rollupOptions: withoutEngines,
  },
})

const folder = join(site, 'scenes')
mkdirSync(folder, { recursive: true })
const scenes = []
for (const name of await listScenes()) {
  const scene = await loadScene(name)
  const texts = await readSceneTexts(name)
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ ...texts, file: `${name}/scene.json` }))
  writeFileSync(join(folder, `${name}.svg`), thumbnail(scene))
  scenes.push({ name, description: scene.description })
}
writeFileSync(join(folder, 'index.json'), JSON.stringify({ first: 'cartpole', scenes }))
