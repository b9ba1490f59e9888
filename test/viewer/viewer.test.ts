/** The viewer's page in a real browser, as `jacsense view` serves it: what a person would see and do. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEngine } from '../../src/engine/createEngine.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { listScenes, loadScene } from '../../src/scene/loadScene.ts'
import type { Designed, Frame, Opened, Sensed } from '../../src/viewer/protocol.ts'
import { launchChromium } from '../browser/chromium.ts'
import { type FolderServer, serveFolder } from '../browser/serveFolder.ts'

declare global {
  interface Window {
    jacsense: () => {
      opened: Opened | null
      latest: Frame | null
      sensed: Sensed | null
      designed: Designed | null
      pixelOf: (body: number) => readonly [number, number]
      frames: () => number
    }
  }
}

const SITE = fileURLToPath(new URL('../../dist/viewer', import.meta.url))
const PAGE_LIMIT = 300_000 // bytes gzipped, of a cannon-es scene with LQR

describe('the viewer in Chromium', () => {
  const complaints: string[] = []
  const loaded = new Set<string>()
  let browser: Browser
  let server: FolderServer
  let page: Page

  beforeAll(async () => {
    server = await serveFolder(SITE)
    browser = await launchChromium()
    page = await browser.newPage({ viewport: { width: 800, height: 600 } })
    page.on('console', (message) => {
      if (['warning', 'error'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('response', (response) => void loaded.add(new URL(response.url()).pathname))
    await page.goto(server.url)
    await playing('cartpole')
  }, 300_000)

  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  /** Waits until the scene plays. */
  const playing = (name: string) =>
    page.waitForFunction((wanted) => {
      const { opened, latest } = window.jacsense()
      return opened?.figure.name === wanted && (latest?.time ?? 0) > 0.05
    }, name)
  const open = async (name: string) => {
    const last = await page.evaluateHandle(() => window.jacsense().opened)
    await page.click(`[data-name="${name}"]`)
    await page.waitForFunction((before) => window.jacsense().opened !== before, last)
    await playing(name)
  }
  const angle = () => page.evaluate(() => window.jacsense().latest!.x[1]!)
  const time = () => page.evaluate(() => window.jacsense().latest!.time)
  const until = (seconds: number) => page.waitForFunction((s) => window.jacsense().latest!.time > s, seconds)

  /** Pulls the pole to the right with Ctrl and the mouse until then, in s. */
  const pull = async (end: number) => {
    const [x, y] = await page.evaluate(() => window.jacsense().pixelOf(1))
    await page.keyboard.down('Control')
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 24, y, { steps: 3 })
    await until(end)
    await page.mouse.up()
    await page.keyboard.up('Control')
  }

  test('loads less than 300 kB for a cannon-es scene, and no WASM', () => {
    const files = [...loaded].filter((path) => /\.(js|css|html|json)$|\/$/.test(path))
    const bytes = files.reduce((sum, path) => {
      const file = path.endsWith('/') ? `${path}index.html` : path
      return sum + gzipSync(readFileSync(`${SITE}${file}`)).length
    }, 0)
    expect(bytes).toBeLessThan(PAGE_LIMIT)
    expect([...loaded].join()).not.toContain('.wasm')
  })

  test('the pole stands with LQR, through pulls by the mouse, and falls without', async () => {
    await open('cartpole')
    await until(5)
    expect(Math.abs(await angle())).toBeLessThan(0.02)
    for (let k = 0; k < 3; k++) {
      const before = await time()
      await pull(before + 0.3)
      const moved = await page.evaluate(() => Math.abs(window.jacsense().latest!.dx[3]!))
      expect(moved).toBeGreaterThan(0.01)
      await until(before + 5)
      expect(Math.abs(await angle())).toBeLessThan(0.1)
    }
    await page.click('#tab-control')
    await page.click('#controller')
    const off = await time()
    await page.evaluate(() => document.querySelector('canvas')!.focus())
    await pull(off + 0.2)
    await page.waitForFunction(() => Math.abs(window.jacsense().latest!.x[1]!) > 0.5)
    expect((await time()) - off).toBeLessThan(3)
    await page.click('#controller')
    await page.click('#tab-linearize')
  }, 90_000)

  test('"Linearize here" gives the A and B of the library, its calls and its certificate', async () => {
    await open('quadrotor')
    await page.click('#play')
    await page.waitForFunction(() => window.jacsense().latest?.playing === false)
    await page.click('#linearize')
    await page.waitForFunction(() => window.jacsense().sensed !== null)
    const { sensed, x, u } = await page.evaluate(() => {
      const { sensed, latest } = window.jacsense()
      return { sensed: sensed!, x: [...latest!.x], u: [...latest!.u] }
    })
    const engine = await createEngine(await loadScene('quadrotor'))
    const lin = await linearize(engine, { x: Float64Array.from(x), u: Float64Array.from(u) })
    engine.dispose()
    const apart = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]) =>
      Math.max(...a.flat().map((value, k) => Math.abs(value - b.flat()[k]!)))
    expect(apart(sensed.lin.A, lin.A.to2DArray())).toBeLessThanOrEqual(1e-12)
    expect(apart(sensed.lin.B, lin.B.to2DArray())).toBeLessThanOrEqual(1e-12)
    expect(sensed.calls).toBe(lin.quality.calls)
    expect(await page.textContent('#calls')).toBe(`${lin.quality.calls} of 33 calls`)
    expect(await page.textContent('#certificate')).toMatch(/^Certified: residual/)
  })

  test('every scene draws, and nothing complains', async () => {
    const empty = await page.evaluate(() => window.jacsense().frames())
    const pictures = new Set<string>()
    for (const name of await listScenes()) {
      await open(name)
      pictures.add((await page.locator('#view').screenshot()).toString('base64'))
      expect(await page.locator('#error').isVisible()).toBe(false)
    }
    expect(pictures.size).toBe((await listScenes()).length)
    expect(await page.evaluate(() => window.jacsense().frames())).toBeGreaterThan(empty)
  }, 120_000)

  test('a broken file shows the error of the library and leaves the running scene alone', async () => {
    await open('pendulum')
    const drop = (name: string, text: string) =>
      page.evaluate(
        ([file, content]) => {
          const data = new DataTransfer()
          data.items.add(new File([content!], file!))
          window.dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true }))
        },
        [name, text],
      )
    await drop('mine.json', '{"name": "mine", "bodies": [{"name": "a", "mass": -1}]}')
    await page.waitForSelector('#error:not([hidden])')
    expect(await page.textContent('#error')).toMatch(/^mine\.json: .*mass/)
    expect(await page.evaluate(() => window.jacsense().opened!.figure.name)).toBe('pendulum')
    const before = await time()
    await until(before + 0.2)
    await drop('robot.step', 'solid')
    await page.waitForFunction(() => document.getElementById('error')!.textContent!.startsWith('robot.step'))
  })

  test('keys play, pause and step', async () => {
    await open('pendulum')
    await page.locator('#view').focus()
    await page.keyboard.press('Space')
    await page.waitForFunction(() => window.jacsense().latest?.playing === false)
    const before = await time()
    await page.keyboard.press('ArrowRight')
    await page.waitForFunction((t) => window.jacsense().latest!.time > t, before)
    const { dt } = await page.evaluate(() => window.jacsense().opened!)
    expect((await time()) - before).toBeCloseTo(dt, 9)
  })

  test('a shared link restores scene, weights and state', async () => {
    await open('cartpole')
    await page.click('#play')
    await page.waitForFunction(() => window.jacsense().latest?.playing === false)
    const x = await page.evaluate(() => [...window.jacsense().latest!.x])
    await page.click('#share')
    const link = page.url()
    expect(link).toContain('#')
    const other = await browser.newPage()
    await other.goto(link)
    await other.waitForFunction(() => window.jacsense?.().latest !== null)
    const first = await other.evaluate(() => ({
      name: window.jacsense().opened!.figure.name,
      dx: [...window.jacsense().latest!.x],
      time: window.jacsense().latest!.time,
    }))
    expect(first.name).toBe('cartpole')
    if (first.time === 0) expect(first.dx).toEqual(x)
    await other.close()
  })

  test('no error or warning in the console', () => {
    expect(complaints).toEqual([])
  })
})
