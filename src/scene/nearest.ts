/** Suggestions for misspelt names. */

/**
 * ` (did you mean "mass"?)` for the known name nearest to `name`, '' where none is near: at most a third of its letters, but 2 at least,
 * differ.
 */
export function suggestion(name: string, known: readonly string[]): string {
  let best: string | null = null
  let fewest = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of known) {
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (edits < fewest && edits < candidate.length) {
      best = candidate
      fewest = edits
    }
  }
  return best === null ? '' : ` (did you mean "${best}"?)`
}

/** Up to 12 known names in quotes, for `expected one of …`. */
export function listed(known: readonly string[]): string {
  if (known.length === 0) return '(there are none)'
  const shown = known.slice(0, 12).map((name) => `"${name}"`)
  return known.length > 12 ? `${shown.join(', ')} … (${known.length} in all)` : shown.join(', ')
}

/** Fewest insertions, deletions, substitutions and swaps of neighbours that turn a into b (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let twoBack: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let edits = Math.min(previous[j]! + 1, current[j - 1]! + 1, substituted)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) edits = Math.min(edits, twoBack[j - 2]! + 1)
      current.push(edits)
    }
    twoBack = previous
    previous = current
  }
  return previous[b.length]!
}
