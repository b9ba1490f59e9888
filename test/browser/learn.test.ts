/** jacsense/tfjs in a real browser, as a user's Vite bundles it: a network trains through a blackbox as it does in Node. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs'
import { build } from 'vite'
import { afterAll, expect, test } from 'vitest'
import { launchChromium } from './chromium.ts'
import { learn } from './learnPage/learn.ts'
import { serveFolder } from './serveFolder.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'jacsense-learn-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a blackbox layer trains in Chromium as in Node', async () => {
  tf.enableProdMode() // no greeting
  cpSync(new URL('./learnPage', import.meta.url), join(folder, 'page'), { recursive: true })
  mkdirSync(join(folder, 'page/node_modules/@tensorflow'), { recursive: true })
  symlinkSync(ROOT, join(folder, 'page/node_modules/jacsense'))
  symlinkSync(join(ROOT, 'node_modules/@tensorflow/tfjs'), join(folder, 'page/node_modules/@tensorflow/tfjs'))
  await build({
    root: join(folder, 'page'),
    configFile: false,
    logLevel: 'error',
    build: { outDir: join(folder, 'site'), emptyOutDir: true, chunkSizeWarningLimit: 5000 },
  })
  const server = await serveFolder(join(folder, 'site'))
  const browser = await launchChromium()
  try {
    const page = await browser.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(server.url)
    await page.waitForFunction(() => 'learn' in window)
    const there = await page.evaluate(() => window.learn())
    const here = await learn()
    expect(complaints).toEqual([])
    expect(there.calls).toBe(here.calls)
    expect(there.losses.at(-1)).toBeLessThan(0.9 * there.losses[0]!)
    for (const [k, loss] of here.losses.entries()) expect(Math.abs(there.losses[k]! / loss - 1)).toBeLessThan(1e-4)
    for (const [k, weight] of here.weights.entries()) expect(Math.abs(there.weights[k]! - weight)).toBeLessThan(1e-4)
  } finally {
    await browser.close()
    await server.close()
  }
}, 300_000)
