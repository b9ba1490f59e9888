/**
 * LQR over N steps: min Σ_{k<N} (δxᵀQδx + δuᵀRδu + 2δxᵀSδu) + δx_NᵀQ_N δx_N subject to δx⁺ = Aδx + Bδu; δu_k = −K_k δx. The recursion
 * is that of `timeVaryingLqr`. Towards the beginning of a long horizon K_k and P_k tend to those of `lqr`.
 */
import type { Matrix } from 'ml-matrix'
import { type MatrixLike, toSymmetricMatrix } from '../linalg/dense.ts'
import type { QuadraticCost } from './linearArguments.ts'
import { backward, stepOf } from './timeVaryingLqr.ts'

export interface FiniteHorizonCost extends QuadraticCost {
  readonly terminal?: MatrixLike // Q_N, [ndx × ndx], symmetric; default Q
}

export interface FiniteHorizonLqr {
  readonly result: 'solved' | 'no-minimum' // 'no-minimum': R + BᵀPB of some step is not positive definite
  readonly message: string // one sentence for people
  readonly K: readonly Matrix[] // [N], each [nu × ndx]; empty where there is no minimum
  readonly P: readonly Matrix[] // [N + 1], each [ndx × ndx]: δxᵀP_kδx is the cost from step k on
}

/**
 * Gains K_0 … K_{N−1} for a linearization (its c is left out: use `timeVaryingLqr` where it matters). Throws RangeError when N is not
 * an integer ≥ 1, on sizes that don't fit, asymmetric weights and entries that are not finite.
 */
export function finiteHorizonLqr(
  lin: { readonly A: MatrixLike; readonly B: MatrixLike },
  cost: FiniteHorizonCost,
  N: number,
): FiniteHorizonLqr {
  const caller = 'finiteHorizonLqr'
  if (!(Number.isInteger(N) && N >= 1)) throw new RangeError(`${caller}: N must be an integer ≥ 1, got ${N}`)
  const step = stepOf(caller, { A: lin.A, B: lin.B }, { Q: cost.Q, R: cost.R, ...(cost.S && { S: cost.S }) })
  const ndx = step.A.rows
  const terminal =
    cost.terminal === undefined
      ? step.Q
      : toSymmetricMatrix(cost.terminal, caller, 'terminal', { rows: ndx, symbols: 'ndx × ndx' })
  const { result, message, K, P } = backward(
    Array.from({ length: N }, () => step),
    terminal,
    new Float64Array(ndx),
  )
  return { result, message, K, P }
}
