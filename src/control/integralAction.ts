/**
 * LQR with the integral of chosen outputs, so that forces that nobody modelled leave no error in them: the state is (δx, z) with
 * z⁺ = z + dt·Cδx, the cost Σ δxᵀQδx + zᵀQ_z z + δuᵀRδu + 2δxᵀSδu, and δu = −Kδx − K_z z. At rest z stands still, so Cδx = 0, whatever
 * constant force acts. Source: K. J. Åström, R. M. Murray, Feedback Systems, 2nd ed., §7.4.
 */
import { Matrix } from 'ml-matrix'
import { type MatrixLike, toSymmetricMatrix } from '../linalg/dense.ts'
import { linearSystem, type QuadraticCost, quadraticCost } from './linearArguments.ts'
import { type LinearModel, type Lqr, type LqrOptions, lqr } from './lqr.ts'
import { coordinateNames, type Outputs, outputMatrix } from './outputMatrix.ts'

export interface IntegralCost extends QuadraticCost {
  readonly outputs: Outputs // whose errors are to vanish: C [ny × ndx], or names of entries of dx; at most as many as controls
  readonly Qz: MatrixLike // weights of their integrals, [ny × ny], positive definite
}

export interface IntegralAction extends Lqr {
  readonly Kz: Matrix | null // [nu × ny]; null where K is
  readonly C: Matrix // [ny × ndx]
}

/**
 * Gains for a linearization (or any { A, B }; without dt the integral is a sum). K and Kz belong to δx and z; P, eigenvalues and
 * modes to both together, integrals by the name 'integral of cart.position'. Misuse throws, numerics report, as of `lqr`.
 */
export function integralAction(lin: LinearModel, cost: IntegralCost, options: LqrOptions = {}): IntegralAction {
  const caller = 'integralAction'
  const { A, B } = linearSystem(caller, lin)
  const [ndx, nu] = [A.rows, B.columns]
  const { Q, R, S } = quadraticCost(caller, { A, B }, cost)
  const names = coordinateNames(lin, ndx)
  const C = outputMatrix(caller, cost.outputs, names)
  const ny = C.rows
  if (ny > nu) throw new RangeError(`${caller}: ${nu} controls can't hold ${ny} outputs`)
  const Qz = toSymmetricMatrix(cost.Qz, caller, 'Qz', { rows: ny, symbols: 'ny × ny' })
  const { dt = 1, ...rest } = lin
  const whole = (rows: number, columns: number, ...parts: [Matrix, number, number][]): Matrix => {
    const M = Matrix.zeros(rows, columns)
    for (const [part, row, column] of parts) M.setSubMatrix(part, row, column)
    return M
  }
  const n = ndx + ny
  const { quality: _measured, c, ...known } = rest
  const found = lqr(
    {
      ...known,
      ...(rest.quality && { quality: { stepRange: rest.quality.stepRange, noiseLevel: rest.quality.noiseLevel } }),
      dt,
      A: whole(n, n, [A, 0, 0], [Matrix.mul(C, dt), ndx, 0], [Matrix.eye(ny, ny), ndx, ndx]),
      B: whole(n, nu, [B, 0, 0]),
      ...(c && { c: [...Array.from(c), ...new Float64Array(ny)] }),
      layout: {
        dx: [...names, ...outputNames(cost.outputs, ny)].map((name) => ({ name })),
        u: lin.layout?.u ?? Array.from({ length: nu }, (_, k) => ({ name: `u[${k}]` })),
      },
    },
    {
      Q: whole(n, n, [Q, 0, 0], [Qz, ndx, ndx]),
      R,
      ...(S && { S: whole(n, nu, [S, 0, 0]) }),
    },
    options,
  )
  return {
    ...found,
    K: found.K?.subMatrix(0, nu - 1, 0, ndx - 1) ?? null,
    Kz: found.K?.subMatrix(0, nu - 1, ndx, n - 1) ?? null,
    C,
  }
}

function outputNames(outputs: Outputs, ny: number): string[] {
  return Array.from({ length: ny }, (_, k) => {
    const output = Matrix.isMatrix(outputs) ? k : (outputs as readonly unknown[])[k]
    return `integral of ${typeof output === 'string' ? output : `y[${k}]`}`
  })
}
