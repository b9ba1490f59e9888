/** MJCF models from files, with what they include; nothing outside the model's folder is read. */
import { InputError } from '../../scene/inputError.ts'
import { nodeOnly } from '../../scene/nodeOnly.ts'
import { pathInside } from '../../scene/pathInside.ts'
import type { Mjcf } from './mjcf.ts'

const MAX_XML = 16 * 2 ** 20 // bytes of one XML file
const MAX_TOTAL = 256 * 2 ** 20 // bytes of everything
const MAX_FILES = 2000

/**
 * Reads an MJCF file and the files it names: includes, models, meshes, height fields, textures and skins, found from its folder as
 * MuJoCo does (meshdir, texturedir, assetdir). Throws InputError on what can't be read, on paths that leave the folder (absolute,
 * by .. or by a link), on XML of more than 16 MB and on files of more than 256 MB or 2000 in all. Node only.
 */
export async function loadMjcf(path: string, { signal }: { signal?: AbortSignal } = {}): Promise<Mjcf> {
  nodeOnly('loadMjcf', 'mujocoEngine takes the text of an MJCF file')
  const { readFile, realpath, stat } = await import('node:fs/promises')
  const { basename, dirname, extname, posix } = await import('node:path')

  const fail = (file: string, error: unknown): never => {
    if (error instanceof InputError || signal?.aborted) throw error
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new InputError({ file, expected: 'a file that can be read', found: reason })
  }
  let total = 0
  const read = async (file: string): Promise<Uint8Array> => {
    signal?.throwIfAborted()
    const { size } = await stat(file)
    const most = isXml(file) ? MAX_XML : MAX_TOTAL
    total += size
    if (size > most || total > MAX_TOTAL) {
      const expected = size > most ? `at most ${most / 2 ** 20} MB` : `at most ${MAX_TOTAL / 2 ** 20} MB with all files`
      throw new InputError({ file, expected, found: `${(Math.max(size, total) / 2 ** 20).toFixed(1)} MB` })
    }
    return readFile(file, signal ? { signal } : {})
  }

  const folder = await realpath(dirname(path)).catch((error: unknown) => fail(path, error))
  const bytes = await read(path).catch((error: unknown) => fail(path, error))
  const xml = new TextDecoder().decode(bytes)
  const files = new Map<string, Uint8Array>()
  const texts: [from: string, text: string][] = [[path, xml]]
  const folders = new Set([''])
  const names: [name: string, from: string][] = []

  /** Reads folder/place into `files`; false where there is no such file. */
  const take = async (place: string, from: string): Promise<boolean> => {
    const key = posix.normalize(place)
    if (files.has(key)) return true
    const found = await pathInside(folder, place)
    if (found === null) return false
    if (found === 'outside')
      throw new InputError({
        file: from,
        path: 'file',
        expected: `a path inside the model's folder`,
        found: `"${place}"`,
      })
    if (files.size >= MAX_FILES)
      throw new InputError({ file: path, expected: `at most ${MAX_FILES} files`, found: 'more' })
    const content = await read(found.path)
    files.set(key, content)
    if (isXml(key)) texts.push([key, new TextDecoder().decode(content)])
    return true
  }

  // Includes first: any of them may say where the meshes are.
  for (let k = 0; k < texts.length; k++) {
    const [from, text] = texts[k]!
    for (const { tag, attributes } of tagsOf(text))
      for (const [name, value] of attributes)
        if (tag === 'compiler' && /^(mesh|texture|asset)dir$/.test(name)) folders.add(value)
        else if (/^file(right|left|up|down|front|back)?$/.test(name) && value !== '') {
          if (tag === 'include' || tag === 'model') await take(value, from)
          else names.push([value, from])
        }
  }
  for (const [name, from] of names) {
    const short = posix.basename(name) // where the compiler strips paths
    for (const start of folders)
      if (
        (await take(posix.join(start, name), from)) ||
        (short !== name && (await take(posix.join(start, short), from)))
      )
        break
  }
  return { format: 'mjcf', name: basename(path, extname(path)), description: '', file: path, task: null, xml, files }
}

function isXml(file: string): boolean {
  return /\.(xml|mjcf|urdf)$/i.test(file)
}

/** Elements and their attributes, comments left out. MuJoCo itself parses the file; here only file names are looked for. */
function* tagsOf(text: string): Generator<{ tag: string; attributes: [string, string][] }> {
  const bare = text.replace(/<!--[\s\S]*?(-->|$)/g, '')
  for (const [, tag, inside] of bare.matchAll(/<([A-Za-z_][\w.-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)/g)) {
    const attributes: [string, string][] = []
    for (const [, name, double, single] of inside!.matchAll(/([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g))
      attributes.push([name!, double ?? single ?? ''])
    yield { tag: tag!, attributes }
  }
}
