/**
 * Writes texts to files, all or none: all under temporary names before the first is renamed, so that a reader never meets half a
 * file, and a full disk leaves what was there before. Throws what the file system throws.
 */
export async function writeFiles(files: readonly (readonly [path: string, text: string])[]): Promise<void> {
  // Lazily, so that bundles for browsers can hold this module.
  const { rename, rm, writeFile } = await import('node:fs/promises')
  const temporary = files.map(([path]) => `${path}.${process.pid}.tmp`)
  try {
    for (const [k, [, text]] of files.entries()) await writeFile(temporary[k]!, text)
    for (const [k, [path]] of files.entries()) await rename(temporary[k]!, path)
  } catch (error) {
    await Promise.all(temporary.map((path) => rm(path, { force: true })))
    throw error
  }
}
