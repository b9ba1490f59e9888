/** `jacsense view` and a Chromium that draws by software, for the pictures and the benchmark of the viewer. After `npm run build`. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const COMMAND = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const ARGS = ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader']

/** `page(width, height, hash)` opens the page and waits until its robot moves. Chromium: CHROMIUM_PATH, or Debian's. */
export async function openViewer(scene = 'cartpole') {
  const server = spawn(process.execPath, [COMMAND, 'view', scene, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await new Promise((resolve) => server.stdout.once('data', (text) => resolve(JSON.parse(text).url)))
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ARGS,
  })
  return {
    browser,
    version: browser.version(),
    async page(width, height, hash = '') {
      const page = await browser.newPage({ viewport: { width, height } })
      await page.goto(url + hash)
      await page.waitForFunction(() => (window.jacsense?.().latest?.time ?? 0) > 0.4)
      return page
    },
    async close() {
      await browser.close()
      server.kill()
    },
  }
}
