/** The built package in Firefox ESR, driven over WebDriver BiDi: the same numbers as in Node. What a page loads is tested in Chromium. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import puppeteer, { type Browser, type Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installed } from './installed.ts'
import { apart, JOBS } from './jobs.ts'
import { experiment, type Job, type Outcome } from './page/experiment.ts'
import { type FolderServer, serveFolder } from './serveFolder.ts'
import { buildUserPage } from './userPage.ts'

const PLACES = ['/usr/bin/firefox-esr', '/usr/bin/firefox']

describe('jacsense in Firefox', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jacsense-firefox-'))
  const complaints: string[] = []
  let browser: Browser
  let server: FolderServer
  let page: Page

  beforeAll(async () => {
    await buildUserPage(folder)
    server = await serveFolder(join(folder, 'site'))
    browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: installed('firefox-esr', PLACES, 'FIREFOX_PATH'),
      headless: true,
    })
    page = await browser.newPage()
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(server.url)
    await page.waitForFunction(() => 'inWorker' in window)
  }, 300_000)

  afterAll(async () => {
    await browser?.close()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test.each(JOBS)('%s: A, B, gain and closed loop are those of Node', async (_what, job) => {
    const here = await experiment(job)
    for (const where of ['onPage', 'inWorker'] as const) {
      const there: Outcome = await page.evaluate((given: Job, name) => window[name](given), job, where)
      expect(there.states).toEqual(here.states)
      expect(there.certified).toBe(true)
      expect(apart(there.A.flat(), here.A.flat())).toBeLessThanOrEqual(1e-12)
      expect(apart(there.B.flat(), here.B.flat())).toBeLessThanOrEqual(1e-12)
      if (here.K) expect(apart(there.K!.flat(), here.K.flat())).toBeLessThanOrEqual(1e-9)
      expect(apart(there.final, here.final)).toBeLessThanOrEqual(1e-9)
    }
  })

  test('no error in the console', () => {
    expect(complaints).toEqual([])
  })
})
