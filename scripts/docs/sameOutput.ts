/**
 * Where output differs from what a page shows, or null. Lines shown have to follow each other in the output; a line `…` stands for any
 * lines, `…` within a line for any characters, and lines of the output before the first and after the last one shown are free. Spaces
 * at the ends of lines and empty lines don't count.
 */
export function sameOutput(output: string, shown: string): string | null {
  const printed = linesOf(output)
  let from = 0
  for (const run of runsOf(linesOf(shown))) {
    const at = printed.findIndex((_, k) => k >= from && run.every((line, j) => matches(printed[k + j], line)))
    if (at < 0) return `expected lines like\n${run.join('\n')}\nin\n${printed.slice(from).join('\n')}`
    from = at + run.length
  }
  return null
}

function linesOf(text: string): string[] {
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trimEnd()]))
}

/** The stretches of lines between lines that are but `…`. */
function runsOf(lines: readonly string[]): string[][] {
  const runs: string[][] = [[]]
  for (const line of lines) {
    if (line.trim() === '…') runs.push([])
    else runs.at(-1)!.push(line)
  }
  return runs.filter((run) => run.length > 0)
}

function matches(printed: string | undefined, shown: string): boolean {
  if (printed === undefined) return false
  const parts = shown.split('…')
  if (parts.length === 1) return printed === shown
  // columns move with the width of what is left open
  const escaped = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ +/g, ' +'))
  return new RegExp(`^${escaped.join('.*')}$`).test(printed)
}
