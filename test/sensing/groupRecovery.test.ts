import { describe, expect, test } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { withNoise } from '../../src/blackbox/withNoise.ts'
import { random } from '../../src/linalg/random.ts'
import { checkPlan } from '../../src/sensing/checkPlan.ts'
import { jointPursuit } from '../../src/sensing/compressed/jointPursuit.ts'
import { designRows } from '../../src/sensing/designs.ts'
import { measure } from '../../src/sensing/measure.ts'
import { prepareSensing } from '../../src/sensing/prepareSensing.ts'
import { recover } from '../../src/sensing/recover.ts'
import { sense } from '../../src/sensing/sense.ts'
import type { SenseOptions } from '../../src/sensing/senseOptions.ts'

/** y_i = Σ a_ij sin(z_j), rows in groups of `members` that share `s` random places of n; members may have entries of their own. */
function groupedMap(
  n: number,
  groups: number,
  members: number,
  s: number,
  seed: number,
  { sizeOf = (_: number) => 1, own = 0 }: { sizeOf?: (member: number) => number; own?: number } = {},
) {
  const { integer, normal } = random(seed)
  const rows: [number, number][][] = []
  for (let g = 0; g < groups; g++) {
    const places = new Set<number>()
    while (places.size < s) places.add(integer(n))
    for (let r = 0; r < members; r++) {
      const entries = new Map<number, number>()
      for (const j of places) entries.set(j, sizeOf(r) * normal())
      for (let k = 0; k < own; k++) entries.set(integer(n), sizeOf(r) * normal())
      rows.push([...entries])
    }
  }
  const at = Float64Array.from({ length: n }, (_, j) => Math.sin(j))
  const blackbox: Blackbox = {
    inputs: n,
    outputs: rows.length,
    evaluate(z, y) {
      for (const [i, row] of rows.entries()) {
        y[i] = 0
        for (const [j, value] of row) y[i]! += value * Math.sin(z[j]!)
      }
    },
  }
  const right = Array.from({ length: groups }, (_, g) => Array.from({ length: members }, (_, r) => g * members + r))
  return {
    blackbox,
    at,
    right,
    wrong: Array.from({ length: members }, (_, r) => right.map((group) => group[r]!)), // one of each
    /** max_j |J_ij − exact_ij| / max_j |exact_ij| */
    error(J: { get(i: number, j: number): number }, i: number): number {
      const exact = new Float64Array(n)
      for (const [j, value] of rows[i]!) exact[j] = value * Math.cos(at[j]!)
      let size = 0
      let worst = 0
      for (let j = 0; j < n; j++) {
        size = Math.max(size, Math.abs(exact[j]!))
        worst = Math.max(worst, Math.abs(J.get(i, j) - exact[j]!))
      }
      return worst / size
    },
  }
}

type Map = ReturnType<typeof groupedMap>

/** Share of the rows that come out exactly; what is certified must be exact, what is exact certified. */
async function shareExact(problem: Map, options: Omit<SenseOptions, 'at'>): Promise<number> {
  const { blackbox, at, error } = problem
  const { J, quality } = await sense(blackbox, { at, method: 'compressed', repair: false, ...options })
  let exact = 0
  for (let i = 0; i < blackbox.outputs; i++) {
    const isExact = error(J, i) < 1e-8
    expect(quality.failedRows.includes(i), `row ${i}`).toBe(!isExact)
    if (isExact) exact++
  }
  return exact / blackbox.outputs
}

describe('n = 200, groups of 6 rows that share 20 entries: where 2 s ln(n/s) is 92', () => {
  const problems = [1, 2, 3].map((seed) => [seed, groupedMap(200, 8, 6, 20, seed)] as const)

  test.each(problems)('seed %i: all exact from 36 directions with the groups, few without', async (seed, problem) => {
    const { right } = problem
    const shared = await shareExact(problem, { directions: 36, seed, structure: { rowGroups: right } })
    expect(shared).toBeGreaterThanOrEqual(0.95)
    expect(await shareExact(problem, { directions: 36, seed })).toBeLessThan(0.2)
  })

  test.each(problems)('seed %i: exact from 50 directions when nobody names the groups', async (seed, problem) => {
    expect(await shareExact(problem, { directions: 50, seed })).toBeGreaterThanOrEqual(0.95)
  })

  test.each([1, 2])('seed %i: groups that are wrong make no row wrong, and cost no call', async (seed) => {
    const { blackbox, at, wrong, error } = groupedMap(200, 4, 6, 20, seed)
    for (const directions of [36, 60]) {
      const options = { at, method: 'compressed', directions, seed } as const
      const alone = await sense(blackbox, options)
      const misled = await sense(blackbox, { ...options, structure: { rowGroups: wrong } })
      expect(misled.result).toBe('certified')
      expect(misled.quality.calls).toBeLessThanOrEqual(alone.quality.calls)
      for (let i = 0; i < blackbox.outputs; i++) expect(error(misled.J, i), `row ${i}`).toBeLessThan(1e-8)
    }
  })

  test('quality says what was told together, and whether anybody named it', async () => {
    const [, { blackbox, at, right }] = problems[0]!
    const options = { at, method: 'compressed', directions: 40, repair: false } as const
    const { quality } = await sense(blackbox, { ...options, structure: { rowGroups: right } })
    expect(quality.notes.join('\n')).toMatch(
      /told together, from fewer directions than alone: \d+ rows with their group/,
    )
    const { notes } = (await sense(blackbox, { ...options, directions: 50 })).quality
    expect(notes.join('\n')).toMatch(/told together, .*: \d+ rows by entries of others/)
    const rich = (await sense(blackbox, { ...options, directions: 92 })).quality
    expect(rich.notes.join('\n')).not.toMatch(/together/)
  })

  test('from the default beginning, groups save further directions', async () => {
    const { blackbox, at, right, error } = groupedMap(200, 4, 6, 20, 3)
    const alone = await sense(blackbox, { at, method: 'compressed' })
    const shared = await sense(countCalls(blackbox), { at, method: 'compressed', structure: { rowGroups: right } })
    expect([alone.result, shared.result]).toEqual(['certified', 'certified'])
    expect(shared.quality.calls).toBeLessThan(0.75 * alone.quality.calls)
    expect(shared.quality.notes.join('\n')).toMatch(/told together/)
    for (let i = 0; i < blackbox.outputs; i++) expect(error(shared.J, i)).toBeLessThan(1e-8)
  })
})

describe('rows of a group', () => {
  test('may differ in size by 10⁸: the small ones do not drown', async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const problem = groupedMap(200, 6, 6, 20, seed, { sizeOf: (r) => 10 ** (4 - 1.6 * r) })
      const structure = { rowGroups: problem.right }
      expect(await shareExact(problem, { directions: 36, seed, structure })).toBeGreaterThanOrEqual(0.95)
    }
  })

  test('may have entries of their own beside the shared ones', async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const problem = groupedMap(200, 6, 6, 16, seed, { own: 1 })
      const structure = { rowGroups: problem.right }
      expect(await shareExact(problem, { directions: 50, seed, structure })).toBeGreaterThanOrEqual(0.95)
    }
  })

  test('may be in several groups, of which one is right', async () => {
    const problem = groupedMap(200, 6, 6, 20, 4)
    const structure = { rowGroups: [...problem.wrong, ...problem.right] }
    expect(await shareExact(problem, { directions: 40, structure })).toBeGreaterThanOrEqual(0.95)
  })

  test('are told by groups that the blackbox itself names, which options replace', async () => {
    const { blackbox, at, right, wrong } = groupedMap(100, 4, 6, 10, 5)
    const plain = await sense(blackbox, { at, method: 'compressed', structure: { rowGroups: right } })
    const named = await sense({ ...blackbox, rowGroups: right }, { at, method: 'compressed' })
    expect(named.plan).toEqual(plain.plan)
    const replaced = await sense(
      { ...blackbox, rowGroups: right },
      { at, method: 'compressed', structure: { rowGroups: wrong } },
    )
    expect(replaced.plan.fingerprint).not.toBe(plain.plan.fingerprint)
  })

  test('over random groups, right or wrong, with and without noise or a kink: what is certified is right', async () => {
    let certified = 0
    for (let trial = 0; trial < 60; trial++) {
      const source = random(trial, 33)
      const problem = groupedMap(60, 3, 2 + source.integer(4), 2 + source.integer(10), trial, {
        own: source.integer(2),
      })
      const { at, error } = problem
      const m = problem.blackbox.outputs
      const rowGroups =
        trial % 3 === 0
          ? problem.right
          : Array.from({ length: 4 }, () => Array.from({ length: m }, (_, i) => i).filter(() => source.uniform() < 0.4))
      const spoilt =
        trial % 5 === 1 ? withNoise(problem.blackbox, { sigma: 10 ** (-12 + 6 * source.uniform()) }) : problem.blackbox
      const row = source.integer(m)
      const blackbox: Blackbox =
        trial % 5 === 2
          ? {
              ...spoilt,
              evaluate(z, y) {
                spoilt.evaluate(z, y)
                y[row]! += Math.abs(z[7]! - at[7]! - 1e-7)
              },
            }
          : spoilt
      const options = { at, method: 'compressed', structure: { rowGroups }, seed: trial } as const
      const { result, J } = await sense(blackbox, options)
      if (result !== 'certified') continue
      certified++
      for (let i = 0; i < m; i++) expect(error(J, i), `trial ${trial}, row ${i}`).toBeLessThan(1e-5)
    }
    expect(certified).toBeGreaterThanOrEqual(36)
  })
})

describe('a block of entries that are small beside their row', () => {
  test('is measured by itself where it is all that fails, not everything', async () => {
    const n = 120
    const { blackbox } = groupedMap(n - 4, 1, 8, 6, 7)
    // at zero, differences carry next to no rounding
    const small = [3e-8, 1e-8, 4e-8, 2e-8]
    const counted = countCalls({
      inputs: n,
      outputs: 8,
      inputGroups: [Array.from({ length: n - 4 }, (_, j) => j), [n - 4, n - 3, n - 2, n - 1]],
      outputScale: new Float64Array(8).fill(1e-6),
      evaluate(z, y) {
        blackbox.evaluate(z, y)
        for (let i = 0; i < 8; i++) for (let c = 0; c < 4; c++) y[i]! += small[c]! * z[n - 4 + c]!
      },
    })
    const { quality, J } = await sense(counted, { at: new Float64Array(n), method: 'compressed' })
    expect(quality).toMatchObject({ certified: true, fallback: null })
    expect(quality.calls).toBe(counted.calls)
    expect(counted.calls).toBeLessThan(n)
    for (let i = 0; i < 8; i++)
      for (let c = 0; c < 4; c++) expect(Math.abs(J.get(i, n - 4 + c) - small[c]!)).toBeLessThan(1e-2 * small[c]!)
  })
})

describe('the plan', () => {
  const { blackbox, at, right } = groupedMap(100, 4, 6, 10, 5)
  const options = { method: 'compressed', directions: 30 } as const

  test('carries the groups through JSON, and recovers the same', async () => {
    const plan = prepareSensing({ inputs: 100, outputs: 24, rowGroups: right }, options)
    const again = JSON.parse(JSON.stringify(plan))
    checkPlan('plan', again)
    expect(again).toEqual(plan)
    const measured = await measure(blackbox, again, { at })
    expect(recover(again, measured)).toEqual(recover(plan, measured))
    expect(recover(plan, measured).quality.notes.join('\n')).toMatch(/told together/)
  })

  test('is refused with other groups, and used again with the same', async () => {
    const { plan } = await sense(blackbox, { at, ...options, structure: { rowGroups: right } })
    expect((await sense(blackbox, { at, plan, structure: { rowGroups: right } })).plan).toBe(plan)
    await expect(sense(blackbox, { at, plan, structure: { rowGroups: [[0, 1]] } })).rejects.toThrow(/row groups \(plan/)
  })

  test.each([
    ['no list', 3, /rowGroups must be a list of lists of rows, got 3/],
    ['a list of rows', [0, 1], /rowGroups\[0\] must be a list of rows, got 0/],
    [
      'a name',
      [
        [0, 1],
        ['x', 2],
      ],
      /rowGroups\[1\]\[0\] must be a row from 0 to 23, got 'x'/,
    ],
    ['a row too far', [[0, 24]], /rowGroups\[0\]\[1\] must be a row from 0 to 23, got 24/],
    ['half a row', [[0.5, 1]], /rowGroups\[0\]\[0\] must be a row from 0 to 23, got 0.5/],
    ['a row twice', [[3, 4, 3]], /rowGroups\[0\]\[2\] is row 3 again; a group holds a row once/],
  ])('groups with %s are refused before any call, by every method and in plan files', async (_, rowGroups, message) => {
    const structure = { rowGroups: rowGroups as number[][] }
    for (const method of ['compressed', 'dense'] as const) {
      const counted = countCalls(blackbox)
      await expect(sense(counted, { at, method, structure })).rejects.toThrow(message)
      expect(counted.calls).toBe(0)
    }
    const plan = prepareSensing({ inputs: 100, outputs: 24 }, options)
    const spoilt = { ...plan, decoder: { ...plan.decoder, groups: rowGroups } } as typeof plan
    expect(() => checkPlan('plan', spoilt)).toThrow(message)
  })
})

describe('the simultaneous pursuit', () => {
  /** q equations with columns as of a plan, s of which make up `count` right-hand sides. */
  const equations = (q: number, n: number, s: number, count: number, seed: number) => {
    const A = designRows('gaussian', q, n, seed)
    const source = random(seed, 5)
    const places = new Set<number>()
    while (places.size < s) places.add(source.integer(n))
    const Y = Array.from({ length: count }, () => {
      const y = new Float64Array(q)
      for (const j of places) {
        const value = source.normal()
        for (let e = 0; e < q; e++) y[e]! += A[e * n + j]! * value
      }
      return y
    })
    return { A, Y, places: [...places].sort((a, b) => a - b) }
  }

  test('of s rows in general position finds s columns from s + 1 equations', () => {
    const [s, n] = [12, 100]
    for (let seed = 1; seed <= 20; seed++) {
      const { A, Y, places } = equations(s + 1, n, s, s, seed)
      const { support, explainedBy } = jointPursuit(A, s + 1, n)(Y, new Array<number>(s).fill(1e-8), s)
      expect([...support].sort((a, b) => a - b)).toEqual(places)
      expect(explainedBy).toEqual(new Array<number>(s).fill(s))
    }
  })

  test('sees the span of the rows alone: scaled and mixed, they show the same columns in the same order', () => {
    const { A, Y } = equations(24, 80, 10, 3, 2)
    const pursue = jointPursuit(A, 24, 80)
    const norms = [1e-9, 1e-9, 1e-9]
    const [a, b, c] = Y as [Float64Array, Float64Array, Float64Array]
    const mixed = [a.map((v) => 1e5 * v), b.map((v, e) => v + 3 * a[e]!), c.map((v, e) => 1e-3 * (v - b[e]!))]
    const scaled = [1e-4, 1e-9, 1e-12]
    expect(pursue(mixed, scaled, 20).support).toEqual(pursue(Y, norms, 20).support)
  })

  test('takes the columns of the start first, candidates only, and no more than asked for', () => {
    const { A, Y, places } = equations(24, 80, 6, 2, 3)
    const pursue = jointPursuit(A, 24, 80)
    const norms = [1e-9, 1e-9]
    const begun = pursue(Y, norms, 20, { start: [7, 9] })
    expect(begun.support.slice(0, 2)).toEqual([7, 9])
    expect(pursue(Y, norms, 3).support.length).toBe(3)
    const some = places.slice(0, 4)
    const within = pursue(Y, norms, 20, { candidates: some })
    expect([...within.support].sort((x, y) => x - y)).toEqual(some)
    expect(within.explainedBy).toEqual([-1, -1])
    expect(pursue([new Float64Array(24)], [1e-9], 5)).toEqual({ support: [], explainedBy: [0] })
  })

  test('stops at the noise: a row within its norm asks for no column', () => {
    const { A, Y } = equations(40, 80, 5, 3, 4)
    const source = random(6)
    const noisy = Y.map((y) => y.map((value) => value + 1e-3 * source.normal()))
    const { support, explainedBy } = jointPursuit(A, 40, 80)(noisy, [0.02, 0.02, 0.02], 30)
    expect(support.length).toBe(5)
    expect(Math.max(...explainedBy)).toBe(5)
  })
})
