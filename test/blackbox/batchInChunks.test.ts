import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchInChunks, type Crew } from '../../src/blackbox/batchInChunks.ts'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { PoolError } from '../../src/blackbox/poolError.ts'

/** y = 2 z + 1 for one number; counts what is evaluated here. */
function here(evaluate: (z: number) => number = (z) => 2 * z + 1): { blackbox: Blackbox; points: number[] } {
  const points: number[] = []
  return {
    points,
    blackbox: {
      inputs: 1,
      outputs: 1,
      evaluate(z, y) {
        points.push(z[0]!)
        y[0] = evaluate(z[0]!)
      },
    },
  }
}

/** A crew in this thread that answers out of order and claims the given cost of a point, ms. */
function crew(workers: number, cost: number, evaluate: (z: number) => number = (z) => 2 * z + 1) {
  const points: number[] = []
  const chunks: number[] = []
  let running = 0
  let most = 0
  const self: Crew<null> = {
    workers,
    async send(_job, Z, Y, count) {
      most = Math.max(most, ++running)
      chunks.push(count)
      for (let turns = (chunks.length * 7) % 5; turns > 0; turns--) await null
      try {
        for (let p = 0; p < count; p++) {
          points.push(Z[p]!)
          try {
            Y[p] = evaluate(Z[p]!)
          } catch (error) {
            return { failedAt: p, message: (error as Error).message }
          }
        }
        return { ms: cost * count }
      } finally {
        running--
      }
    },
    async watch(work) {
      await work
    },
  }
  return { crew: self, points, chunks, most: () => most }
}

const range = (count: number) => Float64Array.from({ length: count }, (_, p) => p)

describe('a batch in chunks', () => {
  it('evaluates every point exactly once, here or there, and gives the values of one call after the other', async () => {
    const counts = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 4 })
    const costs = fc.constantFrom(0, 1e-3, 0.05, 1, 30, 500)
    await fc.assert(
      fc.asyncProperty(counts, fc.integer({ min: 1, max: 7 }), costs, async (batches, workers, cost) => {
        const there = crew(workers, cost)
        const evaluateBatch = batchInChunks(there.crew, 0)
        const own = here()
        const expected: number[] = []
        for (const count of batches) {
          const Y = new Float64Array(count + 1).fill(-7)
          const progress: number[] = []
          await evaluateBatch(own.blackbox, null, range(count), Y, count, { onProgress: (done) => progress.push(done) })
          expect([...Y]).toEqual([...range(count).map((z) => 2 * z + 1), -7])
          expect(progress).toEqual(progress.toSorted((a, b) => a - b))
          if (progress.length > 0) expect(progress.at(-1)).toBe(count)
          expected.push(...range(count))
        }
        const ascending = (a: number, b: number) => a - b
        expect([...own.points, ...there.points].sort(ascending)).toEqual(expected.sort(ascending))
        expect(there.most()).toBeLessThanOrEqual(workers)
      }),
      { seed: 5, numRuns: 100 },
    )
  })

  it('keeps what is not worth sending', async () => {
    const there = crew(2, 1)
    const evaluateBatch = batchInChunks(there.crew, 1000)
    for (let batch = 0; batch < 3; batch++)
      await evaluateBatch(here().blackbox, null, range(50), new Float64Array(50), 50)
    expect(there.chunks).toEqual([])
  })

  it('sends chunks that are worth a round trip, few enough that nobody waits long at the end', async () => {
    const there = crew(2, 0.1)
    const evaluateBatch = batchInChunks(there.crew, 0)
    for (let batch = 0; batch < 2; batch++) {
      there.chunks.length = 0
      await evaluateBatch(here().blackbox, null, range(1000), new Float64Array(1000), 1000)
    }
    // 0.1 ms a point: at least 40 points make 4 ms, but for the last chunk.
    expect(there.chunks.reduce((sum, size) => sum + size)).toBe(1000)
    for (const size of there.chunks.slice(0, -1)) expect(size).toBeGreaterThanOrEqual(40)
    expect(there.chunks[0]).toBe(250)
    expect(there.chunks.at(-1)).toBeLessThanOrEqual(40)
    expect(there.chunks.length).toBeLessThan(20)
  })

  it('sends expensive points one by one', async () => {
    const there = crew(2, 300)
    const evaluateBatch = batchInChunks(there.crew, 0)
    for (let batch = 0; batch < 2; batch++) {
      there.chunks.length = 0
      await evaluateBatch(here().blackbox, null, range(10), new Float64Array(10), 10)
    }
    expect(there.chunks).toEqual(new Array(10).fill(1))
  })
})

describe('a point that throws', () => {
  class OddError extends Error {}
  const odd = (limit: number) => (z: number) => {
    if (z >= limit) throw new OddError(`nothing at ${z}`)
    return z
  }

  it('throws here what it would throw in one call after the other: the first one, in its own class', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 1, max: 5 }), async (limit, workers) => {
        const evaluateBatch = batchInChunks(crew(workers, 0.5, odd(limit)).crew, 0)
        const batch = evaluateBatch(here(odd(limit)).blackbox, null, range(100), new Float64Array(100), 100)
        const error = await batch.catch((reason: unknown) => reason)
        expect(error).toBeInstanceOf(OddError)
        expect((error as Error).message).toBe(`nothing at ${limit}`)
      }),
      { seed: 6, numRuns: 30 },
    )
  })

  it('leaves an earlier value that is no number for the caller to find', async () => {
    const spoiled = (z: number) => (z === 30 ? Number.POSITIVE_INFINITY : odd(60)(z))
    const Y = new Float64Array(100)
    await batchInChunks(crew(3, 0.5, spoiled).crew, 0)(here(spoiled).blackbox, null, range(100), Y, 100)
    expect(Y[29]).toBe(29)
    expect(Y[30]).toBe(Number.POSITIVE_INFINITY)
    expect(Y.subarray(60).every(Number.isNaN)).toBe(true)
  })

  it('says so when it throws there alone', async () => {
    const batch = batchInChunks(crew(2, 0.5, odd(9)).crew, 0)(
      here().blackbox,
      null,
      range(20),
      new Float64Array(20),
      20,
    )
    await expect(batch).rejects.toThrow(PoolError)
    await expect(batch).rejects.toThrow('evaluation 9 of a batch fails in a worker and not here: nothing at 9')
  })
})
