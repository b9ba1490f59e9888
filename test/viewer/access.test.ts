/** The viewer by keyboard alone, for screen readers, in both color schemes, and on a phone. */
import axe from 'axe-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXPERIMENTS } from '../../src/viewer/experiments.ts'
import { openViewer, type Viewer } from './openViewer.ts'

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

describe('access to the viewer', () => {
  let viewer: Viewer
  beforeAll(async () => {
    viewer = await openViewer({ hash: '#try=poles' })
    await viewer.page.setViewportSize({ width: 1280, height: 720 })
    await viewer.page.addScriptTag({ content: axe.source })
  }, 300_000)
  afterAll(() => viewer?.close())

  test.each(['light', 'dark'] as const)(
    '%s: names, roles and contrast (WCAG 2 A and AA), in every panel',
    async (scheme) => {
      const { page, linearized } = viewer
      await page.emulateMedia({ colorScheme: scheme })
      for (const tab of ['linearize', 'control', 'plots', 'model']) {
        await page.click(`#tab-${tab}`)
        if (tab === 'linearize') await linearized()
        await page.evaluate(() => {
          for (const details of document.querySelectorAll('details')) details.open = true
        })
        const violations = await page.evaluate(async () => {
          const { axe } = window as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } }
          const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']
          return (await axe.run({ runOnly: { type: 'tag', values: tags } })).violations
        })
        const faults = violations.map(({ id, nodes }) => `${tab}: ${id}: ${nodes[0]!.html} ${nodes[0]!.failureSummary}`)
        expect(faults).toEqual([])
      }
      await page.emulateMedia({ colorScheme: 'light' })
    },
    60_000,
  )

  test('keys play, pause, step, kick, linearize, reset and help', async () => {
    const { page, open, time } = viewer
    await open('pendulum')
    await page.locator('#view').focus()
    await page.keyboard.press('Space')
    await page.waitForFunction(() => window.jacsense().latest?.playing === false)
    const before = await time()
    await page.keyboard.press('ArrowRight')
    await page.waitForFunction((t) => window.jacsense().latest!.time > t, before)
    const { dt } = await page.evaluate(() => window.jacsense().opened!)
    expect((await time()) - before).toBeCloseTo(dt, 9)
    const speed = () => page.evaluate(() => window.jacsense().latest!.dx[1]!)
    const slow = await speed()
    await page.keyboard.press('k')
    await page.waitForFunction((v) => Math.abs(window.jacsense().latest!.dx[1]! - v) > 0.1, slow)
    await page.keyboard.press('l')
    await page.waitForFunction(() => window.jacsense().sensed !== null)
    const late = await time()
    await page.keyboard.press('Backspace')
    await page.waitForFunction((t) => (window.jacsense().latest?.time ?? t) < t, late)
    await page.keyboard.press('F1')
    expect(await page.locator('#help').isVisible()).toBe(true)
    await page.keyboard.press('F1')
    expect(await page.locator('#help').isVisible()).toBe(false)
  })

  test('a field for numbers keeps the keys that edit it', async () => {
    const { page, open, time } = viewer
    await open('pendulum')
    await page.click('#tab-control')
    await page.selectOption('#controller', 'mpc')
    const field = page.getByLabel('Looks ahead')
    await field.fill('12')
    const before = await time()
    for (const key of ['Backspace', 'End', '-', 'ArrowRight', 'Backspace', '5']) await field.press(key)
    expect(await field.inputValue()).toBe('15')
    expect(await time()).toBeGreaterThanOrEqual(before)
    expect(await page.inputValue('#speed')).toBe('1')
    await page.selectOption('#controller', 'lqr')
    await page.click('#tab-linearize')
  })

  test('Tab reaches every control that is seen, and Enter opens a scene', async () => {
    const { page, playing } = viewer
    await page.click('#tab-control')
    await page.evaluate(() => {
      ;(document.activeElement as HTMLElement | null)?.blur()
      window.getSelection()?.removeAllRanges()
    })
    const wanted = await page.evaluate(() => {
      const controls = document.querySelectorAll<HTMLElement>(
        'button, input, select, a[href], summary, canvas[tabindex]',
      )
      const seen = [...controls].filter(
        (one) => one.checkVisibility() && one.tabIndex >= 0 && !(one as HTMLButtonElement).disabled,
      )
      for (const [k, one] of seen.entries()) one.dataset.stop = String(k)
      return seen.length
    })
    const reached = new Set<string>()
    for (let k = 0; k < wanted + 5; k++) {
      await page.keyboard.press('Tab')
      const stop = await page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset.stop)
      if (stop !== undefined) reached.add(stop)
    }
    expect(reached.size).toBe(wanted)
    await page.locator('[data-name="chains"]').focus()
    await page.keyboard.press('Enter')
    await playing('chains')
  }, 60_000)

  test('each experiment of the gallery sets the page up', async () => {
    const { page } = viewer
    await page.click('#galleryToggle')
    for (const { name, title, scene, tab, linearize, controller } of EXPERIMENTS) {
      await page.click(`#gallery a[href="#try=${name}"]`)
      await page.waitForFunction((wanted) => document.getElementById('guideTitle')!.textContent === wanted, title)
      await page.waitForFunction((wanted) => window.jacsense().opened?.figure.name === wanted, scene)
      if (linearize) await page.waitForFunction(() => window.jacsense().sensed !== null)
      if (controller.controller !== 'none') await page.waitForFunction(() => window.jacsense().designed !== null)
      expect(await page.getAttribute(`#tab-${tab}`, 'aria-selected')).toBe('true')
      expect(await page.inputValue('#controller')).toBe(controller.controller)
    }
    await page.click('#guideClose')
    expect(await page.locator('#guide').isVisible()).toBe(false)
  }, 60_000)

  test('on a phone nothing overlaps and nothing sticks out', async () => {
    const { page } = viewer
    await page.setViewportSize({ width: 390, height: 844 })
    const bar = () => page.evaluate(() => document.documentElement.style.getPropertyValue('--bar'))
    await expect.poll(async () => Number.parseFloat(await bar())).toBeGreaterThan(70) // of several lines
    const boxes = await page.evaluate(() =>
      ['scenes', 'panel', 'transport'].map((id) => {
        const { left, top, right, bottom } = document.getElementById(id)!.getBoundingClientRect()
        return { id, left, top, right, bottom }
      }),
    )
    for (const [k, one] of boxes.entries()) {
      expect([one.id, one.left >= 0 && one.right <= 390 && one.top >= 0 && one.bottom <= 844]).toEqual([one.id, true])
      for (const other of boxes.slice(k + 1))
        expect([one.id, other.id, one.bottom <= other.top || other.bottom <= one.top]).toEqual([one.id, other.id, true])
    }
    await page.setViewportSize({ width: 1280, height: 720 })
  })

  test('no error or warning in the console', () => {
    expect(viewer.complaints).toEqual([])
  })
})
