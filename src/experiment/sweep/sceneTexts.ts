/** Scenes of a sweep as texts by the hash of their content: what a job refers to, and what its worker builds the scene from. */
import type { Mjcf } from '../../engine/mujoco/mjcf.ts'
import { InputError } from '../../scene/inputError.ts'
import { readSceneTexts } from '../../scene/loadScene.ts'
import { parseTexts } from '../../scene/parseTexts.ts'
import type { Scene } from '../../scene/scene.ts'
import type { SceneTexts } from '../../scene/sceneTexts.ts'

/** Of one scene with all its files, as JSON. */
export const MAX_SCENE_BYTES = 64 * 2 ** 20

const PREFIX = 'sha256:'

/** The key of a scene: 'sha256:…' of its texts. */
export async function sceneKey(texts: SceneTexts): Promise<string> {
  return PREFIX + (await sha256(canonical(texts)))
}

export function isSceneKey(scene: unknown): scene is string {
  return typeof scene === 'string' && /^sha256:[0-9a-f]{64}$/.test(scene)
}

/** JSON with the keys of objects in order, so that the same value gives the same text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  )
}

/** In hexadecimal. */
export async function sha256(text: string): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/**
 * The texts of a scene as a sweep file writes it: a name, a path (from `folder`), or the value of a scene. Errors and reasons name it as
 * written. Throws InputError on what can't be read.
 */
export async function readScene(
  scene: string | Readonly<Record<string, unknown>>,
  { folder, engine, signal }: { folder: string; engine: string | undefined; signal?: AbortSignal | undefined },
): Promise<SceneTexts> {
  if (typeof scene !== 'string') return checkedSize({ kind: 'scene', file: 'scene', source: scene, files: {} })
  const place = await placeOf(scene, folder)
  const options = signal === undefined ? {} : { signal }
  if (engine !== 'mujoco' || !/\.(xml|mjcf)$/i.test(scene))
    return checkedSize({ ...(await readSceneTexts(place, options)), file: scene })
  const { xml, files } = await (await import('../../engine/mujoco/loadMjcf.ts')).loadMjcf(place, options)
  const coded = [...files].map(([path, bytes]): [string, string] => [path, toBase64(bytes)])
  return checkedSize({ kind: 'mjcf', file: scene, source: xml, files: Object.fromEntries(coded) })
}

/** Paths are from the folder of the sweep file; bare names are scenes of the package where there is no such file. */
async function placeOf(scene: string, folder: string): Promise<string> {
  const { isAbsolute, join } = await import('node:path')
  if (isAbsolute(scene) || /^[\w-]+$/.test(scene)) return scene
  return join(folder, scene)
}

function checkedSize(texts: SceneTexts): SceneTexts {
  const { length } = JSON.stringify(texts)
  if (length > MAX_SCENE_BYTES)
    throw new InputError({
      file: texts.file,
      expected: `at most ${MAX_SCENE_BYTES / 2 ** 20} MB with all files`,
      found: `${(length / 2 ** 20).toFixed(1)} MB`,
    })
  return texts
}

/** The scene of texts, options of its engine put in. Throws InputError as parseScene does. */
export async function sceneOf(
  texts: SceneTexts,
  engine: string,
  options: Readonly<Record<string, unknown>> | undefined,
): Promise<Scene | Mjcf> {
  const { kind, file, source, files } = texts
  if (options !== undefined && kind !== 'scene')
    throw new InputError({ path: 'engineOptions', expected: 'none for a robot that is no scene file', found: 'some' })
  if (kind === 'mjcf') {
    const bytes = Object.entries(files).map(([path, text]): [string, Uint8Array] => [path, fromBase64(text, path)])
    const name = file.replace(/^.*[/\\]/, '').replace(/\.\w+$/, '')
    return { format: 'mjcf', name, description: '', file, task: null, xml: String(source), files: new Map(bytes) }
  }
  if (options === undefined || typeof source !== 'object' || source === null) return parseTexts(texts)
  const { engines = {} } = source as { engines?: Record<string, object> }
  const merged = { ...engines, [engine]: { ...engines[engine], ...options } }
  return parseTexts({ ...texts, source: { ...source, engines: merged } }).catch((error: unknown) => {
    if (!(error instanceof InputError) || !error.path.startsWith('engines')) throw error
    const path = error.path.replace(`engines.${engine}`, 'engineOptions').replace(/^engines$/, 'engineOptions')
    throw new InputError({ path, expected: error.expected, found: error.found })
  })
}

function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let k = 0; k < bytes.length; k += 0x8000) binary += String.fromCharCode(...bytes.subarray(k, k + 0x8000))
  return btoa(binary)
}

function fromBase64(text: string, file: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    throw new InputError({ file, expected: 'bytes in base64', found: 'something else' })
  }
}
