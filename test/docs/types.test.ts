/** TypeScript in the documentation compiles as it stands, under the compiler's strict options, in a user's project. */
import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { codeBlocks } from '../../scripts/docs/codeBlocks.ts'
import { pages, root } from './pages.ts'

it('TypeScript in the documentation compiles', { timeout: 180_000 }, () => {
  const sources = new Map<string, string>()
  for (const page of pages)
    for (const { language, line, text } of codeBlocks(readFileSync(root + page, 'utf8')))
      if (language === 'ts') sources.set(`${root}docs/${page.replace(/\W/g, '-')}-line-${line}.ts`, text)
  expect(sources.size).toBeGreaterThan(20)

  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    moduleDetection: ts.ModuleDetectionKind.Force,
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
    // the built package, as npm test has just made it
    paths: {
      jacsense: [`${root}dist/index.d.ts`],
      'jacsense/*': [`${root}dist/*.d.ts`],
    },
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (name) => sources.has(name) || fileExists(name)
  host.readFile = (name) => sources.get(name) ?? readFile(name)
  host.getSourceFile = (name, version, ...rest) => {
    const text = sources.get(name)
    return text === undefined ? getSourceFile(name, version, ...rest) : ts.createSourceFile(name, text, version)
  }
  const program = ts.createProgram([...sources.keys()], options, host)
  const faults = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start!).line + 1
    return `${file?.fileName.slice(root.length)}+${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
  expect(faults).toEqual([])
})
