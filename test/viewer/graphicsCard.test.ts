/** Chromium without a display draws by software, for which the page leaves shadows out: here it is told of a graphics card. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { launchChromium } from '../browser/chromium.ts'
import { serveFolder } from '../browser/serveFolder.ts'

const SITE = fileURLToPath(new URL('../../dist/viewer', import.meta.url))

test('shadows are drawn, and no shader complains', async () => {
  const server = await serveFolder(SITE)
  const browser = await launchChromium()
  try {
    const page = await browser.newPage({ viewport: { width: 400, height: 300 } })
    const complaints: string[] = []
    page.on('console', (message) => {
      if (['warning', 'error'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.addInitScript(() => {
      const { getParameter } = WebGL2RenderingContext.prototype
      const UNMASKED_RENDERER = 0x9246
      WebGL2RenderingContext.prototype.getParameter = function (name) {
        return name === UNMASKED_RENDERER ? 'a graphics card' : getParameter.call(this, name)
      }
      // Depth textures are made for shadow maps only
      const { texStorage2D } = WebGL2RenderingContext.prototype
      WebGL2RenderingContext.prototype.texStorage2D = function (target, levels, format, width, height) {
        const isDepth = [this.DEPTH_COMPONENT16, this.DEPTH_COMPONENT24, this.DEPTH_COMPONENT32F].includes(
          format as never,
        )
        if (isDepth) document.documentElement.dataset.depth = String(width)
        texStorage2D.call(this, target, levels, format, width, height)
      }
    })
    await page.goto(server.url)
    await page.waitForFunction(
      () => (window.jacsense?.().frames() ?? 0) > 2 && (window.jacsense().latest?.time ?? 0) > 0.05,
    )
    expect(await page.evaluate(() => document.documentElement.dataset.depth)).toBe('2048')
    expect(complaints).toEqual([])
  } finally {
    await browser.close()
    await server.close()
  }
}, 120_000)
