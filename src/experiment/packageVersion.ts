/** The package's own version, from package.json next to src/ or dist/. Node only. */

// A constant of its own, so that bundlers don't take the file for an asset.
const FILE = '../../package.json'

export async function packageVersion(): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  const text = await readFile(new URL(FILE, import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
