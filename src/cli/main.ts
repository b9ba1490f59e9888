#!/usr/bin/env node
/** The `jacsense` command: parse, call, print. Exit codes: 0 done, 1 numerics failed, 2 bad input, 130 interrupted, 70 a bug. */
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError } from 'commander'
import { BlackboxError } from '../blackbox/blackboxError.ts'
import { PoolError } from '../blackbox/poolError.ts'
import { QueueError } from '../experiment/sweep/queue/queueError.ts'
import { InputError } from '../scene/inputError.ts'
import { addBenchCommand } from './benchCommand.ts'
import { addCheckCommand } from './checkCommand.ts'
import { addColorCommand } from './colorCommand.ts'
import { type Io, NumericalFailure } from './io.ts'
import { addLinearizeCommand } from './linearizeCommand.ts'
import { addLqrCommand } from './lqrCommand.ts'
import { addPlanCommand } from './planCommand.ts'
import { addRecoverCommand } from './recoverCommand.ts'
import { addRunCommand } from './runCommand.ts'
import { addSweepCommand } from './sweepCommand.ts'
import { addViewCommand } from './viewCommand.ts'
import { addWorkerCommand } from './workerCommand.ts'
import { packageVersion } from '../experiment/packageVersion.ts'

/** Runs the command on the arguments after `node jacsense` and returns the exit code; never throws, never exits. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    const program = createProgram(io, await packageVersion())
    await program.parseAsync(['node', 'jacsense', ...argv])
    return 0
  } catch (error) {
    return report(error, io)
  }
}

function createProgram(io: Io, version: string): Command {
  const program = new Command('jacsense')
  // Before the commands are added: they inherit these settings.
  program
    .description('Linearize rigid-body simulators without derivatives, and control them.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      // Quoted like all other messages.
      outputError: (text, write) => write(`${oneLine(text).replaceAll(/'([^']*)'/g, '"$1"')}\n`),
    })
  addLinearizeCommand(program, io)
  addLqrCommand(program, io)
  addRunCommand(program, io)
  addPlanCommand(program, io)
  addRecoverCommand(program, io)
  addCheckCommand(program, io)
  addColorCommand(program, io)
  addSweepCommand(program, io)
  addWorkerCommand(program, io)
  addViewCommand(program, io)
  addBenchCommand(program, io)
  return program
}

/** Says what went wrong in one line, and returns the exit code for it. */
function report(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (io.signal?.aborted) return fail(io, 'interrupted', 130)
  const message = oneLine(error instanceof Error ? error.message : String(error))
  if (error instanceof InputError) return fail(io, `error: ${message}`, 2)
  const known = [NumericalFailure, BlackboxError, PoolError, QueueError]
  if (known.some((kind) => error instanceof kind)) return fail(io, `failed: ${message}`, 1)
  const code = (error as NodeJS.ErrnoException | null)?.syscall === undefined ? 70 : 1
  if (process.env.JACSENSE_DEBUG === '1' && error instanceof Error) io.stderr.write(`${error.stack}\n`)
  return fail(io, code === 70 ? `internal error: ${message} (JACSENSE_DEBUG=1 shows where)` : `error: ${message}`, code)
}

function fail({ stderr }: Io, line: string, code: number): number {
  stderr.write(`${line}\n`)
  return code
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ')
}

/** True when Node was started on this file, through a link or not. */
function isMain(): boolean {
  try {
    return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
  } catch {
    return false
  }
}

if (isMain()) {
  const interrupt = new AbortController()
  process.once('SIGINT', () => interrupt.abort(new Error('interrupted')))
  // A reader that has seen enough (| head) is no failure; a full disk is.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    process.stderr.write(`error: can't write to standard output: ${error.message}\n`)
    process.exit(1)
  })
  process.exitCode = await run(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interrupt.signal,
  })
}
