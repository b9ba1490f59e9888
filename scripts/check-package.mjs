/**
 * Installs the packed package in an empty folder and uses it as a stranger would: types under both module resolutions, imports,
 * the command. Also publint and are-the-types-wrong on the tarball. Run through `npm run check:package`, which builds first.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = (name) => join(root, 'node_modules/.bin', name)
const folder = mkdtempSync(join(tmpdir(), 'jacsense-package-'))

function call(command, args, cwd = folder) {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')} failed:\n${error.stdout ?? ''}${error.stderr ?? ''}`)
  }
}

function step(what, action) {
  const start = performance.now()
  const note = action()
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  process.stdout.write(`ok ${what} (${seconds} s)${note ? `: ${note}` : ''}\n`)
}

function expect(condition, message) {
  if (!condition) throw new Error(message)
}

const CONSUMER = `
import { createEngine, type Engine, type Linearization, linearize, loadScene, lqr, lqrController, simulate } from 'jacsense'

export async function balance(): Promise<number> {
  const engine: Engine = await createEngine(await loadScene('cartpole'))
  const lin: Linearization = await linearize(engine)
  const { K } = lqr(lin, { Q: [[1, 0, 0, 0], [0, 10, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], R: [[0.1]] })
  if (K === null) throw new Error('no gain')
  const x0 = engine.home.x.slice()
  x0[1] = 0.1
  const run = await simulate(engine, lqrController(lin, K, engine.difference), { x0, duration: 4 })
  const final: number | undefined = run.dX[run.steps * engine.layout.ndx + 1]
  return Math.abs(final ?? Number.NaN)
}
`

try {
  let tarball = ''
  step('npm pack', () => {
    const [{ filename, files, size }] = JSON.parse(
      call('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root),
    )
    tarball = join(folder, filename)
    const paths = files.map(({ path }) => path)
    const stray = paths.filter(
      (path) =>
        !/^(dist\/.*\.(js|d\.ts)$|dist\/viewer\/.*\.(html|css|json|svg)$|scenes\/|docs\/|package\.json$|README|CHANGELOG|CONTRIBUTING|LICENSE)/.test(
          path,
        ),
    )
    expect(stray.length === 0, `files that do not belong in the package: ${stray.join(', ')}`)
    for (const wanted of [
      'dist/index.js',
      'dist/index.d.ts',
      'dist/cli/main.js',
      'dist/viewer/index.html',
      'scenes/cartpole/scene.json',
    ])
      expect(paths.includes(wanted), `the package lacks ${wanted}`)
    return `${files.length} files, ${Math.round(size / 1024)} kB`
  })
  step('publint --strict', () => void call(bin('publint'), ['--strict', tarball]))
  step('are the types wrong', () => void call(bin('attw'), ['--profile', 'esm-only', tarball]))
  step('npm install', () => {
    writeFileSync(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n')
    call('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball])
  })
  writeFileSync(join(folder, 'consumer.ts'), CONSUMER)
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])
    step(`types with moduleResolution ${moduleResolution}`, () => {
      const options = { module, moduleResolution, target: 'es2022', lib: ['es2023', 'dom'], strict: true, types: [] }
      const config = {
        compilerOptions: { ...options, skipLibCheck: false, outDir: moduleResolution },
        files: ['consumer.ts'],
      }
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
      call(bin('tsc'), ['-p', folder])
    })
  step('balance a cart-pole from the installed package', () => {
    const script =
      "import('./nodenext/consumer.js').then((m) => m.balance()).then((v) => process.stdout.write(String(v)))"
    const angle = Number(call(process.execPath, ['-e', script]))
    expect(angle < 0.01, `the pole ends at ${angle} rad`)
    return `final angle ${angle.toExponential(1)} rad`
  })
  step('jacsense --version', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const printed = call(join(folder, 'node_modules/.bin/jacsense'), ['--version']).trim()
    expect(printed === version, `--version prints ${printed}, package.json says ${version}`)
    return printed
  })
  step('jacsense linearize cartpole --json', () => {
    const printed = call(join(folder, 'node_modules/.bin/jacsense'), ['linearize', 'cartpole', '--json'])
    const { states, A, B, quality } = JSON.parse(printed)
    expect(quality.certified === true, 'not certified')
    expect(A.length === states.length && B.length === states.length, 'A and B do not fit the states')
    return `${quality.calls} calls`
  })
  step('the schemas and package.json can be imported', () => {
    const script = `for (const path of ['scene.schema.json', 'sweep.schema.json', 'package.json']) import.meta.resolve('jacsense/' + path)`
    call(process.execPath, ['--input-type=module', '-e', script])
  })
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
