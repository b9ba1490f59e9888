/** What is drawn beside the robot: contacts with what they carry, joint axes, centres of mass. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openViewer, type Viewer } from './openViewer.ts'

const G = 9.81

describe('marks in Chromium', () => {
  let viewer: Viewer
  beforeAll(async () => {
    viewer = await openViewer({ hash: '#scene=spheres' })
  }, 300_000)
  afterAll(() => viewer?.close())

  /** What the panels leave free, as a digest. */
  const picture = async () => {
    const clip = { x: 170, y: 60, width: 250, height: 460 }
    return createHash('sha256')
      .update(await viewer.page.screenshot({ clip }))
      .digest('hex')
  }

  test.each(['cannon', 'mujoco'])(
    'sixteen spheres at rest in %s: sixteen contacts that carry them',
    async (engine) => {
      const { page, playing, until, pause } = viewer
      await page.click('#tab-model')
      if (engine === 'mujoco') {
        await page.selectOption('#engine', 'mujoco')
        await page.waitForFunction(() => (window.jacsense().latest?.time ?? 1) < 0.5)
      }
      await playing('spheres')
      await until(2)
      expect(await page.evaluate(() => window.jacsense().latest!.contacts)).toBeNull()
      await page.check('#showContacts')
      await page.waitForFunction(() => window.jacsense().latest!.contacts !== null)
      await pause()
      const { bodies, up, normals, weight } = await page.evaluate(() => {
        const { opened, latest } = window.jacsense()
        const { bodies: pairs, values } = latest!.contacts!
        const column = (c: number) => Array.from({ length: pairs.length / 2 }, (_, k) => values[9 * k + c]!)
        return {
          bodies: [...pairs],
          up: column(8).reduce((sum, f) => sum + f, 0),
          normals: column(5),
          weight: opened!.figure.bodies.reduce((sum, { mass }) => sum + mass, 0),
        }
      })
      expect([...bodies.filter((_, k) => k % 2 === 1)].sort((a, b) => a - b)).toEqual(
        Array.from({ length: 16 }, (_, k) => k),
      )
      expect(normals).toEqual(Array(16).fill(1))
      expect(Math.abs(up / (weight * G) - 1)).toBeLessThan(0.02)
      await page.waitForFunction(() => document.getElementById('contactText')!.textContent !== '')
      expect(await page.textContent('#contactText')).toBe('16 points, 157 N upwards')
      const withThem = await picture()
      await page.evaluate(() => document.querySelector('canvas')!.focus())
      await page.keyboard.press('c')
      await page.waitForFunction(() => window.jacsense().latest!.contacts === null)
      expect(await page.isChecked('#showContacts')).toBe(false)
      expect(await page.textContent('#contactText')).toBe('')
      expect(await picture()).not.toBe(withThem)
    },
    60_000,
  )

  test('joint axes and centres of mass are drawn where they are asked for', async () => {
    const { page, open, pause } = viewer
    await open('arm7')
    await page.click('#tab-model')
    await pause()
    const bare = await picture()
    for (const id of ['#showAxes', '#showCentres']) {
      await page.check(id)
      const marked = await picture()
      expect(marked).not.toBe(bare)
      await page.uncheck(id)
      expect(await picture()).toBe(bare)
    }
  })

  test('no error or warning in the console', () => {
    expect(viewer.complaints).toEqual([])
  })
})
