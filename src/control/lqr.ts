/** Infinite-horizon discrete LQR: min Σ δxᵀQδx + δuᵀRδu + 2δxᵀSδu subject to δx⁺ = Aδx + Bδu; δu = −Kδx. */
import { Matrix } from 'ml-matrix'
import type { MatrixLike } from '../linalg/dense.ts'
import { type ComplexArray, eigenvalues } from '../linalg/eigenvalues.ts'
import { type Accuracy, type SensedQuality, sensedAccuracy } from './accuracy.ts'
import { type Dare, type DareResult, dare, resolveAccuracy } from './dare.ts'
import { doubtfulAccuracy } from './dareVerdict.ts'
import { linearSystem, type QuadraticCost, quadraticCost } from './linearArguments.ts'
import { describeMode, type Mode } from './modes.ts'
import { type Controllable, type NeutralProblem, withoutNeutralModes } from './neutralModes.ts'
import { coordinateNames } from './outputMatrix.ts'

/** What is needed of a linearization: A [ndx × ndx] and B [ndx × nu]; the rest where it is known. */
export interface LinearModel {
  readonly A: MatrixLike
  readonly B: MatrixLike
  readonly layout?: {
    readonly dx: readonly { readonly name: string }[] // [ndx]
    readonly u: readonly { readonly name: string }[] // [nu]
  }
  readonly quality?: SensedQuality // of a sensed Jacobian: tells how well A and B are known
  readonly xBar?: ArrayLike<number> // [nx]
  readonly c?: ArrayLike<number> // [ndx], what the nominal step changes: zero at an equilibrium
  readonly dt?: number // s
  readonly precision?: 'single' // of the steps, where it is not double
  readonly constraints?: readonly { readonly name: string; readonly coordinates: readonly string[] }[] // joints, closures
}

export interface LqrOptions {
  readonly tolerance?: number // largest relative residual of the Riccati equation, default 1e-9
  readonly maxIterations?: number
  /** As of `dare`: 'separate' (default) solves for robots that are apart one by one, within the accuracy of A and B. */
  readonly blocks?: 'separate' | 'together'
  /**
   * Modes on the unit circle that carry no cost (the place of a robot whose place is free): 'keep' (default) leaves them
   * where they are and lists them as undetectable, 'refuse' makes them a failure.
   */
  readonly uncosted?: 'keep' | 'refuse'
  /**
   * Modes with cost that stay as they are whatever control does (λ = 1: the place and heading of a foot on the floor): 'refuse'
   * (default) makes them a failure, 'keep' leaves them and their cost out and lists them as `unreached`. Modes that grow are a
   * failure always.
   */
  readonly unreached?: 'refuse' | 'keep'
  /**
   * Largest error to expect of the entries of A and B, one number for both or one each; what control does to a mode within it
   * counts as nothing. Default: of a sensed linearization its rounding and noise (accuracy.ts), else rounding of A and B.
   */
  readonly accuracy?: number | Accuracy
}

export interface Lqr {
  readonly result: DareResult
  readonly message: string // one sentence for people
  readonly K: Matrix | null // [nu × ndx]; null unless a solution was found
  readonly P: Matrix | null // cost to go δxᵀPδx, [ndx × ndx]
  readonly eigenvalues: ComplexArray | null // of A − BK, by descending magnitude
  readonly openLoopEigenvalues: ComplexArray // of A
  readonly residual: number // relative residual of the Riccati equation
  readonly iterations: number
  /** Whether c is not zero: the point is no equilibrium, and u = uBar − Kδx alone will not hold it there. */
  readonly affine: boolean
  readonly unstabilizable?: readonly Mode[] // modes at fault
  readonly unreached?: readonly Mode[] // left as they are, and out of the cost
  readonly undetectable?: readonly Mode[] // modes at fault, or left on the unit circle
  readonly leastReached?: readonly Mode[] // by control, where rounding spoils the solution
}

/**
 * The gain K of u = uBar − K(x ⊖ xBar) for a linearization (or any { A, B }). The cost is per step, not per second.
 * Misuse throws: `lqr: R must be [nu × nu] = [2 × 2], got [3 × 3]`, entries that are not finite, asymmetry. What numerics
 * can't do is reported as `result`, with the modes at fault by coordinate names.
 */
export function lqr(lin: LinearModel, weights: QuadraticCost, options: LqrOptions = {}): Lqr {
  const { A, B } = linearSystem('lqr', lin)
  const cost = quadraticCost('lqr', { A, B }, weights)
  const names = coordinateNames(lin, A.rows)
  const sensed = lin.quality ? sensedAccuracy(lin.quality, lin.xBar) : null
  const { uncosted = 'keep', unreached = 'refuse', accuracy: given = sensed ?? undefined, ...rest } = options
  if (unreached !== 'keep' && unreached !== 'refuse')
    throw new RangeError(`lqr: unreached must be 'refuse' or 'keep', got ${String(unreached)}`)
  const accuracy = given !== undefined && { accuracy: given }
  const solve = (problem: NeutralProblem, kept: 'keep' | 'refuse') =>
    dare(problem.A, problem.B, problem.Q, cost.R, {
      ...rest,
      ...accuracy,
      ...(problem.S && { S: problem.S }),
      uncosted: kept,
      names,
    })
  const problem: NeutralProblem = { A, B, Q: cost.Q, S: cost.S }
  let solution: Dare & { unreached?: readonly Mode[] } = solve(problem, uncosted)
  if (solution.result === 'unstabilizable' && unreached === 'keep') {
    const known = resolveAccuracy(given, { A, B })
    for (const level of [known, doubtfulAccuracy({ A, B }, known)]) {
      const rest = withoutNeutralModes(problem, names, level)
      const found = rest && solve(rest, 'keep')
      if (!found?.K) continue
      solution = beyond(found, rest!)
      break
    }
  }
  const moved = largestDrift(lin)
  const drift =
    moved === null
      ? ''
      : `; the point is not an equilibrium${lin.quality?.smoothing ? ' of the smoothed step' : ''} (c of ${names[moved]!} is ${lin.c![moved]!.toExponential(1)})`
  return {
    ...solution,
    message: solution.message + advice(solution, lin) + drift,
    openLoopEigenvalues: eigenvalues(A),
    affine: moved !== null,
  }
}

/** The answer for the whole system from that for what control can change. */
function beyond(found: Dare, { shift, modes }: Controllable): Dare & { unreached: readonly Mode[] } {
  const named = modes.map(describeMode).join('; ')
  const { undetectable: _kept, ...values } = found
  const message = `solved for what control can change; no control reaches, and the cost leaves out, ${named}`
  return { ...values, message, K: Matrix.add(found.K!, shift), unreached: modes }
}

/** Weight of a coordinate in a mode from which on the mode is its own; less may be errors of A where many modes have λ = 1. */
const HEAVY = 0.5

/** Where modes are out of reach that move coordinates which constraints hold together. */
function advice({ result, unstabilizable = [] }: Dare, { constraints = [] }: LinearModel): string {
  if (result !== 'unstabilizable') return ''
  const heavy = unstabilizable.flatMap(({ coordinates }) => coordinates.filter(({ weight }) => weight >= HEAVY))
  const moved = new Set(heavy.map(({ name }) => name))
  const touched = constraints.filter(({ coordinates }) => coordinates.some((name) => moved.has(name)))
  if (touched.length === 0) return ''
  const names = touched.slice(0, 3).map(({ name }) => name)
  const more = touched.length > names.length ? ` and ${touched.length - names.length} more` : ''
  return `; ${names.join(', ')}${more} hold these together: constrainedLqr leaves out what violates them`
}

/** Largest change of a coordinate by the nominal step that counts as none, its unit per second: in double and in single precision. */
const BALANCED = { double: 1e-6, single: 1e-4 }

/** Index of the largest entry of c, null where none stands for a drift. */
function largestDrift({ c = [], dt = 1, precision }: LinearModel): number | null {
  let largest = -1
  for (let i = 0; i < c.length; i++) if (largest < 0 || Math.abs(c[i]!) > Math.abs(c[largest]!)) largest = i
  return largest >= 0 && Math.abs(c[largest]!) > BALANCED[precision ?? 'double'] * dt ? largest : null
}
