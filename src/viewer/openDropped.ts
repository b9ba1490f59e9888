/** Files and folders dropped on the page, or chosen by a button: a scene with the URDF files it names, a URDF file, or an MJCF model with what it includes. */
import { element } from './elements.ts'
import { parseJson } from '../scene/parseJson.ts'
import type { SceneTexts } from '../scene/sceneTexts.ts'

const MAX_FILES = 500
const MAX_BYTES = 64 * 2 ** 20

/** Files by path, from the folder of the one that is opened. */
type Dropped = ReadonlyMap<string, File>

export function openDropped(open: (texts: SceneTexts) => Promise<void>, fail: (message: string) => void): void {
  const take = async (entries: readonly (FileSystemEntry | null)[], plain: readonly File[]) => {
    try {
      const texts = await textsOf(await filesOf(entries, plain))
      await open(texts)
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error))
    }
  }
  window.addEventListener('dragover', (event) => event.preventDefault())
  window.addEventListener('drop', (event) => {
    event.preventDefault()
    const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.() ?? null)
    void take(entries, [...(event.dataTransfer?.files ?? [])])
  })
  const chooser = element<HTMLInputElement>('files')
  element('openFiles').addEventListener('click', () => chooser.click())
  chooser.addEventListener('change', () => {
    const chosen = [...(chooser.files ?? [])]
    chooser.value = '' // the same file may be chosen again
    if (chosen.length > 0) void take([], chosen)
  })
}

async function filesOf(entries: readonly (FileSystemEntry | null)[], plain: readonly File[]): Promise<Dropped> {
  const files = new Map<string, File>()
  let bytes = 0
  const add = (path: string, file: File) => {
    bytes += file.size
    files.set(path, file)
    if (files.size > MAX_FILES || bytes > MAX_BYTES)
      throw new Error(`${path}: expected at most ${MAX_FILES} files and ${MAX_BYTES / 2 ** 20} MB, found more`)
  }
  const walk = async (entry: FileSystemEntry, path: string): Promise<void> => {
    if (entry.isFile)
      add(path, await new Promise((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)))
    else
      for (const inner of await entriesOf(entry as FileSystemDirectoryEntry)) await walk(inner, `${path}/${inner.name}`)
  }
  const found = entries.filter((entry) => entry !== null)
  if (found.length === 0) for (const file of plain) add(file.name, file)
  for (const entry of found) await walk(entry, entry.name)
  return files
}

/** A reader gives some at a time. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const all: FileSystemEntry[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return all
    all.push(...some)
  }
}

async function textsOf(files: Dropped): Promise<SceneTexts> {
  const paths = [...files.keys()].sort((a, b) => a.split('/').length - b.split('/').length)
  const textOf = (path: string) => files.get(path)!.text()
  const scene = paths.find((path) => /\.json$/i.test(path))
  const urdfs = paths.filter((path) => /\.urdf$/i.test(path))
  if (scene !== undefined) {
    const source = parseJson(await textOf(scene), scene)
    const texts = await Promise.all(urdfs.map(async (path) => [from(scene, path), await textOf(path)] as const))
    return { kind: 'scene', file: scene, source, files: Object.fromEntries(texts) }
  }
  if (urdfs[0] !== undefined) return { kind: 'urdf', file: urdfs[0], source: await textOf(urdfs[0]), files: {} }
  const models = paths.filter((path) => /\.(xml|mjcf)$/i.test(path))
  const texts = new Map(await Promise.all(models.map(async (path) => [path, await textOf(path)] as const)))
  // The model is the one that no other includes.
  const isIncluded = (path: string) =>
    [...texts].some(([other, text]) => other !== path && text.includes(`"${from(other, path)}"`))
  const model = models.find((path) => !isIncluded(path)) ?? models[0]
  if (model === undefined)
    throw new Error(`${paths[0]}: expected a scene (.json), a URDF file (.urdf) or an MJCF model (.xml)`)
  const others = paths.filter((path) => path !== model)
  const beside = await Promise.all(
    others.map(async (path) => [from(model, path), await base64(files.get(path)!)] as const),
  )
  return { kind: 'mjcf', file: model, source: texts.get(model)!, files: Object.fromEntries(beside) }
}

/** The path of a file as one beside `main` names it. */
function from(main: string, path: string): string {
  const folder = main.slice(0, main.lastIndexOf('/') + 1)
  return path.startsWith(folder) ? path.slice(folder.length) : path
}

async function base64(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}
