import { describe, expect, it } from 'vitest'
import { openPlanFile, sealPlanFile } from '../../src/experiment/planFile.ts'
import { planStructure } from '../../src/experiment/planStructure.ts'
import { jacobianFromValues, pointTable } from '../../src/experiment/pointTable.ts'
import { random } from '../../src/linalg/random.ts'
import { compactJson } from '../../src/report/compactJson.ts'
import { parseStructure } from '../../src/scene/parseStructure.ts'
import type { PrepareOptions } from '../../src/sensing/prepareSensing.ts'
import { recoveries } from '../../src/sensing/recover/recoveries.ts'
import { SCHEMES } from '../../src/sensing/stencil.ts'

/** A symmetric arrowhead of 6, y = K z, with K_00 = 10, K_0i = i, K_ii = 10 + i. */
const N = 6
const K = Array.from({ length: N }, (_, i) =>
  Array.from({ length: N }, (_, j) => (i === j ? 10 + i : i === 0 || j === 0 ? i + j : 0)),
)
const names = (letter: string) => Array.from({ length: N }, (_, k) => `${letter}${k}`)
const STRUCTURE = {
  inputs: names('z').map((name, j) => ({ name, unit: 'm', at: j - 2 })),
  outputs: names('y'),
  sparsity: Object.fromEntries(names('y').map((y, i) => [y, names('z').filter((_, j) => K[i]![j] !== 0)])),
}

const made = (structure: object, options: PrepareOptions) =>
  sealPlanFile({
    writer: 'test',
    source: './s.json',
    options: {},
    ...planStructure(parseStructure(structure), options),
  })

/** J from a plan that went through a file, and the number of points. */
function throughFile(
  structure: object,
  options: PrepareOptions = {},
  spoil: (value: number) => number = (value) => value,
) {
  const plan = openPlanFile(JSON.parse(compactJson(made(structure, options))))
  const { count, values } = pointTable(plan)
  const n = plan.inputs.length
  const answers = Array.from({ length: count }, (_, p) =>
    K.map((row) => spoil(row.reduce((sum, entry, j) => sum + entry * values[p * n + j]!, 0))),
  )
  const { J, quality } = jacobianFromValues(
    plan,
    Float64Array.from(answers.flat()),
    new Float64Array(plan.outputs.length),
  )
  return { J: J.to2DArray(), quality, count }
}

const expectK = (J: number[][]) =>
  J.forEach((row, i) => {
    row.forEach((value, j) => {
      expect(value).toBeCloseTo(K[i]![j]!, 7)
    })
  })

describe('a plan through a file', () => {
  it.each(Object.keys(recoveries).flatMap((method) => SCHEMES.map((scheme) => [method, scheme] as const)))(
    '%s, %s gives the Jacobian',
    (method, scheme) => {
      const { J, quality, count } = throughFile(STRUCTURE, { method: method as keyof typeof recoveries, scheme })
      expect(quality).toMatchObject({ certified: true, method, calls: count })
      expectK(J)
    },
  )

  it('of repeated directions averages noise out, and tells how much there is', () => {
    const source = random(4)
    const noisy = (value: number) => value + 1e-3 * source.normal()
    const options = { method: 'rainbow', repeats: 20, step: 0.02 } as const
    const { J, quality } = throughFile(STRUCTURE, options, noisy)
    expect(quality.certified).toBe(true)
    expect(quality.noiseLevel! / 1e-3).toBeCloseTo(1, 0)
    // σ / (h √(2 · 20)), and five times that
    J.forEach((row, i) => {
      row.forEach((value, j) => {
        expect(Math.abs(value - K[i]![j]!)).toBeLessThan(5 * (1e-3 / (0.02 * Math.sqrt(40))))
      })
    })
  })

  it('outvotes gross errors', () => {
    const source = random(5)
    const struck = (value: number) => (source.uniform() < 0.1 ? value + 50 * source.normal() : value)
    const options = { method: 'rainbow', decoding: 'least-absolute', repeats: 15, heldOut: 12 } as const
    const { J, quality } = throughFile(STRUCTURE, options, struck)
    expect(quality.certified).toBe(true)
    expectK(J)
  })

  it('is what prepareSensing made, to the last digit', () => {
    const plan = made(STRUCTURE, { method: 'colored' })
    expect(openPlanFile(JSON.parse(compactJson(plan)))).toEqual(plan)
  })

  it('holds when laid out anew with its keys in another order', () => {
    const { plan, fingerprint, ...rest } = made(STRUCTURE, {})
    const turned = Object.fromEntries(Object.entries({ ...rest, fingerprint, plan }).reverse())
    expect(openPlanFile(JSON.parse(JSON.stringify(turned, null, 7))).fingerprint).toBe(fingerprint)
  })
})

describe('what a structure states', () => {
  it('symmetry saves directions', () => {
    const { quality: plain } = throughFile(STRUCTURE, { method: 'colored' })
    const { J, quality } = throughFile({ ...STRUCTURE, symmetric: true }, { method: 'colored' })
    expect([plain.directions, quality.directions, quality.certified]).toEqual([6, 2, true])
    expectK(J)
    const block = [{ outputs: names('y'), inputs: names('z') }]
    expect(throughFile({ ...STRUCTURE, symmetric: block }, { method: 'colored' }).quality.directions).toBe(2)
  })

  it('tied inputs and outputs are not measured', () => {
    // column 5 is e₅ · 15 + e₀ · 5; row 4 is known
    const ties = {
      inputs: [{ name: 'z5', known: { y0: 5, y5: 15 }, reason: 'known' }],
      outputs: [{ name: 'y4', known: { z0: 4, z4: 14 } }],
    }
    const { J, quality } = throughFile({ ...STRUCTURE, ties }, { method: 'colored' })
    expect([quality.directions, quality.certified]).toEqual([5, true])
    expectK(J)
    const wrong = { inputs: [{ name: 'z5', known: { y0: 5, y5: 16 } }] }
    expect(throughFile({ ...STRUCTURE, ties: wrong }, { method: 'colored' }).quality.failedRows).toEqual([5])
  })

  it('known and tied entries save directions: the tips of an arrowhead that are all alike, and a circulant matrix', () => {
    const known = [1, 2, 3, 4, 5].flatMap((i) => [['y0', `z${i}`, i] as const, [`y${i}`, 'z0', i] as const])
    const { J, quality } = throughFile({ ...STRUCTURE, known }, {})
    expect([quality.method, quality.directions, quality.certified]).toEqual(['rainbow', 1, true])
    expectK(J)
    const wrong = known.map(([y, z, value]) => [y, z, z === 'z3' ? value + 1 : value])
    expect(throughFile({ ...STRUCTURE, known: wrong }, { method: 'rainbow' }).quality.failedRows).toEqual([0])

    // K_0i = i and K_i0 = i are one parameter, i times
    const tied = [known.map(([y, z, factor]) => [y, z, factor])]
    const { J: alike, quality: ofTied } = throughFile({ ...STRUCTURE, tied }, { method: 'rainbow' })
    expect([ofTied.directions < 6, ofTied.certified]).toEqual([true, true])
    expectK(alike)

    const ring = { ...STRUCTURE, sparsity: undefined, tied: 'circulant' }
    expect(made(ring, {}).plan.directions).toBe(1)
    expect(throughFile(ring, {}).quality.certified).toBe(false) // an arrowhead is none
  })

  it('rows that share their entries', () => {
    const groups = [names('y').slice(1)]
    const { plan } = made({ ...STRUCTURE, rowGroups: groups }, { method: 'compressed' })
    expect(JSON.stringify(plan.decoder)).toContain('[1,2,3,4,5]')
  })

  it('entries as pairs are the same as rows by name', () => {
    const pairs = Object.entries(STRUCTURE.sparsity).flatMap(([y, row]) => row.map((z) => [y, z]))
    const options = { method: 'colored' } as const
    expect(made({ ...STRUCTURE, sparsity: pairs }, options).plan).toEqual(made(STRUCTURE, options).plan)
  })

  it('groups are checked one at a time', () => {
    const { plan } = made({ ...STRUCTURE, groups: [names('z').slice(0, 4), ['z4', 'z5']] }, {})
    expect(plan.heldOut.slice(4, 6)).toEqual([0, 0])
    expect(plan.heldOut.slice(N, N + 4)).toEqual([0, 0, 0, 0])
  })

  it('scales make the steps of inputs, and the point their middle', () => {
    const inputs = STRUCTURE.inputs.map((input, j) => ({ ...input, scale: 10 ** (j - 3) }))
    const plan = made({ ...STRUCTURE, inputs }, { method: 'dense', step: 0.05 })
    const { values } = pointTable(plan)
    for (let j = 0; j < N; j++) {
      const [plus, minus] = [values[2 * j * N + j]!, values[(2 * j + 1) * N + j]!]
      expect((plus - minus) / 2).toBeCloseTo(0.05 * 10 ** (j - 3), 12)
      expect((plus + minus) / 2).toBeCloseTo(j - 2, 12)
    }
  })
})
