/** Files that users name: bounded, and with one clear error where they can't be read. */
import { readFile, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { InputError } from '../scene/inputError.ts'

const MAX_BYTES = 256 * 2 ** 20

/** The text of a file, unpacked where its name ends in .gz. Throws InputError on what is missing, too large or not gzip. */
export async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file)
  if (!/\.gz$/i.test(file)) return bytes.toString('utf8')
  try {
    return (await promisify(gunzip)(bytes, { maxOutputLength: MAX_BYTES })).toString('utf8')
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    throw new InputError({
      file,
      expected: tooLarge ? `at most ${MAX_BYTES / 2 ** 20} MB unpacked` : 'gzip data',
      found: tooLarge ? 'more' : (error as Error).message,
    })
  }
}

/** True where a path leads to something, file or folder. */
export async function isThere(path: string): Promise<boolean> {
  return path !== '' && (await stat(path).then(Boolean, () => false))
}

async function readBytes(file: string): Promise<Buffer> {
  const expected = 'a readable file'
  try {
    const info = await stat(file)
    if (info.isDirectory()) throw new InputError({ file, expected: 'a file', found: 'a folder' })
    if (info.size > MAX_BYTES)
      throw new InputError({ file, expected: `at most ${MAX_BYTES / 2 ** 20} MB`, found: `${info.size} bytes` })
    return await readFile(file)
  } catch (error) {
    if (error instanceof InputError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new InputError({ file, expected, found: code === 'ENOENT' ? 'no such file' : (code ?? 'an error') })
  }
}
