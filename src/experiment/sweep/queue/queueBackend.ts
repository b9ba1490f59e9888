/**
 * Runs made by workers behind a queue (BullMQ on Redis). Jobs are put on it a few hundred at a time. A worker keeps its row under the index of
 * the run before it says that it is done, so that a job made twice is a row once; what is lost on the way is put on the queue again.
 */
import type { Queue } from 'bullmq'
import type { SceneTexts } from '../../../scene/sceneTexts.ts'
import { parseRow } from '../../../scene/sweep/parseJob.ts'
import type { Backend } from '../backend.ts'
import { failedRow, type SweepJob, type SweepRow } from '../job.ts'
import { sha256 } from '../sceneTexts.ts'
import { connectRedis, within } from './connectRedis.ts'
import { type Envelope, KEPT_S, PREFIX, QUEUES, queueFormat, rowsKey, sceneKeyOf, tame } from './envelope.ts'
import { QueueError } from './queueError.ts'

const WINDOW = 400 // jobs on the queue at once
const POLL_MS = 100
const LOOK_AFTER_MS = 2000 // jobs that should be there
const LOOKED_AFTER = 50 // of the oldest
const ALONE_MS = 5000 // without a worker, before it is told

interface Pending {
  readonly job: SweepJob
  readonly texts: SceneTexts
  resolve(row: SweepRow): void
  reject(error: unknown): void
}

export interface QueueBackendOptions {
  readonly fingerprint: string // of the sweep
  readonly out: string // where its results go: two folders are two sweeps
  readonly signal?: AbortSignal | undefined
  readonly onNotice?: ((text: string) => void) | undefined // what a user should know
}

/** Throws InputError and QueueError as `connectRedis`. */
export async function queueBackend(url: string, options: QueueBackendOptions): Promise<Backend> {
  const { fingerprint, out, onNotice, signal } = options
  const connection = await connectRedis(url, { onNotice, signal })
  const { redis, bullmq, where } = connection
  const format = await queueFormat()
  const { hostname } = await import('node:os')
  const { resolve } = await import('node:path')
  // The same for the same results folder, so that what workers have done meanwhile is found when it is resumed.
  const sweep = (
    await sha256([fingerprint, hostname(), out === '' ? String(process.pid) : resolve(out)].join('\n'))
  ).slice(0, 16)
  const queue: Queue = new bullmq.Queue(format.queue, { connection: redis, prefix: PREFIX })
  queue.on('error', () => {}) // the connection tells
  const rows = rowsKey(sweep)
  const idOf = (index: number) => `${sweep}-${index}`

  const pending = new Map<number, Pending>()
  let fresh: Pending[] = []
  let isClosed = false
  let wake: () => void = () => {}

  const put = async (some: readonly Pending[]): Promise<void> => {
    const scenes = new Map(some.map(({ job, texts }) => [job.settings.scene as string, texts]))
    for (const [key, texts] of scenes) await redis.set(sceneKeyOf(key), JSON.stringify(texts), 'EX', KEPT_S)
    await queue.addBulk(
      some.map(({ job }) => ({
        name: 'run',
        data: { version: format.version, format: format.hash, sweep, job } satisfies Envelope,
        opts: { jobId: idOf(job.index), removeOnComplete: true, removeOnFail: { age: KEPT_S } },
      })),
    )
  }
  const take = async (): Promise<number> => {
    const indices = [...pending.keys()]
    if (indices.length === 0) return 0
    const found = await redis.hmget(rows, ...indices.map(String))
    const taken = indices.filter((_, k) => found[k] !== null)
    if (taken.length === 0) return 0
    for (const [k, index] of indices.entries())
      if (found[k] != null) settle(index, rowOf(found[k], pending.get(index)!.job))
    await redis.hdel(rows, ...taken.map(String))
    return taken.length
  }
  const settle = (index: number, row: SweepRow): void => {
    const { resolve } = pending.get(index)!
    pending.delete(index)
    resolve(row)
  }
  /** Jobs that failed have no row; jobs that are not there were lost with what Redis did not keep. */
  const lookAfter = async (): Promise<void> => {
    for (const [index, one] of [...pending].slice(0, LOOKED_AFTER)) {
      const job = await queue.getJob(idOf(index))
      if (await redis.hexists(rows, String(index))) continue
      if (job == null) {
        if (pending.has(index)) await put([one])
      } else if (await job.isFailed()) {
        await job.remove().catch(() => {})
        settle(index, failedRow(one.job, failureOf(job.failedReason)))
      }
    }
  }
  let aloneSince = performance.now()
  const lookForWorkers = async (): Promise<void> => {
    if (Number.isNaN(aloneSince) || performance.now() - aloneSince < ALONE_MS) return
    if ((await queue.getWorkersCount()) === 0)
      onNotice?.(
        `waiting: no worker of jacsense ${format.version} is at ${where}; "jacsense worker --queue ${where}" starts one`,
      )
    aloneSince = Number.NaN
  }
  const loop = async (): Promise<void> => {
    await redis.sadd(QUEUES, format.queue)
    let lookedAfter = performance.now()
    while (!isClosed) {
      const some = fresh
      fresh = []
      if (some.length > 0) await put(some)
      if ((await take()) > 0) aloneSince = Number.NaN
      if (performance.now() - lookedAfter > LOOK_AFTER_MS) {
        await lookAfter()
        await lookForWorkers()
        lookedAfter = performance.now()
      }
      await new Promise<void>((next) => {
        const timer = setTimeout(next, POLL_MS)
        wake = () => {
          clearTimeout(timer)
          next()
        }
      })
    }
  }
  const looping = loop().catch((error: unknown) => {
    if (isClosed) return
    isClosed = true
    const told = new QueueError(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    for (const { reject } of pending.values()) reject(told)
  })

  return {
    window: WINDOW,
    run(job, texts) {
      if (isClosed) return Promise.reject(new QueueError('it is closed'))
      return new Promise<SweepRow>((resolve, reject) => {
        const one: Pending = { job, texts, resolve, reject }
        pending.set(job.index, one)
        fresh.push(one)
      })
    },
    async close() {
      isClosed = true
      wake()
      await within(looping)
      const left = [...pending.keys()]
      for (const { reject } of pending.values()) reject(new QueueError('it is closed'))
      pending.clear()
      // Jobs that no worker has taken yet; what is under way ends by itself, and its row is kept for a while.
      if (redis.status === 'ready') {
        await within(Promise.all(left.map((index) => queue.remove(idOf(index)))))
        if (left.length === 0) await within(redis.del(rows))
        else await within(redis.expire(rows, KEPT_S))
      }
      await within(queue.close())
      await connection.close()
    },
  }
}

/** A row as it came; one that is none is told as such. */
function rowOf(text: string, job: SweepJob): SweepRow {
  try {
    const { index, study, seed, parameters } = job
    // What tells which run it was is the sweep's own.
    return { ...parseRow(JSON.parse(text), index, 'row'), study, seed, parameters }
  } catch (error) {
    return failedRow(
      job,
      `what its worker sent is no row: ${tame(error instanceof Error ? error.message : String(error))}`,
    )
  }
}

function failureOf(reason: string | undefined): string {
  return /stalled more than/.test(reason ?? '')
    ? 'its workers ended again and again while at it'
    : tame(reason ?? 'no reason given')
}
