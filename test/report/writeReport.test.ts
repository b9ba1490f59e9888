import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JSDOM } from 'jsdom'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeReport } from '../../src/report/writeReport.ts'
import { cartpoleContent, wideContent } from './content.ts'

let folder = ''
let cartpole: Document
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jacsense-report-'))
  cartpole = await page('cartpole', await cartpoleContent(kicks))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const kicks = [{ time: 3, coordinate: 'pole.velocity', amount: 1 }]

async function page(name: string, content: Parameters<typeof writeReport>[1]): Promise<Document> {
  const files = await writeReport(join(folder, name), content)
  return new JSDOM(await readFile(files.at(-1)!, 'utf8')).window.document
}

describe('writeReport', () => {
  it('creates the folder and leaves three whole files and no temporary ones', async () => {
    const dir = join(folder, 'deep', 'er')
    const files = await writeReport(dir, await cartpoleContent(kicks))
    expect(files).toEqual(['linearization.json', 'trajectory.csv', 'report.html'].map((name) => join(dir, name)))
    expect((await readdir(dir)).sort()).toEqual(['linearization.json', 'report.html', 'trajectory.csv'])
    expect(JSON.parse(await readFile(files[0]!, 'utf8'))).toMatchObject({ scene: 'cartpole', dt: 0.01 })
    expect((await readFile(files[1]!, 'utf8')).trimEnd().split('\r\n')).toHaveLength(602)
  })

  it('the same content gives the same bytes, and replaces what was there', async () => {
    const read = async (dir: string) => readFile(join(dir, 'report.html'), 'utf8')
    const [one, two] = [join(folder, 'one'), join(folder, 'two')]
    await writeReport(one, await cartpoleContent(kicks))
    await writeReport(two, await wideContent(3))
    await writeReport(two, await cartpoleContent(kicks))
    expect((await read(two)) === (await read(one))).toBe(true)
  })

  it('leaves nothing behind when a file cannot be written', async () => {
    const blocker = join(folder, 'blocker')
    await writeFile(blocker, '')
    await expect(writeReport(join(blocker, 'out'), await cartpoleContent())).rejects.toThrow(/ENOTDIR|EEXIST/)
  })

  it('needs no network: no script, no link, no outside source', async () => {
    const document = cartpole
    expect(document.querySelectorAll('script, link, img, iframe')).toHaveLength(0)
    const html = document.documentElement.outerHTML
      .replaceAll('http://www.w3.org/2000/svg', '')
      .replaceAll('http://www.w3.org/1999/xlink', '')
    expect(html.match(/https?:|url\(|@import/)).toBeNull()
  })

  it('draws every entry of A, B and K, with names and units on the tooltip', async () => {
    const document = cartpole
    const titles = [...document.querySelectorAll('rect > title')].map((title) => title.textContent)
    // 4 ones, 2 × dt and 3 couplings in A; 4 in B; 4 in K.
    expect(titles).toHaveLength(17)
    expect(titles).toContain('∂ pole.velocity⁺ / ∂ motor = -0.02421 (rad/s)/N')
    expect(titles).toContain('∂ pole.velocity⁺ / ∂ pole.angle = 0.2612 (rad/s)/rad')
    expect(titles).toContain('motor per pole.angle: -41.7 N/rad')
  })

  it('shows eigenvalues of both loops, unstable ones by their coordinate', async () => {
    const document = cartpole
    const titles = [...document.querySelectorAll('circle > title')].map((title) => title.textContent)
    expect(titles.filter((title) => title?.startsWith('open loop'))).toHaveLength(8) // in both charts
    expect(titles.filter((title) => title?.startsWith('closed loop'))).toHaveLength(8)
    expect(titles).toContain('open loop: 1.0524, |λ| = 1.0524, mostly pole.velocity')
    const unstable = [...document.querySelectorAll('circle[stroke="var(--warn)"]')]
    expect(unstable).toHaveLength(2)
  })

  it('keeps the unit circle round', async () => {
    const document = cartpole
    const svg = document.querySelector('svg[aria-label="Eigenvalues against the unit circle"]')!
    const d =
      svg.querySelector('path[stroke-dasharray]')?.getAttribute('d') ??
      svg.querySelector('[stroke-dasharray] path')!.getAttribute('d')!
    const points = d
      .slice(1)
      .split('L')
      .map((pair) => pair.split(',').map(Number))
    const span = (axis: number) => Math.max(...points.map((p) => p[axis]!)) - Math.min(...points.map((p) => p[axis]!))
    expect(span(0)).toBeGreaterThan(100)
    expect(span(0) / span(1)).toBeCloseTo(1, 3)
  })

  it('plots one chart per coordinate and control, and the numbers of the run', async () => {
    const document = cartpole
    const captions = [...document.querySelectorAll('.charts figcaption')].map((caption) => caption.textContent)
    expect(captions).toEqual([
      'slide.position m',
      'pole.angle rad',
      'slide.velocity m/s',
      'pole.velocity rad/s',
      'motor N',
    ])
    const text = document.body.textContent!
    expect(text).toContain('pole.velocity +1 rad/s at 3 s')
    expect(text).toContain('14 simulator steps: 10 for 5 directions, 4 to check them on 2 random ones')
    expect(text).toContain('jacsense run cartpole --controller lqr')
    expect(text).toContain('Seed')
  })

  it('groups many coordinates by kind and unit', async () => {
    const document = await page('wide', await wideContent(10))
    const captions = [...document.querySelectorAll('.charts figcaption')].map((caption) => caption.textContent)
    expect(captions).toEqual([
      'mass1.position … mass10.position m (10 lines)',
      'mass1.velocity … mass10.velocity m/s (10 lines)',
      'u0 N',
    ])
    // 2n + n position-velocity entries, 3n − 2 springs, 1 control.
    expect(document.querySelectorAll('rect > title')).toHaveLength(30 + 28 + 1)
  })

  it('escapes what comes from a scene file', async () => {
    const content = { ...(await cartpoleContent()), scene: '<script>alert(1)</script>', description: '"&<b>' }
    const document = await page('escaped', content)
    expect(document.querySelectorAll('script, b:not(figcaption b, .fact b)')).toHaveLength(0)
    expect(document.querySelector('h1')!.textContent).toBe('<script>alert(1)</script>')
  })

  it('draws no NaN', async () => {
    for (const document of [cartpole, await page('narrow', await wideContent(2))])
      expect(document.querySelector('main')!.innerHTML.match(/NaN|undefined/)).toBeNull()
  })
})
