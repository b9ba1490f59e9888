/** Input that can't be used: names the file, the path in it, what was expected and what was found. */
export class InputError extends Error {
  readonly file: string | null // as the user wrote it; null for values passed in memory
  readonly path: string // 'bodies[2].mass', '' for the whole file
  readonly expected: string // 'a number > 0 (kg)'
  readonly found: string // '-1'

  constructor(where: { file?: string | null; path?: string; expected: string; found: string }) {
    const { file = null, path = '', expected, found } = where
    const place = [file, path].filter((part) => part).join(': ')
    super(`${place === '' ? '' : `${place}: `}expected ${expected}, found ${found}`)
    this.name = 'InputError'
    this.file = file
    this.path = path
    this.expected = expected
    this.found = found
  }
}
