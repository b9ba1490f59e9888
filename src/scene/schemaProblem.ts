/** The first thing wrong with a value, from what zod found: one InputError instead of a list of issues. */
import type * as z from 'zod/mini'
import type { InputError } from './inputError.ts'
import { suggestion } from './nearest.ts'
import { pathText, type Problem, shown } from './problem.ts'

/**
 * The error to show for zod's issues on `value`. A misspelt key comes first, the outermost of several: it usually causes the
 * others (a missing "mass").
 * Issues carry what was expected as their message; for an unknown key that is the list of known keys (schemaParts.ts).
 */
export function schemaProblem(issues: readonly z.core.$ZodIssue[], value: unknown, problem: Problem): InputError {
  const misspelt = issues.filter(({ code }) => code === 'unrecognized_keys')
  const issue = misspelt.sort((one, other) => one.path.length - other.path.length)[0] ?? issues[0]!
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!
    const known = issue.message.split(', ')
    const path = pathText([...issue.path, key])
    return problem(path, `one of the keys ${issue.message}`, `the unknown key "${key}"${suggestion(key, known)}`)
  }
  const found = valueAt(value, issue.path)
  const hint = typeof found === 'string' && issue.message.includes(`"`) ? suggestion(found, quoted(issue.message)) : ''
  return problem(pathText(issue.path), issue.message, `${shown(found)}${hint}`)
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = Reflect.get(here, key)
  }
  return here
}

function quoted(text: string): string[] {
  return Array.from(text.matchAll(/"([^"]+)"/g), ([, word]) => word!)
}
