/**
 * The discrete algebraic Riccati equation
 *
 *     AᵀPA − EᵀPE − (AᵀPB + S)(R + BᵀPB)⁻¹(BᵀPA + Sᵀ) + Q = 0,    K = (R + BᵀPB)⁻¹(BᵀPA + Sᵀ),
 *
 * for the P that makes E x⁺ = (A − BK)x stable: u = −Kx then minimizes Σ xᵀQx + uᵀRu + 2xᵀSu.
 *
 * How: E is eliminated (A ← E⁻¹A, B ← E⁻¹B, P = E⁻ᵀXE⁻¹). Where R is invertible the cross term is too (A ← A − BR⁻¹Sᵀ,
 * Q ← Q − SR⁻¹Sᵀ), the states are given even units (stateScaling.ts), and structure-preserving doubling gives P. Where that can't be done, or gives a solution that is not the
 * stabilizing one (an unstable mode without cost), Newton's method starts from a stabilizing gain (kleinman.ts); it needs no
 * inverse of R. Modes that no control reaches beyond the accuracy of A and B are refused before; modes on the unit circle
 * without cost are refused or, if they may stay, divided out. What comes out is always checked against the original
 * equation: residual, closed loop, definiteness.
 */
import { Matrix } from 'ml-matrix'
import { type MatrixLike, maxAbs, solveLinear, symmetrized } from '../linalg/dense.ts'
import { eigenvalues } from '../linalg/eigenvalues.ts'
import { product } from '../linalg/product.ts'
import { stein } from '../linalg/stein.ts'
import { type Accuracy, roundingAccuracy } from './accuracy.ts'
import { blockwise } from './blockwise.ts'
import {
  type Candidate,
  type Dare,
  discreteWording,
  leastReached,
  isSingular,
  ON_CIRCLE,
  type Settings,
  spoiled,
  uncontrolledIn,
  unstabilizableFailure,
  verdict,
} from './dareVerdict.ts'
import { doubling } from './doubling.ts'
import { inEvenUnits } from './evenUnits.ts'
import { gainOf, newtonKleinman, type RiccatiProblem, riccatiResidual } from './kleinman.ts'
import { type BlindSpace, uncontrolledModes, unseenSpace } from './modes.ts'
import { inDescriptorCoordinates, type RiccatiOptions, riccatiArguments, singularE } from './riccatiArguments.ts'

import { scaled, stateScaling } from './stateScaling.ts'

export interface DareOptions extends RiccatiOptions {
  /**
   * Largest error to expect of the entries of A and B (with an E: of E⁻¹A and E⁻¹B), ≥ 0; one number for both or one each.
   * What control does to a mode within it counts as nothing. Default: rounding of the largest entries.
   */
  readonly accuracy?: number | Accuracy
}

export type { Dare, DareResult } from './dareVerdict.ts'

const REFINED = 1e-14 // relative residual that needs no step
const POLISHED = 1e-12 // relative residual that needs no second step
const POLISHES = 4 // steps at most
const NEGLIGIBLE = 1e-8 // cost of a mode, and errors of A that may hide it, relative to the largest entries

/**
 * Solves the equation above. A, E [n × n], B, S [n × m], Q [n × n] and R [m × m] symmetric, all real.
 * Misuse (sizes, entries that are not finite, asymmetric Q or R, complex matrices) throws, naming the matrix and the entry.
 */
export function dare(A: MatrixLike, B: MatrixLike, Q: MatrixLike, R: MatrixLike, options: DareOptions = {}): Dare {
  const { original, E, standard, ...settings } = riccatiArguments('dare', { A, B, Q, R }, options)
  if (!standard) return singularE()
  const accuracy = resolveAccuracy(options.accuracy, standard)
  const solve = (part: RiccatiProblem, names: readonly string[]) => {
    const found = solveStandard(part, { ...settings, names, accuracy })
    if (found.result === 'solved' || options.accuracy !== undefined) return found
    const again = inEvenUnits(part, settings.tolerance, (even, sure) =>
      solveStandard(even, { ...settings, names, accuracy: sure }),
    )
    return again && (again.result === 'solved' || found.result === 'unstabilizable') ? again : found
  }
  const found =
    (settings.blocks === 'separate' &&
      blockwise(standard, {
        ...settings,
        negligible: options.accuracy === undefined ? { A: 0, B: 0 } : accuracy,
        solve,
        residual: (P, K) => riccatiResidual(standard, P, K).relative,
        wording: discreteWording,
      })) ||
    solve(standard, settings.names)
  if (!E || !found.P) return found
  return inDescriptorCoordinates(found, E, settings.tolerance, (P) => {
    const K = found.K!
    return { P, K, residual: riccatiResidual(original, P, K, E).relative }
  })
}

function solveStandard(problem: RiccatiProblem, settings: Settings): Dare {
  const n = problem.A.rows
  const { maxIterations, names, uncosted } = settings
  const reduced = withoutCrossTerm(problem)
  const free = freeModes(problem, reduced, settings)
  // What carries no cost may be out of reach too: it is kept, not controlled.
  const kept = uncosted === 'keep' && reduced !== null && free.modes.length > 0
  const unreached = kept
    ? uncontrolledIn({ ...problem, A: reduced.A }, free.complement, settings).modes
    : uncontrolledIn(problem, Matrix.eye(n, n), settings).modes
  if (unreached.length > 0) return unstabilizableFailure(unreached, 0)

  if (kept) {
    const rest = dividedOut(problem, reduced, free, settings)
    if (rest?.candidate) return verdict(problem, rest.candidate, free, rest.iterations, settings)
  }
  const { candidate, iterations, noGain } = solveWhole(problem, reduced, settings)
  if (noGain) {
    const unstabilizable = uncontrolledModes(problem.A, problem.B, names, 1 - ON_CIRCLE)
    return unstabilizable.length > 0
      ? unstabilizableFailure(unstabilizable, iterations)
      : spoiled(
          'max-iterations',
          `no stabilizing gain was found in ${maxIterations} iterations`,
          leastReached(problem, settings),
          iterations,
        )
  }
  return verdict(problem, candidate, free, iterations, settings)
}

interface Attempt {
  readonly candidate: Candidate | null
  readonly iterations: number
  readonly noGain: boolean // no stabilizing gain to start Newton's method from
}

/** Doubling, and Newton's method where that is not possible or does not give the stabilizing solution. */
function solveWhole(
  problem: RiccatiProblem,
  reduced: Reduced | null,
  { maxIterations, tolerance }: { maxIterations: number; tolerance: number },
): Attempt {
  let iterations = 0
  let best: Candidate | null = null
  if (reduced) {
    const D = stateScaling(reduced.A, reduced.G, reduced.Q)
    const Dinv = D.map((d) => 1 / d)
    const doubled = doubling(
      scaled(Dinv, reduced.A, D),
      scaled(Dinv, reduced.G, Dinv),
      scaled(D, reduced.Q, D),
      maxIterations,
    )
    iterations += doubled?.iterations ?? maxIterations
    if (doubled) best = polished(problem, examine(problem, scaled(Dinv, doubled.P, Dinv)))
  }
  if (!best || best.radius > 1 + ON_CIRCLE || best.residual > tolerance) {
    const start = stabilizingGain(problem, maxIterations)
    if (!start) return { candidate: null, iterations, noGain: true }
    const newton = newtonKleinman(problem, start, maxIterations)
    iterations += newton.iterations
    const candidate = newton.P && polished(problem, examine(problem, newton.P))
    if (candidate && (!best || candidate.radius < 1 || candidate.residual < best.residual)) best = candidate
  }
  return { candidate: best, iterations, noGain: false }
}

/**
 * Solves for what is left when the modes without cost are divided out: errors of A and B at rounding level would else be
 * taken for a little cost of theirs and for a little authority over them. Null where the solution does not hold in the
 * original equation.
 */
function dividedOut(
  problem: RiccatiProblem,
  { A, G, Q }: Reduced,
  { complement: T }: BlindSpace,
  settings: Settings,
): { candidate: Candidate; iterations: number } | null {
  const Tt = T.transpose()
  const within = (M: Matrix) => product(Tt, product(M, T))
  if (T.columns === 0) {
    const candidate = examine(problem, Matrix.zeros(A.rows, A.rows))
    return candidate && candidate.residual <= settings.tolerance
      ? { candidate: { ...candidate, radius: 0, divided: true }, iterations: 0 }
      : null
  }
  const small = { A: within(A), B: Tt.mmul(problem.B), Q: symmetrized(within(Q)), R: problem.R }
  const { candidate: rest, iterations } = solveWhole(
    { ...small, S: Matrix.zeros(T.columns, problem.B.columns) },
    { A: small.A, G: symmetrized(within(G)), Q: small.Q },
    settings,
  )
  if (!rest || rest.radius > 1 + ON_CIRCLE) return null
  const candidate = examine(problem, symmetrized(product(product(T, rest.P), Tt)))
  if (!candidate || candidate.residual > settings.tolerance) return null
  return { candidate: { ...candidate, radius: rest.radius, divided: true }, iterations }
}

/** Modes on the unit circle that carry no cost, beyond the accuracy of A. */
function freeModes({ A }: RiccatiProblem, reduced: Reduced | null, { names, accuracy }: Settings): BlindSpace {
  const n = A.rows
  if (!reduced) return { modes: [], basis: Matrix.zeros(n, 0), complement: Matrix.eye(n, n) }
  const errorOfA = Math.max(Math.sqrt(n) * accuracy.A, NEGLIGIBLE * maxAbs(reduced.A))
  const band = Math.max(ON_CIRCLE, errorOfA)
  return unseenSpace(reduced.A, reduced.Q, names, {
    low: 1 - band,
    high: 1 + band,
    negligible: { A: errorOfA, C: NEGLIGIBLE * maxAbs(reduced.Q) },
  })
}

interface Reduced {
  readonly A: Matrix
  readonly G: Matrix
  readonly Q: Matrix
}

/** A, G = BR⁻¹Bᵀ and Q after eliminating S; null where R is singular. */
function withoutCrossTerm({ A, B, Q, R, S }: RiccatiProblem): Reduced | null {
  if (isSingular(R)) return null
  const RinvBt = solveLinear(R, B.transpose())
  const RinvSt = solveLinear(R, S.transpose())
  if (!RinvBt || !RinvSt) return null
  return {
    A: Matrix.sub(A, product(B, RinvSt)),
    G: symmetrized(product(B, RinvBt)),
    Q: symmetrized(Matrix.sub(Q, product(S, RinvSt))),
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
  const start = doubling(A, symmetrized(product(B1, B1.transpose())), Matrix.eye(n, n), maxIterations)
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
  const closed = Matrix.sub(problem.A, product(problem.B, K))
  if (!Number.isFinite(maxAbs(closed))) return null
  const values = eigenvalues(closed)
  const residual = riccatiResidual(problem, P, K).relative
  return { P, K, eigenvalues: values, radius: Math.hypot(values.re[0]!, values.im[0]!), residual, divided: false }
}

/**
 * Newton's method in its correcting form, Δ = (A − BK)ᵀΔ(A − BK) + residual, as long as it lowers the residual. Where control
 * hardly reaches a mode, P is so large that rounding spoils a step which forms all of it anew.
 */
function polished(problem: RiccatiProblem, start: Candidate | null): Candidate | null {
  if (!start || start.radius >= 1 - ON_CIRCLE || start.residual <= REFINED) return start
  const { A, B } = problem
  let best = { P: start.P, K: start.K, ...riccatiResidual(problem, start.P, start.K) }
  for (let steps = 0; steps < POLISHES && best.relative > (steps === 0 ? 0 : POLISHED); steps++) {
    const correction = stein(Matrix.sub(A, product(B, best.K)), symmetrized(best.matrix))
    const P = correction && symmetrized(Matrix.add(best.P, correction))
    const K = P && gainOf(problem, P)
    if (!P || !K) break
    const next = { P, K, ...riccatiResidual(problem, P, K) }
    if (!(next.relative < best.relative)) break
    best = next
  }
  const better = best.P === start.P ? null : examine(problem, best.P)
  return better && better.radius < 1 ? better : start
}

/** The accuracy asked for, at least that of rounding. Throws RangeError on one that is no finite number ≥ 0. */
export function resolveAccuracy(given: DareOptions['accuracy'], { A, B }: Pick<RiccatiProblem, 'A' | 'B'>): Accuracy {
  const rounding = roundingAccuracy(A, B)
  const asked = typeof given === 'number' ? { A: given, B: given } : (given ?? rounding)
  for (const [name, value] of Object.entries(asked))
    if (!(value >= 0 && Number.isFinite(value)))
      throw new RangeError(`dare: accuracy of ${name} must be a finite number ≥ 0, got ${value}`)
  return { A: Math.max(asked.A, rounding.A), B: Math.max(asked.B, rounding.B) }
}

function radiusOf(M: Matrix): number {
  const { re, im } = eigenvalues(M)
  return Math.hypot(re[0]!, im[0]!)
}
