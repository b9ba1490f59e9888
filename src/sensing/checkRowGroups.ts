/**
 * The groups of two rows and more. Throws RangeError, beginning with `who` and naming the place, unless all are lists of rows of m, each
 * row at most once in a group. A row may be in several.
 */
export function checkRowGroups(who: string, groups: unknown, m: number): readonly (readonly number[])[] {
  if (!Array.isArray(groups))
    throw new RangeError(`${who}: rowGroups must be a list of lists of rows, got ${named(groups)}`)
  for (const [g, rows] of groups.entries()) {
    const place = `rowGroups[${g}]`
    if (!Array.isArray(rows)) throw new RangeError(`${who}: ${place} must be a list of rows, got ${named(rows)}`)
    const seen = new Set<number>()
    for (const [k, i] of rows.entries()) {
      if (!(Number.isSafeInteger(i) && i >= 0 && i < m))
        throw new RangeError(`${who}: ${place}[${k}] must be a row from 0 to ${m - 1}, got ${named(i)}`)
      if (seen.has(i)) throw new RangeError(`${who}: ${place}[${k}] is row ${i} again; a group holds a row once`)
      seen.add(i)
    }
  }
  return (groups as number[][]).filter((rows) => rows.length > 1)
}

function named(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value)
}
