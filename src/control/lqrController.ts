/** State feedback around a point of operation: u = uBar − K (x ⊖ xBar). */
import type { Matrix } from 'ml-matrix'
import { type MatrixLike, matVecInto, toFlat, toSizedMatrix } from '../linalg/dense.ts'
import type { Controller } from './controller.ts'

/** What is needed of a linearization. */
export interface OperatingPoint {
  readonly A: Matrix // [ndx × ndx]; its size only
  readonly xBar: Float64Array // [nx]
  readonly uBar: Float64Array // [nu]
}

/**
 * The controller u = uBar − K (x ⊖ xBar), K [nu × ndx], `difference` as of the engine: (x1, x0, dxOut). Allocates nothing per
 * call. Throws RangeError when K has another size or holds NaN, TypeError when K is null (a design that failed).
 */
export function lqrController(
  lin: OperatingPoint,
  K: MatrixLike,
  difference: (x1: Float64Array, x0: Float64Array, dxOut: Float64Array) => void,
): Controller {
  const ndx = lin.A.rows
  const nu = lin.uBar.length
  const gain = toFlat(toSizedMatrix(K, 'lqrController', 'K', { rows: nu, columns: ndx, symbols: 'nu × ndx' }))
  const xBar = lin.xBar.slice()
  const uBar = lin.uBar.slice()
  const dx = new Float64Array(ndx)
  return {
    name: 'lqr',
    control(x, _t, uOut) {
      difference(x, xBar, dx)
      matVecInto(uOut, gain, dx)
      for (let k = 0; k < nu; k++) uOut[k] = uBar[k]! - uOut[k]!
    },
  }
}
