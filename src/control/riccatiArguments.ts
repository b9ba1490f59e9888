/** What `dare` and `care` are asked for, checked, and the way into and out of descriptor form. */
import { Matrix } from 'ml-matrix'
import {
  type MatrixLike,
  solveLinear,
  symmetrized,
  toMatrix,
  toSizedMatrix,
  toSymmetricMatrix,
} from '../linalg/dense.ts'
import { type Dare, failure } from './dareVerdict.ts'
import type { RiccatiProblem } from './kleinman.ts'

export interface RiccatiOptions {
  readonly S?: MatrixLike // cross term, [n × m]; default 0
  readonly E?: MatrixLike // descriptor matrix, [n × n], invertible; default I
  /** Largest accepted residual, relative to the sum of the norms of the equation's terms; default 1e-9. */
  readonly tolerance?: number
  readonly maxIterations?: number // of doubling (default 60; 5 to 12 are usual) and of Newton's method
  /**
   * Modes on the border of stability (|λ| = 1; in continuous time Re λ = 0) without cost can't be made stable by an optimal control:
   * there is no stabilizing solution. 'refuse' (default) reports them as 'undetectable'; 'keep' accepts a solution that leaves them
   * where they are.
   */
  readonly uncosted?: 'refuse' | 'keep'
  /**
   * 'separate' (default) solves an equation for each block of states and controls that hang together (blockwise.ts says which do),
   * 'together' one for all.
   */
  readonly blocks?: 'separate' | 'together'
  /** Names of the n coordinates, used in modes and messages; default x[0], x[1], … */
  readonly names?: readonly string[]
}

export interface RiccatiArguments {
  readonly original: RiccatiProblem
  readonly E: Matrix | null
  readonly standard: RiccatiProblem | null // with A ← E⁻¹A, B ← E⁻¹B; null where E is singular
  readonly tolerance: number
  readonly maxIterations: number
  readonly uncosted: 'refuse' | 'keep'
  readonly blocks: 'separate' | 'together'
  readonly names: readonly string[]
}

/** Copies of what users give; misuse throws, beginning with `caller` and naming the matrix and the entry. */
export function riccatiArguments(
  caller: string,
  { A, B, Q, R }: { A: MatrixLike; B: MatrixLike; Q: MatrixLike; R: MatrixLike },
  options: RiccatiOptions,
): RiccatiArguments {
  const { tolerance = 1e-9, maxIterations = 60, uncosted = 'refuse', blocks = 'separate' } = options
  if (!(tolerance >= 0)) throw new RangeError(`${caller}: tolerance must be a number ≥ 0, got ${tolerance}`)
  if (!(Number.isInteger(maxIterations) && maxIterations >= 1))
    throw new RangeError(`${caller}: maxIterations must be an integer ≥ 1, got ${maxIterations}`)
  if (uncosted !== 'refuse' && uncosted !== 'keep')
    throw new RangeError(`${caller}: uncosted must be 'refuse' or 'keep', got ${String(uncosted)}`)
  if (blocks !== 'separate' && blocks !== 'together')
    throw new RangeError(`${caller}: blocks must be 'separate' or 'together', got ${String(blocks)}`)
  const a = toMatrix(A, caller, 'A')
  const n = a.rows
  if (a.columns !== n) throw new RangeError(`${caller}: A must be [n × n], got [${n} × ${a.columns}]`)
  const b = toMatrix(B, caller, 'B')
  if (b.rows !== n) throw new RangeError(`${caller}: B must be [n × m] with n = ${n}, got [${b.rows} × ${b.columns}]`)
  const m = b.columns
  if (n === 0 || m === 0) throw new RangeError(`${caller}: needs states and controls, got n = ${n}, m = ${m}`)
  const original = {
    A: a,
    B: b,
    Q: toSymmetricMatrix(Q, caller, 'Q', { rows: n, symbols: 'n × n' }),
    R: toSymmetricMatrix(R, caller, 'R', { rows: m, symbols: 'm × m' }),
    S: options.S
      ? toSizedMatrix(options.S, caller, 'S', { rows: n, columns: m, symbols: 'n × m' })
      : Matrix.zeros(n, m),
  }
  const names = options.names ?? Array.from({ length: n }, (_, i) => `x[${i}]`)
  if (names.length !== n) throw new RangeError(`${caller}: names must hold n = ${n} names, got ${names.length}`)
  const settings = { original, tolerance, maxIterations, uncosted, blocks, names }
  if (!options.E) return { ...settings, E: null, standard: original }
  const E = toSizedMatrix(options.E, caller, 'E', { rows: n, columns: n, symbols: 'n × n' })
  const EinvA = solveLinear(E, a)
  const EinvB = solveLinear(E, b)
  return { ...settings, E, standard: EinvA && EinvB && { ...original, A: EinvA, B: EinvB } }
}

export const singularE = (): Dare =>
  failure('singular-E', 'E is singular: descriptor systems with algebraic equations are not supported')

/** A solution X of the standard form as that of the descriptor system, P = E⁻ᵀXE⁻¹; the eigenvalues stay. */
export function inDescriptorCoordinates(
  found: Dare,
  E: Matrix,
  tolerance: number,
  inEquation: (P: Matrix) => { P: Matrix; K: Matrix; residual: number }, // the original one; may improve P
): Dare {
  const EinvT = solveLinear(E.transpose(), found.P!)
  const X = EinvT && solveLinear(E.transpose(), EinvT.transpose())
  if (!X) return failure('singular-E', 'E is too close to singular', found.iterations)
  const values = inEquation(symmetrized(X))
  const { residual } = values
  if (residual <= tolerance) return { ...found, ...values }
  return {
    ...found,
    ...values,
    result: found.result === 'solved' ? 'inaccurate' : found.result,
    message: `the relative residual ${residual.toExponential(1)} is above the tolerance: E is badly conditioned`,
  }
}
