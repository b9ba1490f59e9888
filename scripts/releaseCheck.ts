/**
 * What a release has to pass beside the tests, `npm run release:check`, which builds first: the packed package is looked over (publint,
 * are-the-types-wrong), installed in an empty folder, and used as a stranger would: types under both module resolutions, the command, the
 * program in the README, the guide from its first command to its last, and every version of Node that docs/support.md lists.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { codeBlocks } from './docs/codeBlocks.ts'
import { followPage } from './docs/followPage.ts'
import { CONSUMER, SMOKE } from './release/consumer.ts'
import { onNodeVersions } from './release/onNodeVersions.ts'
import { call, expect, step } from './release/steps.ts'
import { NODE_VERSIONS } from './release/support.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = (name: string) => join(root, 'node_modules/.bin', name)
const place = mkdtempSync(join(tmpdir(), 'jacsense-release-'))
const folder = join(place, 'consumer')
const BELONGS =
  /^(dist\/.*\.(js|d\.ts)$|dist\/viewer\/.*\.(html|css|json|svg)$|scenes\/|docs\/|package\.json$|README|CHANGELOG|CONTRIBUTING|LICENSE)/
const WANTED = [
  'dist/index.js',
  'dist/index.d.ts',
  'dist/cli/main.js',
  'dist/viewer/index.html',
  'scenes/cartpole/scene.json',
]

const { version, peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string
  peerDependencies: Record<string, string> // all of them optional
}
const optional = Object.entries(peerDependencies).map(([name, range]) => `${name}@${range}`)

try {
  mkdirSync(folder)
  let tarball = ''
  await step('npm pack', () => {
    const printed = call('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', place], root)
    const [{ filename, files, size }] = JSON.parse(printed) as [
      { filename: string; files: { path: string }[]; size: number },
    ]
    tarball = join(place, filename)
    const paths = files.map(({ path }) => path)
    const stray = paths.filter((path) => !BELONGS.test(path))
    expect(stray.length === 0, `files that do not belong in the package: ${stray.join(', ')}`)
    for (const wanted of WANTED) expect(paths.includes(wanted), `the package lacks ${wanted}`)
    return `${files.length} files, ${Math.round(size / 1024)} kB`
  })
  await step('publint --strict', () => void call(bin('publint'), ['--strict', tarball], folder))
  await step('are the types wrong', () => void call(bin('attw'), ['--profile', 'esm-only', tarball], folder))
  await step('npm install', () => {
    writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n')
    call('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball], folder)
  })
  writeFileSync(join(folder, 'consumer.ts'), CONSUMER)
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const)
    await step(`types with moduleResolution ${moduleResolution}`, () => {
      const options = { module, moduleResolution, target: 'es2022', lib: ['es2023', 'dom'], strict: true, types: [] }
      const config = {
        compilerOptions: { ...options, skipLibCheck: false, outDir: moduleResolution },
        files: ['consumer.ts'],
      }
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
      call(bin('tsc'), ['-p', folder], folder)
    })
  await step('balance a cart-pole from the installed package', () => {
    const script =
      "import('./nodenext/consumer.js').then((m) => m.balance()).then((v) => process.stdout.write(String(v)))"
    const angle = Number(call(process.execPath, ['-e', script], folder))
    expect(angle < 0.01, `the pole ends at ${angle} rad`)
    return `final angle ${angle.toExponential(1)} rad`
  })
  await step('npm install of the optional packages', () => {
    call('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...optional], folder)
  })
  await step('the programs in the README', () => {
    const blocks = codeBlocks(readFileSync(join(root, 'README.md'), 'utf8')).filter(({ language }) => language === 'ts')
    expect(blocks.length > 0, 'there is none')
    for (const [k, { text }] of blocks.entries()) {
      const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
      writeFileSync(join(folder, `readme-${k}.mjs`), ts.transpileModule(text, { compilerOptions }).outputText)
      call(process.execPath, [`readme-${k}.mjs`], folder)
    }
  })
  await step('jacsense --version', () => {
    const printed = call(join(folder, 'node_modules/.bin/jacsense'), ['--version'], folder).trim()
    expect(printed === version, `--version prints ${printed}, package.json says ${version}`)
    return printed
  })
  await step('jacsense linearize cartpole --json', () => {
    const printed = call(join(folder, 'node_modules/.bin/jacsense'), ['linearize', 'cartpole', '--json'], folder)
    const { states, A, B, quality } = JSON.parse(printed) as {
      states: string[]
      A: number[][]
      B: number[][]
      quality: { certified: boolean; calls: number }
    }
    expect(quality.certified, 'not certified')
    expect(A.length === states.length && B.length === states.length, 'A and B do not fit the states')
    return `${quality.calls} calls`
  })
  await step('the schema and package.json can be imported', () => {
    const script = `for (const path of ['scene.schema.json', 'sweep.schema.json', 'package.json']) import.meta.resolve('jacsense/' + path)`
    call(process.execPath, ['--input-type=module', '-e', script], folder)
  })
  await step('the guide, with the package that npm installs', async () => {
    const checkout = join(place, 'checkout')
    mkdirSync(checkout)
    const commands = await followPage(readFileSync(join(root, 'docs/guide.md'), 'utf8'), {
      folder: checkout,
      env: { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' },
      // the checkout is built, and its package packed
      instead: (command, here) => (here === checkout && command.startsWith('npm ') ? null : command),
    })
    return `${commands.length} commands`
  })
  writeFileSync(join(folder, 'smoke.mjs'), SMOKE)
  await onNodeVersions(NODE_VERSIONS, 'smoke.mjs', folder)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
} finally {
  rmSync(place, { recursive: true, force: true })
}
