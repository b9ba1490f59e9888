/** The viewer in Chromium, as `jacsense view` serves it, with what tests do to it again and again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import type { Designed, Frame, Opened, Sensed } from '../../src/viewer/protocol.ts'
import { launchChromium } from '../browser/chromium.ts'

declare global {
  interface Window {
    jacsense: () => {
      opened: Opened | null
      latest: Frame | null
      sensed: Sensed | null
      designed: Designed | null
      pixelOf: (body: number) => readonly [number, number]
      frames: () => number
      drawing: () => { readonly calls: number; readonly triangles: number }
    }
  }
}

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Viewer {
  readonly url: string
  readonly browser: Browser
  readonly page: Page
  readonly complaints: readonly string[] // of the console
  readonly loaded: ReadonlySet<string> // paths
  open(name: string): Promise<void>
  /** Waits until the scene plays. */
  playing(name: string): Promise<void>
  pause(): Promise<void>
  time(): Promise<number>
  until(seconds: number): Promise<void>
  /** As if files had been dropped on the page. */
  drop(files: Readonly<Record<string, string>>): Promise<void>
  linearized(): Promise<Sensed>
  close(): Promise<void>
}

export async function openViewer({ hash = '', args = [] as readonly string[] } = {}): Promise<Viewer> {
  const { command, url } = await serve(args)
  const browser = await launchChromium()
  const page = await browser.newPage({ viewport: { width: 800, height: 600 }, acceptDownloads: true })
  const complaints: string[] = []
  const loaded = new Set<string>()
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('response', (response) => void loaded.add(new URL(response.url()).pathname))
  await page.goto(`${url}${hash}`)
  await page.waitForFunction(() => (window.jacsense?.().latest?.time ?? 0) > 0)

  const playing = async (name: string) => {
    await page.waitForFunction((wanted) => {
      const { opened, latest } = window.jacsense()
      return opened?.figure.name === wanted && (latest?.time ?? 0) > 0.05
    }, name)
  }
  return {
    url,
    browser,
    page,
    complaints,
    loaded,
    playing,
    async open(name) {
      const last = await page.evaluateHandle(() => window.jacsense().opened)
      await page.click(`[data-name="${name}"]`)
      await page.waitForFunction((before) => window.jacsense().opened !== before, last)
      await playing(name)
    },
    async pause() {
      if (await page.evaluate(() => window.jacsense().latest?.playing !== false)) await page.click('#play')
      await page.waitForFunction(() => window.jacsense().latest?.playing === false)
    },
    time: () => page.evaluate(() => window.jacsense().latest!.time),
    async until(seconds) {
      await page.waitForFunction((s) => (window.jacsense().latest?.time ?? -1) > s, seconds)
    },
    async drop(files) {
      await page.evaluate((texts) => {
        const data = new DataTransfer()
        for (const [name, text] of Object.entries(texts)) data.items.add(new File([text], name))
        window.dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true }))
      }, files)
    },
    async linearized() {
      const before = await page.evaluateHandle(() => window.jacsense().sensed)
      await page.click('#linearize')
      await page.waitForFunction((last) => {
        const { sensed } = window.jacsense()
        return sensed !== null && sensed !== last
      }, before)
      return page.evaluate(() => window.jacsense().sensed!)
    },
    async close() {
      await browser.close()
      command.kill()
    },
  }
}

async function serve(args: readonly string[]): Promise<{ command: ChildProcess; url: string }> {
  const command = spawn(process.execPath, [COMMAND, 'view', ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise<string>((resolve, reject) => {
    let text = ''
    command.stdout!.on('data', (data) => {
      text += data
      if (text.includes('}')) resolve((JSON.parse(text) as { url: string }).url)
    })
    command.once('exit', (code) => reject(new Error(`jacsense view ended with ${code}`)))
  })
  return { command, url }
}
