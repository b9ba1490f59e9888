/** Files that a command is to write, checked before anything is computed. */
import { stat } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { InputError } from '../scene/inputError.ts'

export interface OutFile {
  readonly option: string // '--out'
  readonly file: string
  readonly endings: readonly string[] // '.json'
}

/**
 * Throws InputError where a file has another ending, stands in a folder that is not there, is a folder itself, or would replace
 * one of `kept` or another of the files.
 */
export async function checkOutFiles(files: readonly OutFile[], kept: readonly string[]): Promise<void> {
  const taken = new Map(kept.map((file) => [resolve(file), `"${file}", which is read`]))
  for (const { option: path, file, endings } of files) {
    if (!endings.includes(extname(file).toLowerCase()))
      throw new InputError({ path, expected: `a file that ends in ${endings.join(' or ')}`, found: `"${file}"` })
    const other = taken.get(resolve(file))
    if (other !== undefined) throw new InputError({ path, expected: 'a file of its own', found: other })
    taken.set(resolve(file), `"${file}", which is written too`)
    if (!(await isFolder(dirname(resolve(file)))))
      throw new InputError({ path, expected: 'a file in a folder that is there', found: `"${file}"` })
    if (await isFolder(file)) throw new InputError({ path, expected: 'a file', found: `a folder, "${file}"` })
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  )
}
