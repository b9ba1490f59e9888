/** What a Riccati solver may answer, and the checks between a candidate solution and 'solved'. */
import { Matrix } from 'ml-matrix'
import { maxAbs, symmetrized } from '../linalg/dense.ts'
import { type ComplexArray, symmetricEigenvalues } from '../linalg/eigenvalues.ts'
import type { Accuracy } from './accuracy.ts'
import type { RiccatiProblem } from './kleinman.ts'
import { type BlindSpace, describeMode, type Mode, uncontrolledSpace, unseenSpace } from './modes.ts'

export type DareResult =
  | 'solved'
  | 'unstabilizable' // modes with |λ| ≥ 1 that no control reaches
  | 'undetectable' // modes on the unit circle that carry no cost; P and K leave them there, if they are given
  | 'singular-R' // R is singular and so is R + BᵀPB
  | 'singular-E'
  | 'no-stabilizing-solution' // (Q, R, S) not positive enough for one to exist
  | 'max-iterations' // not enough of them to find even a stabilizing gain
  | 'inaccurate' // the residual of what was found is above tolerance; P and K are null where it was of no use at all

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
  readonly undetectable?: readonly Mode[] // modes at fault, or left on the unit circle
  readonly leastReached?: readonly Mode[] // by control, where rounding spoils the solution
}

/** A candidate P with what the checks found. */
export interface Candidate {
  readonly P: Matrix
  readonly K: Matrix
  readonly eigenvalues: ComplexArray
  readonly radius: number // of the closed loop; where modes without cost were divided out, of the rest
  readonly residual: number
  readonly divided: boolean // whether modes without cost were divided out before solving
}

export interface Settings {
  readonly tolerance: number
  readonly maxIterations: number
  readonly uncosted: 'refuse' | 'keep'
  readonly names: readonly string[]
  readonly accuracy: Accuracy
}

export const ON_CIRCLE = 1e-7 // |λ| within this of 1 counts as on the unit circle
const STUCK = 1e-9 // a closed loop this close to the unit circle has not been made stable
const INDEFINITE = 1e-13 // smallest eigenvalue of R + BᵀPB, relative to the largest
const SINGULAR = 1e-14 // smallest singular value of R, relative to the largest
const WEAK = 1e-8 // authority that needs a second look, relative to the largest entries of A and B
const DOUBT = 30 // the same, in units of the accuracy
const DEARER = 1e6 // cost to go of a mode of such authority, relative to that of all others: it is not reached

/** Judges the best candidate: every check must pass for 'solved'. `free`: modes on the unit circle without cost. */
export function verdict(
  problem: RiccatiProblem,
  best: Candidate | null,
  free: BlindSpace,
  iterations: number,
  settings: Settings,
): Dare {
  const { tolerance, uncosted } = settings
  if (!best || best.radius > 1 + ON_CIRCLE || best.residual > 1e-3) {
    if (free.modes.length > 0) return undetectableFailure(free.modes, null, iterations)
    if (isSingular(problem.R))
      return failure('singular-R', 'R is singular and no stabilizing solution with R + BᵀPB > 0 was found', iterations)
    if (isPositive(problem))
      return spoiled(
        'inaccurate',
        'rounding hides the stabilizing solution',
        leastReached(problem, settings),
        iterations,
      )
    return failure(
      'no-stabilizing-solution',
      'the equation has no stabilizing solution: the weights (Q, R, S) are not positive enough',
      iterations,
    )
  }
  const unreached = dearModes(problem, best.P, free, settings)
  if (unreached.length > 0) return unstabilizableFailure(unreached, iterations)

  const { K, eigenvalues, residual } = best
  const values = { P: best.P, K, eigenvalues, residual, iterations }
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
  const stuck = stuckModes(problem, best, free, settings)
  if (stuck.unreached.length > 0) return unstabilizableFailure(stuck.unreached, iterations)
  if (best.residual > tolerance) {
    const reason = `the relative residual ${residual.toExponential(1)} is above the tolerance ${tolerance.toExponential(1)}`
    return { ...spoiled('inaccurate', reason, leastReached(problem, settings), iterations), ...values }
  }
  const kept = best.divided || best.radius >= 1 - ON_CIRCLE ? free.modes : []
  const left = [...kept, ...stuck.barelyCosted]
  if (left.length === 0) return { ...values, result: 'solved', message: stableMessage(best.radius) }
  if (uncosted === 'refuse') {
    const unstabilizable = uncontrolledIn(problem, whole(problem), settings).modes
    if (unstabilizable.length > 0)
      return { ...values, ...unstabilizableFailure(unstabilizable, iterations), undetectable: left }
    return undetectableFailure(left, values, iterations)
  }
  const sentences = [
    ...(kept.length > 0 ? [`modes without cost stay on the unit circle: ${listed(kept)}`] : []),
    ...(stuck.barelyCosted.length > 0
      ? [`modes whose cost is too small for their control's stay on the unit circle: ${listed(stuck.barelyCosted)}`]
      : []),
  ]
  return { ...values, result: 'solved', message: `solved; ${sentences.join('; ')}`, undetectable: left }
}

/** Modes with |λ| ≥ 1 − 1e-7 that no control moves beyond the accuracy of A and B, other than those divided out. */
export function uncontrolledIn({ A, B }: RiccatiProblem, within: Matrix, { names, accuracy }: Settings): BlindSpace {
  const spread = Math.sqrt(A.rows) // from entries to a norm
  return uncontrolledSpace(A, B, names, {
    low: 1 - Math.max(ON_CIRCLE, spread * accuracy.A),
    negligible: { A: spread * accuracy.A, C: spread * accuracy.B },
    within,
  })
}

/** The accuracy below which authority needs a second look. */
export function doubtfulAccuracy({ A, B }: { readonly A: Matrix; readonly B: Matrix }, accuracy: Accuracy): Accuracy {
  const perEntry = 1 / Math.sqrt(A.rows) // limits of a norm
  return {
    A: perEntry * Math.max(DOUBT * accuracy.A, WEAK * maxAbs(A)),
    B: perEntry * Math.max(DOUBT * accuracy.B, WEAK * maxAbs(B)),
  }
}

/**
 * Modes whose authority is doubtful and whose cost to go is out of all proportion to that of the others: a solver takes
 * errors of 1e-10 in B for authority, and moves such a mode with gains of 1e10.
 */
function dearModes(problem: RiccatiProblem, P: Matrix, free: BlindSpace, settings: Settings): readonly Mode[] {
  const { A, B, Q } = problem
  if (maxAbs(P) <= DEARER * maxAbs(Q)) return []
  const doubtful = { ...settings, accuracy: doubtfulAccuracy({ A, B }, settings.accuracy) }
  const { modes, basis, complement } = uncontrolledIn(problem, free.complement, doubtful)
  if (modes.length === 0 || complement.columns === 0) return []
  const costOf = (T: Matrix) => maxAbs(T.transpose().mmul(P).mmul(T))
  return costOf(basis) > DEARER * costOf(complement) ? modes : []
}

/** The modes that count as out of reach first, as less and less accuracy is asked for; three at most, none where all are well in reach. */
export function leastReached({ A, B }: RiccatiProblem, { names }: Settings): readonly Mode[] {
  for (let share = WEAK; share < 2; share *= 10) {
    const negligible = { A: share * maxAbs(A), C: share * maxAbs(B) }
    const { modes } = uncontrolledSpace(A, B, names, { low: 1 - ON_CIRCLE, negligible })
    if (modes.length > 0) return modes.slice(0, 3)
  }
  return []
}

/** What rounding has spoiled, with the modes that are to blame. */
export function spoiled(result: DareResult, reason: string, weak: readonly Mode[], iterations: number): Dare {
  return weak.length === 0
    ? failure(result, reason, iterations)
    : { ...failure(result, `${reason}; least in reach of control: ${listed(weak)}`, iterations), leastReached: weak }
}

/** Whether the cost of a step is nowhere negative, to rounding: a stabilizing solution then exists if it is detectable. */
function isPositive({ Q, R, S }: RiccatiProblem): boolean {
  const [n, m] = [Q.rows, R.rows]
  const weights = Matrix.zeros(n + m, n + m)
  weights.setSubMatrix(Q, 0, 0).setSubMatrix(S, 0, n).setSubMatrix(S.transpose(), n, 0).setSubMatrix(R, n, n)
  const spectrum = symmetricEigenvalues(weights)
  return spectrum[0]! >= -SINGULAR * (n + m) * Math.abs(spectrum.at(-1)!)
}

/** Modes that carry some cost, and yet the closed loop leaves them on the unit circle. */
function stuckModes(problem: RiccatiProblem, { K, radius }: Candidate, free: BlindSpace, settings: Settings) {
  const none: { unreached: readonly Mode[]; barelyCosted: readonly Mode[] } = { unreached: [], barelyCosted: [] }
  if (radius < 1 - STUCK) return none
  const { A, B, Q, R } = problem
  const n = A.rows
  const closed = Matrix.sub(A, B.mmul(K))
  const negligible = { A: WEAK * Math.max(1, maxAbs(closed)), C: 1 }
  const seen = unseenSpace(closed, Matrix.zeros(1, n), settings.names, {
    low: 1 - STUCK,
    high: 1 + ON_CIRCLE,
    negligible,
    within: free.complement,
  })
  if (seen.modes.length === 0) return none
  // An optimal control moves a mode at the rate b √(q/r): what is missing, cost q or authority b?
  const cost = maxAbs(seen.basis.transpose().mmul(Q).mmul(seen.basis))
  const affordable = Math.sqrt(cost / Math.max(maxAbs(R), Number.MIN_VALUE)) * maxAbs(B) > 1e3 * STUCK
  if (!affordable || cost <= WEAK * maxAbs(Q)) return { unreached: [], barelyCosted: seen.modes }
  return { unreached: seen.modes, barelyCosted: [] }
}

function whole({ A }: RiccatiProblem): Matrix {
  return Matrix.eye(A.rows, A.rows)
}

export function isSingular(R: Matrix): boolean {
  const sizes = symmetricEigenvalues(R).map(Math.abs)
  const largest = sizes.reduce((max, x) => Math.max(max, x), 0)
  return largest === 0 || sizes.some((x) => x <= SINGULAR * R.rows * largest)
}

export function failure(result: DareResult, message: string, iterations = 0): Dare {
  return { result, message, P: null, K: null, eigenvalues: null, residual: Number.POSITIVE_INFINITY, iterations }
}

export function unstabilizableFailure(modes: readonly Mode[], iterations: number): Dare {
  return { ...failure('unstabilizable', `no control reaches ${listed(modes)}`, iterations), unstabilizable: modes }
}

function undetectableFailure(modes: readonly Mode[], values: Partial<Dare> | null, iterations: number): Dare {
  const message = `modes on the unit circle carry no cost, so no stabilizing solution exists: ${listed(modes)}`
  return { ...failure('undetectable', message, iterations), ...values, undetectable: modes }
}

/** How a solver orders and describes what is put together. */
export interface Wording {
  ordered(values: ComplexArray): ComplexArray
  stable(values: ComplexArray): string // of a closed loop
  unreached(modes: readonly Mode[]): string
  uncosted(modes: readonly Mode[]): string // that stay where they are
  undetectable(modes: readonly Mode[]): string
}

/** For `blockwise`. */
export const discreteWording: Wording = {
  ordered({ re, im }) {
    const size = (k: number) => Math.hypot(re[k]!, im[k]!)
    const order = Array.from(re.keys()).sort((a, b) => size(b) - size(a) || re[b]! - re[a]! || im[b]! - im[a]!)
    return { re: Float64Array.from(order, (k) => re[k]!), im: Float64Array.from(order, (k) => im[k]!) }
  },
  stable: ({ re, im }) => stableMessage(Math.hypot(re[0]!, im[0]!)),
  unreached: (modes) => unstabilizableFailure(modes, 0).message,
  uncosted: (modes) => `solved; modes without cost, or with too little, stay on the unit circle: ${listed(modes)}`,
  undetectable: (modes) => undetectableFailure(modes, null, 0).message,
}

function stableMessage(radius: number): string {
  return `solved; closed-loop spectral radius ${near1(radius)}`
}

function listed(modes: readonly Mode[]): string {
  return modes.map(describeMode).join('; ')
}

/** '0.987823', and '1 − 3.2e-8' where six digits would hide the difference. */
function near1(radius: number): string {
  return radius < 1 && radius > 1 - 1e-5 ? `1 − ${(1 - radius).toExponential(1)}` : radius.toPrecision(6)
}
