/** Versions of what computed a result. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { packageVersion } from '../experiment/packageVersion.ts'

export async function versions(): Promise<Record<string, string>> {
  return { jacsense: await packageVersion(), node: process.versions.node }
}

/** Also of the engines and solvers that benchmarks meet, where they are installed. */
export async function benchVersions(): Promise<Record<string, string>> {
  const found = await versions()
  for (const name of ['cannon-es', '@mujoco/mujoco', '@dimforge/rapier3d-compat', 'highs']) {
    const version = await installedVersion(name)
    if (version !== null) found[name] = version
  }
  return found
}

async function installedVersion(name: string): Promise<string | null> {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    const text = await readFile(join(folder, name, 'package.json'), 'utf8').catch(() => null)
    if (text !== null) return (JSON.parse(text) as { version: string }).version
  }
  return null
}
