/** The built package in a real browser, as a user's Vite bundles it: the same numbers as in Node. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchChromium } from './chromium.ts'
import { apart, JOBS, sceneJob } from './jobs.ts'
import { experiment, type Outcome } from './page/experiment.ts'
import { type FolderServer, serveFolder } from './serveFolder.ts'
import { buildUserPage } from './userPage.ts'

const CORE_LIMIT = 170_000 // bytes gzipped of what a cannon-es page loads; the viewer may have 300 kB with three.js

describe('jacsense in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jacsense-browser-'))
  const warnings: string[] = []
  const complaints: string[] = [] // of the page's console
  let browser: Browser
  let server: FolderServer
  let page: Page

  beforeAll(async () => {
    warnings.push(...(await buildUserPage(folder)))
    server = await serveFolder(join(folder, 'site'))
    browser = await launchChromium()
    page = await browser.newPage()
    page.on('console', (message) => {
      if (['warning', 'error'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(server.url)
    await page.waitForFunction(() => 'inWorker' in window)
  }, 300_000)

  afterAll(async () => {
    await browser?.close()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('bundles without a warning', () => {
    expect(warnings).toEqual([])
  })

  test('what a cannon-es page loads is small, and holds neither WASM engine', async () => {
    const fresh = await browser.newPage()
    const loaded: string[] = []
    fresh.on('response', (response) => void loaded.push(new URL(response.url()).pathname))
    await fresh.goto(server.url)
    await fresh.waitForFunction(() => 'onPage' in window)
    await fresh.evaluate((job) => window.onPage(job), sceneJob('cartpole', 'cannon'))
    const scripts = [...new Set(loaded)].filter((path) => path.endsWith('.js'))
    const bytes = scripts.reduce((sum, path) => sum + gzipSync(readFileSync(join(folder, 'site', path))).length, 0)
    expect(bytes).toBeLessThan(CORE_LIMIT)
    expect(loaded.filter((path) => path.endsWith('.wasm'))).toEqual([])
    expect(scripts.join()).not.toMatch(/rapier|mujoco-\w+\.wasm/)
    await fresh.close()
  })

  test.each(JOBS)('%s: A, B, gain and closed loop are those of Node', async (_what, job) => {
    const here: Outcome = await experiment(job)
    expect(here.certified).toBe(true)
    for (const there of [
      await page.evaluate((given) => window.onPage(given), job),
      await page.evaluate((given) => window.inWorker(given), job),
    ]) {
      expect(there.states).toEqual(here.states)
      expect(there.certified).toBe(true)
      expect(there.calls).toBe(here.calls)
      expect(apart(there.A.flat(), here.A.flat())).toBeLessThanOrEqual(1e-12)
      expect(apart(there.B.flat(), here.B.flat())).toBeLessThanOrEqual(1e-12)
      expect(there.K === null).toBe(here.K === null)
      if (here.K) expect(apart(there.K!.flat(), here.K.flat())).toBeLessThanOrEqual(1e-9)
      expect(apart(there.final, here.final)).toBeLessThanOrEqual(1e-9)
    }
  })

  test('what needs Node says so, and what to take in its place', async () => {
    const text = await page.evaluate(() => window.loadByName('cartpole').catch(String))
    expect(text).toBe(
      'Error: loadScene: only in Node; in a browser, parseScene takes the value of a scene.json, parseUrdf the text of a URDF file',
    )
  })

  test('no error or warning in the console', () => {
    expect(complaints).toEqual([])
  })
})
