/** Least absolute deviations: min_x Σ_t w_t |(A x)_t − y_t| for many right-hand sides, which a share of gross errors does not move. */
import { type MatrixLike, toFlat, toMatrix } from '../linalg/dense.ts'
import { absoluteGuesses } from './absoluteGuess.ts'
import { absoluteMedian } from './absoluteMedian.ts'
import { type AbsoluteVertex, absoluteVertexSolver } from './absoluteVertex.ts'
import { orthonormalColumns } from './orthonormalColumns.ts'

export interface LeastAbsoluteOptions {
  readonly weights?: ArrayLike<number> | undefined // [k], ≥ 0, of the equations; default 1
  readonly maxPivots?: number | undefined // for one right-hand side, default 50·(n + 10)
}

export interface LeastAbsoluteSolution {
  /**
   * 'optimal': proven by a dual solution. 'rank-deficient': the objective is proven to be the least, but columns of A depend on
   * others, so that many x have it; those columns got zeros. 'max-pivots': the best found, at most `gap` above the least.
   */
  readonly result: 'optimal' | 'rank-deficient' | 'max-pivots'
  readonly x: Float64Array // [n]
  readonly objective: number // Σ_t w_t |(A x)_t − y_t|
  readonly gap: number // objective less a proven lower bound; rounding may make it slightly negative
  readonly isUnique: boolean // proven that no other x has this objective
  readonly fitted: readonly number[] // equations that determine x: they hold without residual; as many as the rank of A
  readonly multipliers: Float64Array // [k], the proof: |λ_t| ≤ w_t, Aᵀλ = 0 and −yᵀλ = objective − gap
  readonly dependentColumns: readonly number[] // of A; empty at full rank
  readonly pivots: number
}

/**
 * One solution for each column of Y [k × r], all with the same A [k × n], k ≥ n. A is made orthonormal once; each right-hand side is
 * then split (ADMM) to find out which equations hold, and finished exactly, from vertex to vertex. Where at least n equations are
 * right and the errors of the others are gross and random, x is as exact as if they had been left out: with Gaussian A up to a quarter
 * of the equations at four for each unknown, 45 % at ten. Against errors placed by an adversary, expect less.
 *
 * Throws TypeError or RangeError on matrices or weights that do not fit or hold other than finite numbers; leave out equations
 * whose measurement failed.
 */
export function leastAbsoluteDeviations(
  A: MatrixLike,
  Y: MatrixLike,
  { weights, maxPivots }: LeastAbsoluteOptions = {},
): LeastAbsoluteSolution[] {
  const matrix = toMatrix(A, 'leastAbsoluteDeviations', 'A')
  const values = toMatrix(Y, 'leastAbsoluteDeviations', 'Y')
  const { rows: k, columns: n } = matrix
  if (values.rows !== k)
    throw new RangeError(
      `leastAbsoluteDeviations: Y must have a row for each of the ${k} rows of A, got ${values.rows}`,
    )
  if (k < n)
    throw new RangeError(`leastAbsoluteDeviations: A must have at least as many rows as columns, got [${k} × ${n}]`)
  if (maxPivots !== undefined && !(Number.isSafeInteger(maxPivots) && maxPivots >= 0))
    throw new RangeError(`leastAbsoluteDeviations: maxPivots must be an integer ≥ 0, got ${maxPivots}`)
  const w = checkWeights(weights, k)

  const weighted = toFlat(matrix)
  for (let t = 0; t < k; t++) for (let j = 0; j < n; j++) weighted[t * n + j]! *= w[t]!
  const { rank, Q, kept, dependent } = orthonormalColumns(weighted, k, n)
  const scale = new Float64Array(rank)
  const scaled = new Float64Array(k * rank) // the columns kept, each divided by its largest entry
  for (let i = 0; i < rank; i++) {
    for (let t = 0; t < k; t++) scale[i] = Math.max(scale[i]!, Math.abs(weighted[t * n + kept[i]!]!))
    for (let t = 0; t < k; t++) scaled[t * rank + i] = weighted[t * n + kept[i]!]! / scale[i]!
  }

  const columns = Array.from({ length: values.columns }, (_, column) => {
    const y = new Float64Array(k)
    for (let t = 0; t < k; t++) y[t] = w[t]! * values.get(t, column)
    return y
  })
  return solveAll(scaled, Q, k, rank, columns, maxPivots ?? 50 * (rank + 10), (vertex) => {
    const x = new Float64Array(n)
    for (let i = 0; i < rank; i++) x[kept[i]!] = vertex.x[i]! / scale[i]! + 0 // no −0
    const multipliers = vertex.nu.slice()
    for (let t = 0; t < k; t++) multipliers[t]! *= w[t]!
    const result = !vertex.isOptimal ? 'max-pivots' : rank < n ? 'rank-deficient' : 'optimal'
    return {
      result,
      x,
      objective: vertex.objective,
      gap: vertex.gap,
      isUnique: vertex.isUnique && rank === n,
      fitted: Array.from(vertex.fitted.slice().sort()),
      multipliers,
      dependentColumns: dependent,
      pivots: vertex.pivots,
    }
  })
}

/** The vertex for each right-hand side, as `present` shows it. */
function solveAll(
  A: Float64Array,
  Q: Float64Array,
  k: number,
  n: number,
  columns: readonly Float64Array[],
  maxPivots: number,
  present: (vertex: AbsoluteVertex) => LeastAbsoluteSolution,
): LeastAbsoluteSolution[] {
  if (n === 1) return columns.map((y) => present(absoluteMedian(A, y)))
  const guesses = absoluteGuesses(Q, k, n, columns)
  const vertices = absoluteVertexSolver(A, Q, k, n)
  const solutions = columns.map((y, column) => present(vertices.solve(y, guesses[column]!, maxPivots)))
  vertices.release()
  return solutions
}

function checkWeights(weights: ArrayLike<number> | undefined, k: number): Float64Array {
  if (weights === undefined) return new Float64Array(k).fill(1)
  if (weights.length !== k)
    throw new RangeError(
      `leastAbsoluteDeviations: weights must have ${k} entries, one for each row of A, got ${weights.length}`,
    )
  for (let t = 0; t < k; t++)
    if (!(Number.isFinite(weights[t]) && weights[t]! >= 0))
      throw new RangeError(`leastAbsoluteDeviations: weights[${t}] is ${weights[t]}, expected a finite number ≥ 0`)
  return Float64Array.from(weights)
}
