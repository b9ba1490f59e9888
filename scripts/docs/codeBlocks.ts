/** The fenced code blocks of a Markdown page, in order. */
export interface CodeBlock {
  readonly language: string // '' where none is named
  readonly words: readonly string[] // after the language: the name of a file, and what to do with it
  readonly text: string
  readonly line: number // of the opening fence, from 1
}

export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  let open: { language: string; words: string[]; line: number; lines: string[] } | null = null
  for (const [k, line] of markdown.split('\n').entries()) {
    if (open === null) {
      const fence = /^```(\S*)\s*(.*)$/.exec(line)
      if (fence === null) continue
      const words = fence[2]!.split(/\s+/).filter((word) => word !== '')
      open = { language: fence[1]!, words, line: k + 1, lines: [] }
    } else if (line.trimEnd() === '```') {
      const { lines, ...rest } = open
      blocks.push({ ...rest, text: lines.map((each) => `${each}\n`).join('') })
      open = null
    } else open.lines.push(line)
  }
  if (open !== null) throw new Error(`line ${open.line}: a code block is not closed`)
  return blocks
}
