/** jacsense bench: runs the benchmarks and prints their tables. */
import { mkdir, readdir } from 'node:fs/promises'
import { arch, cpus, platform } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Argument, type Command } from 'commander'
import type { Benchmark } from '../experiment/benchmark.ts'
import { benchmarkChart } from '../report/benchmarkChart.ts'
import { formatNumber } from '../experiment/format.ts'
import { writeFiles } from '../report/writeFiles.ts'
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import { benchCompare, comparisonText } from './benchCompare.ts'
import { type Io, printJson } from './io.ts'
import { wholeNumber } from './options.ts'
import { signalOf } from './prepare.ts'
import { progressLine } from './progress.ts'
import { textTable } from './table.ts'
import { benchVersions } from './versions.ts'

/** Compiled benchmarks beside the command, or their sources where the command runs from its own. */
const FOLDERS = ['../bench/', '../../sims/bench/'].map((path) => new URL(path, import.meta.url))

/** The package, from src/cli/ and from dist/cli/. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const ROUNDS = 5

interface BenchFlags {
  readonly list?: true
  readonly budget?: number
  readonly charts?: string
  readonly compare?: string
  readonly rounds?: number
  readonly json?: true
}

export function addBenchCommand(program: Command, io: Io): void {
  program
    .command('bench')
    .description('run a benchmark, or all of them, and print its table')
    .addArgument(new Argument('[name]', 'name of a benchmark; without it, all'))
    .option('--list', 'print the names of the benchmarks')
    .option('--budget <integer>', "rounds or sizes to spend (default: the benchmark's own)", wholeNumber(1))
    .option('--charts <folder>', 'also draw what a benchmark has to show, as SVG files')
    .option('--compare <revision>', 'beside another revision of this git checkout, which is built for it: ratios')
    .option('--rounds <integer>', 'of --compare: how often both are run, in turn (default: 5)', wholeNumber(1))
    .option('--json', 'print JSON and nothing else')
    .action(async (name: string | undefined, flags: BenchFlags) => {
      const files = await findBenchmarks()
      const names = [...files.keys()]
      if (flags.list) {
        if (flags.json) printJson(io, names)
        else io.stdout.write(`${names.join('\n')}\n`)
        return
      }
      if (name !== undefined && !files.has(name))
        throw new InputError({
          path: 'bench',
          expected: `one of ${listed(names)}`,
          found: `"${name}"${suggestion(name, names)}`,
        })
      if (flags.rounds !== undefined && flags.compare === undefined)
        throw new InputError({ path: '--rounds', expected: '--compare <revision> beside it', found: 'none' })
      const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, platform: `${platform()} ${arch()}` }
      if (flags.compare !== undefined) {
        if (flags.charts !== undefined)
          throw new InputError({ path: '--charts', expected: 'no --compare beside it', found: flags.compare })
        const { compare: revision, rounds = ROUNDS } = flags
        const progress = progressLine(io, `${revision}:`)
        const comparison = await benchCompare({
          root: ROOT,
          revision,
          names: name === undefined ? names : [name],
          rounds,
          budget: flags.budget,
          ...signalOf(io),
          onProgress: progress.onProgress,
        }).finally(progress.end)
        if (flags.json) printJson(io, { machine, versions: await benchVersions(), revision, rounds, ...comparison })
        else io.stdout.write(`${comparisonText(comparison, revision, rounds)}${await origin(machine)}`)
        return
      }
      const results: Record<string, unknown> = {}
      for (const chosen of name === undefined ? names : [name]) {
        const { run } = (await import(files.get(chosen)!)) as { run: Benchmark }
        const progress = progressLine(io, `${chosen}:`)
        const {
          rows,
          notes,
          seeds,
          charts = [],
        } = await run({
          ...(flags.budget === undefined ? {} : { budget: flags.budget }),
          ...signalOf(io),
          onProgress: progress.onProgress,
        }).finally(progress.end)
        results[chosen] = { rows, notes, ...(seeds !== undefined && { seeds }) }
        if (flags.charts !== undefined) {
          const folder = flags.charts
          await mkdir(folder, { recursive: true })
          const files = charts.map(
            async (chart): Promise<[string, string]> => [
              join(folder, `${chosen}-${chart.title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.svg`),
              await benchmarkChart(chart),
            ],
          )
          await writeFiles(await Promise.all(files))
        }
        if (flags.json) continue
        const said = seeds === undefined ? notes : [...notes, `seeds: ${seeds}`]
        const header = Object.keys(rows[0] ?? {})
        const cells = rows.map((row) =>
          header.map((key) => (typeof row[key] === 'number' ? formatNumber(row[key], 4) : String(row[key]))),
        )
        io.stdout.write(`${chosen}\n${textTable(header, cells)}${said.map((note) => `${note}\n`).join('')}\n`)
      }
      if (flags.json) printJson(io, { machine, versions: await benchVersions(), results })
      else io.stdout.write(await origin(machine))
    })
}

/** What figures were measured on and with. */
async function origin(machine: { cpu: string; cores: number; platform: string }): Promise<string> {
  const found = Object.entries(await benchVersions()).map(([what, version]) => `${what} ${version}`)
  return `${machine.cpu}, ${machine.cores} cores, ${machine.platform}; ${found.join(', ')}\n`
}

/** Address of each benchmark by name. */
async function findBenchmarks(): Promise<Map<string, string>> {
  for (const folder of FOLDERS) {
    const files = await readdir(folder).catch(() => [])
    const found = files.filter((file) => /\.[jt]s$/.test(file)).sort()
    if (found.length > 0)
      return new Map(found.map((file) => [file.replace(/\.[jt]s$/, ''), new URL(file, folder).href]))
  }
  return new Map()
}
