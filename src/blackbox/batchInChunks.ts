/** Cuts a batch of evaluations into chunks for several workers, so that round trips cost little and all of them end together. */
import type { BatchOptions, Blackbox } from './blackbox.ts'
import { PoolError } from './poolError.ts'
import type { Answer } from './serveBlackbox.ts'

/** Who evaluates chunks elsewhere. */
export interface Crew<Job> {
  readonly workers: number // chunks at a time
  send(job: Job, points: Float64Array, values: Float64Array, count: number): Promise<Answer> // both on shared memory
  /** Waits for the work; rejects early with the signal's reason, or when nobody is left to do it. */
  watch(work: Promise<unknown>, signal?: AbortSignal): Promise<void>
}

export type Batch = Parameters<NonNullable<Blackbox['evaluateBatch']>> // Z, Y, count, options

/** A round trip takes about 0.25 ms: a chunk is to hold at least so much work, ms, … */
const MIN_CHUNK = 4
/** … and at most so much, so that progress is reported and a signal heard. */
const MAX_CHUNK = 100
/** Batches that are known to take more than so many head starts are sent at once. */
const MAYBE_SHORT = 4

/**
 * Returns the `evaluateBatch` of blackboxes that a crew evaluates too. It first works for `headStart` ms by itself where a batch
 * may not be worth sending; what an evaluation costs is measured, and remembered for later batches. Values, and the error where a
 * point throws, are those of evaluating one point after the other; where a point throws after another has given a value that is
 * not finite, it returns with NaN from the throwing point on, for the caller to find that value first.
 */
export function batchInChunks<Job>(
  crew: Crew<Job>,
  headStart: number, // ms
): (blackbox: Blackbox, job: Job, ...batch: Batch) => Promise<void> {
  const { workers } = crew
  let cost = 0 // ms an evaluation, as last seen
  let leastCost = 0 // the least seen: code that has just been loaded is slow for a while
  const note = (ms: number, count: number) => {
    leastCost = Math.min(cost === 0 ? Number.POSITIVE_INFINITY : leastCost, ms / count)
    cost = ms / count
  }

  /** How many of the `rest` points to send next: large chunks first, small ones last. */
  const chunkSize = (rest: number, total: number): number => {
    const perPoint = Math.max(cost, 1e-4)
    const smallest = Math.min(Math.ceil(MIN_CHUNK / perPoint), Math.ceil(total / workers))
    const largest = Math.floor(MAX_CHUNK / perPoint)
    return Math.min(rest, Math.max(1, smallest, Math.min(largest, Math.ceil(rest / (2 * workers)))))
  }

  /** Evaluates points by itself until the time is up, at least one; how many. */
  const begin = (blackbox: Blackbox, [Z, Y, count]: Batch): number => {
    const start = performance.now()
    let p = 0
    while (p < count && (p === 0 || performance.now() - start < headStart)) evaluateAt(blackbox, Z, Y, p++)
    if (p > 0) note(performance.now() - start, p)
    return p
  }

  return async (blackbox, job, ...batch) => {
    const [Z, Y, count, { signal, onProgress }] = [batch[0], batch[1], batch[2], batch[3] ?? ({} as BatchOptions)]
    const { inputs: n, outputs: m } = blackbox
    const first = cost === 0 || count * leastCost <= MAYBE_SHORT * headStart ? begin(blackbox, batch) : 0
    const total = count - first
    if (total === 0) return

    const points = shared(total * n)
    const values = shared(total * m)
    points.set(Z.subarray(first * n, count * n))
    let next = 0
    let done = first
    let isStopped = false
    let failedAt = total
    let message = ''
    const drive = async () => {
      while (next < total && !isStopped) {
        const from = next
        next += chunkSize(total - from, total)
        const size = next - from
        const chunk = [points.subarray(from * n, next * n), values.subarray(from * m, next * m)] as const
        const answer = await crew.send(job, ...chunk, size)
        if ('refusal' in answer) throw new RangeError(answer.refusal)
        if ('ms' in answer) {
          note(answer.ms, size)
          done += size
          if (!isStopped) onProgress?.(done)
        } else {
          isStopped = true // points before this one are done or with a worker
          if (from + answer.failedAt < failedAt) {
            failedAt = from + answer.failedAt
            message = answer.message
          }
        }
      }
    }
    try {
      await crew.watch(Promise.all(Array.from({ length: workers }, drive)), signal)
    } finally {
      isStopped = true
    }

    Y.set(values.subarray(0, failedAt * m), first * m)
    if (failedAt === total) return
    if (!values.subarray(0, failedAt * m).every(Number.isFinite)) {
      Y.fill(Number.NaN, (first + failedAt) * m, count * m)
      return
    }
    evaluateAt(blackbox, Z, Y, first + failedAt) // throws the error itself, with its class
    throw new PoolError(`evaluation ${first + failedAt} of a batch fails in a worker and not here: ${message}`)
  }
}

function evaluateAt(blackbox: Blackbox, Z: Float64Array, Y: Float64Array, p: number): void {
  const { inputs: n, outputs: m } = blackbox
  blackbox.evaluate(Z.subarray(p * n, (p + 1) * n), Y.subarray(p * m, (p + 1) * m))
}

function shared(length: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT))
}
