/** jacsense sweep: many closed-loop runs, as a file describes them. */
import { dirname, join } from 'node:path'
import { type Command, Option } from 'commander'
import { MAX_WORKERS } from '../blackbox/openBlackboxPool.ts'
import { counted } from '../experiment/format.ts'
import { BUILT_IN, builtInSweep } from '../experiment/sweep/builtIn.ts'
import { type OpenedSweep, openSweep } from '../experiment/sweep/openSweep.ts'
import { RESULTS_JSONL, SWEEP_JSON } from '../experiment/sweep/resultsFolder.ts'
import { runSweep, type SweepResult } from '../experiment/sweep/sweep.ts'
import { SWEEP_FILES, writeSweepReport } from '../report/sweep/writeSweepReport.ts'
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import { parseJson } from '../scene/parseJson.ts'
import { type Io, printJson } from './io.ts'
import { wholeNumber } from './options.ts'
import { checkOutFolder } from './outFolder.ts'
import { signalOf } from './prepare.ts'
import { progressLine } from './progress.ts'
import { isThere, readText } from './readText.ts'
import { shellLine } from './shellLine.ts'
import { textTable } from './table.ts'

interface SweepFlags {
  readonly scene?: string
  readonly engine?: string
  readonly controller?: 'lqr' | 'lqg' | 'ilqr' | 'mpc'
  readonly samples?: number
  readonly print?: true
  readonly workers?: number
  readonly queue?: string
  readonly out?: string
  readonly resume?: true
  readonly dryRun?: true
  readonly json?: true
}

const SHOWN = 5 // runs of a dry run

export function addSweepCommand(program: Command, io: Io): void {
  program
    .command('sweep')
    .description('run a closed loop many times: a grid or a random sample of settings, as a file describes it')
    .argument('<file>', `sweep file, or the name of one that needs no file: ${BUILT_IN.join(', ')}`)
    .option('--scene <name>', 'of robustness: scene or URDF file, folder or name')
    .option('--engine <name>', 'of robustness: physics engine (default: cannon)')
    .addOption(
      new Option('--controller <name>', 'of robustness: what is tested (default: lqr)').choices([
        'lqr',
        'lqg',
        'ilqr',
        'mpc',
      ]),
    )
    .option('--samples <n>', 'of robustness: runs for each value of a factor (default: 20)', wholeNumber(1, 10_000))
    .option('--print', 'of robustness: print the sweep as a file to edit, and run nothing')
    .option('--workers <n>', 'threads (default: one for each core)', wholeNumber(1, MAX_WORKERS))
    .addOption(
      new Option('--queue <redis://…>', 'let the "jacsense worker"s at this Redis make the runs').conflicts('workers'),
    )
    .option('--out <folder>', 'where the results go (default: out/<name of the sweep>)')
    .option('--resume', 'go on with the unfinished results in that folder')
    .option('--dry-run', 'check the file, print how many runs it has and the first of them, and run nothing')
    .option('--json', 'print JSON and nothing else')
    .action(async (name: string, flags: SweepFlags) => {
      const { value, file } = await sweepValue(name, flags, io)
      if (flags.print) {
        io.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
        return
      }
      const folder = file === null ? '.' : dirname(file)
      const opened = await openSweep(value, { file, folder, ...signalOf(io) })
      if (flags.dryRun) return dryRun(opened, flags, io)
      await runAndReport(opened, name, flags, io)
    })
}

async function runAndReport(opened: OpenedSweep, name: string, flags: SweepFlags, io: Io): Promise<void> {
  const { queue, workers, resume = false } = flags
  const out = flags.out ?? join('out', opened.sweep.name)
  await checkOutFolder(out, [SWEEP_JSON, RESULTS_JSONL, ...SWEEP_FILES])
  const progress = progressLine(io, 'sweep: run', { timeLeft: true })
  let isStarted = false
  let [done, total] = [0, 0]
  let result: SweepResult
  try {
    result = await runSweep(opened, {
      ...(queue !== undefined && { queue }),
      ...(workers !== undefined && { workers }),
      out,
      resume,
      ...signalOf(io),
      onNotice(text) {
        progress.end()
        io.stderr.write(`${text}\n`)
      },
      onProgress(...counts) {
        isStarted = true
        ;[done, total] = counts
        progress.onProgress(done, total)
      },
    })
  } catch (error) {
    progress.end()
    if (isStarted)
      io.stderr.write(`${done} of ${counted(total, 'run')} are in ${out}; to go on: ${resumeLine(name, flags)}\n`)
    throw error
  }
  progress.end()
  const files = await writeSweepReport(out, { command: shellLine(['jacsense', 'sweep', name, ...ofBuiltIn(flags)]) })
  const { runs, resumed, successes, diverged, failed, message } = result
  if (flags.json) printJson(io, { sweep: result.name, runs, resumed, successes, diverged, failed, out, files })
  else
    io.stdout.write(
      `${result.name}: ${message}${resumed > 0 ? ` ${resumed} of them were there.` : ''}\nreport ${files.at(-1)}\n`,
    )
}

/** The value of a sweep file, or of a sweep that needs none. */
async function sweepValue(name: string, flags: SweepFlags, io: Io): Promise<{ value: unknown; file: string | null }> {
  const isBuiltIn = BUILT_IN.includes(name) && !(await isThere(name))
  if (isBuiltIn) {
    const { scene, engine, controller, samples } = flags
    if (scene === undefined)
      throw new InputError({ path: '--scene', expected: `the scene that "${name}" is about`, found: 'nothing' })
    const given = { ...(engine && { engine }), ...(controller && { controller }), ...(samples && { samples }) }
    const progress = progressLine(io, `${name}: finding the range of starts: run`)
    const options = { ...given, ...signalOf(io), onProgress: progress.onProgress }
    return { value: await builtInSweep(name, scene, options).finally(progress.end), file: null }
  }
  for (const key of ['scene', 'engine', 'controller', 'samples', 'print'] as const)
    if (flags[key] !== undefined)
      throw new InputError({
        path: `--${key}`,
        expected: `one of ${listed(BUILT_IN)}; files say it themselves`,
        found: `"${name}"`,
      })
  if (/^[\w-]+$/.test(name) && !(await isThere(name)))
    throw new InputError({
      file: name,
      expected: `a sweep file, or one of ${listed(BUILT_IN)}`,
      found: `nothing of this name${suggestion(name, BUILT_IN)}`,
    })
  return { value: parseJson(await readText(name), name), file: name }
}

async function dryRun({ sweep, expanded, jobAt }: OpenedSweep, { json }: SweepFlags, io: Io): Promise<void> {
  const { count, studies } = expanded
  const first = await Promise.all(Array.from({ length: Math.min(SHOWN, count) }, (_, k) => jobAt(k)))
  if (json) {
    const told = studies.map(({ name, count: runs, first: from }) => ({ name, runs, first: from }))
    printJson(io, { sweep: sweep.name, runs: count, studies: told, first: first.map(({ job }) => job) })
    return
  }
  const jobs = first.map(({ job }) => job)
  const names = [...new Set(jobs.flatMap(({ parameters }) => Object.keys(parameters)))]
  const rows = jobs.map(({ index, seed, parameters }) => [
    `${index}`,
    `${seed}`,
    ...names.map((key) => String(parameters[key] ?? '')),
  ])
  const studyRows = studies.flatMap(({ name, count: runs }) => (name === null ? [] : [[name, `${runs}`]]))
  io.stdout.write(
    `${sweep.name}: ${counted(count, 'run')}\n` +
      (studyRows.length > 0 ? `\n${textTable(['study', 'runs'], studyRows)}` : '') +
      `\n${textTable(['run', 'seed', ...names], rows)}`,
  )
}

/** The command that goes on with what is there. */
function resumeLine(name: string, flags: SweepFlags): string {
  const { workers, queue, out } = flags
  return shellLine([
    'jacsense',
    'sweep',
    name,
    ...ofBuiltIn(flags),
    ...(workers === undefined ? [] : ['--workers', String(workers)]),
    ...(queue === undefined ? [] : ['--queue', withoutPassword(queue)]),
    ...(out === undefined ? [] : ['--out', out]),
    '--resume',
  ])
}

function ofBuiltIn({ scene, engine, controller, samples }: SweepFlags): string[] {
  return Object.entries({ scene, engine, controller, samples }).flatMap(([key, value]) =>
    value === undefined ? [] : [`--${key}`, String(value)],
  )
}

/** What is printed ends up in logs. */
function withoutPassword(url: string): string {
  return url.replace(/^(\w+:\/\/[^/@]*:)[^@]*@/, '$1…@')
}
