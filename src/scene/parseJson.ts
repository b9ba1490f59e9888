/** JSON with errors that say where: line and column of the first fault, and keys that stand twice in one object. */
import { InputError } from './inputError.ts'

const MAX_DEPTH = 64

/**
 * The value of a JSON text. Throws InputError, naming line and column, on an empty text, on what is not JSON, on nesting deeper than
 * 64 and on a key that stands twice in one object (JSON.parse would silently drop the first).
 */
export function parseJson(text: string, file: string | null = null): unknown {
  const content = text.startsWith('\uFEFF') ? text.slice(1) : text
  if (content.trim() === '') throw new InputError({ file, expected: 'JSON', found: 'an empty file' })
  const fault = new Scanner(content).firstFault()
  if (fault !== null) {
    const before = content.slice(0, fault.at)
    const line = before.split('\n').length
    const column = fault.at - before.lastIndexOf('\n')
    throw new InputError({ file, path: `line ${line}, column ${column}`, expected: fault.expected, found: fault.found })
  }
  return JSON.parse(content)
}

interface Fault {
  readonly at: number
  readonly expected: string
  readonly found: string
}

/** Walks over a JSON text (RFC 8259) without building its value. */
class Scanner {
  readonly #text: string
  #at = 0
  #fault: Fault | null = null

  constructor(text: string) {
    this.#text = text
  }

  firstFault(): Fault | null {
    if (this.#value(0)) {
      this.#space()
      if (this.#at < this.#text.length) this.#fail('the end of the file')
    }
    return this.#fault
  }

  #fail(expected: string, found = this.#here(), at = this.#at): false {
    this.#fault ??= { at, expected, found }
    return false
  }

  #here(): string {
    if (this.#at >= this.#text.length) return 'the end of the file'
    const [word] = /^[\w.+-]+|^[\s\S]/u.exec(this.#text.slice(this.#at, this.#at + 20))!
    return JSON.stringify(word)
  }

  #space(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? 'x')) this.#at++
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (!found) return null
    this.#at += found[0].length
    return found[0]
  }

  #value(depth: number): boolean {
    this.#space()
    if (depth > MAX_DEPTH) return this.#fail(`nesting of at most ${MAX_DEPTH} levels`, 'deeper nesting')
    const first = this.#text[this.#at]
    if (first === '{') return this.#object(depth)
    if (first === '[') return this.#array(depth)
    if (first === '"') return this.#string() !== null
    if (this.#match(/(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y) !== null) return true
    return this.#fail('a JSON value')
  }

  /** The text with its quotes, as it stands. */
  #string(): string | null {
    const start = this.#at
    this.#at++
    while (this.#at < this.#text.length && this.#text.charCodeAt(this.#at) >= 0x20) {
      const here = this.#text[this.#at]
      if (here === '"') return this.#text.slice(start, ++this.#at)
      if (here !== '\\') this.#at++
      else if (this.#match(/\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y) === null) break
    }
    if (this.#text[this.#at] === '\\') this.#fail('one of the escapes \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX')
    else this.#fail('a text closed by a double quote in its line', 'none', start)
    return null
  }

  #array(depth: number): boolean {
    this.#at++
    this.#space()
    if (this.#match(/\]/y) !== null) return true
    while (this.#value(depth + 1)) {
      this.#space()
      if (this.#match(/\]/y) !== null) return true
      if (this.#match(/,/y) === null) return this.#fail('"," or "]"')
    }
    return false
  }

  #object(depth: number): boolean {
    this.#at++
    this.#space()
    if (this.#match(/\}/y) !== null) return true
    const keys = new Set<string>()
    while (true) {
      this.#space()
      const start = this.#at
      if (this.#text[start] !== '"') return this.#fail('a key in double quotes')
      const quoted = this.#string()
      if (quoted === null) return false
      const key: string = JSON.parse(quoted)
      if (keys.has(key)) return this.#fail('each key once', `the key ${quoted} a second time`, start)
      keys.add(key)
      this.#space()
      if (this.#match(/:/y) === null) return this.#fail('":"')
      if (!this.#value(depth + 1)) return false
      this.#space()
      if (this.#match(/\}/y) !== null) return true
      if (this.#match(/,/y) === null) return this.#fail('"," or "}"')
    }
  }
}
