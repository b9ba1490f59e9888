import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { codeBlocks } from '../scripts/docs/codeBlocks.ts'
import { anchorsOf, linksOf } from '../scripts/docs/markdownLinks.ts'
import { parseScene } from '../src/scene/parseScene.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort(),
]
const read = (page: string) => readFileSync(join(root, page), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'jacsense-docs-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Blocks of a language by page and line, but for those that a page has saved as files: who follows the page runs these. */
const blocksOf = (language: string) =>
  pages.flatMap((page) =>
    codeBlocks(read(page))
      .filter((block) => block.language === language && block.words.length === 0)
      .map(({ line, text }) => [page, line, text] as const),
  )

/** Where a name that code in the documentation imports is found, from outside of the project. */
function urlOf(name: string): string {
  const entry = name === 'jacsense' ? 'index' : name.replace('jacsense/', '')
  const path = name.startsWith('jacsense')
    ? join(root, `dist/${entry}.js`)
    : createRequire(import.meta.url).resolve(name)
  return pathToFileURL(path).href
}

describe('code in the documentation', () => {
  it('is found', () => {
    expect(blocksOf('ts').length).toBeGreaterThanOrEqual(20)
    expect(blocksOf('json').length).toBeGreaterThanOrEqual(3)
  })

  it.each(blocksOf('ts'))('%s, line %d runs as it stands', async (page, line, source) => {
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    })
    const file = join(folder, `${page.replace(/\W/g, '-')}-${line}.mjs`)
    // the built package, as npm test has just made it
    writeFileSync(
      file,
      outputText.replace(/'(jacsense(\/\w+)?|@tensorflow\/tfjs)'/g, (_, name) => `'${urlOf(name)}'`),
    )
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    try {
      await import(/* @vite-ignore */ pathToFileURL(file).href)
      for (const call of log.mock.calls) for (const value of call) expect(value).not.toBeNaN()
      expect(log).toHaveBeenCalled()
    } finally {
      log.mockRestore()
    }
  })

  it.each(blocksOf('json'))('%s, line %d is JSON, and a scene where it looks like one', (_page, _line, source) => {
    const value = JSON.parse(source) as Record<string, unknown>
    const isScene = Array.isArray(value.joints) && Array.isArray(value.bodies)
    if (isScene) expect(parseScene(value).name).toBe(value.name)
  })

  it.each(pages)('%s links only to files and headings that exist', (page) => {
    const faults = linksOf(read(page)).flatMap((target) => {
      if (/^[a-z]+:/.test(target)) return []
      const [path, anchor] = target.split('#') as [string, string?]
      const file = path === '' ? join(root, page) : join(root, page, '..', path)
      if (!existsSync(file)) return [`${target}: no such file`]
      if (anchor === undefined || anchorsOf(readFileSync(file, 'utf8')).has(anchor)) return []
      return [`${target}: no such heading`]
    })
    expect(faults).toEqual([])
  })
})
