/** A worker behind a queue: takes jobs of its own version, makes the runs in threads, and keeps the rows where their sweep looks for them. */
import type { Job, Worker } from 'bullmq'
import { InputError } from '../../../scene/inputError.ts'
import type { SceneTexts } from '../../../scene/sceneTexts.ts'
import { counted } from '../../format.ts'
import { openJobPool } from '../jobPool.ts'
import { MAX_SCENE_BYTES } from '../sceneTexts.ts'
import { connectRedis, within } from './connectRedis.ts'
import {
  KEPT_S,
  openEnvelope,
  openTexts,
  PREFIX,
  QUEUES,
  queueFormat,
  rowsKey,
  sceneKeyOf,
  tame,
  versionOf,
} from './envelope.ts'

export interface QueueWorkerOptions {
  readonly workers?: number | undefined // threads, 1 … 256; default: one for each core
  readonly signal?: AbortSignal | undefined // ends it
  readonly graceSeconds?: number // for runs that are under way then, before they are given back; default 10
  readonly onNotice?: ((text: string) => void) | undefined
}

const LOCK_MS = 8000 // after which a job of a worker that is gone is taken by another one
const STALLED_MS = 2000
const MOST_STALLS = 5 // a job whose workers end that often is given up
const LOOK_MS = 10_000 // for jobs of other versions
const MAX_SCENES = 16

/**
 * Works until `signal` is aborted, then finishes what is under way, or gives it back, and resolves with the number of runs made. Jobs are checked when
 * they arrive and carry data only. Throws InputError and QueueError as `connectRedis`, RangeError on a number of workers that does not fit.
 */
export async function queueWorker(url: string, options: QueueWorkerOptions = {}): Promise<{ readonly runs: number }> {
  const { workers, signal, graceSeconds = 10, onNotice } = options
  const pool = await openJobPool({ workers })
  const connection = await connectRedis(url, { onNotice, signal })
  const { redis, bullmq, where } = connection
  const format = await queueFormat()
  const scenes = new Map<string, SceneTexts>()
  let runs = 0
  let isGivingBack = false

  const sceneOf = async (key: string): Promise<SceneTexts> => {
    const known = scenes.get(key)
    if (known !== undefined) return known
    if ((await redis.strlen(sceneKeyOf(key))) > 4 * MAX_SCENE_BYTES)
      throw new InputError({
        file: 'scene of a job',
        expected: `at most ${MAX_SCENE_BYTES / 2 ** 20} MB`,
        found: 'more',
      })
    const texts = await openTexts(await redis.get(sceneKeyOf(key)), key)
    scenes.set(key, texts)
    if (scenes.size > MAX_SCENES) scenes.delete(scenes.keys().next().value!)
    return texts
  }
  const work = async (taken: Job, token: string | undefined): Promise<null> => {
    try {
      const { job, sweep } = openEnvelope(taken.data, format)
      const rows = rowsKey(sweep)
      // Made before by a worker that could not say so any more.
      if (await redis.hexists(rows, String(job.index))) return null
      const row = await pool.run(job, await sceneOf(job.settings.scene as string))
      await redis.multi().hsetnx(rows, String(job.index), JSON.stringify(row)).expire(rows, KEPT_S).exec()
      runs++
      return null
    } catch (error) {
      if (isGivingBack) {
        await taken.moveToWait(token)
        throw new bullmq.WaitingError()
      }
      const message = error instanceof Error ? error.message : String(error)
      throw new bullmq.UnrecoverableError(tame(message))
    }
  }
  const worker: Worker = new bullmq.Worker(format.queue, work, {
    connection: redis,
    prefix: PREFIX,
    concurrency: pool.workers,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_MS,
    maxStalledCount: MOST_STALLS,
  })
  worker.on('error', () => {}) // the connection tells; locks that are lost cost a run, no row
  worker.on('failed', (job, error) =>
    onNotice?.(`refused a job${job ? ` (${tame(String(job.id))})` : ''}: ${tame(error.message)}`),
  )
  onNotice?.(
    `worker of jacsense ${format.version} with ${pool.workers} thread${pool.workers === 1 ? '' : 's'} at ${where}, format of jobs ${format.hash}`,
  )

  const told = new Set<string>()
  const look = async (): Promise<void> => {
    for (const name of await redis.smembers(QUEUES)) {
      if (name === format.queue || told.has(name)) continue
      const waiting = await redis.llen(`${PREFIX}:${name}:wait`)
      if (waiting === 0) continue
      told.add(name)
      const its = versionOf(name)
      const what = its === format.version ? 'another format of jobs' : `jacsense ${tame(its)}`
      onNotice?.(
        `${counted(waiting, 'job')} at ${where} ${waiting === 1 ? 'waits' : 'wait'} for workers of ${what}; this one is of jacsense ${format.version} and leaves ${waiting === 1 ? 'it' : 'them'}`,
      )
    }
  }
  const looking = setInterval(() => void look().catch(() => {}), LOOK_MS)
  await within(look())

  if (!signal?.aborted)
    await new Promise<void>((resolve) => {
      if (signal) signal.addEventListener('abort', () => resolve(), { once: true })
    })
  clearInterval(looking)
  const timer = setTimeout(() => {
    isGivingBack = true
    void pool.close()
  }, 1000 * graceSeconds)
  await within(worker.close(), 1000 * (graceSeconds + 5))
  clearTimeout(timer)
  await pool.close()
  await connection.close()
  return { runs }
}
