/** Engines of optional packages that the viewer's page loads where they are chosen: which of its files come from where. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const PACKAGES = [
  {
    engine: 'mujoco',
    name: '@mujoco/mujoco',
    entry: '@mujoco/mujoco/mujoco.wasm',
    files: { 'mujoco/mujoco.js': 'mujoco.js', 'mujoco/mujoco.wasm': 'mujoco.wasm' },
  },
  {
    engine: 'rapier',
    name: '@dimforge/rapier3d-compat',
    entry: '@dimforge/rapier3d-compat',
    files: { 'rapier/rapier.js': 'rapier.mjs' },
  },
] as const

export interface ViewerEngine {
  readonly engine: 'mujoco' | 'rapier'
  readonly name: string // of the package
  /** Path in the site → file; null where the package is not installed. */
  readonly files: ReadonlyMap<string, string> | null
}

export function viewerEngines(): ViewerEngine[] {
  return PACKAGES.map(({ engine, name, entry, files }) => {
    const folder = folderOf(entry)
    if (folder === null) return { engine, name, files: null }
    return { engine, name, files: new Map(Object.entries(files).map(([path, file]) => [path, join(folder, file)])) }
  })
}

function folderOf(entry: string): string | null {
  try {
    return dirname(createRequire(import.meta.url).resolve(entry))
  } catch {
    return null
  }
}
