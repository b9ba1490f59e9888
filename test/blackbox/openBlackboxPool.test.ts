import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BlackboxPool, openBlackboxPool } from '../../src/blackbox/openBlackboxPool.ts'
import { PoolError } from '../../src/blackbox/poolError.ts'
import { ACCIDENT, type TestJob, type TestSetup, TestError, testBlackbox } from '../fixtures/poolBlackbox.ts'

const WORKER = new URL('../fixtures/poolWorker.ts', import.meta.url)
const open = (setup: Partial<TestSetup> = {}, workers = 2) =>
  openBlackboxPool<TestSetup, TestJob>(WORKER, { inWorker: true, ...setup }, { workers, headStart: 0 })
const job: TestJob = { factor: 3 }
const own = testBlackbox({ inWorker: false }, job)

/** Points (p, 0.5 p + 1), with an accident at one of them. */
function points(count: number, at = -1, accident = 0, first = at): Float64Array {
  const Z = Float64Array.from({ length: 2 * count }, (_, k) => (k % 2 === 0 ? k / 2 : 0.5 * ((k - 1) / 2) + 1))
  if (at >= 0) Z.set([first, accident], 2 * at)
  return Z
}

describe('a pool', () => {
  let pool: BlackboxPool<TestJob>
  beforeAll(async () => {
    pool = await open()
  })
  afterAll(() => pool.close())

  const evaluate = async (Z: Float64Array, signal?: AbortSignal, served = job) => {
    const Y = new Float64Array(Z.length)
    await pool.parallel(own, served).evaluateBatch!(Z, Y, Z.length / 2, { signal })
    return Y
  }

  it('gives the bits of one call after the other, for several jobs and batches at a time', async () => {
    const batches = [1, 2, 17, 1000].map(async (count) => {
      const served = { factor: count }
      const Z = points(count)
      const expected = new Float64Array(2 * count)
      const serial = testBlackbox({ inWorker: false }, served)
      for (let p = 0; p < count; p++) serial.evaluate(Z.subarray(2 * p, 2 * p + 2), expected.subarray(2 * p, 2 * p + 2))
      const Y = new Float64Array(2 * count)
      await pool.parallel(serial, served).evaluateBatch!(Z, Y, count)
      expect(Y).toEqual(expected)
    })
    await Promise.all(batches)
  })

  it('throws the error of the point, in its class', async () => {
    const failing = evaluate(points(50, 20, ACCIDENT.throws))
    await expect(failing).rejects.toThrow(TestError)
    await expect(failing).rejects.toThrow('no value at 20')
  })

  it('reports a worker that dies, and goes on with another one', async () => {
    for (const [accident, reason] of [
      [ACCIDENT.dies, 'a worker stopped: worker exited with code: 3'],
      [ACCIDENT.crashes, 'out of turn'],
    ] as const) {
      // After a crash out of turn the worker may have answered already.
      const failing = evaluate(points(3000, 20, accident))
      if (accident === ACCIDENT.dies) await expect(failing).rejects.toThrow(PoolError)
      await failing.catch((error: Error) => expect(error.message).toContain(reason))
      expect((await evaluate(points(5)))[8]).toBe(Math.sin(4) + 3 * 3)
    }
  })

  it('passes on what a worker refuses', async () => {
    const refused = evaluate(points(5), undefined, { factor: -1 })
    await expect(refused).rejects.toThrow(RangeError)
    await expect(refused).rejects.toThrow('a factor of -1 is not served')
  })

  it('stops on a signal, before and while workers are busy, with its reason', async () => {
    await expect(evaluate(points(5), AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late')
    const stop = new AbortController()
    const slow = evaluate(points(5, 3, ACCIDENT.sleeps, 1500), stop.signal)
    const start = performance.now()
    setTimeout(() => stop.abort(new Error('enough')), 20)
    await expect(slow).rejects.toThrow('enough')
    expect(performance.now() - start).toBeLessThan(1000)
  })
})

describe('a pool that is closed', () => {
  it('has no workers, refuses batches, and may be closed again', async () => {
    const handles = () => process.getActiveResourcesInfo().filter((name) => /MessagePort|Worker/.test(name)).length
    const before = handles()
    const pool = await open()
    const parallel = pool.parallel(own, job)
    expect(handles()).toBeGreaterThanOrEqual(before)
    const busy = parallel.evaluateBatch!(points(5, 3, ACCIDENT.sleeps, 5000), new Float64Array(10), 5)
    const ending = expect(busy).rejects.toThrow('worker pool: it was closed while a batch was under way')
    const start = performance.now()
    await pool.close()
    await ending
    expect(performance.now() - start).toBeLessThan(3000)
    await expect(parallel.evaluateBatch!(points(2), new Float64Array(4), 2)).rejects.toThrow(
      'worker pool: it is closed',
    )
    await pool.close()
    expect(handles()).toBeLessThanOrEqual(before)
  })

  it.each(['close', 'leave'])('lets the process end: %s', async (how) => {
    const script = fileURLToPath(new URL('../fixtures/idlePool.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, how], {
      timeout: 30_000,
    })
    expect(Number(stdout)).toBe(7 / 8)
  })
})

describe('a pool that can not be opened says why', () => {
  it.each([
    ['its workers fail', () => open({ broken: 'setup' }, 1), PoolError, "a worker can't start: no such robot"],
    ['its workers exit', () => open({ broken: 'exit' }, 1), PoolError, 'worker exited with code: 4'],
    [
      'there is no such module',
      () => openBlackboxPool(new URL('./missing.js', import.meta.url), null, { workers: 1 }),
      PoolError,
      'missing.js',
    ],
    ['no workers', () => open({}, 0), RangeError, 'workers must be an integer from 1 to 256, got 0'],
    ['half a worker', () => open({}, 1.5), RangeError, 'got 1.5'],
    ['too many', () => open({}, 1000), RangeError, 'got 1000'],
    [
      'no time',
      () => openBlackboxPool(WORKER, null, { headStart: Number.NaN }),
      RangeError,
      'headStart must be a number of ms ≥ 0, got NaN',
    ],
  ])('%s', async (_, opening, kind, message) => {
    const failing = opening()
    await expect(failing).rejects.toThrow(kind)
    await expect(failing).rejects.toThrow(message)
  })
})
