/** What the build of the website refuses. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { anchorsOf, linksOf } from '../../scripts/docs/markdownLinks.ts'
import { sameOutput } from '../../scripts/docs/sameOutput.ts'
import { checkSite } from '../../scripts/site/checkSite.ts'
import { gallery } from '../../scripts/site/gallery.ts'

function faultsOf(files: Record<string, string>, base?: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'jacsense-site-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    return checkSite(folder, base)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('links of the website', () => {
  it('are fine where pages, files and headings exist', () => {
    const index =
      '<a href="/a.html#über-uns">x</a><a class="y" href="a">x</a><img src="./p.svg"><a href="https://x.org">x</a>'
    expect(faultsOf({ 'index.html': index, 'a.html': '<h2 id="über-uns">', 'p.svg': '' })).toEqual([])
    expect(faultsOf({ 'index.html': '<a href="/docs/a">x</a>', 'a.html': '' }, '/docs/')).toEqual([])
  })

  it.each([
    ['a page', '<a href="/b.html">x</a>', 'no such page'],
    ['a heading', '<a class="z" href="/a.html#b">x</a>', 'no such heading'],
    ['a heading of its own', '<a href="#b">x</a>', 'no such heading'],
    ['a picture', '<img alt="x" src="p.svg">', 'no such page'],
    ['something from elsewhere', '<script src="https://x.org/a.js"></script>', 'from elsewhere'],
    ['a font from elsewhere', '<link rel="preload" href="//fonts.org/a.woff2">', 'from elsewhere'],
  ])('%s that is missing is told', (_what, html, message) => {
    const faults = faultsOf({ 'index.html': html, 'a.html': '<h2 id="a">' })
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(message)
  })
})

describe('Markdown as GitHub reads it', () => {
  it('names headings by small letters, without punctuation, numbered where they repeat', () => {
    const page =
      '# A `b`, c!\n## Over points: `gainSchedule`\n## x\n## x\n```sh\n# no heading\n```\n## [Link](a.md) *it*\n'
    expect([...anchorsOf(page)]).toEqual(['a-b-c', 'over-points-gainschedule', 'x', 'x-1', 'link-it'])
  })

  it('has links outside of code', () => {
    expect(linksOf('[a](b.md#c) `[d](e)` ![f](g.png)\n\n    [h](i)\n```\n[j](k)\n```\n')).toEqual(['b.md#c', 'g.png'])
  })
})

describe('what a page shows of an output', () => {
  const output = 'one\n\ntwo   2 \nthree 3.14159\nfour\n'
  it.each(['one\ntwo   2', 'two   2\n…\nfour', 'three …', 'one\n…\nthree 3.…9\nfour'])('%j is in it', (shown) => {
    expect(sameOutput(output, shown)).toBeNull()
  })
  it.each(['two', 'one\nthree …', 'four\n…\none', 'three 3.…8'])('%j is not', (shown) => {
    expect(sameOutput(output, shown)).toContain('expected lines like')
  })
})

it('the gallery has a section for every experiment, with a question and a picture', () => {
  const text = gallery(fileURLToPath(new URL('../../', import.meta.url)))
  const sections = text.split(/^## /m).slice(1)
  expect(sections.length).toBeGreaterThan(15)
  for (const section of sections) {
    expect(section).toMatch(/\*\*[^*]+\?\*\*/)
    expect(section, section).toMatch(/images\/[\w-/]+\.svg/)
  }
})
