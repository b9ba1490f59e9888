/** The package as npm test has just built it: its threads start several times as fast as from source. */

const DIST = '../../../dist'

export async function built(): Promise<typeof import('../../../src/index.ts')> {
  return import(new URL(`${DIST}/index.js`, import.meta.url).href)
}

/** Runs its command in this process, as `invoke` does that of the sources. */
export async function invokeBuilt(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { run }: typeof import('../../../src/cli/main.ts') = await import(
    new URL(`${DIST}/cli/main.js`, import.meta.url).href
  )
  const [out, err]: [string[], string[]] = [[], []]
  const code = await run(argv, {
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text) },
  })
  return { code, stdout: out.join(''), stderr: err.join('') }
}
