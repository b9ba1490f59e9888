/**
 * LQR on what constraints allow: min Σ δxᵀQδx + δuᵀRδu + 2δxᵀSδu subject to δx⁺ = Aδx + Bδu and F δx = 0 at all times. With T a basis
 * of the null space of F and δx = Tz, it is LQR for (T⁺AT, T⁺B) with weights (TᵀQT, R, TᵀS), T⁺ = (TᵀT)⁻¹Tᵀ; δu = −K_z T⁺ δx. What
 * violates the constraints (joints pulled apart in maximal coordinates, loops that don't close) is left to the simulator: it would
 * be out of reach of control, or given a cost that no control can lower. As LinearQuadraticRegulator of Drake does it.
 */
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { frobenius, type MatrixLike, solveLinear, symmetrized, toMatrix } from '../linalg/dense.ts'
import { product } from '../linalg/product.ts'
import { orthogonalComplement, reducedColumns } from '../linalg/subspace.ts'
import { type Accuracy, sensedAccuracy } from './accuracy.ts'
import { linearSystem, type QuadraticCost, quadraticCost } from './linearArguments.ts'
import { type LinearModel, type Lqr, type LqrOptions, lqr } from './lqr.ts'

/** F [p × ndx] with F δx = 0, or columns T [ndx × k] that span what is allowed, with names for the k coordinates. */
export type Constraint =
  | { readonly F: MatrixLike }
  | { readonly T: MatrixLike; readonly names?: readonly string[] | undefined }

export interface ConstrainedLqr extends Lqr {
  readonly T: Matrix // [ndx × k], the basis used
  /**
   * How far steps leave what is allowed: ‖(I − TT⁺)[AT B]‖ relative to ‖[AT B]‖. Zero to the accuracy of A and B where the constraint
   * is one that the simulator keeps.
   */
  readonly leak: number
}

const RANK = 1e-9 // singular values of F and of T, relative to the largest, that count as zero

/**
 * K [nu × ndx] and P [ndx × ndx] are of the whole state; eigenvalues, residual and modes are of the allowed motions, in coordinates
 * named by the entries of dx that F leaves free, or as `names` says. Misuse throws: sizes, columns of T that depend on each other, an F
 * that allows nothing. `result` as of `lqr`.
 */
export function constrainedLqr(
  lin: LinearModel,
  cost: QuadraticCost,
  constraint: Constraint,
  options: LqrOptions = {},
): ConstrainedLqr {
  const caller = 'constrainedLqr'
  const { A, B } = linearSystem(caller, lin)
  const ndx = A.rows
  const { Q, R, S } = quadraticCost(caller, { A, B }, cost)
  const { T, names } = basisOf(constraint, ndx, (i) => lin.layout?.dx[i]?.name ?? `dx[${i}]`)
  const Tt = T.transpose()
  const pinv = solveLinear(product(Tt, T), Tt)! // full rank was checked
  const AT = product(A, T)
  const reduced = { A: product(pinv, AT), B: product(pinv, B) }
  const outside = (M: Matrix, inside: Matrix) => frobenius(Matrix.sub(M, product(T, inside)))
  const size = Math.hypot(frobenius(AT), frobenius(B))
  const leak = size === 0 ? 0 : Math.hypot(outside(AT, reduced.A), outside(B, reduced.B)) / size

  const given = options.accuracy ?? (lin.quality ? sensedAccuracy(lin.quality, lin.xBar) : null)
  const found = lqr(
    {
      ...reduced,
      layout: { dx: names.map((name) => ({ name })), u: lin.layout?.u ?? [] },
      ...(lin.c && { c: product(pinv, Matrix.columnVector(Array.from(lin.c))).to1DArray() }),
      ...(lin.dt !== undefined && { dt: lin.dt }),
      ...(lin.precision && { precision: lin.precision }),
    },
    { Q: symmetrized(product(Tt, product(Q, T))), R, ...(S && { S: product(Tt, S) }) },
    { ...options, ...(given !== null && { accuracy: projected(given, pinv, T) }) },
  )
  return {
    ...found,
    K: found.K && product(found.K, pinv),
    P: found.P && symmetrized(product(pinv.transpose(), product(found.P, pinv))),
    T,
    leak,
  }
}

/** Errors of entries, unrelated to each other, become errors of combinations of them. */
function projected(accuracy: number | Accuracy, pinv: Matrix, T: Matrix): Accuracy {
  const { A, B } = typeof accuracy === 'number' ? { A: accuracy, B: accuracy } : accuracy
  const longest = (rows: number[][]) => rows.reduce((most, row) => Math.max(most, Math.hypot(...row)), 0)
  const left = longest(pinv.to2DArray())
  return { A: left * longest(T.transpose().to2DArray()) * A, B: left * B }
}

function basisOf(
  constraint: Constraint,
  ndx: number,
  nameOf: (i: number) => string,
): { T: Matrix; names: readonly string[] } {
  const caller = 'constrainedLqr'
  if ('T' in constraint) {
    const T = toMatrix(constraint.T, caller, 'T')
    if (T.rows !== ndx || T.columns === 0 || T.columns > ndx)
      throw new RangeError(`${caller}: T must be [ndx × k] with ndx = ${ndx} ≥ k ≥ 1, got [${T.rows} × ${T.columns}]`)
    const sigmas = new SingularValueDecomposition(T).diagonal
    if (!(sigmas.at(-1)! > RANK * sigmas[0]!)) throw new RangeError(`${caller}: columns of T depend on each other`)
    const names = constraint.names ?? Array.from({ length: T.columns }, (_, k) => `z[${k}]`)
    if (names.length !== T.columns)
      throw new RangeError(`${caller}: names must hold k = ${T.columns} names, got ${names.length}`)
    return { T, names }
  }
  const F = toMatrix(constraint.F, caller, 'F')
  if (F.columns !== ndx)
    throw new RangeError(`${caller}: F must be [p × ndx] with ndx = ${ndx}, got [${F.rows} × ${F.columns}]`)
  const svd = new SingularValueDecomposition(F.transpose(), { autoTranspose: true, computeRightSingularVectors: false })
  const rank = svd.diagonal.filter((sigma) => sigma > RANK * svd.diagonal[0]!).length
  if (rank === ndx) throw new RangeError(`${caller}: F has full rank: it allows no motion`)
  const held = rank === 0 ? Matrix.zeros(ndx, 0) : svd.leftSingularVectors.subMatrix(0, ndx - 1, 0, rank - 1)
  const T = reducedColumns(orthogonalComplement(held))
  // Each column is 1 in a row in which the others are 0: its coordinate is that entry of dx.
  const names = Array.from({ length: T.columns }, (_, k) =>
    nameOf(Array.from({ length: ndx }, (__, i) => i).find((i) => isUnit(T.getRow(i), k))!),
  )
  return { T, names }
}

function isUnit(row: readonly number[], k: number): boolean {
  return row.every((entry, j) => Math.abs(entry - (j === k ? 1 : 0)) < 1e-12)
}
