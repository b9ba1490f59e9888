/** jacsense view: serves the viewer's page on this machine, or writes it as a static site. */
import { cp, mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Command, Option } from 'commander'
import { createEngine } from '../engine/createEngine.ts'
import { InputError } from '../scene/inputError.ts'
import { loadMjcf } from '../engine/mujoco/loadMjcf.ts'
import { listScenes, readSceneTexts } from '../scene/loadScene.ts'
import { parseTexts } from '../scene/parseTexts.ts'
import { pathInside } from '../scene/pathInside.ts'
import type { SceneTexts } from '../scene/sceneTexts.ts'
import { type Io, printJson } from './io.ts'
import { wholeNumber } from './options.ts'
import { checkOutFolder } from './outFolder.ts'
import { viewerEngines } from './viewerEngines.ts'

const SITE = fileURLToPath(new URL('../viewer/', import.meta.url))
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
}

interface ViewFlags {
  readonly engine?: 'cannon' | 'mujoco' | 'rapier'
  readonly port: number
  readonly out?: string
  readonly json?: true
}

/** The scene that the page opens with: what takes the place of files of the site. */
type Overlay = ReadonlyMap<string, string>

export function addViewCommand(program: Command, io: Io): void {
  program
    .command('view')
    .description('show a scene in the browser: simulate, pull, linearize, control')
    .argument('[scene]', 'scene, URDF or MJCF file, folder or name (default: cartpole)')
    .addOption(
      new Option(
        '--engine <name>',
        'engine that the page begins with; it can be changed there (default: cannon; mujoco for MJCF)',
      ).choices(['cannon', 'mujoco', 'rapier']),
    )
    .option('--port <integer>', 'where to listen; 0: any free port', wholeNumber(0), 0)
    .option('--out <folder>', 'write a static site, which needs no server of ours, and end')
    .option('--json', 'print JSON and nothing else')
    .action(async (name: string | undefined, { engine, port, out, json }: ViewFlags) => {
      if (port > 65535) throw new InputError({ path: '--port', expected: 'a port, 0 … 65535', found: String(port) })
      const overlay = await overlayOf(name, engine)
      if (out !== undefined) {
        await writeSite(out, overlay)
        const engines = viewerEngines()
        if (json)
          printJson(io, {
            folder: out,
            ...Object.fromEntries(engines.map(({ engine, files }) => [engine, files !== null])),
          })
        else {
          io.stdout.write(`wrote ${join(out, 'index.html')} and what it needs; serve the folder from anywhere\n`)
          for (const { engine, name, files } of engines)
            if (files === null) io.stdout.write(`without the engine ${engine}, as ${name} is not installed\n`)
        }
        return
      }
      const server = await serve(overlay, port)
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
      if (json) printJson(io, { url })
      else io.stdout.write(`viewer at ${url} (Ctrl+C ends it)\n`)
      await new Promise<void>((resolve) => {
        if (io.signal?.aborted) resolve()
        io.signal?.addEventListener('abort', () => resolve(), { once: true })
      })
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
}

/** Reads and checks the scene before anything is served. */
async function overlayOf(name: string | undefined, engine: ViewFlags['engine']): Promise<Overlay> {
  const opened = name === undefined || (await listScenes()).includes(name) ? null : await readRobot(name, engine)
  const index = JSON.parse(await readFile(join(SITE, 'scenes/index.json'), 'utf8')) as {
    readonly first: string
    readonly scenes: readonly { readonly name: string; readonly description: string }[]
  }
  const first = opened ? `opened-${opened.name}` : (name ?? index.first)
  const scenes = [...(opened ? [{ name: first, description: opened.description }] : []), ...index.scenes]
  return new Map([
    ['scenes/index.json', JSON.stringify({ first, scenes, engine })],
    ...(opened
      ? ([
          [`scenes/${first}.json`, JSON.stringify(opened.texts)],
          [`scenes/${first}.svg`, '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 136 64"/>'],
        ] as const)
      : []),
  ])
}

async function readRobot(name: string, engine: ViewFlags['engine']) {
  if (!/\.(xml|mjcf)$/i.test(name)) {
    const texts = await readSceneTexts(name)
    const scene = await parseTexts(texts)
    return { name: scene.name, description: scene.description, texts }
  }
  if (engine !== undefined && engine !== 'mujoco')
    throw new InputError({ path: '--engine', expected: 'mujoco for an MJCF model', found: engine })
  const model = await loadMjcf(name)
  const compiled = await createEngine(model)
  compiled.dispose()
  const { xml, files, ...mjcf } = model
  const beside = [...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString('base64')])
  const texts: SceneTexts = { kind: 'mjcf', file: name, source: xml, files: Object.fromEntries(beside) }
  return { name: mjcf.name, description: mjcf.description, texts }
}

async function serve(overlay: Overlay, port: number): Promise<Server> {
  const site = await realpath(SITE)
  const optional = new Map(viewerEngines().flatMap(({ files }) => [...(files ?? [])]))
  const server = createServer(async ({ url = '/' }, response) => {
    const send = (type: string, content: string | Buffer) => {
      response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' })
      response.end(content)
    }
    try {
      const path = decodeURIComponent(new URL(url, 'http://localhost').pathname).replace(/^\/+/, '') || 'index.html'
      const type = TYPES[extname(path)] ?? 'application/octet-stream'
      const laid = overlay.get(path)
      if (laid !== undefined) return send(type, laid)
      const ofEngine = optional.get(path)
      if (ofEngine !== undefined) return send(type, await readFile(ofEngine))
      const found = await pathInside(site, path)
      if (found !== null && found !== 'outside') return send(type, await readFile(found.path))
    } catch {
      // not there
    }
    response.writeHead(404)
    response.end()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      const found = code === 'EADDRINUSE' ? `${port}, which is taken` : `${port} (${message})`
      reject(new InputError({ path: '--port', expected: 'a port to listen on', found }))
    })
    server.listen(port, '127.0.0.1', resolve)
  })
  return server
}

/** Into a folder beside, then to its name: a site is there whole, or not at all, and nothing else is touched. */
async function writeSite(out: string, overlay: Overlay): Promise<void> {
  await checkOutFolder(out)
  const there = await readdir(out).catch(() => [])
  if (there.length > 0)
    throw new InputError({
      path: '--out',
      expected: 'a folder that is empty or not there yet',
      found: `${out}, which holds ${there[0]}`,
    })
  const beside = `${resolve(out)}.partial-${process.pid}`
  try {
    await mkdir(dirname(beside), { recursive: true })
    await cp(SITE, beside, { recursive: true })
    for (const [path, text] of overlay) await writeFile(join(beside, path), text)
    for (const { files } of viewerEngines()) for (const [path, file] of files ?? []) await cp(file, join(beside, path))
    await rm(out, { recursive: true, force: true }) // empty
    await rename(beside, out)
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}
