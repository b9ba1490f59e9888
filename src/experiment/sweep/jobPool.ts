/** Threads that make runs. One that is over its time limit is ended, whatever it does, and another one takes its place. */
import type { Worker } from 'node:worker_threads'
import { PoolError } from '../../blackbox/poolError.ts'
import { workerLoader } from '../../blackbox/workerLoader.ts'
import { MAX_WORKERS } from '../../blackbox/openBlackboxPool.ts'
import type { SceneTexts } from '../../scene/sceneTexts.ts'
import { failedRow, type SweepJob, type SweepRow } from './job.ts'
import type { ToThread } from './sweepWorker.ts'

export interface JobPool {
  readonly workers: number
  /** The row of a job; a failed one where its time is up or its thread ends. Rejects with PoolError where no thread can start. */
  run(job: SweepJob, texts: SceneTexts): Promise<SweepRow>
  /** Ends the threads; runs that are under way reject. */
  close(): Promise<void>
}

export interface JobPoolOptions {
  readonly workers?: number | undefined // 1 … 256; default: one for each core
  readonly module?: URL // what the threads run; another one in tests
}

const MAX_SCENES = 16 // that a thread keeps
const MAX_HEAP_MB = 4096 // of one thread: what needs more ends it, not the process

interface Task {
  readonly job: SweepJob
  readonly texts: SceneTexts
  resolve(row: SweepRow): void
  reject(error: unknown): void
}

interface Slot {
  thread: Worker | null
  isReady: boolean
  task: Task | null
  timer: NodeJS.Timeout | null
  known: Set<string> // scenes
}

/** Resolves at once; threads start when they are first needed. Throws RangeError on a number of workers that does not fit. */
export async function openJobPool({ workers, module }: JobPoolOptions = {}): Promise<JobPool> {
  const { availableParallelism } = await import('node:os')
  const { Worker: Thread } = await import('node:worker_threads')
  const count = workers ?? availableParallelism()
  if (!(Number.isInteger(count) && count >= 1 && count <= MAX_WORKERS))
    throw new RangeError(`worker pool: workers must be an integer from 1 to ${MAX_WORKERS}, got ${count}`)
  const url =
    module ?? new URL(import.meta.url.endsWith('.ts') ? './sweepWorker.ts' : './sweepWorker.js', import.meta.url)
  const waiting: Task[] = []
  const slots: Slot[] = Array.from({ length: count }, () => ({
    thread: null,
    isReady: false,
    task: null,
    timer: null,
    known: new Set<string>(),
  }))
  let isClosed = false

  const start = (slot: Slot): void => {
    const thread = new Thread(url, {
      execArgv: workerLoader(url),
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    })
    let lastError: unknown = null
    Object.assign(slot, { thread, isReady: false, known: new Set<string>() })
    thread.on('message', (message: 'ready' | SweepRow) => {
      if (slot.thread !== thread) return
      if (message === 'ready') slot.isReady = true
      else settle(slot)?.resolve(message)
      next(slot)
    })
    thread.on('error', (error) => {
      lastError = error
    })
    thread.on('exit', (code) => {
      if (slot.thread !== thread) return // ended by us
      slot.thread = null
      const reason = lastError instanceof Error ? lastError.message : `exit code ${code}`
      if (!slot.isReady) {
        const error = new PoolError(`a worker can't start: ${reason}`, { cause: lastError })
        settle(slot)?.reject(error)
        for (const task of waiting.splice(0)) task.reject(error)
        return
      }
      const task = settle(slot)
      task?.resolve(failedRow(task.job, `its thread ended: ${reason}`))
      next(slot)
    })
  }
  const settle = (slot: Slot): Task | null => {
    const { task, timer } = slot
    if (timer !== null) clearTimeout(timer)
    Object.assign(slot, { task: null, timer: null })
    return task
  }
  /** Gives an idle slot the next task; what it was given before it was ready is sent when it is. */
  const next = (slot: Slot): void => {
    if (isClosed) return
    if (slot.task === null) slot.task = waiting.shift() ?? null
    if (slot.task === null) return
    if (slot.thread === null) start(slot)
    else if (slot.isReady && slot.timer === null) send(slot, slot.task)
  }
  const send = (slot: Slot, { job, texts }: Task): void => {
    const key = job.settings.scene as string
    const forget = slot.known.size >= MAX_SCENES && !slot.known.has(key)
    if (forget) slot.known.clear()
    const message: ToThread = { job, texts: slot.known.has(key) ? null : texts, forget }
    slot.known.add(key)
    slot.thread!.postMessage(message)
    slot.timer = setTimeout(() => void giveUp(slot), Math.min(1000 * job.timeLimit, 2 ** 31 - 1))
  }
  const giveUp = async (slot: Slot): Promise<void> => {
    const { thread } = slot
    slot.thread = null // its exit is no surprise
    const task = settle(slot)!
    await thread!.terminate()
    task.resolve(failedRow(task.job, `time limit: not done within ${task.job.timeLimit} s`))
    next(slot)
  }

  return {
    workers: count,
    run(job, texts) {
      if (isClosed) return Promise.reject(new PoolError('it is closed'))
      return new Promise<SweepRow>((resolve, reject) => {
        waiting.push({ job, texts, resolve, reject })
        const idle = slots.find(({ task }) => task === null)
        if (idle) next(idle)
      })
    },
    async close() {
      isClosed = true
      const error = new PoolError('it was closed while runs were under way')
      const ended = slots.map(async (slot) => {
        const { thread } = slot
        slot.thread = null
        settle(slot)?.reject(error)
        await thread?.terminate()
      })
      for (const task of waiting.splice(0)) task.reject(error)
      await Promise.all(ended)
    },
  }
}
