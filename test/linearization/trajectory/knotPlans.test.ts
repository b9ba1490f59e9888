/** Structure along trajectories: one plan where it is the same everywhere, others where contacts come and go. */
import { expect, test } from 'vitest'
import type { Engine } from '../../../src/engine/engine.ts'
import { densePattern, patternFromColumns } from '../../../src/linalg/pattern.ts'
import type { Knots } from '../../../src/linearization/trajectory/dynamics.ts'
import { knotPlans } from '../../../src/linearization/trajectory/knotPlans.ts'

const N = 100
const names = ['a', 'b', 'c', 'd'].map((name) => ({ name, unit: '' }))

/** Four coordinates that act on each other where the first is above 1, and on themselves alone elsewhere. */
function contacts() {
  let asked = 0
  const engine: Engine = {
    name: 'contacts',
    layout: { nq: 4, nv: 4, nx: 4, ndx: 4, nu: 1, x: names, dx: names, u: [{ name: 'u', unit: '', range: [-1, 1] }] },
    dt: 0.1,
    home: { x: new Float64Array(4), u: new Float64Array(1) },
    step: (x, _u, next) => next.set(x),
    integrate: (x, d, out) =>
      x.forEach((value, i) => {
        out[i] = value + d[i]!
      }),
    difference: (x1, x0, out) =>
      x1.forEach((value, i) => {
        out[i] = value - x0[i]!
      }),
    structure(x) {
      asked++
      return x[0]! > 1 ? densePattern(4, 5) : patternFromColumns(4, [[0], [1], [2], [3], [0]])
    },
    dispose: () => {},
  }
  return { engine, asked: () => asked }
}

function knots(touching: (k: number) => boolean): Knots {
  const X = new Float64Array((N + 1) * 4)
  for (let k = 0; k <= N; k++) X[4 * k] = touching(k) ? 2 : 0
  return { N, X, U: new Float64Array(N), F: X.slice(4) }
}

test('the same everywhere: one plan, and few questions afterwards', () => {
  const { engine, asked } = contacts()
  const plans = knotPlans(engine, 'auto')
  const first = plans.of(knots(() => false))
  expect(asked()).toBe(N)
  expect(new Set(first.map(({ plan }) => plan)).size).toBe(1)
  expect(first[0]!.plan.directions).toBe(2) // a to d together, and the control
  plans.of(knots(() => false))
  expect(asked()).toBe(N + 4)
})

test('contact at some knots: each its own plan, every knot asked each time', () => {
  const { engine, asked } = contacts()
  const plans = knotPlans(engine, 'auto')
  for (const at of [30, 31, 80]) {
    const planned = plans.of(knots((k) => k === at))
    expect(planned.flatMap(({ plan }, k) => (plan.directions === 5 ? [k] : []))).toEqual([at])
  }
  expect(asked()).toBe(3 * N)
})

test('contact that comes later is seen where it lasts, and all are asked again', () => {
  const { engine } = contacts()
  const plans = knotPlans(engine, 'auto')
  plans.of(knots(() => false))
  const planned = plans.of(knots((k) => k >= 50))
  expect(planned.map(({ plan }) => plan.directions)).toEqual(Array.from({ length: N }, (_, k) => (k >= 50 ? 5 : 2)))
})

test('what holds at all knots is a plan for all', () => {
  const { engine } = contacts()
  const plans = knotPlans(engine, 'auto')
  expect(plans.common(knots((k) => k === 7)).plan.directions).toBe(5)
  plans.distrust()
  expect(plans.common(knots(() => false))).toBe(plans.dense)
})
