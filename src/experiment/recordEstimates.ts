/** What an estimator made of a run: its estimates beside the true states, and what measurements told it that it had not expected. */
import { Matrix } from 'ml-matrix'
import type { Controller } from '../control/controller.ts'
import type { Kalman } from '../control/kalman.ts'
import type { LqgController } from '../control/lqgController.ts'
import { type MatrixLike, toSizedMatrix } from '../linalg/dense.ts'
import type { Trajectory } from './simulate.ts'

export interface Estimation {
  readonly estimates: Float64Array // [N × ndx] row-major, δx̂ of which U was made
  readonly errors: Float64Array // [N × ndx], δx − δx̂
  readonly innovations: Float64Array // [N × ny], y − Cδx̂⁻
  readonly coordinates: readonly EstimatedCoordinate[] // [ndx]
  readonly outputs: readonly EstimatedOutput[] // [ny]
  readonly L: Matrix // [ndx × ny], the Kalman gain
}

export interface EstimatedCoordinate {
  readonly name: string
  readonly unit: string
  readonly finalError: number // signed
  readonly peakError: number // max |error|
  readonly rmsError: number
  readonly expectedError: number // standard deviation that the filter promises, after a measurement
}

export interface EstimatedOutput {
  readonly name: string
  readonly unit: string
  readonly noise: number // standard deviation of its measurement
  readonly rmsInnovation: number
  readonly expectedInnovation: number // standard deviation that the filter promises, √(CPCᵀ + V)
}

export interface EstimateRecorder {
  readonly controller: Controller // to run in the place of the one that is recorded
  /**
   * Of the run that it made last; V [ny × ny] is the covariance of the measurement noise the filter was designed with. Throws TypeError on
   * a filter whose design failed, RangeError on a trajectory of another run and on sizes that don't fit.
   */
  estimation(trajectory: Trajectory, filter: Kalman, V: MatrixLike): Estimation
}

/** Runs begin with an empty record. */
export function recordEstimates(lqg: LqgController): EstimateRecorder {
  let estimates: Float64Array[] = []
  let innovations: Float64Array[] = []
  return {
    controller: {
      name: lqg.name,
      reset() {
        lqg.reset()
        estimates = []
        innovations = []
      },
      control(x, t, uOut) {
        lqg.control(x, t, uOut)
        estimates.push(lqg.estimate())
        innovations.push(lqg.innovation())
      },
    },
    estimation({ layout, steps, dX }, { L, P, after, C, message }, V) {
      const caller = 'recordEstimates'
      if (!L || !P || !after) throw new TypeError(`${caller}: the filter's design failed: ${message}`)
      const { dx, ndx } = layout
      const ny = C.rows
      if (estimates.length < steps || (steps > 0 && estimates[0]!.length !== ndx))
        throw new RangeError(`${caller}: the trajectory of ${steps} steps is not that of the recorded run`)
      const noise = toSizedMatrix(V, caller, 'V', { rows: ny, columns: ny, symbols: 'ny × ny' })
      const found = flat(estimates, steps, ndx)
      const errors = Float64Array.from(found, (value, k) => dX[k]! - value)
      const surprises = flat(innovations, steps, ny)
      const S = Matrix.add(C.mmul(P).mmul(C.transpose()), noise)
      const deviation = (M: Matrix, i: number) => Math.sqrt(Math.max(0, M.get(i, i)))
      return {
        estimates: found,
        errors,
        innovations: surprises,
        coordinates: dx.map(({ name, unit }, j) => ({
          name,
          unit,
          finalError: steps === 0 ? 0 : errors[(steps - 1) * ndx + j]!,
          ...sizes(errors, steps, ndx, j),
          expectedError: deviation(after, j),
        })),
        outputs: Array.from({ length: ny }, (_, i) => {
          const named = measuredEntry(C, i)
          const { name, unit } = named < 0 ? { name: `y[${i}]`, unit: '' } : dx[named]!
          return {
            name,
            unit,
            noise: deviation(noise, i),
            rmsInnovation: sizes(surprises, steps, ny, i).rmsError,
            expectedInnovation: deviation(S, i),
          }
        }),
        L,
      }
    },
  }
}

function flat(rows: readonly Float64Array[], count: number, size: number): Float64Array {
  const values = new Float64Array(count * size)
  for (let k = 0; k < count; k++) values.set(rows[k]!, k * size)
  return values
}

function sizes(values: Float64Array, count: number, size: number, j: number) {
  let [peak, squares] = [0, 0]
  for (let k = 0; k < count; k++) {
    const value = Math.abs(values[k * size + j]!)
    peak = Math.max(peak, value)
    squares += value * value
  }
  return { peakError: peak, rmsError: count === 0 ? 0 : Math.sqrt(squares / count) }
}

/** The entry of dx that an output is, −1 where it is a combination. */
function measuredEntry(C: Matrix, i: number): number {
  const row = C.getRow(i)
  const at = row.findIndex((value) => value !== 0)
  return at >= 0 && row.every((value, j) => value === (j === at ? 1 : 0)) ? at : -1
}
