import { describe, expect, it } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { patternHas } from '../../src/linalg/pattern.ts'
import { random } from '../../src/linalg/random.ts'
import { detectBySensing } from '../../src/sensing/detectBySensing.ts'
import { openSession } from '../../src/sensing/session.ts'

/** y_i = Σ a_ij sin(z_j) over s random places a row, plus dirt of 1e-17 everywhere. */
function sparseMap(n: number, s: number, seed: number): { blackbox: Blackbox; places: Set<number>[] } {
  const { integer, normal } = random(seed)
  const places = Array.from({ length: n }, () => {
    const row = new Set<number>()
    while (row.size < s) row.add(integer(n))
    return row
  })
  const a = places.map((row) => [...row].map((j) => [j, normal() + Math.sign(normal())] as const))
  return {
    places,
    blackbox: {
      inputs: n,
      outputs: n,
      evaluate(z, y) {
        let all = 0
        for (let j = 0; j < n; j++) all += z[j]!
        for (let i = 0; i < n; i++) {
          let sum = 1e-17 * all
          for (const [j, value] of a[i]!) sum += value * Math.sin(z[j]!)
          y[i] = sum
        }
      },
    },
  }
}

async function detect(blackbox: Blackbox) {
  const counted = countCalls(blackbox)
  const at = Float64Array.from({ length: blackbox.inputs }, (_, j) => 0.3 + 0.01 * j)
  const session = openSession('test', counted, { at, scheme: 'central' })
  return { ...(await detectBySensing(session)), calls: counted.calls }
}

describe('a pattern that nobody knows', () => {
  it.each([
    [200, 3, 60],
    [200, 5, 80],
    [300, 2, 50],
  ])('n = %d, %d entries a row: found exactly from fewer than %d directions, dirt left out', async (n, s, most) => {
    const { blackbox, places } = sparseMap(n, s, 4)
    const { pattern, directions, dense, calls } = await detect(blackbox)
    expect(dense).toBe(false)
    expect(directions).toBeLessThan(most)
    expect(calls).toBe(2 * directions)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) expect(patternHas(pattern, i, j), `(${i}, ${j})`).toBe(places[i]!.has(j))
  })

  it('a dense one costs n directions and the checks, no more', async () => {
    const n = 60
    const { blackbox } = sparseMap(n, n, 5)
    const { pattern, directions, dense } = await detect(blackbox)
    expect(dense).toBe(true)
    expect(directions).toBeLessThanOrEqual(n + 2)
    expect(pattern.rowIdx.length).toBe(n * n)
  })

  it('one full row among sparse ones is found too', async () => {
    const n = 80
    const { blackbox, places } = sparseMap(n, 2, 6)
    const mixed: Blackbox = {
      ...blackbox,
      evaluate(z, y) {
        blackbox.evaluate(z, y)
        y[7] = z.reduce((sum, value, j) => sum + (1 + j / n) * value, 0)
      },
    }
    const { pattern, dense, directions } = await detect(mixed)
    expect(dense).toBe(true)
    expect(directions).toBeLessThanOrEqual(n + 2)
    for (let j = 0; j < n; j++) expect(patternHas(pattern, 7, j)).toBe(true)
    for (let j = 0; j < n; j++) expect(patternHas(pattern, 3, j)).toBe(places[3]!.has(j))
  })

  it('sizes of zero and one need no luck', async () => {
    const nothing: Blackbox = { inputs: 0, outputs: 3, evaluate: (_z, y) => void y.fill(1) }
    expect((await detect(nothing)).pattern.rowIdx.length).toBe(0)
    const single: Blackbox = { inputs: 1, outputs: 1, evaluate: (z, y) => void y.fill(2 * z[0]!) }
    expect((await detect(single)).pattern.rowIdx.length).toBe(1)
  })
})
