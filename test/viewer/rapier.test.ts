/** Rapier in the viewer: loaded when it is chosen; scenes draw, play and are linearized; what it refuses is told on the page. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEngine } from '../../src/engine/createEngine.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { openViewer, type Viewer } from './openViewer.ts'

describe('Rapier in the viewer', () => {
  let viewer: Viewer
  beforeAll(async () => {
    viewer = await openViewer({ args: ['double-cartpole', '--engine', 'rapier'] })
  }, 300_000)
  afterAll(() => viewer?.close())

  test('--engine rapier: the scene draws, plays and stands by LQR', async () => {
    const { page, playing, until } = viewer
    await playing('double-cartpole')
    expect(await page.inputValue('#engine')).toBe('rapier')
    const before = (await page.locator('#view').screenshot()).toString('base64')
    await page.click('#kick')
    await until((await viewer.time()) + 0.3)
    expect((await page.locator('#view').screenshot()).toString('base64')).not.toBe(before)
    await until((await viewer.time()) + 4)
    expect(Math.abs(await page.evaluate(() => window.jacsense().latest!.x[1]!))).toBeLessThan(0.1)
    expect([...viewer.loaded].join()).toContain('rapier/rapier.js')
    expect([...viewer.loaded].join()).not.toContain('mujoco')
  }, 60_000)

  test('A and B are those of the library', async () => {
    const { page, pause, linearized } = viewer
    await pause()
    const sensed = await linearized()
    expect(sensed.lin.engine).toBe('rapier')
    const { x, u } = await page.evaluate(() => {
      const { latest } = window.jacsense()
      return { x: [...latest!.x], u: [...latest!.u] }
    })
    const engine = await createEngine(await loadScene('double-cartpole'), { engine: 'rapier' })
    const lin = await linearize(engine, { x: Float64Array.from(x), u: Float64Array.from(u) })
    engine.dispose()
    for (const [there, here] of [
      [sensed.lin.A, lin.A.to2DArray()],
      [sensed.lin.B, lin.B.to2DArray()],
    ] as const)
      expect(Math.max(...there.flat().map((value, k) => Math.abs(value - here.flat()[k]!)))).toBeLessThanOrEqual(1e-12)
  })

  test('a scene that Rapier refuses is an error on the page, and the running one goes on in its engine', async () => {
    const { page, open, playing, until, time } = viewer
    await open('pendulum')
    const text = readFileSync(new URL('../../scenes/pendulum/scene.json', import.meta.url), 'utf8')
    const heavy = text.replace('"name": "pendulum"', '"name": "heavy"').replace(/"mass": [\d.]+/, '"mass": 1e16')
    await viewer.drop({ 'heavy.json': heavy })
    await playing('heavy')
    await page.click('#tab-model')
    await page.selectOption('#engine', 'rapier')
    await page.waitForSelector('#error:not([hidden])')
    expect(await page.textContent('#error')).toMatch(
      /^heavy\.json: mass of body ".*": expected .*"rapier" computes in single precision\), found 10{16}$/,
    )
    expect(await page.inputValue('#engine')).toBe('cannon')
    await until((await time()) + 0.2)
    await page.click('#tab-linearize')
  })

  test('where the page has no Rapier beside it, it says what puts it there', async () => {
    const { browser, url } = viewer
    const other = await browser.newPage()
    await other.route('**/rapier/rapier.js', (route) => route.fulfill({ status: 404 }))
    await other.goto(`${url}#scene=pendulum`)
    await other.waitForFunction(() => window.jacsense?.().opened?.figure.name === 'pendulum')
    await other.click('#tab-model')
    await other.selectOption('#engine', 'rapier')
    await other.waitForSelector('#error:not([hidden])')
    expect(await other.textContent('#error')).toBe(
      'engine: expected Rapier beside the page (rapier/rapier.js): jacsense view takes it from the package @dimforge/rapier3d-compat, ' +
        'found none; npm install @dimforge/rapier3d-compat, and start again',
    )
    await other.close()
  })

  test('no error or warning in the console', () => {
    expect(viewer.complaints).toEqual([])
  })
})
