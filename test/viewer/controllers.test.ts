/** The controllers of the viewer: each holds the cart-pole up, gains and estimates are the library's, and links carry them. */
import { Matrix } from 'ml-matrix'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { integralAction } from '../../src/control/integralAction.ts'
import { lqg } from '../../src/control/lqg.ts'
import { lqgController } from '../../src/control/lqgController.ts'
import { mpc } from '../../src/control/mpc/mpc.ts'
import { lqr } from '../../src/control/lqr.ts'
import { quadraticTracking } from '../../src/control/ilqr/quadraticTracking.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import type { eigenvalues } from '../../src/linalg/eigenvalues.ts'
import { recordEstimates } from '../../src/experiment/recordEstimates.ts'
import { simulate } from '../../src/experiment/simulate.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { sensedDynamics } from '../../src/linearization/trajectory/sensedDynamics.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { openViewer, type Viewer } from './openViewer.ts'

const scene = await loadScene('cartpole')
const engine = await createEngine(scene)
const lin = await linearize(engine)
const cost = { Q: Matrix.diag([1, 10, 1, 1]), R: [[0.1]] }
const apart = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, k) => Math.abs(value - b[k]!)))

describe('controllers of the viewer', () => {
  let viewer: Viewer
  beforeAll(async () => {
    viewer = await openViewer({ hash: '#scene=cartpole' })
    await viewer.playing('cartpole')
    await viewer.page.click('#tab-control')
  }, 300_000)
  afterAll(() => {
    engine.dispose()
    return viewer?.close()
  })

  /** Chooses, and waits for what was designed. */
  const choose = async (name: string) => {
    const { page } = viewer
    const last = await page.evaluateHandle(() => window.jacsense().designed)
    await page.selectOption('#controller', name)
    await page.waitForFunction((before) => {
      const { designed } = window.jacsense()
      return designed !== null && designed !== before
    }, last)
    return page.evaluate(() => window.jacsense().designed!)
  }
  const set = async (label: string, value: string) => {
    const { page } = viewer
    const last = await page.evaluateHandle(() => window.jacsense().designed)
    await page.getByLabel(label).fill(value)
    await page.keyboard.press('Tab')
    await page.waitForFunction((before) => {
      const { designed } = window.jacsense()
      return designed !== null && designed !== before
    }, last)
  }
  const angle = () => viewer.page.evaluate(() => window.jacsense().latest!.x[1]!)
  /** As tests of this page know it: with the state and controller of a link, paused. */
  const linked = async (controller: unknown, x: readonly number[]) => {
    const { browser, url } = viewer
    const texts = { kind: 'scene', file: 'cartpole/scene.json', source: null as unknown, files: {} }
    texts.source = ((await (await fetch(`${url}scenes/cartpole.json`)).json()) as { source: unknown }).source
    const shared = { opening: { texts, engine: 'cannon' }, x, controller, Q: [1, 10, 1, 1], R: [0.1] }
    const page = await browser.newPage()
    await page.goto(`${url}#${Buffer.from(JSON.stringify(shared)).toString('base64url')}`)
    return page
  }

  test.each(['lqr', 'lqi', 'lqg', 'mpc'])(
    '%s holds the pole up, kicked',
    async (name) => {
      const { page, until, time } = viewer
      await page.click('#reset')
      const designed = await choose(name)
      expect(designed.closed.every(({ re, im }) => Math.hypot(re, im) < 1)).toBe(true)
      await page.click('#kick')
      await until((await time()) + 4)
      expect(Math.abs(await angle())).toBeLessThan(0.1)
      expect(await page.locator('#error').isVisible()).toBe(false)
    },
    120_000,
  )

  test('none: the pole falls, and neither gain nor closed loop are shown', async () => {
    const { page } = viewer
    await page.click('#reset')
    await choose('lqr')
    expect(await page.locator('#gains').isVisible()).toBe(true)
    expect((await page.textContent('#controlPanel'))!.match(/radius|Largest/g)).toHaveLength(1)
    await page.selectOption('#controller', 'none')
    expect(await page.locator('#gains').isVisible()).toBe(false)
    expect(await page.locator('#poles').isVisible()).toBe(false)
    await page.click('#kick')
    await page.waitForFunction(() => Math.abs(window.jacsense().latest!.x[1]!) > 1)
  }, 60_000)

  test('ilqr: plans from where the robot is while it stands still, swings it up, and hands over to LQR', async () => {
    const page = await linked({ controller: 'ilqr' }, [0, 3, 0, 0])
    await page.waitForFunction(() => window.jacsense?.().designed?.design, null, { timeout: 60_000 })
    const N = await page.evaluate(() => window.jacsense().designed!.design!.trajectory!.N)
    expect(N).toBe(200)
    const upright = () => {
      const { dx, playing } = window.jacsense().latest!
      return playing && Math.hypot(...dx) < 0.1
    }
    await page.waitForFunction(upright, null, { timeout: 60_000 })
    expect(await page.textContent('#design')).toMatch(/^solved: cost .* iterations.*; then LQR: /)
    await page.close()
  }, 120_000)

  test('gains and eigenvalues are those of the library', async () => {
    const { page } = viewer
    const plain = lqr(lin, cost)
    expect(apart((await choose('lqr')).gain!.K[0]!, plain.K!.getRow(0))).toBeLessThanOrEqual(1e-9)

    const held = integralAction(lin, { ...cost, outputs: ['slide.position'], Qz: [[1]] })
    const lqi = await choose('lqi')
    expect(apart(lqi.gain!.K[0]!, held.K!.getRow(0))).toBeLessThanOrEqual(1e-9)
    expect(apart(lqi.design!.integral!.Kz[0]!, held.Kz!.getRow(0))).toBeLessThanOrEqual(1e-9)
    expect(sizes(lqi.closed)).toEqual(expectedSizes(held.eigenvalues!))

    const both = lqg(lin, cost, noise())
    const found = await choose('lqg')
    expect(apart(found.design!.filter!.L.flat(), both.filter.L!.to1DArray())).toBeLessThanOrEqual(1e-9)
    const { regulator, filter } = both
    const parts = [regulator.eigenvalues!, filter.eigenvalues!]
    expect(sizes(found.closed)).toEqual(parts.flatMap(expectedSizes).sort())

    await choose('mpc')
    await set('Weight of the last state', '5')
    const { receding } = (await page.evaluate(() => window.jacsense().designed!)).design!
    expect(receding!.Qf).toEqual(Matrix.eye(4, 4).mul(5).to2DArray())
    expect([receding!.horizon, receding!.every, receding!.Q]).toEqual([1, 2, cost.Q.to2DArray()])
  }, 60_000)

  test('a link carries controller and options; the estimate is that of the library with the same seed', async () => {
    const x0 = Float64Array.of(0, 0.1, 0, 0)
    const page = await linked(
      { controller: 'lqg', outputs: ['slide.position', 'pole.angle'], measurementNoise: 0.002 },
      [...x0],
    )
    await page.waitForFunction(() => window.jacsense?.().designed?.design)
    await page.click('#play')
    await page.waitForFunction(() => window.jacsense().latest?.playing === false)
    await page.click('#tab-control')
    expect(await page.inputValue('#controller')).toBe('lqg')
    expect(await page.getByLabel('Noise of measurements').inputValue()).toBe('0.002')
    const { estimate, time, x } = await page.evaluate(() => {
      const { estimate, time, x } = window.jacsense().latest!
      return { estimate: [...estimate!], time, x: [...x] }
    })
    const steps = Math.round(time / engine.dt)
    expect(steps).toBeGreaterThan(3)
    const design = lqg(lin, cost, noise(0.002))
    const recorder = recordEstimates(lqgController(lin, design, engine.difference))
    const sigma = { 'slide.position': 0.002, 'pole.angle': 0.002 }
    const run = await simulate(engine, recorder.controller, {
      x0,
      duration: steps * engine.dt,
      measurement: { sigma, seed: 1 },
    })
    const { estimates } = recorder.estimation(run, design.filter, Matrix.eye(2, 2))
    expect(apart(x, run.X.slice(-4))).toBeLessThanOrEqual(1e-9)
    expect(apart(estimate, estimates.slice(-4))).toBeLessThanOrEqual(1e-9)
    await page.close()
  }, 60_000)

  test('MPC swings the pole up as the library does, step by step', async () => {
    const x0 = Float64Array.of(0, 3, 0, 0)
    const settings = { controller: 'mpc', horizon: 0.6, every: 2 }
    const page = await linked(settings, [...x0])
    await page.waitForFunction(() => window.jacsense?.().designed?.design)
    await page.waitForFunction(() => window.jacsense().latest!.time > 2.5)
    await page.click('#play')
    await page.waitForFunction(() => window.jacsense().latest?.playing === false)
    const { x, time, U } = await page.evaluate(() => {
      const { latest, designed } = window.jacsense()
      return { x: [...latest!.x], time: latest!.time, U: [...designed!.design!.receding!.U] }
    })
    expect(Math.abs(x[1]!)).toBeLessThan(0.2)
    const dynamics = sensedDynamics(engine)
    const tracking = quadraticTracking(dynamics, { ...cost, Qf: lqr(lin, cost).P!, xGoal: engine.home.x })
    const planner = mpc(dynamics, { cost: tracking, duration: 0.6, guess: { U: Float64Array.from(U) } }, { every: 2 })
    const run = await simulate(engine, planner, { x0, duration: time })
    expect(apart(x, run.X.slice(-4))).toBeLessThanOrEqual(1e-6)
    await page.close()
  }, 60_000)

  test.each([
    [{ controller: 'pid' }, 'The link: controller: expected one of none, lqr, lqg, ilqr, mpc, found "pid"'],
    [{ controller: 'mpc', horizon: 1e9 }, 'The link: horizon: expected seconds > 0, at most 60, found 1000000000'],
    [{ controller: 'mpc', every: 0.5 }, 'The link: every: expected a whole number, 1 … 1000, found 0.5'],
    [{ controller: 'lqg', outputs: ['pole.angl'] }, 'found "pole.angl" (did you mean "pole.angle"?)'],
    [{ controller: 'lqr', integral: ['slide'] }, 'integral: expected some of "slide.position", '],
    [
      { controller: 'lqr', integral: ['slide.position'], qz: { slide: 1 } },
      'qz slide: expected a weight of one of "slide.position", found "slide"',
    ],
  ])('a link with %j says what is wrong', async (controller, message) => {
    const page = await linked(controller, [0, 0, 0, 0])
    await page.waitForSelector('#error:not([hidden])')
    expect(await page.textContent('#error')).toContain(message)
    await page.close()
  })

  test('an older link: true is LQR', async () => {
    const page = await linked(true, [0, 0.1, 0, 0])
    await page.waitForFunction(() => window.jacsense?.().designed?.gain)
    expect(await page.inputValue('#controller')).toBe('lqr')
    await page.close()
  })

  test('options that do not fit are told, as the library tells them', async () => {
    const { page } = viewer
    await choose('mpc')
    await page.getByLabel('Looks ahead').fill('0')
    await page.keyboard.press('Tab')
    await page.waitForSelector('#error:not([hidden])')
    expect(await page.textContent('#error')).toBe('horizon: expected seconds > 0, at most 60, found 0')
    await page.getByLabel('Looks ahead').fill('0.3')
    await page.keyboard.press('Tab')
    await page.waitForSelector('#error', { state: 'hidden' })
  })

  test('a plan that takes long shows progress, the page goes on, and Cancel is heard at once', async () => {
    const { page, open } = viewer
    await open('arm7')
    await page.click('#tab-control')
    await choose('mpc')
    // From within the page, as only the first plan takes long: later ones begin near their optimum.
    const cancelled = page.evaluate(async () => {
      const planning = () =>
        window.jacsense().designed?.design?.receding?.horizon === 12 && !document.getElementById('sensing')!.hidden
      while (!planning()) await new Promise((resolve) => setTimeout(resolve, 1))
      let [lag, last] = [0, performance.now()]
      for (let k = 0; k < 5; k++) {
        await new Promise((resolve) => requestAnimationFrame(resolve))
        lag = Math.max(lag, performance.now() - last)
        last = performance.now()
      }
      document.getElementById('cancel')!.click()
      while (document.getElementById('error')!.hidden) await new Promise((resolve) => setTimeout(resolve, 1))
      return { ms: performance.now() - last, lag }
    })
    await set('Looks ahead', '12') // some 25 000 steps for an iteration
    await page.click('#kick')
    const { ms, lag } = await cancelled
    expect(await page.textContent('#error')).toBe('Planning was cancelled: the simulation is paused.')
    expect(ms).toBeLessThan(100 + 5 * Math.max(0, lag - 20)) // where others load the machine, pages lag as well
    expect(await page.locator('#sensing').isVisible()).toBe(false)
    await page.selectOption('#controller', 'none')
  }, 90_000)

  test('no error or warning in the console', () => {
    expect(viewer.complaints).toEqual([])
  })
})

function noise(sigma = 1e-3) {
  return {
    outputs: ['slide.position', 'pole.angle'],
    W: Matrix.diag([1e-8, 1e-8, 1e-4, 1e-4]),
    V: Matrix.eye(2, 2).mul(sigma * sigma),
  }
}

/** Moduli, rounded, in order. */
function sizes(values: readonly { readonly re: number; readonly im: number }[]): string[] {
  return values.map(({ re, im }) => Math.hypot(re, im).toFixed(6)).sort()
}

function expectedSizes({ re, im }: ReturnType<typeof eigenvalues>): string[] {
  return sizes(Array.from(re, (real, k) => ({ re: real, im: im[k]! })))
}
