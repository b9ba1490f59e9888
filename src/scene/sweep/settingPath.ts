/** Settings by their place: 'kicks[0].amount', 'plant.mass.pole', 'offset.pole.angle'. */
import { pathText, type Problem, shown } from '../problem.ts'
import { NAMED } from './runSettings.ts'

export type SettingPath = readonly (string | number)[]

const PART = /\.?([A-Za-z_][\w-]*)|\[(\d{1,4})\]|\["((?:[^"\\]|\\.)*)"\]/y
const FORBIDDEN = ['__proto__', 'constructor', 'prototype']

/** 'kicks[0].amount' → ['kicks', 0, 'amount']. Throws what `problem` makes of a text that is no path. */
export function parseSettingPath(text: string, where: string, problem: Problem): SettingPath {
  const fail = () =>
    problem(where, 'a setting such as "controller.R", "kicks[0].amount" or "plant.mass.pole"', shown(text))
  const path: (string | number)[] = []
  let at = 0
  while (at < text.length) {
    const soFar = path.join('.')
    // Names of coordinates hold dots themselves.
    if (NAMED.includes(soFar) && text[at] === '.') {
      path.push(text.slice(at + 1))
      at = text.length
      break
    }
    PART.lastIndex = at
    const match = PART.exec(text)
    if (
      match === null ||
      (at === 0 && match[1] === undefined) ||
      (at > 0 && match[1] !== undefined && text[at] !== '.')
    )
      throw fail()
    path.push(match[1] ?? (match[2] !== undefined ? Number(match[2]) : unquoted(match[3]!)))
    at = PART.lastIndex
  }
  if (path.length === 0 || path.some((part) => part === '' || FORBIDDEN.includes(String(part)))) throw fail()
  return path
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(`"${text}"`))
  } catch {
    return ''
  }
}

/**
 * A copy of `settings` with `value` at the path; objects on the way are made where they are missing. Throws what `problem` makes of a list
 * that has no such entry.
 */
export function withSetting(
  settings: Readonly<Record<string, unknown>>,
  path: SettingPath,
  value: unknown,
  fail: (expected: string, found: string) => Error,
): Record<string, unknown> {
  const set = (here: unknown, k: number): unknown => {
    if (k === path.length) return value
    const key = path[k]!
    if (typeof key === 'number') {
      const list = Array.isArray(here) ? here : []
      const isNew = key === list.length && k === path.length - 1
      if (key >= list.length && !isNew) {
        const place = pathText(path.slice(0, k))
        throw fail(`an entry of ${place} in the base that the path leads to`, `${list.length} entries in ${place}`)
      }
      return isNew ? [...list, value] : list.map((entry, j) => (j === key ? set(entry, k + 1) : entry))
    }
    const object = typeof here === 'object' && here !== null && !Array.isArray(here) ? here : {}
    return { ...object, [key]: set(Reflect.get(object, key), k + 1) }
  }
  return set(settings, 0) as Record<string, unknown>
}
