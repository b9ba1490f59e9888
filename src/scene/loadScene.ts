/** Scenes from files: a scene or URDF file, a folder that holds scene.json, or the bare name of a scene that comes with the package. */
import { InputError } from './inputError.ts'
import { listed, suggestion } from './nearest.ts'
import { nodeOnly } from './nodeOnly.ts'
import { parseJson } from './parseJson.ts'
import { parseScene } from './parseScene.ts'
import { parseUrdf } from './parseUrdf.ts'
import { pathInside } from './pathInside.ts'
import type { Scene } from './scene.ts'
import type { SceneTexts } from './sceneTexts.ts'

const MAX_BYTES = 16 * 2 ** 20
// Seen from src/scene and from dist/scene alike. A constant of its own, so that bundlers don't take the folder for an asset.
const SCENES = '../../scenes/'

export interface LoadSceneOptions {
  /** The folder that URDF files may lie in, besides what is in it. Default: that of the scene file. */
  readonly folder?: string
  readonly signal?: AbortSignal
}

/**
 * Reads and checks a scene. `nameOrPath` is a scene file, a folder holding scene.json, the bare name of a scene in the package's
 * `scenes` folder ('cartpole'), or a URDF file (its base fixed to the world, see parseUrdf); a bare name that is none of those is
 * tried as a path. Throws InputError on anything that can't be used: missing or oversized (16 MB) files, broken JSON, URDF files
 * outside of the folder, and all that parseScene refuses.
 */
export async function loadScene(nameOrPath: string, options: LoadSceneOptions = {}): Promise<Scene> {
  nodeOnly('loadScene', 'parseScene takes the value of a scene.json, parseUrdf the text of a URDF file')
  const { kind, file, source, files } = await readSceneTexts(nameOrPath, options)
  if (kind === 'urdf') return parseUrdf(String(source), { file })
  return parseScene(source, { file, files: new Map(Object.entries(files)) })
}

/** What `loadScene` parses: the value of the scene file and the texts of the URDF files that it names, or the text of a URDF file. */
export async function readSceneTexts(
  nameOrPath: string,
  { folder, signal }: LoadSceneOptions = {},
): Promise<SceneTexts> {
  signal?.throwIfAborted()
  const file = await sceneFile(nameOrPath)
  const text = await readBounded(file, signal)
  if (/\.urdf$/i.test(file)) return { kind: 'urdf', file, source: text, files: {} }
  const source = parseJson(text, file)
  return { kind: 'scene', file, source, files: Object.fromEntries(await includedFiles(source, file, folder, signal)) }
}

/** Texts of the URDF files that a scene value names, by the paths in it. What is no path is left for parseScene to refuse. */
async function includedFiles(
  value: unknown,
  file: string,
  root: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  const robots: unknown = typeof value === 'object' && value !== null && 'robots' in value ? value.robots : []
  if (!Array.isArray(robots)) return files
  const { realpath } = await import('node:fs/promises')
  const { dirname, relative, resolve, sep } = await import('node:path')
  const own = await realpath(dirname(file))
  // Scenes of the package may share their robots.
  const shipped = await realpath(await scenesFolder()).catch(() => own)
  const usual = own.startsWith(shipped + sep) ? shipped : own
  const folder = root === undefined ? usual : await realpath(root).catch(() => resolve(root))
  let total = 0
  for (const [r, robot] of robots.entries()) {
    const name: unknown = typeof robot === 'object' && robot !== null && 'urdf' in robot ? robot.urdf : null
    if (typeof name !== 'string' || files.has(name)) continue
    const path = `robots[${r}].urdf`
    // The path is one from the scene file; what it may not leave is the folder.
    const isRelative = !/^([a-zA-Z]:|[/\\])/.test(name)
    const place = isRelative ? relative(folder, resolve(own, name)).split(sep).join('/') : name
    const found = await pathInside(folder, place)
    if (found === 'outside')
      throw new InputError({
        file,
        path,
        expected: `a path inside the folder ${root ?? 'of the scene'}`,
        found: `"${name}"`,
      })
    if (found === null) throw new InputError({ file, path, expected: 'a URDF file', found: `no file "${name}"` })
    const text = await readBounded(found.path, signal)
    total += text.length
    if (total > MAX_BYTES)
      throw new InputError({ file, path, expected: `at most ${MAX_BYTES / 2 ** 20} MB of URDF files`, found: 'more' })
    files.set(name, text)
  }
  return files
}

/** Names of the scenes that come with the package, sorted. */
export async function listScenes(): Promise<string[]> {
  nodeOnly('listScenes', 'scenes are files to be fetched')
  const { readdir } = await import('node:fs/promises')
  const { join } = await import('node:path')
  const folder = await scenesFolder()
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const names: string[] = []
  for (const entry of entries)
    if (entry.isDirectory() && (await kindOf(join(folder, entry.name, 'scene.json'))) === 'file') names.push(entry.name)
  return names.sort()
}

async function scenesFolder(): Promise<string> {
  const { fileURLToPath } = await import('node:url')
  return fileURLToPath(new URL(SCENES, import.meta.url))
}

/** The scene file that a name or path means. */
async function sceneFile(nameOrPath: string): Promise<string> {
  const { join } = await import('node:path')
  const isBareName = /^[\w-]+$/.test(nameOrPath)
  const names = isBareName ? await listScenes() : []
  if (names.includes(nameOrPath)) return join(await scenesFolder(), nameOrPath, 'scene.json')

  const kind = nameOrPath === '' ? null : await kindOf(nameOrPath)
  if (kind === 'file') {
    if (/\.(xml|mjcf)$/i.test(nameOrPath))
      throw new InputError({
        file: nameOrPath,
        expected: 'a scene file in JSON, or a URDF file',
        found: 'an XML file; MJCF opens with the engine mujoco',
      })
    return nameOrPath
  }
  if (kind === 'folder') {
    const file = join(nameOrPath, 'scene.json')
    if ((await kindOf(file)) === 'file') return file
    throw new InputError({ file: nameOrPath, expected: 'a folder that holds scene.json', found: 'no such file in it' })
  }
  if (kind === 'other') throw new InputError({ file: nameOrPath, expected: 'a file or folder', found: 'neither' })
  const expected = isBareName ? `a scene of the package, one of ${listed(names)}, or a path` : 'a scene file or folder'
  const found = `nothing of this name${isBareName ? suggestion(nameOrPath, names) : ''}`
  throw new InputError({ file: nameOrPath === '' ? '""' : nameOrPath, expected, found })
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'other' | null> {
  const { stat } = await import('node:fs/promises')
  try {
    const status = await stat(path)
    if (status.isFile()) return 'file'
    return status.isDirectory() ? 'folder' : 'other'
  } catch {
    return null
  }
}

async function readBounded(file: string, signal: AbortSignal | undefined): Promise<string> {
  const { readFile, stat } = await import('node:fs/promises')
  try {
    const { size } = await stat(file)
    if (size > MAX_BYTES)
      throw new InputError({ file, expected: 'at most 16 MB', found: `${(size / 2 ** 20).toFixed(1)} MB` })
    return await readFile(file, { encoding: 'utf8', ...(signal ? { signal } : {}) })
  } catch (error) {
    if (error instanceof InputError || signal?.aborted) throw error
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new InputError({ file, expected: 'a file that can be read', found: reason })
  }
}
