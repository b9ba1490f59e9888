/** jacsense bench --compare: the benchmarks of this checkout and of another revision, in turn, and the ratio of their figures. */
import { execFile } from 'node:child_process'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  type BenchmarkRow,
  type ComparedFigure,
  type ComparedRounds,
  compareRounds,
  type Round,
} from '../experiment/compareRounds.ts'
import { formatNumber } from '../experiment/format.ts'
import { InputError } from '../scene/inputError.ts'
import { NumericalFailure } from './io.ts'
import { otherRevision } from './otherRevision.ts'
import { textTable } from './table.ts'

export interface CompareOptions {
  readonly root: string // of the checkout
  readonly revision: string
  readonly names: readonly string[] // of benchmarks
  readonly rounds: number
  readonly budget?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

export interface Comparison {
  readonly commit: string // the other revision
  readonly results: Readonly<Record<string, ComparedRounds>>
}

/** Each round runs both in processes of their own; which goes first changes from round to round. */
export async function benchCompare(options: CompareOptions): Promise<Comparison> {
  const { root, revision, names, rounds, budget, signal, onProgress } = options
  const command = 'dist/cli/main.js'
  const other = await otherRevision(root, revision, signal)
  try {
    await access(join(root, command)).catch(() => {
      throw new InputError({
        path: '--compare',
        expected: `this checkout to be built (npm run build)`,
        found: `no ${command}`,
      })
    })
    const flags = budget === undefined ? [] : ['--budget', String(budget)]
    const rowsOf = async (folder: string, name: string, whose: string): Promise<readonly BenchmarkRow[]> => {
      const args = [join(folder, command), 'bench', name, '--json', ...flags]
      const run = promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26, ...(signal && { signal }) })
      const { stdout } = await run.catch((error: Error & { stderr?: string }) => {
        signal?.throwIfAborted()
        throw new NumericalFailure(`bench ${name} of ${whose}: ${(error.stderr ?? error.message).trim().slice(0, 600)}`)
      })
      return (JSON.parse(stdout) as { results: Record<string, { rows: readonly BenchmarkRow[] }> }).results[name]!.rows
    }
    const results: Record<string, ComparedRounds> = {}
    for (const [b, name] of names.entries()) {
      const done: Round[] = []
      for (let round = 0; round < rounds; round++) {
        const here = () => rowsOf(root, name, 'this checkout')
        const there = () => rowsOf(other.folder, name, revision)
        if (round % 2 === 0) done.push({ here: await here(), there: await there() })
        else {
          const first = await there()
          done.push({ here: await here(), there: first })
        }
        onProgress?.(b * rounds + round + 1, names.length * rounds)
      }
      results[name] = compareRounds(done)
    }
    return { commit: other.commit, results }
  } finally {
    await other.close()
  }
}

/** Tables for people, one for each benchmark. */
export function comparisonText({ commit, results }: Comparison, revision: string, rounds: number): string {
  const header = ['row', 'figure', revision, 'here', 'here / there', 'spread', '']
  const cells = ({ row, figure, there, here, ratio, low, high, agreed }: ComparedFigure) => [
    row,
    figure,
    formatNumber(there, 4),
    formatNumber(here, 4),
    formatNumber(ratio, 3),
    `${formatNumber(low, 3)} … ${formatNumber(high, 3)}`,
    agreed ? '*' : '',
  ]
  const texts = Object.entries(results).map(([name, { figures, same, unmatched }]) =>
    [
      `${name}, here beside ${revision} (${commit})\n`,
      figures.length > 0 ? textTable(header, figures.map(cells), [0, 1]) : '',
      same > 0 ? `${same} other ${same === 1 ? 'figure is' : 'figures are'} equal in all rounds\n` : '',
      ...unmatched.map((row) => `only one of both has ${row}\n`),
    ].join(''),
  )
  const note = `medians of ${rounds} rounds, both in turn; ratios are of the same round, their median and their smallest … largest; * all rounds agree, as by chance one figure in ${2 ** (rounds - 1)} would`
  return `${texts.join('\n')}${note}\n`
}
