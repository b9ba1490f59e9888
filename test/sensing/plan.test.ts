import { describe, expect, test } from 'vitest'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { measure } from '../../src/sensing/measure.ts'
import { measurementsFromValues } from '../../src/sensing/measurementsFromValues.ts'
import type { Measurements, Plan, PlanMethod } from '../../src/sensing/plan.ts'
import type { Scheme } from '../../src/sensing/stencil.ts'
import { plannedPoints } from '../../src/sensing/plannedPoints.ts'
import { prepareSensing } from '../../src/sensing/prepareSensing.ts'
import { recover } from '../../src/sensing/recover.ts'
import { recoveries } from '../../src/sensing/recover/recoveries.ts'
import { sense } from '../../src/sensing/sense.ts'
import { banded } from './patterns.ts'
import { brusselator, rowwiseError, tridiagonal } from './problems.ts'

const variants = (Object.keys(recoveries) as PlanMethod[]).flatMap((method) =>
  (['forward', 'central'] as Scheme[]).map((scheme) => ({ method, scheme })),
)
const viaJson = <T>(value: T): T => JSON.parse(JSON.stringify(value))

describe.each(variants)('$method $scheme', ({ method, scheme }) => {
  const { blackbox, at, pattern, jacobian } = brusselator(9)
  // the two unknowns of a cell depend on nearly the same ones
  const rowGroups = Array.from({ length: 9 }, (_, k) => [2 * k, 2 * k + 1])
  const prepare = () => prepareSensing({ sparsity: pattern, rowGroups }, { method, scheme })

  test('the three steps give what sense gives', async () => {
    const plan = prepare()
    const { J, quality } = recover(plan, await measure(blackbox, plan, { at }))
    const sensed = await sense(blackbox, { at, method, scheme, structure: { sparsity: pattern, rowGroups } })
    expect(J.to1DArray()).toEqual(sensed.J.to1DArray())
    expect(quality).toEqual(sensed.quality)
  })

  test('plan and measurements survive JSON', async () => {
    const plan = prepare()
    expect(viaJson(plan)).toEqual(plan)
    const measured = await measure(blackbox, viaJson(plan), { at })
    expect(recover(plan, viaJson(measured)).J).toEqual(recover(plan, measured).J)
  })

  test('one plan serves many points', async () => {
    const plan = prepare()
    for (let k = 0; k < 5; k++) {
      const point = at.map((value) => value + k / 7)
      const { J, quality } = recover(plan, await measure(blackbox, plan, { at: point }))
      expect(rowwiseError(J, jacobian(point))).toBeLessThan(scheme === 'central' ? 1e-8 : 1e-5)
      expect(quality.certified).toBe(true)
      const counted = countCalls(blackbox)
      const sensed = await sense(counted, { at: point, plan })
      expect(sensed.J.to1DArray()).toEqual(J.to1DArray())
      expect(sensed.plan).toBe(plan)
      expect(counted.calls).toBe(quality.calls)
    }
  })

  test('points can be evaluated elsewhere and values brought back', async () => {
    const plan = prepare()
    const { count, Z } = plannedPoints(plan, { at })
    const values = new Float64Array(count * plan.outputs)
    for (let p = 0; p < count; p++)
      blackbox.evaluate(
        Z.slice(p * plan.inputs, (p + 1) * plan.inputs),
        values.subarray(p * plan.outputs, (p + 1) * plan.outputs),
      )
    const measured = await measure(blackbox, plan, { at })
    expect(measurementsFromValues(plan, { at }, Array.from(values))).toEqual(measured)
  })
})

test('a blackbox of other sizes is refused, naming each', async () => {
  const plan = prepareSensing({ inputs: 30, outputs: 29 })
  const { blackbox, at } = tridiagonal(28)
  const message = 'it differs in inputs (plan: 30, here: 28), outputs (plan: 29, here: 28)'
  await expect(measure(blackbox, plan, { at })).rejects.toThrow(message)
  await expect(sense(blackbox, { at, plan })).rejects.toThrow(message)
})

test('measurements of another plan are refused, naming each field', async () => {
  const { blackbox, at, pattern } = tridiagonal(6)
  const plan = prepareSensing({ sparsity: pattern }, { method: 'colored' })
  const measured = await measure(blackbox, plan, { at })
  const refuse = (other: Plan, measurements: Measurements, message: RegExp) =>
    expect(() => recover(other, measurements)).toThrow(message)
  const forward = prepareSensing({ sparsity: pattern }, { method: 'colored', scheme: 'forward', heldOut: 3 })
  refuse(
    forward,
    measured,
    /scheme \(plan: forward, here: central\), entries of heldOutY \(plan: 18, here: 12\), fingerprint/,
  )
  refuse(
    prepareSensing({ sparsity: banded(6, 6, 1, 0) }, { method: 'colored' }),
    measured,
    /entries of Y \(plan: 12, here: 18\)/,
  )
  // Same sizes, other seed or pattern: only the fingerprint tells.
  refuse(
    prepareSensing({ sparsity: pattern }, { method: 'colored', seed: 2 }),
    measured,
    /differs in fingerprint of pattern, directions, steps and seed/,
  )
  refuse(prepareSensing({ sparsity: banded(6, 6, 2, 0) }, { method: 'colored' }), measured, /differs in fingerprint/)
  refuse(plan, { ...measured, at: [0] }, /entries of at \(plan: 6, here: 1\)/)
})

test('options that contradict a plan are refused, naming each', async () => {
  const { blackbox, at, pattern } = tridiagonal(6)
  const { plan } = await sense(blackbox, { at, method: 'colored', structure: { sparsity: pattern } })
  await expect(
    sense(blackbox, { at, plan, scheme: 'forward', seed: 9, structure: { sparsity: banded(6, 6, 1, 0) } }),
  ).rejects.toThrow(/scheme \(plan: central, here: forward\), seed \(plan: 1, here: 9\), sparsity pattern/)
  await expect(sense(blackbox, { at, plan, method: 'auto', structure: { sparsity: pattern } })).resolves.toMatchObject({
    result: 'certified',
  })
})

test('values brought back must be as many as planned, and finite', () => {
  const plan = prepareSensing({ inputs: 2, outputs: 1 }, { heldOut: 1 })
  const bring = (values: number[]) => () => measurementsFromValues(plan, { at: [0, 0] }, values)
  expect(bring([1, 2, 3])).toThrow(/values must have 6 × 1 = 6 entries, got 3/)
  expect(bring([1, 2, 3, 4, Number.NaN, 6])).toThrow(/output 0 is NaN at evaluation 4 \(values brought back\)/)
})

test('structures without sizes are refused', () => {
  expect(() => prepareSensing({ inputs: 3 })).toThrow(/structure needs outputs, or a sparsity pattern/)
  expect(() => prepareSensing({ inputs: -1, outputs: 2 })).toThrow(/inputs must be an integer ≥ 0, got -1/)
  expect(() => prepareSensing({ inputs: 3, outputs: 2 }, { method: 'colored' })).toThrow(/needs a sparsity pattern/)
})
