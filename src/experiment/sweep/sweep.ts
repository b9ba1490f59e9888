/** Many closed-loop runs: a grid or a seeded sample of settings, each run a row, in the same order and to the same digit wherever they run. */
import { nodeOnly } from '../../scene/nodeOnly.ts'
import { packageVersion } from '../packageVersion.ts'
import { type Backend, localBackend } from './backend.ts'
import { failedRow, type SweepRow } from './job.ts'
import { type OpenedSweep, openSweep } from './openSweep.ts'
import type { QueueBackendOptions } from './queue/queueBackend.ts'
import { checkResults, openResults, type ResultsFolder, sweepRecord } from './resultsFolder.ts'

export interface SweepOptions {
  /** Named in errors. */
  readonly file?: string | null
  /** Folder that paths of scenes start from. Default: the working directory. */
  readonly folder?: string
  readonly workers?: number | undefined // threads, 1 … 256; default: one for each core
  /** Address of a Redis, redis://…, whose `jacsense worker`s make the runs instead. */
  readonly queue?: string | undefined
  /** Folder for sweep.json and results.jsonl. Without it, rows are only returned. */
  readonly out?: string | undefined
  /** Goes on with the results in `out`. */
  readonly resume?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined // runs, those resumed included
  /** What a user should know meanwhile: no worker is there, the connection is lost. */
  readonly onNotice?: ((text: string) => void) | undefined
  /** Each row, in order. */
  readonly onRow?: ((row: SweepRow) => void) | undefined
}

export interface SweepResult {
  readonly name: string
  readonly message: string // one sentence for people
  readonly runs: number
  readonly resumed: number // that were there before
  readonly successes: number
  readonly diverged: number
  readonly failed: number
  readonly rows: readonly SweepRow[] | null // null with `out`, where they are in results.jsonl: readSweep reads them
  readonly fingerprint: string
}

const AHEAD = 4096 // rows that wait for one before them

/**
 * Runs a sweep: `value` is that of a sweep file (docs/sweeps.md). A run that can't be made, diverges or takes too long is a row with its reason.
 * The same value gives the same rows, whatever `workers` and `queue` are. Throws InputError before anything is started or written, PoolError and
 * QueueError where runs can't be made at all, and the signal's reason when aborted: the rows so far are in `out`, and `resume` goes on with them.
 */
export async function sweep(value: unknown, options: SweepOptions = {}): Promise<SweepResult> {
  nodeOnly('sweep', 'simulate makes single runs')
  const { file = null, folder, signal } = options
  const opened = await openSweep(value, { file, ...(folder !== undefined && { folder }), signal })
  return runSweep(opened, options)
}

/** The same for a sweep that was opened before. */
export async function runSweep(opened: OpenedSweep, options: SweepOptions): Promise<SweepResult> {
  const { workers, queue, out, resume = false, signal, onProgress, onRow, onNotice } = options
  const { sweep: spec, expanded, scenes, fingerprint } = opened
  const { count } = expanded
  const record = sweepRecord({ jacsense: await packageVersion(), fingerprint, runs: count, scenes, sweep: spec })
  if (out !== undefined) await checkResults(out, record, resume)
  const backend =
    queue === undefined
      ? await localBackend(workers)
      : await queueBackendOf(queue, { fingerprint, out: out ?? '', signal, onNotice })
  const rows: SweepRow[] = []
  const tally = { successes: 0, diverged: 0, failed: 0 }
  const note = (row: SweepRow) => {
    if (row.success) tally.successes++
    if (row.result === 'diverged') tally.diverged++
    if (row.result === 'failed') tally.failed++
    if (out === undefined) rows.push(row)
    onRow?.(row)
  }
  let results: ResultsFolder | null = null
  try {
    results = out === undefined ? null : await openResults(out, record, note)
    const resumed = results?.done ?? 0
    onProgress?.(resumed, count)
    await inOrder(opened, backend, { from: resumed, signal }, async (more, done) => {
      await results?.append(more)
      for (const row of more) note(row)
      onProgress?.(done, count)
    })
    const { successes, diverged, failed } = tally
    const lost = failed > 0 ? `, ${failed} could not be made` : ''
    return {
      name: spec.name,
      message: `${count} runs: ${successes} succeeded, ${diverged} diverged${lost}.`,
      runs: count,
      resumed,
      ...tally,
      rows: out === undefined ? rows : null,
      fingerprint,
    }
  } finally {
    await results?.close()
    await backend.close()
  }
}

async function queueBackendOf(url: string, options: QueueBackendOptions): Promise<Backend> {
  const { queueBackend } = await import('./queue/queueBackend.ts')
  return queueBackend(url, options)
}

/** Hands out the jobs from `from` on, and calls `write` with rows in order as soon as there are no gaps before them. */
async function inOrder(
  { expanded: { count, job: bare }, jobAt }: OpenedSweep,
  backend: Backend,
  { from, signal }: { from: number; signal: AbortSignal | undefined },
  write: (rows: readonly SweepRow[], done: number) => Promise<void>,
): Promise<void> {
  const ended = new Map<number, SweepRow>() // that wait for rows before them
  let [next, written, underWay] = [from, from, 0]
  let wake: () => void = () => {}
  let failure: { error: unknown } | null = null
  const fail = (error: unknown) => {
    failure ??= { error }
    wake()
  }
  const onAbort = () => fail(signal!.reason)
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort()
  const launch = async (index: number): Promise<void> => {
    const made = await jobAt(index).catch((error: unknown) => {
      // What no single axis shows: settings that do not fit each other.
      ended.set(index, failedRow(bare(index), error instanceof Error ? error.message : String(error)))
      return null
    })
    if (made !== null && failure === null) ended.set(index, await backend.run(made.job, made.texts))
  }
  try {
    while (written < count) {
      if (failure !== null) throw (failure as { error: unknown }).error
      while (next < count && underWay < backend.window && next - written < AHEAD) {
        underWay++
        launch(next++)
          .catch(fail)
          .finally(() => {
            underWay--
            wake()
          })
      }
      const ready: SweepRow[] = []
      for (let row = ended.get(written); row !== undefined; row = ended.get(written)) {
        ended.delete(written++)
        ready.push(row)
      }
      if (ready.length > 0) await write(ready, written)
      else
        await new Promise<void>((resolve) => {
          wake = resolve
          if (ended.has(written) || failure !== null) resolve()
        })
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}
