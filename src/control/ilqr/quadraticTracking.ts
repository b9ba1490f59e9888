/** The cost Σ δxᵀQδx + δuᵀRδu + δx_NᵀQf δx_N with δx = x ⊖ xGoal, δu = u − uGoal: as `lqr` has it, without factors ½. */
import { type MatrixLike, toFlat, toSymmetricMatrix } from '../../linalg/dense.ts'
import { matMulInto } from '../../linalg/flat.ts'
import type { Dynamics } from '../../linearization/trajectory/dynamics.ts'
import type { TrajectoryCost } from './trajectoryCost.ts'

export interface TrackingWeights {
  readonly Q: MatrixLike // [ndx × ndx], symmetric
  readonly R: MatrixLike // [nu × nu], symmetric
  readonly Qf?: MatrixLike // [ndx × ndx], symmetric, of the last state; default Q
  /** Where to: one state [nx], or one for each knot [(N + 1) × nx]. */
  readonly xGoal: Float64Array
  /** One control [nu], or one for each step [N × nu]; default 0. */
  readonly uGoal?: Float64Array
  /** What Q and R are weights of: a step (default), or a second, that is Q·dt and R·dt of a step. Qf is neither. */
  readonly per?: 'step' | 'second'
}

/**
 * The cost on an engine's or dynamics' tangent. Gradients are exact, rotations included: ∇ = 2 EᵀQδx with E = ∂(x ⊖ xGoal)/∂x; second
 * derivatives are Gauss–Newton's, 2 EᵀQE. Throws as `lqr` on weights that do not fit, RangeError on goals of a wrong length.
 */
export function quadraticTracking(
  dynamics: Pick<Dynamics, 'layout' | 'dt' | 'difference' | 'differenceJacobian'>,
  { Q, R, Qf = Q, xGoal, uGoal, per = 'step' }: TrackingWeights,
): TrajectoryCost {
  const { nx, ndx, nu } = dynamics.layout
  const weightsOf = (M: MatrixLike, name: string, rows: number, symbols: string, factor: number): Float64Array =>
    toFlat(toSymmetricMatrix(M, 'quadraticTracking', name, { rows, symbols })).map((value) => factor * value)
  if (per !== 'step' && per !== 'second')
    throw new RangeError(`quadraticTracking: per must be 'step' or 'second', got ${String(per)}`)
  const factor = per === 'second' ? dynamics.dt : 1
  const weight = weightsOf(Q, 'Q', ndx, 'ndx × ndx', factor)
  const weightU = weightsOf(R, 'R', nu, 'nu × nu', factor)
  const weightF = weightsOf(Qf, 'Qf', ndx, 'ndx × ndx', 1)
  const goals = splitRows('xGoal', xGoal, nx, 'nx')
  const controls = splitRows('uGoal', uGoal ?? new Float64Array(nu), nu, 'nu')
  const r = new Float64Array(ndx)
  const Wr = new Float64Array(ndx)
  const E = new Float64Array(ndx * ndx)
  const WE = new Float64Array(ndx * ndx)
  const du = new Float64Array(nu)

  /** vᵀWv; Wv is left in `out`. */
  const quadratic = (W: Float64Array, v: Float64Array, out: Float64Array): number => {
    const n = v.length
    let sum = 0
    for (let i = 0; i < n; i++) {
      let row = 0
      for (let j = 0; j < n; j++) row += W[i * n + j]! * v[j]!
      out[i] = row
      sum += v[i]! * row
    }
    return sum
  }
  const goalAt = (k: number) => goals[Math.min(k, goals.length - 1)]!
  const atGoal = (W: Float64Array, x: Float64Array, k: number): number => {
    dynamics.difference(x, goalAt(k), r)
    return quadratic(W, r, Wr)
  }
  const expandState = (W: Float64Array, x: Float64Array, k: number, lx: Float64Array, lxx: Float64Array): void => {
    atGoal(W, x, k)
    dynamics.differenceJacobian(x, goalAt(k), E)
    matMulInto(WE, W, E, ndx, ndx, ndx)
    for (let i = 0; i < ndx; i++) {
      let sum = 0
      for (let a = 0; a < ndx; a++) sum += E[a * ndx + i]! * Wr[a]!
      lx[i] = 2 * sum
      for (let j = 0; j <= i; j++) {
        let entry = 0
        for (let a = 0; a < ndx; a++) {
          const e = E[a * ndx + i]!
          if (e !== 0) entry += e * WE[a * ndx + j]!
        }
        lxx[i * ndx + j] = 2 * entry
        lxx[j * ndx + i] = 2 * entry
      }
    }
  }
  const Ru = new Float64Array(nu)
  const effort = (u: Float64Array, k: number): number => {
    const goal = controls[Math.min(k, controls.length - 1)]!
    for (let i = 0; i < nu; i++) du[i] = u[i]! - goal[i]!
    return quadratic(weightU, du, Ru)
  }
  return {
    running: (x, u, k) => atGoal(weight, x, k) + effort(u, k),
    expandRunning(x, u, k, { lx, lu, lxx, lux, luu }) {
      expandState(weight, x, k, lx, lxx)
      effort(u, k)
      for (let i = 0; i < nu; i++) lu[i] = 2 * Ru[i]!
      for (let i = 0; i < nu * nu; i++) luu[i] = 2 * weightU[i]!
      lux.fill(0)
    },
    terminal: (x) => atGoal(weightF, x, goals.length - 1),
    expandTerminal: (x, { lx, lxx }) => expandState(weightF, x, goals.length - 1, lx, lxx),
  }
}

function splitRows(name: string, values: Float64Array, width: number, symbol: string): Float64Array[] {
  const rows = width === 0 ? 1 : values.length / width
  if (!(Number.isInteger(rows) && rows >= 1))
    throw new RangeError(
      `quadraticTracking: ${name} must have ${symbol} = ${width} entries for each knot, got ${values.length}`,
    )
  return Array.from({ length: rows }, (_, k) => values.slice(k * width, (k + 1) * width))
}
