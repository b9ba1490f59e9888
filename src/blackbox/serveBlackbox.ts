/** The worker's side of a blackbox pool: builds its own blackbox and evaluates the points that it is sent. */
import type { Blackbox } from './blackbox.ts'

/** Points for one worker. Both arrays lie on shared memory: what the worker writes is there for the pool to read. */
export interface Chunk<Job> {
  readonly jobNumber: number // the same for chunks of the same job
  readonly job: Job
  readonly count: number // of points
  readonly points: Float64Array // [count × n]
  readonly values: Float64Array // [count × m]
}

/**
 * What a worker says of a chunk: the time that its evaluations took; at which point one threw, and what; or why it can't do the
 * job at all. Errors travel as text: classes do not survive the way between threads.
 */
export type Answer =
  | { readonly ms: number }
  | { readonly failedAt: number; readonly message: string }
  | { readonly refusal: string }

/** The function that a pool calls with each chunk; null asks whether the worker is ready. */
export type Serve<Job> = (chunk: Chunk<Job> | null) => Answer

/**
 * What a worker module exports as its default: `open` gets the pool's setup, once, and gives the blackbox of each job that
 * comes. The blackbox must give the same bits as the one of the pool's caller. An error of `open` reaches whoever opens the
 * pool; an error in making a job's blackbox is a refusal, thrown as RangeError where the batch was asked for.
 */
export async function serveBlackbox<Setup, Job>(
  open: (setup: Setup) => Promise<(job: Job) => Blackbox>,
): Promise<Serve<Job>> {
  const { workerData } = await import('node:worker_threads')
  let blackboxOf: (job: Job) => Blackbox
  try {
    blackboxOf = await open(workerData as Setup)
  } catch (error) {
    const refusal = messageOf(error) // said when asked: a worker that fails on its own is replaced by another one that does
    return () => ({ refusal })
  }
  let current: { jobNumber: number; blackbox: Blackbox } | null = null

  return (chunk) => {
    if (chunk === null) return { ms: 0 }
    const { jobNumber, job, count, points, values } = chunk
    if (current?.jobNumber !== jobNumber)
      try {
        current = { jobNumber, blackbox: blackboxOf(job) }
      } catch (error) {
        return { refusal: messageOf(error) }
      }
    const { blackbox } = current
    const { inputs: n, outputs: m } = blackbox
    const start = performance.now()
    for (let p = 0; p < count; p++)
      try {
        blackbox.evaluate(points.subarray(p * n, (p + 1) * n), values.subarray(p * m, (p + 1) * m))
      } catch (error) {
        return { failedAt: p, message: messageOf(error) }
      }
    return { ms: performance.now() - start }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
