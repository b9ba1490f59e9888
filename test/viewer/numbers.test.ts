/** The numbers that the viewer shows are the library's: A, B, eigenvalues, gains, exports; and sensing does not disturb the page. */
import { readFileSync } from 'node:fs'
import { Matrix } from 'ml-matrix'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lqr } from '../../src/control/lqr.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import { eigenvalues } from '../../src/linalg/eigenvalues.ts'
import { findEquilibrium } from '../../src/linearization/findEquilibrium.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { openViewer, type Viewer } from './openViewer.ts'

type Rows = readonly (readonly number[])[]

function apart(a: Rows, b: Rows): number {
  expect(a.length).toBe(b.length)
  return Math.max(...a.flat().map((value, k) => Math.abs(value - b.flat()[k]!)))
}

/** Cells of a table without its heads. */
function cells(page: Page, id: string): Promise<string[][]> {
  return page.evaluate(
    (table) =>
      [...(document.getElementById(table) as HTMLTableElement).rows]
        .slice(1)
        .map((row) => [...row.cells].map(({ textContent }) => textContent!)),
    id,
  )
}

describe('numbers of the viewer', () => {
  let viewer: Viewer
  beforeAll(async () => {
    viewer = await openViewer({ hash: '#scene=quadrotor' })
    await viewer.playing('quadrotor')
  }, 300_000)
  afterAll(() => viewer?.close())

  const saved = async (button: string) => {
    const [download] = await Promise.all([viewer.page.waitForEvent('download'), viewer.page.click(button)])
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') }
  }

  test('"Linearize here" gives A, B, calls, colors, certificate and eigenvalues of the library; exports hold them', async () => {
    const { page, pause, linearized } = viewer
    await pause()
    const sensed = await linearized()
    const { x, u } = await page.evaluate(() => {
      const { latest } = window.jacsense()
      return { x: [...latest!.x], u: [...latest!.u] }
    })
    const engine = await createEngine(await loadScene('quadrotor'))
    const lin = await linearize(engine, { x: Float64Array.from(x), u: Float64Array.from(u) })
    engine.dispose()
    expect(apart(sensed.lin.A, lin.A.to2DArray())).toBeLessThanOrEqual(1e-12)
    expect(apart(sensed.lin.B, lin.B.to2DArray())).toBeLessThanOrEqual(1e-12)
    expect(sensed.calls).toBe(lin.quality.calls)
    expect(await page.textContent('#calls')).toBe(`${lin.quality.calls} of 33 calls`)
    expect(await page.textContent('#certificate')).toMatch(/^Certified: residual/)
    expect(sensed.columnColors).toEqual(lin.plan && 'colors' in lin.plan.decoder ? [...lin.plan.decoder.colors] : null)

    const { re, im } = eigenvalues(lin.A)
    const shown = (await cells(page, 'eigenvalueTable')).filter(([kind]) => kind === 'open loop')
    const expected = Array.from(re, (real, k) => [real, im[k]!])
    expect(
      apart(
        shown.map(([, real, imaginary]) => [Number(real), Number(imaginary)]),
        expected,
      ),
    ).toBeLessThanOrEqual(1e-9)

    const json = await saved('#exportJson')
    expect(json.name).toBe('quadrotor-linearization.json')
    const parsed = JSON.parse(json.text) as { A: Rows; B: Rows }
    expect([parsed.A, parsed.B]).toEqual([sensed.lin.A, sensed.lin.B])
    const csv = (await saved('#exportCsv')).text.trim().split(/\r?\n/)
    expect(csv[0]!.split(',')).toEqual(['output', ...sensed.lin.states, ...sensed.lin.controls])
    expect(csv.slice(1).map((line) => line.split(',').slice(1).map(Number))).toEqual(
      sensed.lin.A.map((row, i) => [...row, ...sensed.lin.B[i]!]),
    )
  })

  test('an entry of the map tells its names and value under the pointer', async () => {
    const { page } = viewer
    const lin = await page.evaluate(() => window.jacsense().sensed!.lin)
    const [i, j] = [7, 3]
    const box = (await page.locator('#matrix').boundingBox())!
    const cell = Math.min(28, box.width / (lin.states.length + lin.controls.length))
    await page.locator('#matrix').hover({ position: { x: (j + 0.5) * cell, y: (i + 0.5) * cell } })
    const value = Number(lin.A[i]![j]!.toPrecision(4))
    expect(await page.textContent('#entry')).toBe(`${lin.states[i]} ← ${lin.states[j]}: ${value}`)
  })

  test('the gain is the one of lqr at the equilibrium, and moves with the weights', async () => {
    const { page } = viewer
    await page.click('#tab-control')
    await page.waitForFunction(() => window.jacsense().designed?.gain)
    const scene = await loadScene('quadrotor')
    const engine = await createEngine(scene)
    const found = await findEquilibrium(engine)
    const lin = await linearize(engine, { x: found.x!, u: found.u! })
    engine.dispose()
    const { Q, R } = await page.evaluate(() => {
      const weights = (kind: string) =>
        [...document.querySelectorAll<HTMLInputElement>(`#weights input[aria-label^="${kind} of"]`)].map(
          ({ dataset }) => Number(dataset.exact),
        )
      return { Q: weights('Q'), R: weights('R') }
    })
    const { K } = lqr(lin, { Q: Matrix.diag(Q), R: Matrix.diag(R) }, { unreached: 'keep' })
    const shown = (await cells(page, 'gainTable')).map((row) => row.slice(1).map(Number))
    expect(apart(shown, K!.to2DArray())).toBeLessThanOrEqual(1e-9)

    const before = await page.textContent('#gainTable')
    await page.fill('input[aria-label^="R of"] >> nth=0', '2')
    await page.waitForFunction((text) => document.getElementById('gainTable')!.textContent !== text, before)
    await page.click('#tab-linearize')
  })

  test('the CSV of the run holds the last states, by name and unit', async () => {
    const { page, open, until, pause } = viewer
    await open('cartpole')
    await until(0.5)
    await pause()
    await page.click('#tab-plots')
    const [heads, ...rows] = (await saved('#exportRun')).text.trim().split('\n')
    expect(heads).toBe(
      'time [s],slide.position [m],pole.angle [rad],slide.velocity [m/s],pole.velocity [rad/s],motor [N]',
    )
    const last = rows.at(-1)!.split(',').map(Number)
    const { dx, u, time } = await page.evaluate(() => {
      const { dx, u, time } = window.jacsense().latest!
      return { dx: [...dx], u: [...u], time }
    })
    expect(last.length).toBe(1 + dx.length + u.length)
    for (const [k, value] of [time, ...dx, ...u].entries()) expect(last[k]).toBeCloseTo(value, 9)
    await page.click('#tab-linearize')
  })

  test('while the arena is linearized the page stalls at most three times, and Cancel is heard at once', async () => {
    const { page, open, linearized } = viewer
    await open('arena')
    await page.evaluate(() => {
      const stalls: number[] = []
      new PerformanceObserver((list) => stalls.push(...list.getEntries().map(({ duration }) => duration))).observe({
        entryTypes: ['longtask'],
      })
      Object.assign(window, { stalls })
    })
    const stalls = () => page.evaluate(() => (window as unknown as { stalls: number[] }).stalls.slice())
    // Machines under load stall pages that do nothing but draw, too.
    const idle = 4 // s
    await page.waitForTimeout(idle * 1000)
    const before = await stalls()
    const begin = Date.now()
    await page.click('#linearize')
    await page.waitForFunction(() => !document.getElementById('sensing')!.hidden)
    const cancelled = await page.evaluate(() => {
      const from = performance.now()
      document.getElementById('cancel')!.click()
      return { ms: performance.now() - from, idle: document.getElementById('sensing')!.hidden }
    })
    expect(cancelled.idle).toBe(true)
    expect(cancelled.ms).toBeLessThan(100)
    expect(await page.evaluate(() => window.jacsense().sensed)).toBeNull()
    await page.click('#reset') // where nothing has fallen yet, however slow the machine
    const sensed = await linearized()
    expect(sensed.calls).toBeLessThan(sensed.denseCalls / 4)
    const during = (await stalls()).slice(before.length)
    const seconds = (Date.now() - begin) / 1000
    expect(during.length).toBeLessThanOrEqual(3 + (2 * before.length * seconds) / idle)
    expect(Math.max(0, ...during)).toBeLessThan(500 + 2 * Math.max(0, ...before)) // ms
  }, 60_000)

  test('kicks from all sides are probed with the gain that is shown', async () => {
    const { page, open } = viewer
    await open('cartpole')
    await page.click('#tab-control')
    await page.waitForFunction(() => window.jacsense().designed?.gain)
    await page.click('#probe')
    await page.waitForFunction(() => document.getElementById('probed')!.textContent !== '')
    // Along y the rail holds the pole.
    expect(await page.textContent('#probed')).toBe(
      'Survives 120 of 128 kicks of pole, within 5 s; all of them up to 1.5 N·s/kg.',
    )
    await page.click('#tab-linearize')
  }, 60_000)

  test('noise and gross errors: least squares is far off, LP decoding is near; both say so', async () => {
    const { page, open, pause } = viewer
    await open('quadrotor')
    await pause()
    await page.click('#measurement summary')
    await page.selectOption('#noise', '0.0001')
    await page.selectOption('#corrupted', '0.1')
    const errorOf = async (decoding: string) => {
      await page.selectOption('#decoding', decoding)
      const { error } = await viewer.linearized()
      expect(await page.textContent('#errorOfAB')).toMatch(/^Difference from undisturbed steps: /)
      return error!
    }
    expect(await errorOf('squares')).toBeGreaterThan(1)
    expect(await errorOf('robust')).toBeLessThan(1e-2)
  }, 60_000)

  test('no error or warning in the console', () => {
    expect(viewer.complaints).toEqual([])
  })
})
