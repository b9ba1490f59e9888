import { describe, expect, test } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { withNoise } from '../../src/blackbox/withNoise.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { referenceEngine } from '../../src/engine/reference/referenceEngine.ts'
import { patternFromEntries } from '../../src/linalg/pattern.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { sense } from '../../src/sensing/sense.ts'
import { tridiagonal } from './problems.ts'

const blackboxOf = (inputs: number, outputs: number, f: (z: Float64Array) => number[]): Blackbox => ({
  inputs,
  outputs,
  evaluate: (z, y) => y.set(f(z)),
})

describe('rounding that is not small beside a row', () => {
  const only0 = patternFromEntries(1, 2, [[0, 0]])

  test.each([
    ['1e9 + z0 + z1', (z: Float64Array) => [1e9 + z[0]! + z[1]!]],
    ['1e8 + z0 + 0.1 z1', (z: Float64Array) => [1e8 + z[0]! + 0.1 * z[1]!]],
  ])('%s is unresolved, whatever the pattern', async (_, f) => {
    for (let seed = 1; seed <= 10; seed++) {
      const options = { at: [0.1, 0.2], seed, method: 'colored', structure: { sparsity: only0 } } as const
      const { result, quality } = await sense(blackboxOf(2, 1, f), options)
      expect(result).toBe('uncertified')
      expect(quality.unresolvedRows).toEqual([0])
      expect(quality.notes.join()).toMatch(/rounding hides rows 0/)
    }
  })

  test('the floor is no more than 64 units: a missing entry of 1e-5 beside an output of 1000 is repaired', async () => {
    const f = blackboxOf(2, 1, (z) => [1e3 + z[0]! + 1e-5 * z[1]!])
    const { quality } = await sense(f, { at: [0.1, 0.2], method: 'colored', structure: { sparsity: only0 } })
    expect(quality.repairedRows).toEqual([0])
  })

  test('steps whose error is above the tolerance are refused, saying which work', async () => {
    const { blackbox, at } = tridiagonal(3)
    for (const step of [1e-18, 1e-14, 10])
      await expect(sense(blackbox, { at, step })).rejects.toThrow(/cannot meet the tolerance .* steps between/)
  })
})

describe('flat rows', () => {
  const misses12 = patternFromEntries(2, 3, [
    [0, 0],
    [1, 1],
  ])

  test('a missing entry in noise is not explained by a large row in other units', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const noise = withNoise(
        blackboxOf(3, 1, (z) => [z[1]! + z[2]!]),
        { sigma: 1e-6, seed },
      )
      const both: Blackbox = {
        inputs: 3,
        outputs: 2,
        evaluate(z, y) {
          noise.evaluate(z, y.subarray(1))
          y[0] = 1e8 * z[0]!
        },
      }
      const options = { at: [0, 0, 0], seed, method: 'colored', structure: { sparsity: misses12 } } as const
      expect((await sense(both, options)).result).toBe('uncertified')
    }
  })

  test('curvature does not hide a missing linear entry', async () => {
    const f = blackboxOf(3, 2, (z) => [z[0]! + z[1]!, 0.004 * z[2]! + 10 * z[2]! ** 3])
    const sparsity = patternFromEntries(2, 3, [
      [0, 0],
      [0, 1],
    ])
    for (let seed = 1; seed <= 20; seed++) {
      const options = { at: [0, 0, 0], seed, step: 1e-2, method: 'colored', structure: { sparsity } } as const
      const { result, J, quality } = await sense(f, options)
      expect(quality.flatRows).toEqual([])
      if (result === 'certified') expect(J.get(1, 2)).toBeGreaterThan(0.003)
    }
  })

  test('are listed, their residuals kept', async () => {
    const f = blackboxOf(2, 2, (z) => [z[0]! ** 3, z[1]!])
    const { result, quality } = await sense(f, { at: [0, 0] })
    expect(result).toBe('certified')
    expect(quality.flatRows).toEqual([0])
    expect(quality.heldOutResidualByRow[0]).toBeGreaterThanOrEqual(0)
    expect(quality.heldOutResidual).toBeLessThan(quality.tolerance)
  })

  test('a coarser step outside of the domain explains nothing, and every call is counted', async () => {
    const counted = countCalls(blackboxOf(2, 2, (z) => [z[0]!, 1e-7 * Math.sqrt(z[1]! + 1e-4)]))
    const { result, quality } = await sense(counted, { at: [0, 0], method: 'dense' })
    expect(result).toBe('uncertified')
    expect(quality.calls).toBe(counted.calls)
  })
})

describe('groups of inputs', () => {
  const model = { type: 'cart-pole', cartMass: 1, poleMass: 0.1, poleInertia: 0.003, length: 0.3 } as const

  test('an entry that is missing from a small block beside a large one is seen', async () => {
    // 1e-8 beside 1 is below the tolerance of the row as a whole.
    const f = { ...blackboxOf(2, 1, (z) => [z[0]! + 1e-8 * z[1]!]), scale: Float64Array.of(1, 1) }
    const sparsity = patternFromEntries(1, 2, [[0, 0]])
    const run = (inputGroups: number[][]) =>
      sense({ ...f, inputGroups }, { at: [0, 0], method: 'colored', structure: { sparsity } })
    expect((await run([[0], [1]])).quality.repairedRows).toEqual([0])
    await expect(run([[0, 0]])).rejects.toThrow(/inputGroups hold input 0 twice/)
    await expect(run([[2]])).rejects.toThrow(/inputs from 0 to 1, got 2/)
  })

  test.each([1, 1e5, 1e7])('the control of a slider of %s kg is certified at its own scale', async (mass) => {
    const dt = 1e-3
    const coordinates = [
      { name: 'slider.position', unit: 'm' },
      { name: 'slider.velocity', unit: 'm/s' },
    ]
    const engine: Engine = {
      name: 'slider',
      layout: {
        nq: 1,
        nv: 1,
        nx: 2,
        ndx: 2,
        nu: 1,
        x: coordinates,
        dx: coordinates,
        u: [{ name: 'force', unit: 'N', range: [-10 * mass, 10 * mass] }],
      },
      dt,
      home: { x: Float64Array.of(3, 2), u: Float64Array.of(0) },
      step(x, u, xNext) {
        const velocity = x[1]! + (dt * u[0]!) / mass
        xNext.set([x[0]! + dt * velocity, velocity])
      },
      integrate: (x, dx, xOut) => xOut.set([x[0]! + dx[0]!, x[1]! + dx[1]!]),
      difference: (x1, x0, dxOut) => dxOut.set([x1[0]! - x0[0]!, x1[1]! - x0[1]!]),
      dispose() {},
    }
    const { B, quality } = await linearize(engine)
    expect(quality.certified).toBe(true)
    expect(quality.callsFor).toMatchObject({ heldOut: 5, repair: 0 })
    expect(Math.abs((B.get(1, 0) * mass) / dt - 1)).toBeLessThan(1e-6)
    expect(Math.abs((B.get(0, 0) * mass) / dt ** 2 - 1)).toBeLessThan(1e-4)

    // Without a range, rounding hides what a force of 6 µN does; one of 6 mN shows it.
    const u = [{ name: 'force', unit: 'N', range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const }]
    const blind = await linearize({ ...engine, layout: { ...engine.layout, u } })
    expect(blind.quality.certified).toBe(true)
    expect(Math.abs((blind.B.get(1, 0) * mass) / dt - 1)).toBeLessThan(Math.sqrt(7.4e-7))
    expect(blind.quality.callsFor.repair > 0).toBe(mass > 1)
  })

  test('native derivatives take the checked options only', async () => {
    const engine = referenceEngine(model, { dt: 0.01 })
    const native = (options: object) => linearize(engine, engine.home, { method: 'native', ...options })
    await expect(native({ step: 0 })).rejects.toThrow(/step must be/)
    await expect(native({ tolerance: Number.POSITIVE_INFINITY })).rejects.toThrow(/tolerance must be/)
    await expect(native({ heldOut: 1.5 })).rejects.toThrow(/heldOut must be/)
    await expect(native({ scheme: 'bogus' })).rejects.toThrow(/scheme must be/)
    const { plan } = await linearize(engine, engine.home, { method: 'dense' })
    await expect(native({ plan })).rejects.toThrow(/leave out the plan/)
    expect((await native({ heldOut: 0 })).quality.certified).toBe(false)
  })
})

test('detection stops at maxCalls', async () => {
  const { blackbox, at } = tridiagonal(30)
  const counted = countCalls(blackbox)
  await expect(sense(counted, { at, maxCalls: 5, method: 'colored' })).rejects.toThrow(
    /evaluations are needed, maxCalls is 5/,
  )
  expect(counted.calls).toBeLessThanOrEqual(5)
})

describe('rows that rounding hides, looked at farther out', () => {
  /** Two states, the first at 1, and two controls that move it by `a` and by b u + c u². */
  const hiding = (a: number, b: number, c: number) => ({
    ...blackboxOf(4, 2, (z) => [z[0]! + a * z[2]! + b * z[3]! + c * z[3]! ** 3, z[1]! + z[2]!]),
    scale: Float64Array.of(1, 1, 1, 1),
    inputGroups: [
      [0, 1],
      [2, 3],
    ],
  })

  test('entries of 1e-10 beside 1 are measured where they stand out, to a thousandth', async () => {
    const { J, result, quality } = await sense(hiding(3e-10, -1e-10, 0), { at: [1, 2, 0, 0], method: 'dense' })
    expect(result).toBe('certified')
    expect(Math.abs(J.get(0, 2) / 3e-10 - 1)).toBeLessThan(1e-3)
    expect(Math.abs(J.get(0, 3) / -1e-10 - 1)).toBeLessThan(1e-3)
    // Left as they were: what was never hidden.
    expect(Math.abs(J.get(0, 0) - 1)).toBeLessThan(1e-9)
    expect(quality.calls).toBe(8 + 4 + quality.callsFor.repair)
    expect(quality.callsFor.repair).toBeGreaterThanOrEqual(4 + 4) // farther along both directions, then two controls
  })

  test('where they bend on the way they are refused, and stay as they were', async () => {
    const { result, quality } = await sense(hiding(3e-10, -1e-10, 1e-5), { at: [1, 2, 0, 0], method: 'dense' })
    expect(result).toBe('uncertified')
    expect(quality.unresolvedRows).toEqual([0])
  })

  test('maxCalls is kept', async () => {
    const counted = countCalls(hiding(3e-10, -1e-10, 0))
    const { result } = await sense(counted, { at: [1, 2, 0, 0], method: 'dense', maxCalls: 26 })
    expect(counted.calls).toBeLessThanOrEqual(26)
    expect(result).toBe('uncertified')
  })
})
