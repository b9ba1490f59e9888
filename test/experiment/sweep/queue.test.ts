/** Sweeps through a real Redis, with worker processes of the built package that come, go and are killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { openTexts, PREFIX, QUEUES, queueFormat } from '../../../src/experiment/sweep/queue/envelope.ts'
import { queueBackend } from '../../../src/experiment/sweep/queue/queueBackend.ts'
import type { SweepOptions } from '../../../src/experiment/sweep/sweep.ts'
import { built, invokeBuilt } from './built.ts'
import { freePort, type RedisServer, startRedis } from './redis.ts'
import { cartpoleSweep, poisonedSweep } from './specs.ts'
import { tethered } from './tether.ts'

const { queueWorker, sweep } = await built()
const COMMAND = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'jacsense-queue-'))
let redis: RedisServer
/** For machines whose cores have much else to do: most of the time goes into starting processes. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })
const workers = new Set<ChildProcess>()

beforeAll(async () => {
  redis = await startRedis()
})
afterEach(async () => {
  for (const worker of [...workers]) await ended(worker, 'SIGKILL')
})
afterAll(async () => {
  vi.resetConfig()
  await redis.stop()
  rmSync(folder, { recursive: true })
})

interface StartedWorker extends ChildProcess {
  readonly said: () => string
}

/** Resolves when it takes jobs. */
async function startWorker(...args: string[]): Promise<StartedWorker> {
  const words = [COMMAND, 'worker', '--queue', redis.url, '--workers', '1', ...args]
  const worker = tethered(spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] }))
  workers.add(worker)
  let said = ''
  for (const stream of [worker.stdout, worker.stderr]) stream.on('data', (data) => (said += data))
  await new Promise<void>((resolve, reject) => {
    const look = setInterval(() => said.includes('worker of jacsense') && done(resolve), 50)
    const done = (then: () => void) => {
      clearInterval(look)
      then()
    }
    worker.once('exit', () => done(() => reject(new Error(`worker ended: ${said}`))))
  })
  return Object.assign(worker, { said: () => said })
}

async function ended(worker: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  workers.delete(worker)
  if (worker.exitCode !== null) return worker.exitCode
  const exit = new Promise<number | null>((resolve) => worker.once('exit', resolve))
  worker.kill(signal)
  return exit
}

/** The rows of a run with these options, as they are written. */
async function linesOf(value: unknown, options: SweepOptions): Promise<string[]> {
  const { rows } = await sweep(value, options)
  return rows!.map((row) => JSON.stringify(row))
}

describe('a queue', () => {
  it('gives the result files of one worker and of two: 1000 closed-loop runs of the cart-pole', async () => {
    const file = join(folder, 'thousand.json')
    writeFileSync(file, JSON.stringify(cartpoleSweep({ duration: 0.02 })))
    await Promise.all([startWorker(), startWorker()])
    const of = async (out: string, ...args: string[]) => {
      const { code, stderr } = await invokeBuilt('sweep', file, '--out', join(folder, out), '--json', ...args)
      expect([code, stderr]).toEqual([0, ''])
    }
    await of('one', '--workers', '1')
    await of('two', '--workers', '2')
    await of('queue', '--queue', redis.url)
    const files = readdirSync(join(folder, 'one')).sort()
    expect(files).toEqual(['report.html', 'results.csv', 'results.jsonl', 'sweep.json'])
    const text = (out: string, name: string) => readFileSync(join(folder, out, name), 'utf8')
    for (const name of files) {
      expect(text('two', name), name).toBe(text('one', name))
      expect(text('queue', name), name).toBe(text('one', name))
    }
    expect(text('one', 'results.jsonl').trimEnd().split('\n')).toHaveLength(1000)
  })

  it('loses and doubles nothing when a worker is killed, one comes, and Redis is restarted, killed and restarted', async () => {
    const value = cartpoleSweep({ angles: 6, rates: 5, draws: 3, duration: 1 })
    const expected = await linesOf(value, { workers: 2 })
    const [first] = await Promise.all([startWorker(), startWorker()])
    const events: [after: number, what: () => Promise<unknown>][] = [
      [10, () => ended(first!, 'SIGKILL')],
      [20, () => startWorker()],
      [35, () => redis.restart('SIGTERM')],
      [55, () => redis.restart('SIGKILL')],
    ]
    const happened: Promise<unknown>[] = []
    const lines = await linesOf(value, {
      queue: redis.url,
      onProgress(done) {
        while (events.length > 0 && done >= events[0]![0]) happened.push(events.shift()![1]())
      },
    })
    await Promise.all(happened)
    expect(events).toEqual([])
    expect(lines).toEqual(expected)
  })

  it('reports poisoned jobs as threads do, and the rest is done', async () => {
    const expected = await linesOf(poisonedSweep(), { workers: 2 })
    await startWorker('--workers', '2')
    expect(await linesOf(poisonedSweep(), { queue: redis.url })).toEqual(expected)
  })

  it('of a sweep that was stopped is emptied, and goes on when it is resumed', async () => {
    const value = cartpoleSweep({ angles: 4, rates: 3, duration: 0.1 })
    const expected = await linesOf(value, { workers: 1 })
    const out = join(folder, 'stopped')
    const stop = new AbortController()
    const notices: string[] = []
    const stopped = sweep(value, {
      queue: redis.url,
      out,
      signal: stop.signal,
      onNotice: (text) => {
        notices.push(text)
        stop.abort(new Error('stopped'))
      },
    })
    await expect(stopped).rejects.toThrow('stopped')
    expect(notices[0]).toContain(`"jacsense worker --queue ${redis.url}" starts one`)
    expect(await waitingJobs()).toBe(0)
    await startWorker()
    await sweep(value, { queue: redis.url, out, resume: true })
    expect(readFileSync(join(out, 'results.jsonl'), 'utf8')).toBe(expected.map((line) => `${line}\n`).join(''))
  })

  it('gets back what a worker has under way when it is told to end', async () => {
    const value = { ...cartpoleSweep({ angles: 1, rates: 1, draws: 1, duration: 1000 }), timeLimit: 300 } // a second or more
    const expected = await linesOf(value, { workers: 1 })
    const slow = await startWorker('--grace', '0')
    const result = linesOf(value, { queue: redis.url })
    await until(async () => (await jobCounts()).active === 1)
    const code = await ended(slow, 'SIGTERM')
    expect(code).toBe(0)
    expect(slow.said()).toMatch(/stopped after 0 runs\n$/)
    await startWorker()
    expect(await result).toEqual(expected)
  })
})

describe('a worker', () => {
  it('leaves jobs of another version alone, and says so', async () => {
    const other = await queueFormat('9.8.7')
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null })
    const queue = new Queue(other.queue, { connection, prefix: PREFIX })
    await queue.add('run', { anything: 1 })
    await connection.sadd(QUEUES, other.queue)
    const stop = new AbortController()
    const notices: string[] = []
    await queueWorker(redis.url, {
      workers: 1,
      signal: stop.signal,
      onNotice(text) {
        notices.push(text)
        if (text.includes('9.8.7')) stop.abort()
      },
    })
    expect(notices.at(-1)).toMatch(
      /^1 job at redis:\S+ waits for workers of jacsense 9\.8\.7; this one is of jacsense \S+ and leaves it$/,
    )
    expect(await queue.getWaitingCount()).toBe(1)
    await queue.obliterate({ force: true })
    await queue.close()
    await connection.quit()
  })

  it('refuses what is no job of its own format, and what is not data of a job', async () => {
    const format = await queueFormat()
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null })
    const queue = new Queue(format.queue, { connection, prefix: PREFIX })
    const job = {
      index: 0,
      study: null,
      seed: 1,
      parameters: {},
      timeLimit: 1,
      settings: { scene: `sha256:${'0'.repeat(64)}` },
    }
    const good = { version: format.version, format: format.hash, sweep: '0123456789abcdef', job }
    const bad: [data: unknown, reason: RegExp][] = [
      [{ ...good, version: '0.0.1' }, /version: expected .* found "0\.0\.1"/],
      [{ ...good, format: 'xxxxxxxx' }, /format/],
      [{ ...good, sweep: '../../etc' }, /sweep: expected the id/],
      [{ ...good, code: 'process.exit()' }, /code: expected nothing of this name/],
      [{ ...good, job: { ...job, settings: { scene: 'cartpole' } } }, /settings\.scene: expected the hash of a scene/],
      [{ ...good, job: { ...job, settings: { ...job.settings, controler: 1 } } }, /controler/],
      [{ ...good, job: { ...job, timeLimit: 1e99 } }, /timeLimit/],
      [good, /the scene sha256:0+…, found nothing/],
      [{ ...good, '\u001b[2J\n': 1 }, /^\P{Cc}*expected nothing of this name\P{Cc}*$/u],
      [{ ...good, ['x'.repeat(1e5)]: 1 }, /^.{500}…$/],
      [{ ...good, job: { ...job, study: 'x'.repeat(5 * 2 ** 20) } }, /at most 4 MB/],
    ]
    const added = await queue.addBulk(bad.map(([data]) => ({ name: 'run', data })))
    const stop = new AbortController()
    let refused = 0
    await queueWorker(redis.url, {
      workers: 1,
      signal: stop.signal,
      onNotice(text) {
        if (text.startsWith('refused a job') && ++refused === bad.length) stop.abort()
      },
    })
    for (const [k, { id }] of added.entries()) expect((await queue.getJob(id!))!.failedReason).toMatch(bad[k]![1])
    await queue.obliterate({ force: true })
    await queue.close()
    await connection.quit()
  })

  it.each([
    ['no JSON', '{oops'],
    ['null', 'null'],
    ['a list', '[]'],
    ['files that are none', '{"kind":"scene","file":"x","source":{},"files":{"x":1}}'],
    [
      'what is nested without end',
      `{"kind":"scene","file":"x","files":{},"source":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
    ],
  ])('tells what a scene is that can not be one: %s', async (_, text) => {
    const reading = openTexts(text, `sha256:${'1'.repeat(64)}`)
    await expect(reading).rejects.toThrow('scene of a job: expected content with the hash sha256:1')
  })

  it('takes no scene whose content is not what its key says', async () => {
    const backend = await queueBackend(redis.url, { fingerprint: 'x', out: '' })
    const key = `sha256:${'1'.repeat(64)}`
    const job = { index: 0, study: null, seed: 1, parameters: {}, timeLimit: 1, settings: { scene: key } }
    const stop = new AbortController()
    const working = queueWorker(redis.url, { workers: 1, signal: stop.signal })
    const row = await backend.run(job, { kind: 'scene', file: 'forged', source: { name: 'forged' }, files: {} })
    expect(row).toMatchObject({ result: 'failed', index: 0 })
    expect(row.reason).toContain('expected content with the hash sha256:1')
    stop.abort()
    await Promise.all([working, backend.close()])
  })
})

describe('a Redis that can not be used gives one clear error', () => {
  const failure = async (url: string) => {
    const file = join(folder, 'any.json')
    writeFileSync(file, JSON.stringify(cartpoleSweep({ angles: 1, rates: 1, draws: 1 })))
    const answers = await Promise.all([
      invokeBuilt('sweep', file, '--queue', url, '--out', join(folder, 'never')),
      invokeBuilt('worker', '--queue', url, '--workers', '1'),
    ])
    const [one, two] = answers
    expect(one).toEqual(two)
    expect(one.stdout).toBe('')
    expect(one.stderr).toMatch(/^[^\n]+\n$/)
    expect(readdirSync(folder)).not.toContain('never')
    return [one.code, one.stderr]
  }

  it('nothing answers', async () => {
    const port = await freePort()
    expect(await failure(`redis://127.0.0.1:${port}`)).toEqual([
      1,
      `failed: queue: nothing answers at redis://127.0.0.1:${port} (connection refused)\n`,
    ])
  })

  it('addresses that are none', async () => {
    for (const url of ['localhost', 'http://localhost:6379', 'redis://', 'redis://localhost/some/path'])
      expect(await failure(url)).toEqual([2, expect.stringMatching(/^error: --queue: expected /)])
  })

  it('a wrong password, which is not printed, and a missing one', async () => {
    const guarded = await startRedis({ password: 'sesame' })
    try {
      expect((await failure(guarded.url))[1]).toContain('asks for a password')
      const wrong = await failure(`redis://:secret@127.0.0.1:${guarded.port}`)
      expect(wrong).toEqual([1, `failed: queue: ${guarded.url} refuses the password\n`])
    } finally {
      await guarded.stop()
    }
  })

  it('something else answers', async () => {
    const server = createServer((_, response) => void response.end('hello'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    expect((await failure(`redis://127.0.0.1:${port}`))[0]).toBe(1)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
})

async function jobCounts() {
  const connection = new Redis(redis.url, { maxRetriesPerRequest: null })
  const queue = new Queue((await queueFormat()).queue, { connection, prefix: PREFIX })
  const counts = await queue.getJobCounts('waiting', 'active')
  await queue.close()
  await connection.quit()
  return counts as { waiting: number; active: number }
}

async function waitingJobs(): Promise<number> {
  return (await jobCounts()).waiting
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20))
}
