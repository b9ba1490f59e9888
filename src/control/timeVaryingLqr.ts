/**
 * LQR along a trajectory: min Σ_{k<N} (δxᵀQδx + δuᵀRδu + 2δxᵀSδu + 2qᵀδx + 2rᵀδu) + δx_NᵀQ_N δx_N + 2q_Nᵀδx_N subject to
 * δx⁺ = A_k δx + B_k δu + c_k; δu_k = −K_k δx_k − k_k. The cost to go of step k is δxᵀPδx + 2pᵀδx + a constant, with, from the end,
 *
 *     H = R + BᵀPB,  K = H⁻¹(BᵀPA + Sᵀ),  k = H⁻¹(r + Bᵀ(Pc + p)),
 *     P ← Q + KᵀRK − SK − (SK)ᵀ + (A − BK)ᵀP(A − BK),  p ← q + Aᵀ(Pc + p) − (BᵀPA + Sᵀ)ᵀk.
 *
 * Source: D. P. Bertsekas, Dynamic Programming and Optimal Control, vol. 1, 4th ed., §3.1, with cross, linear and affine terms
 * carried along; P in the form that stays symmetric and positive semidefinite (P. D. Joseph).
 */
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { type MatrixLike, symmetrized, toSymmetricMatrix } from '../linalg/dense.ts'
import { product } from '../linalg/product.ts'
import { type LinearSystem, linearSystem, type QuadraticCost, quadraticCost, toVector } from './linearArguments.ts'

/** What is needed of a linearization at one point of a trajectory; where they are given, states must follow one another. */
export interface StepModel {
  readonly A: MatrixLike // [ndx × ndx]
  readonly B: MatrixLike // [ndx × nu]
  readonly c?: ArrayLike<number> // [ndx], the defect; default 0
  readonly xBar?: ArrayLike<number> // [nx]
  readonly xBarNext?: ArrayLike<number> // [nx]
}

export interface StepCost extends QuadraticCost {
  readonly q?: ArrayLike<number> // [ndx], half the gradient by δx; default 0
  readonly r?: ArrayLike<number> // [nu], half the gradient by δu; default 0
}

export interface TimeVaryingOptions {
  readonly terminal?: MatrixLike // Q_N, [ndx × ndx], symmetric; default: Q of the last step
  readonly terminalGradient?: ArrayLike<number> // q_N, [ndx]; default 0
}

export interface TimeVaryingLqr {
  readonly result: 'solved' | 'no-minimum' // 'no-minimum': H of some step is not positive definite
  readonly message: string // one sentence for people
  readonly K: readonly Matrix[] // [N], each [nu × ndx]; empty where there is no minimum
  readonly k: readonly Float64Array[] // [N], each [nu], feedforward
  readonly P: readonly Matrix[] // [N + 1], each [ndx × ndx]
  readonly p: readonly Float64Array[] // [N + 1], each [ndx]
  readonly constant: Float64Array // [N + 1]: the cost to go is δxᵀPδx + 2pᵀδx + constant
}

/**
 * Gains for N linearizations, as of `linearizeAlong`; `cost` is that of every step, or one each. Throws RangeError on no steps, sizes
 * that don't fit, asymmetric weights, entries that are not finite, and on a linearization that starts where the one before does not end.
 */
export function timeVaryingLqr(
  lins: readonly StepModel[],
  cost: StepCost | readonly StepCost[],
  options: TimeVaryingOptions = {},
): TimeVaryingLqr {
  const caller = 'timeVaryingLqr'
  const N = lins.length
  if (N === 0) throw new RangeError(`${caller}: needs at least one linearization`)
  const shared = isList(cost) ? null : cost
  if (isList(cost) && cost.length !== N)
    throw new RangeError(`${caller}: needs one cost or N = ${N}, got ${cost.length}`)
  checkChain(lins)
  const steps = lins.map((lin, k) => stepOf(`${caller}, step ${k}`, lin, shared ?? (cost as readonly StepCost[])[k]!))
  const ndx = steps[0]!.A.rows
  for (const [k, { A, B }] of steps.entries())
    if (A.rows !== ndx || B.columns !== steps[0]!.B.columns)
      throw new RangeError(
        `${caller}: step ${k} is of [${A.rows}] states and [${B.columns}] controls, step 0 of [${ndx}] and [${steps[0]!.B.columns}]`,
      )
  return backward(
    steps,
    options.terminal === undefined
      ? steps[N - 1]!.Q
      : toSymmetricMatrix(options.terminal, caller, 'terminal', { rows: ndx, symbols: 'ndx × ndx' }),
    toVector(options.terminalGradient, caller, 'terminalGradient', { length: ndx, symbol: 'ndx' }),
  )
}

/** One step with its cost, as the recursion takes it. */
export interface Step extends LinearSystem {
  readonly c: Float64Array // [ndx]
  readonly Q: Matrix
  readonly R: Matrix
  readonly S: Matrix
  readonly q: Float64Array // [ndx]
  readonly r: Float64Array // [nu]
}

/** A step from what users give. */
export function stepOf(caller: string, lin: StepModel, cost: StepCost): Step {
  const system = linearSystem(caller, lin)
  const [ndx, nu] = [system.A.rows, system.B.columns]
  const { Q, R, S = Matrix.zeros(ndx, nu) } = quadraticCost(caller, system, cost)
  const ofStates = { length: ndx, symbol: 'ndx' }
  return {
    ...system,
    Q,
    R,
    S,
    c: toVector(lin.c, caller, 'c', ofStates),
    q: toVector(cost.q, caller, 'q', ofStates),
    r: toVector(cost.r, caller, 'r', { length: nu, symbol: 'nu' }),
  }
}

/** The recursion above, from the last step to the first. */
export function backward(steps: readonly Step[], terminal: Matrix, terminalGradient: Float64Array): TimeVaryingLqr {
  const N = steps.length
  const [K, k, P, p] = [[] as Matrix[], [] as Float64Array[], [terminal], [terminalGradient]]
  const constant = new Float64Array(N + 1)
  for (let step = N - 1; step >= 0; step--) {
    const { A, B, c, Q, R, S, q, r } = steps[step]!
    const [Pn, pn] = [P[0]!, column(p[0]!)]
    const Bt = B.transpose()
    const BtP = product(Bt, Pn)
    const H = new CholeskyDecomposition(symmetrized(Matrix.add(R, product(BtP, B))))
    if (!H.isPositiveDefinite())
      return {
        ...{ result: 'no-minimum', K: [], k: [], P: [], p: [], constant: new Float64Array(0) },
        message: `R + BᵀPB is not positive definite at step ${step} of ${N}: the cost has no minimum`,
      }
    const pushed = Matrix.add(product(Pn, column(c)), pn) // Pc + p
    const G = Matrix.add(product(BtP, A), S.transpose())
    const h = Matrix.add(column(r), product(Bt, pushed))
    const gain = H.solve(G)
    const forward = H.solve(h)
    const closed = Matrix.sub(A, product(B, gain))
    const SK = product(S, gain)
    const paid = Matrix.sub(product(gain.transpose(), product(R, gain)), Matrix.add(SK, SK.transpose()))
    K.unshift(gain)
    k.unshift(vector(forward))
    constant[step] =
      constant[step + 1]! +
      dot(c, vector(Matrix.add(pushed, pn))) - // cᵀPc + 2pᵀc
      dot(vector(h), vector(forward))
    P.unshift(symmetrized(Matrix.add(Matrix.add(Q, paid), product(closed.transpose(), product(Pn, closed)))))
    p.unshift(
      vector(Matrix.sub(Matrix.add(column(q), product(A.transpose(), pushed)), product(G.transpose(), forward))),
    )
  }
  return { result: 'solved', message: `solved: gains for ${N} step${N === 1 ? '' : 's'}`, K, k, P, p, constant }
}

const SAME = 1e-9 // states of two linearizations, relative to their size

function checkChain(lins: readonly StepModel[]): void {
  for (let k = 0; k + 1 < lins.length; k++) {
    const [end, start] = [lins[k]!.xBarNext, lins[k + 1]!.xBar]
    if (!end || !start) continue
    for (let i = 0; i < start.length; i++)
      if (!(Math.abs(end[i]! - start[i]!) <= SAME * (1 + Math.abs(start[i]!))))
        throw new RangeError(
          `timeVaryingLqr: linearization ${k + 1} starts where linearization ${k} does not end: x[${i}] is ${start[i]}, not ${end[i]}`,
        )
  }
}

function isList(cost: StepCost | readonly StepCost[]): cost is readonly StepCost[] {
  return Array.isArray(cost)
}

function column(v: Float64Array): Matrix {
  return Matrix.columnVector(v)
}

function vector(M: Matrix): Float64Array {
  return Float64Array.from(M.to1DArray())
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, i) => sum + x * b[i]!, 0)
}
