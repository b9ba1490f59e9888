/** Versions of what computed a result. */
import { readFile } from 'node:fs/promises'

/** The package's own version, from package.json next to src/ or dist/. */
export async function packageVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

export async function versions(): Promise<Record<string, string>> {
  return { jacsense: await packageVersion(), node: process.versions.node }
}
