/** Says how rows were told by what they share with others: at most one sentence. */
export function sharedNote({
  given,
  found,
}: {
  readonly given: readonly number[] // rows told with their group
  readonly found: readonly number[] // rows told by entries of others that nobody named
}): string[] {
  const parts: string[] = []
  if (given.length > 0) parts.push(`${rows(given)} with their group`)
  if (found.length > 0) parts.push(`${rows(found)} by entries of others`)
  return parts.length === 0 ? [] : [`told together, from fewer directions than alone: ${parts.join(', ')}`]
}

function rows(list: readonly number[]): string {
  return list.length === 1 ? `row ${list[0]}` : `${list.length} rows`
}
