import { describe, expect, it } from 'vitest'
import type { SweepJob } from '../../../src/experiment/sweep/job.ts'
import { openJobPool } from '../../../src/experiment/sweep/jobPool.ts'

const module = new URL('../../fixtures/endlessThread.ts', import.meta.url)
const texts = { kind: 'scene', file: 'none', source: {}, files: {} } as const
const jobOf = (index: number, what: string): SweepJob => ({
  index,
  study: null,
  seed: index,
  parameters: { do: what },
  settings: { scene: 'sha256:0' },
  timeLimit: 1,
})

describe('a pool of threads for runs', () => {
  it('ends a thread that loops without end, and one that ends by itself, and goes on', async () => {
    const pool = await openJobPool({ workers: 2, module })
    try {
      const jobs = ['run', 'loop', 'exit', 'run', 'throw', 'run', 'run'].map((what, index) => jobOf(index, what))
      const rows = await Promise.all(jobs.map((job) => pool.run(job, texts)))
      expect(rows.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6])
      expect(rows.map(({ reason }) => reason)).toEqual([
        null,
        'time limit: not done within 1 s',
        'its thread ended: exit code 3',
        null,
        'its thread ended: thread at fault',
        null,
        null,
      ])
      expect(rows.map(({ result }) => result === 'failed')).toEqual([false, true, true, false, true, false, false])
    } finally {
      await pool.close()
    }
  })

  it('rejects what is under way when it is closed, and what comes later', async () => {
    const pool = await openJobPool({ workers: 1, module })
    const running = pool.run(jobOf(0, 'loop'), texts)
    const expected = expect(running).rejects.toThrow('it was closed while runs were under way')
    await pool.close()
    await expected
    await expect(pool.run(jobOf(1, 'run'), texts)).rejects.toThrow('it is closed')
  })

  it('says why no thread can start', async () => {
    const pool = await openJobPool({ workers: 1, module: new URL('./nothing.ts', import.meta.url) })
    await expect(pool.run(jobOf(0, 'run'), texts)).rejects.toThrow(/worker pool: a worker can't start: .*nothing/)
    await pool.close()
    await expect(openJobPool({ workers: 0 })).rejects.toThrow('an integer from 1 to 256')
  })
})
