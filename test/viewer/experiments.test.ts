/** The experiments of the gallery show what their text says, done as it says. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openViewer, type Viewer } from './openViewer.ts'

describe('experiments of the viewer', () => {
  let viewer: Viewer
  beforeAll(async () => {
    viewer = await openViewer({ hash: '#try=noise' })
    await viewer.page.setViewportSize({ width: 1280, height: 720 })
  }, 300_000)
  afterAll(() => viewer?.close())

  const begin = async (name: string, scene: string) => {
    const last = await viewer.page.evaluateHandle(() => window.jacsense().opened)
    await viewer.page.evaluate((to) => {
      location.hash = to
    }, `#try=${name}`)
    await viewer.page.waitForFunction((before) => window.jacsense().opened !== before, last)
    await viewer.playing(scene)
  }
  const choose = async (id: string, value: string) => {
    const last = await viewer.page.evaluateHandle(() => window.jacsense().opened)
    await viewer.page.selectOption(id, value)
    await viewer.page.waitForFunction((before) => {
      const { opened, designed, sensed } = window.jacsense()
      return opened !== before && designed && sensed
    }, last)
  }
  /** Largest |λ| of the undisturbed robot with the gain that was designed. */
  const radius = () =>
    viewer.page.evaluate(() => Math.max(...window.jacsense().designed!.closed.map(({ re, im }) => Math.hypot(re, im))))
  const isThrown = () =>
    viewer.page.waitForFunction(() => Math.hypot(...window.jacsense().latest!.dx.subarray(0, 3)) > 3)

  test('noise: least squares throws the quadrotor, LP decoding holds it', async () => {
    const { page, until } = viewer
    await page.waitForFunction(() => {
      const { designed, sensed } = window.jacsense()
      return designed?.certified === false && sensed?.certified === false
    })
    expect(await radius()).toBeGreaterThan(1)
    await isThrown()
    await choose('#decoding', 'robust')
    expect(await page.evaluate(() => window.jacsense().sensed!.certified)).toBe(true)
    expect(await radius()).toBeLessThan(1)
    await until(4)
    expect(await page.evaluate(() => Math.hypot(...window.jacsense().latest!.dx))).toBeLessThan(0.05)
  }, 60_000)

  test('budget: 5 and 4 calls hold the pole, 3 give no gain, 2 are refused', async () => {
    const { page } = viewer
    await begin('budget', 'cartpole')
    await page.waitForFunction(() => window.jacsense().designed && window.jacsense().sensed)
    for (const calls of [5, 4]) {
      if (calls !== 5) await choose('#maxCalls', String(calls))
      expect(await page.textContent('#calls')).toBe(`${calls} of 11 calls`)
      expect(await page.textContent('#certificate')).toMatch(/^Certified/)
      expect(await radius()).toBeLessThan(1)
    }
    await choose('#maxCalls', '3')
    expect(await page.textContent('#certificate')).toMatch(/^Not certified/)
    expect(await page.evaluate(() => window.jacsense().designed!.gain)).toBeNull()
    await page.waitForFunction(() => Math.abs(window.jacsense().latest!.x[1]!) > 1)
    await page.selectOption('#maxCalls', '2')
    await page.waitForSelector('#error:not([hidden])')
    expect(await page.textContent('#error')).toMatch(/maxCalls/)
  }, 60_000)

  test('poles: K kicks while the slider of R has the focus, and Esc brings the camera back to the cart', async () => {
    const { page } = viewer
    await begin('poles', 'cartpole')
    const slider = page.getByLabel('R of motor')
    await page.waitForFunction(() => window.jacsense().designed !== null)
    const before = await radius()
    await slider.focus()
    await page.keyboard.press('End')
    await page.waitForFunction((was) => {
      const values = window.jacsense().designed?.closed ?? []
      return Math.max(...values.map(({ re, im }) => Math.hypot(re, im))) > was
    }, before)
    await page.keyboard.press(' ')
    await page.waitForFunction(() => window.jacsense().latest?.playing === false)
    for (const key of ['k', 'K', 'k']) {
      const rate = await page.evaluate(() => window.jacsense().latest!.dx[3]!)
      await page.keyboard.press(key)
      await page.waitForFunction((was) => Math.abs(window.jacsense().latest!.dx[3]! - was) > 0.5, rate)
    }
    await page.keyboard.press(' ')
    await page.waitForFunction(() => Math.abs(window.jacsense().latest!.x[0]!) > 2)
    await viewer.pause()
    const offCentre = () => page.evaluate(() => Math.abs(window.jacsense().pixelOf(0)[0] - 640))
    expect(await offCentre()).toBeGreaterThan(300)
    await page.keyboard.press('Escape')
    expect(await offCentre()).toBeLessThan(200)
    await page.keyboard.press('Space')
  }, 60_000)

  test('swing: MPC swings the pole up from hanging, holds it when kicked; LQR does not', async () => {
    const { page, until, time } = viewer
    await begin('swing', 'cartpole')
    expect(await page.inputValue('#controller')).toBe('mpc')
    const isUp = () =>
      page.waitForFunction(() => Math.hypot(...(window.jacsense().latest?.dx.subarray(1) ?? [1])) < 0.1)
    await isUp()
    expect(await time()).toBeLessThan(6)
    const rate = await page.evaluate(() => window.jacsense().latest!.dx[3]!)
    await page.keyboard.press('k')
    await page.waitForFunction((was) => Math.abs(window.jacsense().latest!.dx[3]! - was) > 0.5, rate)
    await isUp()
    await page.selectOption('#controller', 'none')
    await page.keyboard.press('k')
    await page.waitForFunction(() => Math.abs(window.jacsense().latest!.x[1]!) > 2)
    await page.selectOption('#controller', 'lqr')
    await until((await time()) + 3)
    expect(await page.evaluate(() => Math.hypot(...window.jacsense().latest!.dx))).toBeGreaterThan(1)
    await page.selectOption('#controller', 'mpc')
    await page.getByLabel('Looks ahead').fill('1')
    await page.click('#reset')
    await page.waitForFunction(() => Math.abs(window.jacsense().latest?.x[1] ?? 0) > 2.5)
    await isUp()
  }, 90_000)

  test('spheres: one that is dragged moves on as time does, and the guide leaves the robot in sight', async () => {
    const { page, time, until } = viewer
    await begin('spheres', 'spheres')
    const [x, y] = await page.evaluate(() => window.jacsense().pixelOf(5))
    const guide = (await page.locator('#guide').boundingBox())!
    expect(y).toBeLessThan(guide.y)
    await page.keyboard.down('Control')
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 30, y, { steps: 3 })
    await until((await time()) + 0.5)
    const before = await page.evaluateHandle(() => window.jacsense().sensed)
    await page.keyboard.press('l')
    await page.waitForFunction((last) => window.jacsense().sensed !== last, before)
    await page.mouse.up()
    await page.keyboard.up('Control')
    const far = await page.evaluate(() => Math.hypot(...window.jacsense().latest!.dx.subarray(30, 33)))
    expect(far).toBeGreaterThan(0.02)
  }, 60_000)

  test('a robot that is opened does not wait for what was asked of another', async () => {
    const { page, open } = viewer
    await open('arena')
    await page.click('#tab-linearize')
    await page.click('#linearize')
    await page.waitForSelector('#sensing:not([hidden])')
    await open('pendulum')
    await page.waitForFunction(() => window.jacsense().designed !== null)
    expect(await page.evaluate(() => window.jacsense().designed!.gain!.K[0]!.length)).toBe(2)
    expect(await page.locator('#sensing').isVisible()).toBe(false)
    expect(await page.evaluate(() => [window.jacsense().sensed, location.hash])).toEqual([null, '#scene=pendulum'])
  }, 60_000)

  test('no error or warning in the console', () => {
    expect(viewer.complaints).toEqual([])
  })
})
