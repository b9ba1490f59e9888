import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('the core loads nothing of TensorFlow.js: no import leads there from src/index.ts', () => {
  const reach = (entry: string): { files: Set<string>; packages: Set<string> } => {
    const files = new Set<string>()
    const packages = new Set<string>()
    const visit = (url: URL): void => {
      if (files.has(url.href)) return
      files.add(url.href)
      for (const [, target] of readFileSync(url, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g))
        if (target!.startsWith('.')) visit(new URL(target!, url))
        else packages.add(target!)
    }
    visit(new URL(`../../src/${entry}`, import.meta.url))
    return { files, packages }
  }
  expect(reach('tfjs.ts').packages).toContain('@tensorflow/tfjs')
  const core = reach('index.ts')
  expect(core.files.size).toBeGreaterThan(100)
  expect([...core.packages].filter((name) => name.startsWith('@tensorflow'))).toEqual([])
  // Policies are the core's own.
  expect([...core.files].filter((file) => /\/src\/learn\/(?!policy\/)/.test(file))).toEqual([])
})
