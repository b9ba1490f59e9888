/**
 * The discrete algebraic Riccati equation
 *
 *     AᵀPA − EᵀPE − (AᵀPB + S)(R + BᵀPB)⁻¹(BᵀPA + Sᵀ) + Q = 0,    K = (R + BᵀPB)⁻¹(BᵀPA + Sᵀ),
 *
 * for the P that makes E x⁺ = (A − BK)x stable: u = −Kx then minimizes Σ xᵀQx + uᵀRu + 2xᵀSu.
 *
 * How: E is eliminated (A ← E⁻¹A, B ← E⁻¹B, P = E⁻ᵀXE⁻¹). Where R is invertible the cross term is too (A ← A − BR⁻¹Sᵀ,
 * Q ← Q − SR⁻¹Sᵀ) and structure-preserving doubling gives P. Where that can't be done, or gives a solution that is not the
 * stabilizing one (an unstable mode without cost), Newton's method starts from a stabilizing gain (kleinman.ts); it needs no
 * inverse of R. What comes out is always checked against the original equation: residual, closed loop, definiteness.
 */
import { Matrix } from 'ml-matrix'
import {
  type MatrixLike,
  maxAbs,
  solveLinear,
  symmetrized,
  toMatrix,
  toSizedMatrix,
  toSymmetricMatrix,
} from '../linalg/dense.ts'
import { type ComplexArray, eigenvalues, symmetricEigenvalues } from '../linalg/eigenvalues.ts'
import { doubling } from './doubling.ts'
import { gainOf, newtonKleinman, type RiccatiProblem, riccatiResidual } from './kleinman.ts'
import { describeMode, type Mode, uncontrolledModes, unseenModes } from './modes.ts'

export interface DareOptions {
  readonly S?: MatrixLike // cross term, [n × m]; default 0
  readonly E?: MatrixLike // descriptor matrix, [n × n], invertible; default I
  /** Largest accepted residual, relative to the sum of the norms of the equation's terms; default 1e-9. */
  readonly tolerance?: number
  readonly maxIterations?: number // of doubling (default 60; 5 to 12 are usual) and of Newton's method
  /**
   * Modes on the unit circle without cost can't be made stable by an optimal control: there is no stabilizing solution.
   * 'refuse' (default) reports them as 'undetectable'; 'keep' accepts a solution that leaves them where they are (|λ| = 1).
   */
  readonly uncosted?: 'refuse' | 'keep'
  /** Names of the n coordinates, used in modes and messages; default x[0], x[1], … */
  readonly names?: readonly string[]
}

export type DareResult =
  | 'solved'
  | 'unstabilizable' // modes with |λ| ≥ 1 that no control reaches
  | 'undetectable' // modes on the unit circle that carry no cost; P and K leave them there, if they are given
  | 'singular-R' // R is singular and so is R + BᵀPB
  | 'singular-E'
  | 'no-stabilizing-solution' // (Q, R, S) not positive enough for one to exist
  | 'max-iterations' // not enough of them to find even a stabilizing gain
  | 'inaccurate' // a solution was found, but its residual is above tolerance

export interface Dare {
  readonly result: DareResult
  readonly message: string // one sentence for people
  readonly P: Matrix | null // [n × n], symmetric; null unless a solution was found
  readonly K: Matrix | null // [m × n]
  /** Closed loop, of E⁻¹(A − BK), by descending magnitude; null where K is. */
  readonly eigenvalues: ComplexArray | null
  readonly residual: number // relative; Infinity where there is no P
  readonly iterations: number // doubling and Newton steps together
  readonly unstabilizable?: readonly Mode[]
  readonly undetectable?: readonly Mode[]
}

const ON_CIRCLE = 1e-7 // |λ| within this of 1 counts as on the unit circle
const INDEFINITE = 1e-13 // smallest eigenvalue of R + BᵀPB, relative to the largest
const SINGULAR = 1e-14 // smallest singular value of R, relative to the largest

/** A candidate P with what the checks found. */
interface Candidate {
  readonly P: Matrix
  readonly K: Matrix
  readonly eigenvalues: ComplexArray
  readonly radius: number
  readonly residual: number
}

/**
 * Solves the equation above. A, E [n × n], B, S [n × m], Q [n × n] and R [m × m] symmetric, all real.
 * Misuse (sizes, entries that are not finite, asymmetric Q or R, complex matrices) throws, naming the matrix and the entry.
 */
export function dare(A: MatrixLike, B: MatrixLike, Q: MatrixLike, R: MatrixLike, options: DareOptions = {}): Dare {
  const { tolerance = 1e-9, maxIterations = 60, uncosted = 'refuse' } = options
  if (!(tolerance >= 0)) throw new RangeError(`dare: tolerance must be a number ≥ 0, got ${tolerance}`)
  if (!(Number.isInteger(maxIterations) && maxIterations >= 1))
    throw new RangeError(`dare: maxIterations must be an integer ≥ 1, got ${maxIterations}`)
  if (uncosted !== 'refuse' && uncosted !== 'keep')
    throw new RangeError(`dare: uncosted must be 'refuse' or 'keep', got ${String(uncosted)}`)
  const a = toMatrix(A, 'dare', 'A')
  const n = a.rows
  if (a.columns !== n) throw new RangeError(`dare: A must be [n × n], got [${n} × ${a.columns}]`)
  const b = toMatrix(B, 'dare', 'B')
  if (b.rows !== n) throw new RangeError(`dare: B must be [n × m] with n = ${n}, got [${b.rows} × ${b.columns}]`)
  const m = b.columns
  if (n === 0 || m === 0) throw new RangeError(`dare: needs states and controls, got n = ${n}, m = ${m}`)
  const q = toSymmetricMatrix(Q, 'dare', 'Q', { rows: n, symbols: 'n × n' })
  const r = toSymmetricMatrix(R, 'dare', 'R', { rows: m, symbols: 'm × m' })
  const s = options.S
    ? toSizedMatrix(options.S, 'dare', 'S', { rows: n, columns: m, symbols: 'n × m' })
    : Matrix.zeros(n, m)
  const names = options.names ?? Array.from({ length: n }, (_, i) => `x[${i}]`)
  if (names.length !== n) throw new RangeError(`dare: names must hold n = ${n} names, got ${names.length}`)

  let problem: RiccatiProblem = { A: a, B: b, Q: q, R: r, S: s }
  let E: Matrix | null = null
  if (options.E) {
    E = toSizedMatrix(options.E, 'dare', 'E', { rows: n, columns: n, symbols: 'n × n' })
    const EinvA = solveLinear(E, a)
    const EinvB = solveLinear(E, b)
    if (!EinvA || !EinvB)
      return failure('singular-E', 'E is singular: descriptor systems with algebraic equations are not supported')
    problem = { ...problem, A: EinvA, B: EinvB }
  }

  const found = solveStandard(problem, { tolerance, maxIterations, uncosted, names })
  if (!E || !found.P) return found
  return inDescriptorCoordinates(found, { A: a, B: b, Q: q, R: r, S: s }, E, tolerance)
}

interface Settings {
  readonly tolerance: number
  readonly maxIterations: number
  readonly uncosted: 'refuse' | 'keep'
  readonly names: readonly string[]
}

function solveStandard(problem: RiccatiProblem, settings: Settings): Dare {
  const { tolerance, maxIterations, names } = settings
  const reduced = withoutCrossTerm(problem)
  let iterations = 0
  let best: Candidate | null = null
  if (reduced) {
    const doubled = doubling(reduced.A, reduced.G, reduced.Q, maxIterations)
    iterations += doubled?.iterations ?? maxIterations
    if (doubled) best = examine(problem, doubled.P)
  }
  if (!best || best.radius > 1 + ON_CIRCLE || best.residual > tolerance) {
    const start = stabilizingGain(problem, maxIterations)
    if (!start) {
      const unstabilizable = uncontrolledModes(problem.A, problem.B, names, 1 - ON_CIRCLE)
      return unstabilizable.length > 0
        ? unstabilizableFailure(unstabilizable, iterations)
        : failure(
            'max-iterations',
            `no stabilizing gain was found in ${maxIterations} iterations, though every mode passes the PBH test`,
            iterations,
          )
    }
    const newton = newtonKleinman(problem, start, maxIterations)
    iterations += newton.iterations
    const candidate = newton.P && examine(problem, newton.P)
    if (candidate && (!best || candidate.radius < 1 || candidate.residual < best.residual)) best = candidate
  } else if (best.radius < 1 - ON_CIRCLE) best = refined(problem, best)

  const free = reduced ? unseenModes(reduced.A, reduced.Q, names, 1 - ON_CIRCLE, 1 + ON_CIRCLE) : []
  return verdict(problem, best, free, iterations, settings)
}

/** Judges the best candidate: every check must pass for 'solved'. */
function verdict(
  problem: RiccatiProblem,
  best: Candidate | null,
  free: readonly Mode[],
  iterations: number,
  { tolerance, uncosted, names }: Settings,
): Dare {
  if (!best || best.radius > 1 + ON_CIRCLE || best.residual > 1e-3) {
    if (free.length > 0) return undetectableFailure(free, null, iterations)
    if (isSingular(problem.R))
      return failure('singular-R', 'R is singular and no stabilizing solution with R + BᵀPB > 0 was found', iterations)
    return failure(
      'no-stabilizing-solution',
      'the equation has no stabilizing solution: the weights (Q, R, S) are not positive enough',
      iterations,
    )
  }
  const values = { P: best.P, K: best.K, eigenvalues: best.eigenvalues, residual: best.residual, iterations }
  const G = Matrix.add(problem.R, problem.B.transpose().mmul(best.P).mmul(problem.B))
  const spectrum = symmetricEigenvalues(symmetrized(G))
  const smallest = spectrum[0]!
  if (smallest <= INDEFINITE * Math.max(Math.abs(spectrum.at(-1)!), Number.MIN_VALUE))
    return isSingular(problem.R) && smallest > -1e-10 * Math.abs(spectrum.at(-1)!)
      ? failure(
          'singular-R',
          'R is singular and R + BᵀPB is too: some combination of controls is free of cost',
          iterations,
        )
      : failure(
          'no-stabilizing-solution',
          `R + BᵀPB is not positive definite (smallest eigenvalue ${smallest})`,
          iterations,
        )
  if (best.residual > tolerance)
    return {
      ...values,
      result: 'inaccurate',
      message: `the relative residual ${best.residual.toExponential(1)} is above the tolerance ${tolerance.toExponential(1)}`,
    }
  const left =
    best.radius < 1 - ON_CIRCLE ? [] : free.length > 0 || best.radius < 1 ? free : marginalModes(problem, best, names)
  if (left.length > 0) {
    if (uncosted === 'keep')
      return {
        ...values,
        result: 'solved',
        message: `solved; modes without cost stay on the unit circle: ${left.map(describeMode).join('; ')}`,
        undetectable: left,
      }
    const unstabilizable = uncontrolledModes(problem.A, problem.B, names, 1 - ON_CIRCLE)
    if (unstabilizable.length > 0)
      return { ...values, ...unstabilizableFailure(unstabilizable, iterations), undetectable: left }
    return undetectableFailure(left, values, iterations)
  }
  return { ...values, result: 'solved', message: `solved; closed-loop spectral radius ${best.radius.toPrecision(6)}` }
}

/** Modes that the closed loop leaves on the unit circle although none is exactly free of cost: the cost is within rounding. */
function marginalModes({ A, B }: RiccatiProblem, { K }: Candidate, names: readonly string[]): Mode[] {
  return unseenModes(Matrix.sub(A, B.mmul(K)), Matrix.zeros(1, A.rows), names, 1 - ON_CIRCLE, 1 + ON_CIRCLE)
}

/** A, G = BR⁻¹Bᵀ and Q after eliminating S; null where R is singular. */
function withoutCrossTerm({ A, B, Q, R, S }: RiccatiProblem): { A: Matrix; G: Matrix; Q: Matrix } | null {
  if (isSingular(R)) return null
  const RinvBt = solveLinear(R, B.transpose())
  const RinvSt = solveLinear(R, S.transpose())
  if (!RinvBt || !RinvSt) return null
  return {
    A: Matrix.sub(A, B.mmul(RinvSt)),
    G: symmetrized(B.mmul(RinvBt)),
    Q: symmetrized(Matrix.sub(Q, S.mmul(RinvSt))),
  }
}

/**
 * A gain that makes A − BK stable: LQR with weights that see every mode, scaled so that control is cheap enough to matter.
 * Null when (A, B) is not stabilizable.
 */
function stabilizingGain({ A, B }: RiccatiProblem, maxIterations: number): Matrix | null {
  const n = A.rows
  const m = B.columns
  const scaleB = maxAbs(B)
  if (scaleB === 0) return eigenvalues(A).re.length > 0 && radiusOf(A) < 1 ? Matrix.zeros(m, n) : null
  const B1 = Matrix.mul(B, 1 / scaleB)
  const start = doubling(A, symmetrized(B1.mmul(B1.transpose())), Matrix.eye(n, n), maxIterations)
  if (!start) return null
  const P = start.P
  const K1 = gainOf({ A, B: B1, Q: P, R: Matrix.eye(m, m), S: Matrix.zeros(n, m) }, P)
  if (!K1) return null
  const K = K1.mul(1 / scaleB)
  return radiusOf(Matrix.sub(A, B.mmul(K))) < 1 - 1e-12 ? K : null
}

function examine(problem: RiccatiProblem, P: Matrix): Candidate | null {
  const K = gainOf(problem, P)
  if (!K) return null
  const closed = Matrix.sub(problem.A, problem.B.mmul(K))
  if (!Number.isFinite(maxAbs(closed))) return null
  const values = eigenvalues(closed)
  const residual = riccatiResidual(problem, P, K).relative
  return { P, K, eigenvalues: values, radius: Math.hypot(values.re[0]!, values.im[0]!), residual }
}

/** One Newton step, kept if it lowers the residual. */
function refined(problem: RiccatiProblem, candidate: Candidate): Candidate {
  const step = newtonKleinman(problem, candidate.K, 1)
  const better = step.P && examine(problem, step.P)
  return better && better.residual < candidate.residual && better.radius < 1 ? better : candidate
}

/** P and K of the descriptor system: P = E⁻ᵀXE⁻¹; K and the eigenvalues stay. */
function inDescriptorCoordinates(found: Dare, original: RiccatiProblem, E: Matrix, tolerance: number): Dare {
  const EinvT = solveLinear(E.transpose(), found.P!)
  const P = EinvT && solveLinear(E.transpose(), EinvT.transpose())
  if (!P) return failure('singular-E', 'E is too close to singular', found.iterations)
  const symmetric = symmetrized(P)
  const residual = riccatiResidual(original, symmetric, found.K!, E).relative
  if (residual <= tolerance) return { ...found, P: symmetric, residual }
  return {
    ...found,
    P: symmetric,
    residual,
    result: found.result === 'solved' ? 'inaccurate' : found.result,
    message: `the relative residual ${residual.toExponential(1)} is above the tolerance: E is badly conditioned`,
  }
}

function isSingular(R: Matrix): boolean {
  const sizes = symmetricEigenvalues(R).map(Math.abs)
  const largest = sizes.reduce((max, x) => Math.max(max, x), 0)
  return largest === 0 || sizes.some((x) => x <= SINGULAR * R.rows * largest)
}

function radiusOf(M: Matrix): number {
  const { re, im } = eigenvalues(M)
  return Math.hypot(re[0]!, im[0]!)
}

function failure(result: DareResult, message: string, iterations = 0): Dare {
  return { result, message, P: null, K: null, eigenvalues: null, residual: Number.POSITIVE_INFINITY, iterations }
}

function unstabilizableFailure(modes: readonly Mode[], iterations: number): Dare {
  const message = `no control reaches ${modes.map(describeMode).join('; ')}`
  return { ...failure('unstabilizable', message, iterations), unstabilizable: modes }
}

function undetectableFailure(modes: readonly Mode[], values: Partial<Dare> | null, iterations: number): Dare {
  const message = `modes on the unit circle carry no cost, so no stabilizing solution exists: ${modes.map(describeMode).join('; ')}`
  return { ...failure('undetectable', message, iterations), ...values, undetectable: modes }
}
