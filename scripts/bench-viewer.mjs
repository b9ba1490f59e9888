/** Frames a second of every scene as it plays, 800×600, drawn by software: `npm run bench:viewer`. Best of three seconds each. */
import { cpus } from 'node:os'
import { listScenes } from '../dist/scene/loadScene.js'
import { versions } from '../dist/cli/versions.js'
import { openViewer } from './openViewer.mjs'

const WINDOWS = 3
const viewer = await openViewer()
try {
  const rows = []
  for (const name of await listScenes()) {
    const page = await viewer.page(800, 600, `#scene=${name}`)
    const rates = []
    for (let k = 0; k < WINDOWS; k++) rates.push(await page.evaluate(framesPerSecond))
    const { calls, triangles, bodies, factor } = await page.evaluate(() => {
      const { drawing, opened, latest } = window.jacsense()
      return { ...drawing(), bodies: opened.figure.bodies.length, factor: latest.realTimeFactor }
    })
    rows.push([name, bodies, Math.max(...rates).toFixed(0), factor.toFixed(2), calls, triangles])
    await page.close()
  }
  console.log('| scene | bodies | frames a second | × real time | draw calls | triangles |\n|---|---|---|---|---|---|')
  for (const row of rows) console.log(`| ${row.join(' | ')} |`)
  const { jacsense, node } = await versions()
  console.log(
    `\njacsense ${jacsense}, node ${node}, Chromium ${viewer.version} with SwiftShader, ${cpus()[0].model.trim()}, ${cpus().length} cores`,
  )
} finally {
  await viewer.close()
}

/** In the page: pictures drawn within a second. */
async function framesPerSecond() {
  const { frames } = window.jacsense()
  const [from, first] = [performance.now(), frames()]
  await new Promise((resolve) => setTimeout(resolve, 1000))
  return (1000 * (frames() - first)) / (performance.now() - from)
}
