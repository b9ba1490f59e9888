/** The folder a report goes into, checked before anything is computed. */
import { mkdtemp, rmdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { InputError } from '../scene/inputError.ts'

const FILES = ['linearization.json', 'trajectory.csv', 'report.html']

/** Throws InputError where `folder` can't be made or written to, or holds folders under the names of the files to be written. */
export async function checkOutFolder(folder: string, files: readonly string[] = FILES): Promise<void> {
  const path = '--out'
  if (folder === '') throw new InputError({ path, expected: 'a folder', found: '""' })
  let here = resolve(folder)
  // The folder itself, or the nearest of those above that is there.
  for (;;) {
    const kind = await kindOf(here)
    if (kind === 'file') throw new InputError({ path, expected: 'a folder', found: `a file, ${here}` })
    if (kind === 'folder') break
    const above = dirname(here)
    if (above === here) break
    here = above
  }
  try {
    // Tried, not asked for: rights don't tell of file systems that are read only or none.
    await rmdir(await mkdtemp(join(here, '.jacsense-')))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new InputError({ path, expected: 'a folder that can be written to', found: `${here} (${code})` })
  }
  for (const name of files)
    if ((await kindOf(join(folder, name))) === 'folder')
      throw new InputError({
        path,
        expected: `a folder in which ${name} can be written`,
        found: 'a folder of that name',
      })
}

async function kindOf(path: string): Promise<'file' | 'folder' | null> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file'
  } catch {
    return null // a file in the place of a folder above is found on the way up
  }
}
