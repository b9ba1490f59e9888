/** MuJoCo in the viewer: loaded when it is chosen, scenes and MJCF models of files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEngine } from '../../src/engine/createEngine.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { openViewer, type Viewer } from './openViewer.ts'

const MJCF = `<mujoco><include file="arm.xml"/><worldbody><geom type="plane" size="1 1 .1"/>
  <body name="base" pos="0 0 1"><joint name="swing" axis="0 1 0"/><geom type="capsule" fromto="0 0 0 0 0 -.4" size=".03" rgba=".8 .3 .2 1"/>
  <geom type="ellipsoid" size=".1 .05 .05" pos="0 0 -.4"/></body></worldbody></mujoco>`
const INCLUDED = '<mujoco><option timestep="0.005"/></mujoco>'

describe('MuJoCo in the viewer', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jacsense-viewer-'))
  let viewer: Viewer
  beforeAll(async () => {
    writeFileSync(join(folder, 'swing.xml'), MJCF)
    writeFileSync(join(folder, 'arm.xml'), INCLUDED)
    viewer = await openViewer({ args: [join(folder, 'swing.xml')] })
  }, 300_000)
  afterAll(async () => {
    await viewer?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('a model of a file opens with what it includes, and moves', async () => {
    const { page, playing, until } = viewer
    await playing('swing')
    const { opened } = await page.evaluate(() => ({ opened: window.jacsense().opened! }))
    expect(opened.dt).toBe(0.005)
    expect(opened.figure.bodies.map(({ name, shapes }) => [name, shapes.map(({ type }) => type)])).toEqual([
      ['base', ['capsule', 'ellipsoid']],
    ])
    expect(opened.figure.bodies[0]!.shapes[0]!.color).toBe('#cc4d33')
    expect(await page.inputValue('#engine')).toBe('mujoco')
    expect(await page.isDisabled('#engine')).toBe(true)
    await page.click('#kick')
    await until((await viewer.time()) + 0.3)
    expect(await page.evaluate(() => Math.abs(window.jacsense().latest!.x[0]!))).toBeGreaterThan(1e-3)
    expect([...viewer.loaded].join()).toContain('mujoco.wasm')
  })

  test('keyframes and collision shapes', async () => {
    const { page, drop, playing, pause } = viewer
    await drop({
      'framed.xml': `<mujoco><worldbody><body name="a"><joint name="j" axis="0 1 0"/><geom size=".1" contype="0" conaffinity="0"/>
        <geom type="box" size=".1 .1 .1" group="3"/></body></worldbody><keyframe><key name="bent" qpos="0.7"/></keyframe></mujoco>`,
    })
    await playing('framed')
    await pause()
    await page.click('#tab-model')
    await page.selectOption('#keyframe', 'bent')
    await page.waitForFunction(() => window.jacsense().latest!.x[0] === 0.7)
    const triangles = () => page.evaluate(() => window.jacsense().drawing().triangles)
    const ball = await triangles()
    await page.check('#showCollision')
    await page.waitForFunction((before) => window.jacsense().drawing().triangles !== before, ball)
    expect(await triangles()).toBeLessThan(ball) // a box in the place of a ball
    await page.uncheck('#showCollision')
    await page.click('#tab-linearize')
  })

  test('a scene changes its engine, and A, B are those of the library there', async () => {
    const { page, open, playing, pause, linearized } = viewer
    await open('hopper')
    await page.click('#tab-model')
    const before = await page.evaluateHandle(() => window.jacsense().opened)
    await page.selectOption('#engine', 'mujoco')
    await page.waitForFunction((last) => window.jacsense().opened !== last, before)
    await playing('hopper')
    await pause()
    await page.click('#tab-linearize')
    const sensed = await linearized()
    expect(sensed.lin.engine).toBe('mujoco')
    const { x, u } = await page.evaluate(() => {
      const { latest } = window.jacsense()
      return { x: [...latest!.x], u: [...latest!.u] }
    })
    const engine = await createEngine(await loadScene('hopper'), { engine: 'mujoco' })
    const lin = await linearize(engine, { x: Float64Array.from(x), u: Float64Array.from(u) })
    engine.dispose()
    for (const [there, here] of [
      [sensed.lin.A, lin.A.to2DArray()],
      [sensed.lin.B, lin.B.to2DArray()],
    ] as const)
      expect(Math.max(...there.flat().map((value, k) => Math.abs(value - here.flat()[k]!)))).toBeLessThanOrEqual(1e-12)
  })

  test('files dropped together: the model is the one that no other includes', async () => {
    const { page, drop, playing } = viewer
    await drop({ 'arm.xml': INCLUDED, 'dropped.xml': MJCF })
    await playing('dropped')
    await drop({ 'broken.xml': '<mujoco><worldbody><body><geom type="blob"/></body></worldbody></mujoco>' })
    await page.waitForSelector('#error:not([hidden])')
    expect(await page.textContent('#error')).toMatch(/^broken\.xml: expected a model that MuJoCo can compile, found /)
    expect(await page.evaluate(() => window.jacsense().opened!.figure.name)).toBe('dropped')
  })

  test('no error or warning in the console', () => {
    expect(viewer.complaints).toEqual([])
  })
})
