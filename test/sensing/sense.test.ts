import { describe, expect, test } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { BlackboxError } from '../../src/blackbox/blackboxError.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { densePattern, patternFromEntries } from '../../src/linalg/pattern.ts'
import { random } from '../../src/linalg/random.ts'
import type { PlanMethod } from '../../src/sensing/plan.ts'
import { callsPerDirection, type Scheme } from '../../src/sensing/stencil.ts'
import { recoveries } from '../../src/sensing/recover/recoveries.ts'
import { sense } from '../../src/sensing/sense.ts'
import type { SenseOptions } from '../../src/sensing/senseOptions.ts'
import { arrowhead, banded } from './patterns.ts'
import { brusselator, problems, ridge, rowwiseError, tridiagonal } from './problems.ts'

const methods = Object.keys(recoveries) as PlanMethod[]
const schemes: readonly Scheme[] = ['forward', 'central', 'five-point']
// What curvature and rounding leave at the default steps, in rows of small slope too.
const accuracy = { forward: 5e-6, central: 2e-9, 'five-point': 2e-9 }

/** Senses with a counted blackbox; the reported calls must be the true ones, and sum up. */
async function senseCounted(blackbox: Blackbox, options: SenseOptions) {
  const counted = countCalls(blackbox)
  const sensed = await sense(counted, options)
  const { calls, callsFor } = sensed.quality
  expect(calls).toBe(counted.calls)
  expect(Object.values(callsFor).reduce((sum, count) => sum + count, 0)).toBe(calls)
  return sensed
}

describe.each(methods)('recovery %s', (method) => {
  describe.each(schemes)('%s', (scheme) => {
    test.each(problems(random(11)).map((problem) => [problem.name, problem] as const))(
      '%s: the closed-form Jacobian, certified, at no extra call',
      async (_, problem) => {
        const { blackbox, at, pattern } = problem
        const { result, J, quality } = await senseCounted(blackbox, {
          at,
          method,
          scheme,
          structure: { sparsity: pattern },
        })
        expect([J.rows, J.columns]).toEqual([blackbox.outputs, blackbox.inputs])
        expect(rowwiseError(J, problem.jacobian(at))).toBeLessThan(accuracy[scheme])
        expect(result).toBe('certified')
        expect(quality).toMatchObject({
          method,
          scheme,
          certified: true,
          failedRows: [],
          repairedRows: [],
          fallback: null,
        })
        expect(quality.heldOutResidual).toBeLessThanOrEqual(quality.tolerance)
        const sides = callsPerDirection(scheme)
        expect(quality.callsFor).toEqual({
          base: scheme === 'forward' ? 1 : 0,
          directions: sides * quality.directions,
          heldOut: sides * 2,
          detection: 0,
          repair: 0,
          fallback: 0,
        })
      },
    )
  })
})

describe('calls', () => {
  const cases = [
    ['tridiagonal', tridiagonal(30), 3],
    ['Brusselator', brusselator(15), 5],
    ['band 2 + 1 + 3', ridge('band', banded(40, 40, 2, 3), random(1)), 6],
    ['diagonal', ridge('diagonal', banded(12, 12, 0, 0), random(1)), 1],
    ['arrowhead', ridge('arrowhead', arrowhead(12), random(1)), 12],
  ] as const
  test.each(cases)('%s: 1 + C forward, 2C central', async (_, { blackbox, at, pattern }, C) => {
    const structure = { sparsity: pattern }
    const forward = await senseCounted(blackbox, { at, scheme: 'forward', method: 'colored', heldOut: 0, structure })
    const central = await senseCounted(blackbox, { at, method: 'colored', heldOut: 0, structure })
    // Brusselator: u_k and v_k of three cells share rows with 4 unknowns each; the count is the greedy one.
    expect(forward.quality.colors).toBeLessThanOrEqual(C)
    expect(forward.quality.calls).toBe(1 + forward.quality.colors!)
    expect(central.quality.calls).toBe(2 * forward.quality.colors!)
  })
  test('tridiagonal 30: exactly 4 forward and 6 central', async () => {
    const { blackbox, at, pattern } = tridiagonal(30)
    const options = { at, heldOut: 0, structure: { sparsity: pattern } }
    expect((await senseCounted(blackbox, { ...options, scheme: 'forward' })).quality.calls).toBe(4)
    expect((await senseCounted(blackbox, options)).quality.calls).toBe(6)
  })
  test('held-out directions cost 1 call forward and 2 central each', async () => {
    const { blackbox, at, pattern } = tridiagonal(30)
    for (const heldOut of [1, 5]) {
      const options = { at, heldOut, structure: { sparsity: pattern } }
      expect((await senseCounted(blackbox, { ...options, scheme: 'forward' })).quality.calls).toBe(4 + heldOut)
      expect((await senseCounted(blackbox, options)).quality.calls).toBe(6 + 2 * heldOut)
    }
  })
  test('a known base saves its call in forward differences only', async () => {
    const { blackbox, at, pattern } = tridiagonal(30)
    const base = new Float64Array(30)
    blackbox.evaluate(at, base)
    const options = { at, base, structure: { sparsity: pattern } }
    const forward = await senseCounted(blackbox, { ...options, scheme: 'forward' })
    expect(forward.quality.callsFor).toMatchObject({ base: 0, directions: 3 })
    expect(forward.quality.certified).toBe(true)
    expect((await senseCounted(blackbox, options)).quality.calls).toBe(10)
  })
  test('a batch gives the same numbers and the same count', async () => {
    const { blackbox, at, pattern } = tridiagonal(30)
    let batches = 0
    const batched: Blackbox = {
      ...blackbox,
      async evaluateBatch(Z, Y, count) {
        batches++
        for (let t = 0; t < count; t++)
          blackbox.evaluate(Z.subarray(30 * t, 30 * t + 30), Y.subarray(30 * t, 30 * t + 30))
      },
    }
    const structure = { sparsity: pattern }
    const one = await senseCounted(blackbox, { at, structure })
    const many = await senseCounted(batched, { at, structure })
    expect(many.J.to1DArray()).toEqual(one.J.to1DArray())
    expect(many.quality).toEqual(one.quality)
    expect(batches).toBe(2)
  })
})

describe('auto', () => {
  test('colors where that pays, and says so', async () => {
    const { blackbox, at, pattern } = tridiagonal(30)
    const { quality } = await sense(blackbox, { at, structure: { sparsity: pattern } })
    expect(quality).toMatchObject({ method: 'colored', colors: 3 })
    expect(quality.notes.join()).toMatch(/auto took coloring: 3 colors for 30 inputs .*provably the fewest/)
  })
  test('takes dense differences without a pattern or with a dense one, and says so', async () => {
    const { blackbox, at } = tridiagonal(8)
    const unknown = await sense(blackbox, { at })
    expect(unknown.quality).toMatchObject({ method: 'dense', colors: null, directions: 8 })
    expect(unknown.quality.notes.join()).toMatch(/no sparsity pattern/)
    const full = await sense(blackbox, { at, structure: { sparsity: densePattern(8, 8) } })
    expect(full.quality.method).toBe('dense')
    expect(full.quality.notes.join()).toMatch(/does not pay \(8 colors for 8 inputs/)
  })
})

describe('steps', () => {
  test('are proportional to the scale of each input', async () => {
    const { at, pattern } = tridiagonal(4)
    const scale = Float64Array.of(1e-3, 1, 10, 1e3)
    const seen = [0, 0, 0, 0]
    const linear: Blackbox = {
      inputs: 4,
      outputs: 4,
      scale,
      evaluate(z, y) {
        for (let j = 0; j < 4; j++) seen[j] = Math.max(seen[j]!, Math.abs(z[j]! - at[j]!))
        y.set(z)
      },
    }
    const { quality } = await sense(linear, { at, structure: { sparsity: pattern } })
    const h = Math.cbrt(Number.EPSILON)
    seen.forEach((step, j) => {
      expect(step / (h * scale[j]!)).toBeCloseTo(1, 4)
    })
    expect(quality.stepRange[0]).toBeCloseTo(1e-3 * h, 15)
    expect(quality.stepRange[1]).toBeCloseTo(1e3 * h, 10)
    const coarse = await sense(linear, { at, step: 1e-2, structure: { sparsity: pattern } })
    expect(coarse.quality.stepRange).toEqual([1e-5, 10])
  })
  test('default to max(1, |z|), and divide by the difference that the machine represents', async () => {
    const at = Float64Array.of(1e6 + 0.3, -2e3)
    const identity: Blackbox = { inputs: 2, outputs: 2, evaluate: (z, y) => y.set(z) }
    for (const scheme of schemes) {
      const { J } = await sense(identity, { at, scheme })
      expect(J.to2DArray()).toEqual([
        [1, 0],
        [0, 1],
      ])
    }
  })
  test('a step that vanishes beside its input is refused', async () => {
    const identity: Blackbox = { inputs: 1, outputs: 1, evaluate: (z, y) => y.set(z), scale: Float64Array.of(1e-9) }
    await expect(sense(identity, { at: [1e9] })).rejects.toThrow(/step of input 0 vanishes beside its value 1000000000/)
  })
})

describe('failures are named', () => {
  const broken = (bad: number): Blackbox => ({
    inputs: 3,
    outputs: 2,
    outputNames: ['cart.position', 'cart.velocity'],
    evaluate(z, y) {
      y[0] = z[0]!
      y[1] = z[2]! > 0 ? bad : 0
    },
  })
  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%s in an output', async (bad) => {
    const sensing = sense(broken(bad), { at: [0, 0, 0] })
    await expect(sensing).rejects.toThrow(
      `blackbox: output 1 'cart.velocity' is ${bad} at evaluation 4 (direction 2, plus side)`,
    )
    await expect(sensing).rejects.toBeInstanceOf(BlackboxError)
    await expect(sensing).rejects.toMatchObject({ evaluation: 4, output: 1, outputName: 'cart.velocity', value: bad })
  })
  test('an output that the blackbox does not write', async () => {
    const forgetful: Blackbox = { inputs: 2, outputs: 2, evaluate: (z, y) => y.set([z[0]!]) }
    await expect(sense(forgetful, { at: [0, 0], scheme: 'forward' })).rejects.toThrow(
      /output 1 is NaN at evaluation 0 \(base point\)/,
    )
  })
  test('errors of the blackbox pass through', async () => {
    const failing: Blackbox = {
      inputs: 1,
      outputs: 1,
      evaluate() {
        throw new Error('engine lost')
      },
    }
    await expect(sense(failing, { at: [0] })).rejects.toThrow('engine lost')
  })
  test.each<[string, Partial<SenseOptions>, RegExp]>([
    ['size of at', { at: [0] }, /sense: at must have 5 entries, got 1/],
    ['NaN in at', { at: [0, 0, Number.NaN, 0, 0] }, /sense: at\[2\] must be finite, got NaN/],
    ['size of base', { base: [0] }, /sense: base must have 5 entries, got 1/],
    [
      'method',
      { method: 'magic' as PlanMethod },
      /method must be one of dense, colored, newsam-ramsdell, rainbow, compressed, auto; got magic/,
    ],
    [
      'method with detection',
      { method: 'magic' as PlanMethod, structure: { sparsity: 'detect' } },
      /method must be one of/,
    ],
    ['scheme', { scheme: 'backward' as Scheme }, /scheme must be one of forward, central, five-point; got backward/],
    ['step', { step: 0 }, /step must be a finite number > 0, got 0/],
    ['tolerance', { tolerance: -1 }, /tolerance must be a finite number > 0, got -1/],
    ['heldOut', { heldOut: 1.5 }, /heldOut must be an integer ≥ 0, got 1.5/],
    ['seed', { seed: 0.1 }, /seed must be an integer/],
    ['maxCalls', { maxCalls: 7, method: 'dense' }, /needs 14 evaluations, maxCalls leaves 7/],
    ['pattern size', { structure: { sparsity: banded(5, 4, 1, 1) } }, /pattern must be \[5 × 5\], got \[5 × 4\]/],
  ])('misuse: %s', async (_, change, message) => {
    const { blackbox, at } = tridiagonal(5)
    const counted = countCalls(blackbox)
    await expect(sense(counted, { at, ...change })).rejects.toThrow(message)
    expect(counted.calls).toBe(0)
  })
  test('a scale that is no scale', async () => {
    const { blackbox, at } = tridiagonal(2)
    await expect(sense({ ...blackbox, scale: Float64Array.of(1, 0) }, { at })).rejects.toThrow(
      /scale\[1\] must be finite and > 0, got 0/,
    )
    await expect(sense({ ...blackbox, outputScale: Float64Array.of(-1, 1) }, { at })).rejects.toThrow(
      /outputScale\[0\] must be > 0, got -1/,
    )
  })
})

test('stops when aborted, and reports progress up to the announced total', async () => {
  const { blackbox, at, pattern } = tridiagonal(30)
  const controller = new AbortController()
  const seen: [number, number][] = []
  const onProgress = (done: number, total: number) => {
    seen.push([done, total])
    if (done === 5) controller.abort(new Error('enough'))
  }
  const counted = countCalls(blackbox)
  const structure = { sparsity: pattern }
  await expect(sense(counted, { at, structure, onProgress, signal: controller.signal })).rejects.toThrow('enough')
  expect(counted.calls).toBe(5)
  expect(seen).toEqual([1, 2, 3, 4, 5].map((done) => [done, 10]))
})

test('a timer can abort a long measurement of a synchronous blackbox', async () => {
  const slow: Blackbox = {
    inputs: 50,
    outputs: 1,
    evaluate(_z, y) {
      const until = performance.now() + 10
      while (performance.now() < until);
      y[0] = 0
    },
  }
  await expect(sense(slow, { at: new Float64Array(50), signal: AbortSignal.timeout(30) })).rejects.toThrow(/timeout/i)
})

test('the same seed gives the same result, bit for bit', async () => {
  const { blackbox, at } = ridge('random', banded(20, 20, 2, 2), random(5))
  // A wrong pattern, so that repair and its random directions run too.
  const structure = { sparsity: banded(20, 20, 2, 1) }
  const run = (seed: number) => sense(blackbox, { at, structure, method: 'colored', seed })
  const [a, b] = [await run(3), await run(3)]
  expect(a.J.to1DArray()).toEqual(b.J.to1DArray())
  expect(a.quality).toEqual(b.quality)
  expect((await run(4)).quality.heldOutResidual).not.toBe(a.quality.heldOutResidual)
})

test('without held-out directions nothing is certified', async () => {
  const { blackbox, at } = tridiagonal(5)
  const { result, quality } = await sense(blackbox, { at, heldOut: 0 })
  expect(result).toBe('uncertified')
  expect(quality).toMatchObject({ certified: false, failedRows: [], heldOutDirections: 0 })
  expect(quality.notes.join()).toMatch(/no held-out directions/)
})

test('a linearization around zero: inputs δ, outputs f ⊖ f(x̄), typical output sizes given', async () => {
  // y = (x̄ + δ) rotated and scaled, minus the same at δ = 0: differences of numbers of size 1e3.
  const xBar = [1e3, -1e3]
  const step = (x: readonly number[]) => [x[0]! + 1e-2 * x[1]!, x[1]!]
  const atBar = step(xBar)
  const blackbox: Blackbox = {
    inputs: 3,
    outputs: 3,
    scale: Float64Array.of(1e3, 1e3, 1),
    outputScale: Float64Array.of(1e3, 1e3, 1),
    evaluate(z, y) {
      const x = step([xBar[0]! + z[0]!, xBar[1]! + z[1]!])
      y.set([x[0]! - atBar[0]!, x[1]! - atBar[1]!, 0])
    },
  }
  const sparsity = patternFromEntries(3, 3, [
    [0, 0],
    [0, 1],
    [1, 1],
  ])
  for (const scheme of schemes) {
    const sensed = await senseCounted(blackbox, {
      at: new Float64Array(3),
      base: new Float64Array(3),
      scheme,
      structure: { sparsity },
    })
    expect(sensed.result).toBe('certified')
    expect(sensed.quality.callsFor).toMatchObject({ base: 0, repair: 0, fallback: 0 })
    expect(
      rowwiseError(sensed.J, [
        [1, 1e-2, 0],
        [0, 1, 0],
        [0, 0, 0],
      ]),
    ).toBeLessThan(accuracy[scheme])
  }
})
