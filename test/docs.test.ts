import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import { afterAll, describe, expect, it, vi } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
]
const folder = mkdtempSync(join(tmpdir(), 'jacsense-docs-'))
afterAll(() => rmSync(folder, { recursive: true }))

const blocks = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(
    (match, k) => [page, k + 1, match[1]!] as const,
  ),
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
    expect(blocks.length).toBeGreaterThanOrEqual(3)
  })

  it.each(blocks)('%s, block %d runs as it stands', async (page, k, source) => {
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    })
    const file = join(folder, `${page.replace(/\W/g, '-')}-${k}.mjs`)
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

  it.each(pages)('%s links only to files that exist', (page) => {
    const text = readFileSync(join(root, page), 'utf8')
    for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue
      const path = new URL(target!, pathToFileURL(join(root, page))).pathname
      expect(() => readFileSync(path), `${page}: ${target}`).not.toThrow()
    }
  })
})
