/** '6–9, 12, 14–15' for numbers in ascending order: long lists of rows, as people read them. */
export function rowRanges(rows: readonly number[]): string {
  const ranges: [number, number][] = [] // first and last
  for (const row of rows) {
    const range = ranges.at(-1)
    if (range !== undefined && row === range[1] + 1) range[1] = row
    else ranges.push([row, row])
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ')
}
