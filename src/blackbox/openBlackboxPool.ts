/**
 * Evaluates batches of a blackbox on several cores: a pool of worker threads, each with a blackbox of its own that gives the same
 * bits. Only for Node; piscina is loaded when a pool is opened.
 */
import { batchInChunks } from './batchInChunks.ts'
import type { Blackbox } from './blackbox.ts'
import { PoolError } from './poolError.ts'
import type { Answer, Chunk } from './serveBlackbox.ts'
import { workerLoader } from './workerLoader.ts'

export interface BlackboxPoolOptions {
  /** Worker threads, 1 … 256; default: one for each core. */
  readonly workers?: number | undefined
  /**
   * ms of work that the caller's own blackbox does by itself, on batches that may not be worth sending; default 4. It shows what
   * an evaluation costs; at 0, one evaluation of the first batch does.
   */
  readonly headStart?: number | undefined
}

export interface BlackboxPool<Job> {
  readonly workers: number
  /**
   * The same blackbox with an `evaluateBatch` that spreads points over the workers; `job`, a value that can be cloned, tells
   * them which blackbox it is. Values, and the error where a point throws, are those of calling `evaluate` on one point after
   * the other. A batch rejects with PoolError when a worker dies (another one takes its place) or the pool is closed, with
   * RangeError when a worker refuses the job, with the signal's reason when aborted.
   */
  parallel(blackbox: Blackbox, job: Job): Blackbox
  /** Ends the workers; batches that are under way reject. An idle pool that is not closed does not keep the process alive. */
  close(): Promise<void>
}

export const MAX_WORKERS = 256

/**
 * Opens a pool on a worker module (.js, or .ts where this runs from source) whose default export is `serveBlackbox(open)`; each
 * worker calls `open(setup)` once. Resolves when every worker is ready. Throws RangeError on numbers that do not fit, PoolError
 * with the reason when a worker can't start.
 */
export async function openBlackboxPool<Setup, Job>(
  module: URL,
  setup: Setup,
  options: BlackboxPoolOptions = {},
): Promise<BlackboxPool<Job>> {
  if (typeof process === 'undefined')
    throw new PoolError('its threads are those of Node; in a browser, run jacsense in a Web Worker')
  const { availableParallelism } = await import('node:os')
  const { workers = availableParallelism(), headStart = 4 } = options
  if (!(Number.isInteger(workers) && workers >= 1 && workers <= MAX_WORKERS))
    throw new RangeError(`worker pool: workers must be an integer from 1 to ${MAX_WORKERS}, got ${workers}`)
  if (!(headStart >= 0)) throw new RangeError(`worker pool: headStart must be a number of ms ≥ 0, got ${headStart}`)

  const { Piscina } = await import('piscina')
  const threads = new Piscina({
    filename: module.href,
    workerData: setup,
    minThreads: workers,
    maxThreads: workers,
    execArgv: workerLoader(module),
    recordTiming: false,
  })
  let isClosed = false
  let lastError: unknown = null
  const waiting = new Set<(error: unknown) => void>() // for work under way

  // A chunk that waits for a worker would wait for ever once none is left and none can start.
  threads.on('error', (error) => {
    lastError = error
  })
  threads.on('workerDestroy', () =>
    queueMicrotask(() => {
      if (isClosed || threads.threads.length > 0) return
      for (const reject of waiting)
        reject(new PoolError(`no worker is left: ${messageOf(lastError)}`, { cause: lastError }))
    }),
  )

  async function ask(chunk: Chunk<Job> | null): Promise<Answer> {
    if (isClosed) throw new PoolError('it is closed')
    if (threads.threads.length === 0) throw new PoolError('no worker is left', { cause: lastError })
    try {
      return (await threads.run(chunk)) as Answer
    } catch (cause) {
      if (isClosed) throw new PoolError('it was closed while a batch was under way')
      throw new PoolError(`a worker stopped: ${messageOf(cause)}`, { cause })
    }
  }

  async function watch(work: Promise<unknown>, signal?: AbortSignal): Promise<void> {
    let giveUp: (error: unknown) => void = () => {}
    const onAbort = () => giveUp(signal!.reason)
    try {
      await new Promise<void>((resolve, reject) => {
        giveUp = reject
        waiting.add(giveUp)
        signal?.addEventListener('abort', onAbort)
        if (signal?.aborted) onAbort()
        work.then(() => resolve(), reject)
      })
    } finally {
      waiting.delete(giveUp)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  async function close(): Promise<void> {
    isClosed = true
    await threads.destroy()
  }

  try {
    const asked = Array.from({ length: workers }, () => ask(null))
    await watch(Promise.allSettled(asked)) // all of them: to end a thread that is just failing is not safe in Node 20
    for (const answer of await Promise.all(asked))
      if ('refusal' in answer) throw new PoolError(`a worker can't start: ${answer.refusal}`)
  } catch (error) {
    await close()
    throw error
  }

  const evaluateBatch = batchInChunks<{ jobNumber: number; job: Job }>(
    { workers, send: (job, points, values, count) => ask({ ...job, count, points, values }), watch },
    headStart,
  )
  let numJobs = 0
  return {
    workers,
    parallel(blackbox, job) {
      const numbered = { jobNumber: numJobs++, job }
      return {
        ...blackbox,
        async evaluateBatch(...batch) {
          if (isClosed) throw new PoolError('it is closed')
          batch[3]?.signal?.throwIfAborted()
          await evaluateBatch(blackbox, numbered, ...batch)
        },
      }
    },
    close,
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
