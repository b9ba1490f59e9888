/** What a person would see and do in the viewer: scenes draw and play, the pole stands and falls, files open or are refused. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLoop } from '../../src/control/openLoop.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import { simulate } from '../../src/experiment/simulate.ts'
import { listScenes, loadScene } from '../../src/scene/loadScene.ts'
import { openViewer, type Viewer } from './openViewer.ts'

const SITE = fileURLToPath(new URL('../../dist/viewer', import.meta.url))
const PAGE_LIMIT = 300_000 // bytes gzipped, of a cannon-es scene with LQR
const DRAW_CALLS = 14
const TRIANGLES = 25_000 // where WebGL runs in software

describe('the viewer in Chromium', () => {
  let viewer: Viewer
  beforeAll(async () => {
    viewer = await openViewer()
  }, 300_000)
  afterAll(() => viewer?.close())

  const angle = () => viewer.page.evaluate(() => window.jacsense().latest!.x[1]!)

  /** Pulls the pole to the right with Ctrl and the mouse until then, in s. */
  const pull = async (end: number) => {
    const { page, until } = viewer
    const [x, y] = await page.evaluate(() => window.jacsense().pixelOf(1))
    await page.keyboard.down('Control')
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 10, y, { steps: 3 })
    await until(end)
    await page.mouse.up()
    await page.keyboard.up('Control')
  }

  test('loads less than 300 kB for a cannon-es scene, and no WASM', () => {
    const files = [...viewer.loaded].filter((path) => /\.(js|css|html|json)$|\/$/.test(path))
    const bytes = files.reduce((sum, path) => {
      const file = path.endsWith('/') ? `${path}index.html` : path
      return sum + gzipSync(readFileSync(`${SITE}${file}`)).length
    }, 0)
    expect(bytes).toBeGreaterThan(PAGE_LIMIT / 2)
    expect(bytes).toBeLessThan(PAGE_LIMIT)
    expect([...viewer.loaded].join()).not.toMatch(/\.wasm|mujoco/)
  })

  test('the pole stands for 20 s with LQR, through three pulls by the mouse, and falls within 3 s without', async () => {
    const { page, open, time, until } = viewer
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
    await page.selectOption('#controller', 'none')
    const off = await time()
    await page.evaluate(() => document.querySelector('canvas')!.focus())
    await pull(off + 0.2)
    await page.waitForFunction(() => Math.abs(window.jacsense().latest!.x[1]!) > 0.5)
    expect((await time()) - off).toBeLessThan(3)
    await page.selectOption('#controller', 'lqr')
    await page.click('#tab-linearize')
  }, 90_000)

  test('every scene draws, each another picture, in few draw calls, and none complains', async () => {
    const { page, open } = viewer
    const before = await page.evaluate(() => window.jacsense().frames())
    const pictures = new Set<string>()
    for (const name of await listScenes()) {
      await open(name)
      pictures.add((await page.locator('#view').screenshot()).toString('base64'))
      expect(await page.locator('#error').isVisible()).toBe(false)
      const { calls, triangles } = await page.evaluate(() => window.jacsense().drawing())
      expect(calls).toBeGreaterThan(1)
      expect(calls).toBeLessThanOrEqual(DRAW_CALLS)
      expect(triangles).toBeLessThan(TRIANGLES)
    }
    expect(pictures.size).toBe((await listScenes()).length)
    expect(await page.evaluate(() => window.jacsense().frames())).toBeGreaterThan(before)
  }, 120_000)

  test('nothing is drawn again while nothing moves', async () => {
    const { page, open, pause } = viewer
    await open('pendulum')
    await pause()
    const frames = await page.evaluate(async () => {
      const wait = () => new Promise((resolve) => requestAnimationFrame(resolve))
      for (let k = 0; k < 5; k++) await wait()
      const first = window.jacsense().frames()
      for (let k = 0; k < 20; k++) await wait()
      return window.jacsense().frames() - first
    })
    expect(frames).toBe(0)
  })

  test('broken files show the error of the library and leave the running scene alone', async () => {
    const { page, open, time, until, drop } = viewer
    await open('pendulum')
    await drop({ 'mine.json': '{"name": "mine", "bodies": [{"name": "a", "mass": -1}]}' })
    await page.waitForSelector('#error:not([hidden])')
    expect(await page.textContent('#error')).toMatch(/^mine\.json: .*mass/)
    expect(await page.evaluate(() => window.jacsense().opened!.figure.name)).toBe('pendulum')
    const before = await time()
    await until(before + 0.2)
    for (const [name, text, message] of [
      ['robot.step', 'solid', /^robot\.step: expected a scene/],
      ['robot.json', '{ "name": "x", }', /^robot\.json: line 1, column 16: expected a key in double quotes, found "}"/],
      ['empty.json', '', /^empty\.json: expected JSON, found an empty file/],
      ['robot.urdf', '<robot name="a"><link/></robot>', /^robot\.urdf: .*link/],
    ] as const) {
      await drop({ [name]: text })
      await page.waitForFunction((file) => document.getElementById('error')!.textContent!.startsWith(file), name)
      expect(await page.textContent('#error')).toMatch(message)
    }
    expect(await page.evaluate(() => window.jacsense().opened!.figure.name)).toBe('pendulum')
    await page.click('#errorClose')
    expect(await page.locator('#error').isVisible()).toBe(false)
    await drop({ 'robot.step': 'solid' })
    await page.waitForSelector('#error:not([hidden])')
    await page.keyboard.press('Escape')
    expect(await page.locator('#error').isVisible()).toBe(false)
  })

  test('files are chosen by a button too', async () => {
    const { page, playing } = viewer
    const chooser = page.waitForEvent('filechooser')
    await page.click('#openFiles')
    await (await chooser).setFiles(fileURLToPath(new URL('../../scenes/hopper/hopper.urdf', import.meta.url)))
    await playing('hopper')
    expect(await page.locator('#error').isVisible()).toBe(false)
  })

  test('a state that is no number any more pauses, and is named', async () => {
    const { browser, url } = viewer
    const source = JSON.parse(readFileSync(new URL('../../scenes/pendulum/scene.json', import.meta.url), 'utf8'))
    const texts = { kind: 'scene', file: 'pendulum/scene.json', source, files: {} }
    const shared = { opening: { texts, engine: 'cannon' }, x: [0, 1e200], controller: false, Q: [1, 1], R: [1] }
    const other = await browser.newPage()
    await other.goto(`${url}#${Buffer.from(JSON.stringify(shared)).toString('base64url')}`)
    await other.waitForSelector('#error:not([hidden])')
    expect(await other.textContent('#error')).toMatch(/^Paused: the cannon engine gives \S+ for \w+\.\w+\.$/)
    expect(await other.evaluate(() => window.jacsense().latest!.playing)).toBe(false)
    await other.close()
  })

  test('a shared link restores scene, controller, weights and state', async () => {
    const { page, open, pause, browser } = viewer
    const engine = await createEngine(await loadScene('cartpole'))
    await open('cartpole')
    await pause()
    await page.click('#tab-control')
    await page.selectOption('#controller', 'none')
    await page.fill('input[aria-label="R of cart.motor"], input[aria-label^="R of"]', '2')
    const x = await page.evaluate(() => [...window.jacsense().latest!.x])
    await page.click('#share')
    const link = page.url()
    const other = await browser.newPage()
    // The page that opens the link is not to move before it is looked at.
    await other.addInitScript(() => {
      window.addEventListener('DOMContentLoaded', () => Object.assign(window, { first: null }))
      const seen = setInterval(() => {
        const latest = window.jacsense?.().latest
        if (!latest) return
        clearInterval(seen)
        Object.assign(window, { first: { x: [...latest.x], time: latest.time } })
      }, 1)
    })
    await other.goto(link)
    await other.waitForFunction(() => (window as unknown as { first: unknown }).first !== null)
    const { first, name } = await other.evaluate(() => ({
      first: (window as unknown as { first: { x: number[]; time: number } }).first,
      name: window.jacsense().opened!.figure.name,
    }))
    expect(name).toBe('cartpole')
    const run =
      first.time > 0
        ? await simulate(engine, openLoop(engine.home.u), { x0: Float64Array.from(x), duration: first.time })
        : null
    const expected = run ? run.X.slice(-x.length) : x
    expect(Math.max(...first.x.map((value, k) => Math.abs(value - expected[k]!)))).toBeLessThanOrEqual(1e-9)
    expect(await other.inputValue('#controller')).toBe('none')
    expect(await other.inputValue('input[aria-label^="R of"]')).toBe('2')
    engine.dispose()
    await other.close()
    await page.click('#tab-linearize')
  })

  test('the scene that the address names, and an experiment', async () => {
    const { browser, url } = viewer
    const other = await browser.newPage()
    await other.goto(`${url}#scene=hopper`)
    await other.waitForFunction(() => window.jacsense?.().opened?.figure.name === 'hopper')
    await other.goto(`${url}#try=nonesuch`)
    await other.waitForSelector('#error:not([hidden])')
    expect(await other.textContent('#error')).toContain('no experiment "nonesuch"')
    const lost = await browser.newPage()
    await lost.goto(`${url}#scene=nonesuch`)
    await lost.waitForFunction(() => (window.jacsense?.().latest?.time ?? 0) > 0)
    expect(await lost.textContent('#error')).toContain('no scene "nonesuch"')
    await lost.close()
    await other.close()
  })

  test('no error or warning in the console', () => {
    expect(viewer.complaints).toEqual([])
  })
})
