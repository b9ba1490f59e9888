/**
 * The steady-state Kalman filter of δx⁺ = Aδx + Bδu + w, y = Cδx + v, with w and v white, zero in the mean and of covariances W and V:
 *
 *     P = A(P − PCᵀ(CPCᵀ + V)⁻¹CP)Aᵀ + W,    L = PCᵀ(CPCᵀ + V)⁻¹,
 *
 * P the covariance of the error before a measurement, (I − LC)P after it. The equation is that of `dare` for (Aᵀ, Cᵀ, W, V), its
 * gain (AL)ᵀ. Source: B. D. O. Anderson, J. B. Moore, Optimal Filtering, 1979, §4.4.
 */
import { Matrix } from 'ml-matrix'
import { type MatrixLike, solveLinear, symmetrized, toSymmetricMatrix } from '../linalg/dense.ts'
import type { ComplexArray } from '../linalg/eigenvalues.ts'
import { product } from '../linalg/product.ts'
import { type Accuracy, sensedAccuracy } from './accuracy.ts'
import { type DareResult, dare } from './dare.ts'
import { linearSystem } from './linearArguments.ts'
import type { LinearModel } from './lqr.ts'
import { describeMode, type Mode } from './modes.ts'
import { coordinateNames, type Outputs, outputMatrix } from './outputMatrix.ts'

export interface FilterNoise {
  /** What is measured: C [ny × ndx], or the names of entries of dx. */
  readonly outputs: Outputs
  readonly W: MatrixLike // covariance of the process noise of one step, [ndx × ndx]
  readonly V: MatrixLike // covariance of the measurement noise, [ny × ny], positive definite
}

export interface KalmanOptions {
  readonly tolerance?: number // as of `lqr`
  readonly maxIterations?: number
  readonly accuracy?: number | Accuracy
}

/** As of `dare`, but for 'undetectable' (no output sees the modes) and 'undriven' (no noise moves them: their gain would be zero). */
export type KalmanResult =
  | Exclude<DareResult, 'unstabilizable' | 'singular-R' | 'singular-E'>
  | 'undriven'
  | 'singular-V'

export interface Kalman {
  readonly result: KalmanResult
  readonly message: string // one sentence for people
  readonly L: Matrix | null // [ndx × ny], of the correction: estimate += L (y − C estimate)
  readonly P: Matrix | null // [ndx × ndx], covariance of the error before a measurement
  readonly after: Matrix | null // [ndx × ndx], and after it
  readonly C: Matrix // [ny × ndx]
  readonly eigenvalues: ComplexArray | null // of the error, A − ALC, by descending magnitude
  readonly residual: number // relative residual of the Riccati equation
  readonly undetectable?: readonly Mode[] // modes at fault
  readonly undriven?: readonly Mode[] // modes at fault
}

/**
 * The filter of a linearization (or any { A, B }). Misuse throws: sizes, asymmetric covariances, entries that are not finite, outputs
 * that name nothing. What numerics can't do is reported as `result`, with the modes at fault by coordinate names.
 */
export function kalman(lin: LinearModel, noise: FilterNoise, options: KalmanOptions = {}): Kalman {
  const caller = 'kalman'
  const { A } = linearSystem(caller, lin)
  const ndx = A.rows
  const names = coordinateNames(lin, ndx)
  const C = outputMatrix(caller, noise.outputs, names)
  const W = toSymmetricMatrix(noise.W, caller, 'W', { rows: ndx, symbols: 'ndx × ndx' })
  const V = toSymmetricMatrix(noise.V, caller, 'V', { rows: C.rows, symbols: 'ny × ny' })
  const accuracy = options.accuracy ?? (lin.quality ? sensedAccuracy(lin.quality, lin.xBar) : null)
  const known = typeof accuracy === 'number' ? { A: accuracy, B: 0 } : accuracy && { ...accuracy, B: 0 } // C is exact
  const found = dare(A.transpose(), C.transpose(), W, V, { ...options, ...(known && { accuracy: known }), names })
  const none = { L: null, P: null, after: null, C, eigenvalues: null, residual: found.residual }
  const listed = (modes: readonly Mode[] = []) => modes.map(describeMode).join('; ')
  if (found.result === 'unstabilizable')
    return {
      ...none,
      result: 'undetectable',
      message: `no output sees ${listed(found.unstabilizable)}`,
      ...(found.unstabilizable && { undetectable: found.unstabilizable }),
    }
  if (found.result === 'undetectable')
    return {
      ...none,
      result: 'undriven',
      message: `modes on the unit circle are moved by no noise, so the filter would stop listening to them: ${listed(found.undetectable)}`,
      ...(found.undetectable && { undriven: found.undetectable }),
    }
  if (found.result === 'singular-R')
    return { ...none, result: 'singular-V', message: 'V is singular: some combination of outputs carries no noise' }
  if (found.result === 'singular-E' || !found.P)
    return {
      ...none,
      result: found.result === 'singular-E' ? 'inaccurate' : found.result,
      message: found.message.replace('least in reach of control', 'least seen by outputs'),
    }
  const { P } = found
  const CP = product(C, P)
  const Lt = solveLinear(symmetrized(Matrix.add(product(CP, C.transpose()), V)), CP)!
  const L = Lt.transpose()
  return {
    result: found.result,
    message: found.message
      .replace('closed-loop', 'the error has')
      .replace('least in reach of control', 'least seen by outputs'),
    L,
    P,
    after: symmetrized(Matrix.sub(P, product(L, CP))),
    C,
    eigenvalues: found.eigenvalues,
    residual: found.residual,
  }
}
