/** How findings in a file are told: one InputError with the path in the file, what was expected and what was found. */
import { InputError } from './inputError.ts'

/** Makes the error for a place in one file; the caller throws it. */
export type Problem = (path: string, expected: string, found: string) => InputError

/** The problems of one file (null: a value passed in memory). */
export function problemsOf(file: string | null): Problem {
  return (path, expected, found) => new InputError({ file, path, expected, found })
}

/** A path as people write it: ['bodies', 2, 'mass'] → 'bodies[2].mass'; keys that are no identifiers in quotes. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (/^[A-Za-z_$][\w$]*$/.test(String(part))) text += text === '' ? String(part) : `.${String(part)}`
    else text += `[${JSON.stringify(String(part))}]`
  }
  return text
}

/** A value as an error shows it: JSON in one line, shortened; NaN and Infinity by name. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  let text: string
  try {
    text = JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'bigint' || (typeof inner === 'number' && !Number.isFinite(inner)) ? String(inner) : inner,
    )
  } catch {
    return 'an object that refers to itself'
  }
  if (text === undefined) return `a ${typeof value}`
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
