/** The built package in a real browser, as a user's Vite bundles it: the same numbers as in Node. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { build, createLogger } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchChromium } from './chromium.ts'
import { experiment, type Job, type Outcome } from './page/experiment.ts'
import { type FolderServer, serveFolder } from './serveFolder.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CORE_LIMIT = 170_000 // bytes gzipped of what a cannon-es page loads; the viewer may have 300 kB with three.js

const MJCF = `<mujoco><option timestep="0.01"/><worldbody>
  <body><joint name="slide" type="slide" axis="1 0 0"/><geom type="box" size=".2 .1 .05" mass="1"/>
    <body><joint name="pole" axis="0 1 0"/><geom type="capsule" fromto="0 0 0 0 0 .6" size=".02" mass=".1"/></body>
  </body></worldbody><actuator><motor name="motor" joint="slide"/></actuator></mujoco>`
const URDF = `<robot name="swing"><link name="base"/><link name="rod"><inertial><origin xyz="0 0 -.3"/><mass value=".5"/>
  <inertia ixx=".01" iyy=".01" izz=".001" ixy="0" ixz="0" iyz="0"/></inertial></link>
  <joint name="swing" type="continuous"><parent link="base"/><child link="rod"/><axis xyz="0 1 0"/><dynamics damping=".1"/></joint></robot>`

function sceneJob(name: string, engine: string): Job {
  const folder = join(ROOT, 'scenes', name)
  const urdfs = readdirSync(folder).filter((file) => file.endsWith('.urdf'))
  return {
    kind: 'scene',
    source: JSON.parse(readFileSync(join(folder, 'scene.json'), 'utf8')),
    files: Object.fromEntries(urdfs.map((file) => [file, readFileSync(join(folder, file), 'utf8')])),
    engine,
  }
}

const JOBS: readonly (readonly [what: string, job: Job])[] = [
  ['cartpole in cannon', sceneJob('cartpole', 'cannon')],
  ['quadrotor in cannon', sceneJob('quadrotor', 'cannon')],
  ['chains in cannon', sceneJob('chains', 'cannon')],
  ['minitaur in cannon', sceneJob('minitaur', 'cannon')],
  ['cartpole in mujoco', sceneJob('cartpole', 'mujoco')],
  ['hopper in mujoco', sceneJob('hopper', 'mujoco')],
  ['an MJCF text', { kind: 'mjcf', source: MJCF, engine: 'mujoco' }],
  ['a URDF text', { kind: 'urdf', source: URDF, engine: 'cannon' }],
  ['cartpole in rapier', sceneJob('cartpole', 'rapier')],
]

/** Largest difference of entries, relative to the largest entry. */
function apart(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length)
  const size = b.reduce((max, value) => Math.max(max, Math.abs(value)), 1)
  return a.reduce((max, value, k) => Math.max(max, Math.abs(value - b[k]!)), 0) / size
}

describe('jacsense in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jacsense-browser-'))
  const warnings: string[] = []
  const complaints: string[] = [] // of the page's console
  let browser: Browser
  let server: FolderServer
  let page: Page

  beforeAll(async () => {
    // A user's project: the page's sources, and the package by its name.
    cpSync(new URL('./page', import.meta.url), join(folder, 'page'), { recursive: true })
    mkdirSync(join(folder, 'page/node_modules'))
    symlinkSync(ROOT, join(folder, 'page/node_modules/jacsense'))
    const logger = createLogger('warn')
    // How long plugins took is the machine's matter.
    logger.warn = (message) => {
      if (!message.includes('PLUGIN_TIMINGS')) warnings.push(message)
    }
    await build({
      root: join(folder, 'page'),
      configFile: false,
      customLogger: logger,
      worker: { format: 'es' },
      build: { outDir: join(folder, 'site'), emptyOutDir: true, chunkSizeWarningLimit: 5000 },
    })
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
