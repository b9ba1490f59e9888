/**
 * Pictures of pages that the command makes: guide-robot.png, the robot of docs/guide.md in the viewer, and cartpole-report.png. Run
 * through `npm run pictures`, which builds first.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { codeBlocks } from './docs/codeBlocks.ts'
import { openViewer } from './openViewer.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'jacsense-pictures-'))

// as it is at the end of the guide, with its task
const [robot, task] = codeBlocks(readFileSync(join(root, 'docs/guide.md'), 'utf8')).filter(
  ({ words }) => words[0] === 'robot.json',
)
const file = join(folder, 'robot.json')
writeFileSync(file, JSON.stringify({ ...JSON.parse(robot.text), ...JSON.parse(`{${task.text}}`) }))
const viewer = await openViewer(file)
try {
  const page = await viewer.page(1280, 640)
  await page.evaluate(() => document.getElementById('scenesToggle').click())
  await page.click('#linearize')
  await page.waitForFunction(() => window.jacsense().sensed !== null)
  await page.waitForTimeout(300)
  await page.screenshot({ path: join(root, 'docs/images/guide-robot.png') })

  execFileSync(process.execPath, [join(root, 'dist/cli/main.js'), 'run', 'cartpole', '--out', folder])
  const report = await viewer.browser.newPage({ viewport: { width: 1280, height: 1245 } })
  await report.goto(pathToFileURL(join(folder, 'report.html')).href)
  await report.screenshot({ path: join(root, 'docs/images/cartpole-report.png') })
} finally {
  await viewer.close()
  rmSync(folder, { recursive: true })
}
