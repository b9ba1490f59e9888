/** JSON for files that people look into and that hold long lists: objects are indented, lists of plain values stand in one line. */
export function compactJson(value: unknown): string {
  return `${written(value, '')}\n`
}

function written(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const deeper = `${indent}  `
  if (Array.isArray(value)) {
    if (value.every((entry) => typeof entry !== 'object' || entry === null)) return JSON.stringify(value)
    return `[\n${value.map((entry) => `${deeper}${inLine(entry)}`).join(',\n')}\n${indent}]`
  }
  const parts = defined(value).map(([key, entry]) => `${deeper}${JSON.stringify(key)}: ${written(entry, deeper)}`)
  return parts.length === 0 ? '{}' : `{\n${parts.join(',\n')}\n${indent}}`
}

/** '{ "name": "x", "at": 1 }' */
function inLine(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(inLine).join(', ')}]`
  const parts = defined(value).map(([key, entry]) => `${JSON.stringify(key)}: ${inLine(entry)}`)
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
}

function defined(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, entry]) => entry !== undefined)
}
