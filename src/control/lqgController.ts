/**
 * Feedback of an estimate, once a step: with the prediction δx̂⁻ and the measurement y = C (x ⊖ xBar),
 *
 *     δx̂ = δx̂⁻ + L(y − Cδx̂⁻),   u = uBar − Kδx̂,   δx̂⁻ ← Aδx̂ + B(u − uBar) + c.
 */
import type { Matrix } from 'ml-matrix'
import { matVecInto, toFlat, toSizedMatrix } from '../linalg/dense.ts'
import type { Controller } from './controller.ts'
import type { Kalman } from './kalman.ts'
import { toVector } from './linearArguments.ts'
import type { Lqr } from './lqr.ts'

/** What is needed of a linearization. */
export interface EstimatorModel {
  readonly A: Matrix // [ndx × ndx]
  readonly B: Matrix // [ndx × nu]
  readonly c: Float64Array // [ndx]
  readonly xBar: Float64Array // [nx]
  readonly uBar: Float64Array // [nu]
  readonly layout?: { readonly u: readonly { readonly range: readonly [number, number] }[] } // of actuators
}

/** What is needed of a design of `lqg`. */
export interface LqgGains {
  readonly regulator: Pick<Lqr, 'K' | 'message'> // K [nu × ndx]
  readonly filter: Pick<Kalman, 'L' | 'C' | 'message'> // L [ndx × ny], C [ny × ndx]
}

export interface LqgController extends Controller {
  /** Back to the beginning, with this prediction (default: the initial one). Runs begin with it. */
  reset(prediction?: ArrayLike<number>): void // [ndx]
  /** A copy of δx̂⁻, what the next measurement will be held against. */
  prediction(): Float64Array // [ndx]
  /** A copy of δx̂, the estimate that the last control was made of. */
  estimate(): Float64Array // [ndx]
  /** A copy of y − Cδx̂⁻, what the last measurement told that was not expected. */
  innovation(): Float64Array // [ny]
}

/**
 * Of the state that it is given, the controller looks at the outputs of the filter alone; `initial` is the first prediction, [ndx] (default
 * zero: the point of operation). It predicts with controls clipped to the
 * ranges of the layout, as `simulate` clips them, and must be called once per step, in order. Throws TypeError when the design failed,
 * RangeError on sizes that don't fit.
 */
export function lqgController(
  lin: EstimatorModel,
  { regulator, filter }: LqgGains,
  difference: (x1: Float64Array, x0: Float64Array, dxOut: Float64Array) => void,
  { initial }: { readonly initial?: ArrayLike<number> } = {},
): LqgController {
  if (!regulator.K || !filter.L)
    throw new TypeError(`lqgController: the design failed: ${regulator.K ? filter.message : regulator.message}`)
  const ndx = lin.A.rows
  const nu = lin.uBar.length
  const ny = filter.C.rows
  const sized = (M: Matrix, name: string, rows: number, columns: number, symbols: string) =>
    toFlat(toSizedMatrix(M, 'lqgController', name, { rows, columns, symbols }))
  const [A, B] = [sized(lin.A, 'A', ndx, ndx, 'ndx × ndx'), sized(lin.B, 'B', ndx, nu, 'ndx × nu')]
  const K = sized(regulator.K, 'K', nu, ndx, 'nu × ndx')
  const L = sized(filter.L, 'L', ndx, ny, 'ndx × ny')
  const C = sized(filter.C, 'C', ny, ndx, 'ny × ndx')
  const ofStates = { length: ndx, symbol: 'ndx' }
  const first = toVector(initial, 'lqgController', 'initial', ofStates)
  const [xBar, uBar, c] = [lin.xBar.slice(), lin.uBar.slice(), lin.c.slice()]
  const ranges = lin.layout?.u.map(({ range }) => range)
  const [dx, estimate, predicted, pushed] = [0, 1, 2, 3].map(() => new Float64Array(ndx)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const [y, expected, du] = [new Float64Array(ny), new Float64Array(ny), new Float64Array(nu)]
  predicted.set(first)
  return {
    name: 'lqg',
    reset(prediction) {
      predicted.set(prediction === undefined ? first : toVector(prediction, 'lqgController', 'prediction', ofStates))
    },
    prediction: () => predicted.slice(),
    estimate: () => estimate.slice(),
    innovation: () => y.slice(),
    control(x, _t, uOut) {
      difference(x, xBar, dx)
      matVecInto(y, C, dx)
      matVecInto(expected, C, predicted)
      for (let i = 0; i < ny; i++) y[i]! -= expected[i]!
      matVecInto(estimate, L, y)
      for (let i = 0; i < ndx; i++) estimate[i]! += predicted[i]!
      matVecInto(uOut, K, estimate)
      for (let k = 0; k < nu; k++) {
        uOut[k] = uBar[k]! - uOut[k]!
        const [low, high] = ranges?.[k] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
        du[k] = Math.min(Math.max(uOut[k]!, low), high) - uBar[k]!
      }
      matVecInto(predicted, A, estimate)
      matVecInto(pushed, B, du)
      for (let i = 0; i < ndx; i++) predicted[i]! += pushed[i]! + c[i]!
    },
  }
}
