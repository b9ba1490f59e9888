/** Feedback with integral action, once a step: u = uBar − K (x ⊖ xBar) − K_z z, then z ← z + dt (C (x ⊖ xBar) − r). */
import type { Matrix } from 'ml-matrix'
import { matVecInto, toFlat, toSizedMatrix } from '../linalg/dense.ts'
import type { Controller } from './controller.ts'
import type { IntegralAction } from './integralAction.ts'
import { toVector } from './linearArguments.ts'

/** What is needed of a linearization. */
export interface IntegralModel {
  readonly A: Matrix // [ndx × ndx]; its size only
  readonly xBar: Float64Array // [nx]
  readonly uBar: Float64Array // [nu]
  readonly dt: number // s
  readonly layout?: { readonly u: readonly { readonly range: readonly [number, number] }[] } // of actuators
}

export interface IntegralController extends Controller {
  /** Back to integrals of zero. Runs begin with it. */
  reset(): void
  /** A copy of z. */
  integral(): Float64Array // [ny]
}

/**
 * `reference` r [ny] is where the outputs are to go, as deviations from xBar (default 0). While a control is beyond the range of the
 * layout the integrals stand still where they would drive it farther, so that they don't wind up. To be called once per step, in order. Throws TypeError when the
 * design failed, RangeError on sizes that don't fit.
 */
export function integralController(
  lin: IntegralModel,
  { K, Kz, C, message }: Pick<IntegralAction, 'K' | 'Kz' | 'C' | 'message'>,
  difference: (x1: Float64Array, x0: Float64Array, dxOut: Float64Array) => void,
  { reference }: { readonly reference?: ArrayLike<number> } = {},
): IntegralController {
  const caller = 'integralController'
  if (!K || !Kz) throw new TypeError(`${caller}: the design failed: ${message}`)
  const [ndx, nu, ny] = [lin.A.rows, lin.uBar.length, C.rows]
  const sized = (M: Matrix, name: string, rows: number, columns: number, symbols: string) =>
    toFlat(toSizedMatrix(M, caller, name, { rows, columns, symbols }))
  const gain = sized(K, 'K', nu, ndx, 'nu × ndx')
  const integralGain = sized(Kz, 'Kz', nu, ny, 'nu × ny')
  const outputs = sized(C, 'C', ny, ndx, 'ny × ndx')
  const goal = toVector(reference, caller, 'reference', { length: ny, symbol: 'ny' })
  const [xBar, uBar] = [lin.xBar.slice(), lin.uBar.slice()]
  const ranges = lin.layout?.u.map(({ range }) => range)
  const [dx, z, y, more] = [new Float64Array(ndx), new Float64Array(ny), new Float64Array(ny), new Float64Array(nu)]
  return {
    name: 'lqi',
    reset() {
      z.fill(0)
    },
    integral: () => z.slice(),
    control(x, _t, uOut) {
      difference(x, xBar, dx)
      matVecInto(uOut, gain, dx)
      matVecInto(more, integralGain, z)
      for (let k = 0; k < nu; k++) uOut[k] = uBar[k]! - uOut[k]! - more[k]!
      matVecInto(y, outputs, dx)
      for (let i = 0; i < ny; i++) y[i] = lin.dt * (y[i]! - goal[i]!)
      matVecInto(more, integralGain, y) // u is to change by −more
      let isWinding = false
      for (let k = 0; k < nu; k++) {
        const [low, high] = ranges?.[k] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
        isWinding ||= (uOut[k]! > high && more[k]! < 0) || (uOut[k]! < low && more[k]! > 0)
      }
      if (!isWinding) for (let i = 0; i < ny; i++) z[i]! += y[i]!
    },
  }
}
