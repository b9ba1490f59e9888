/**
 * The continuous algebraic Riccati equation
 *
 *     AᵀPE + EᵀPA − (EᵀPB + S)R⁻¹(BᵀPE + Sᵀ) + Q = 0,    K = R⁻¹(BᵀPE + Sᵀ),
 *
 * for the P that makes E ẋ = (A − BK)x stable: u = −Kx then minimizes ∫ xᵀQx + uᵀRu + 2xᵀSu dt.
 *
 * How: E is eliminated (A ← E⁻¹A, B ← E⁻¹B, P = E⁻ᵀXE⁻¹), then S (A ← A − BR⁻¹Sᵀ, Q ← Q − SR⁻¹Sᵀ), and the states are given even units
 * (stateScaling.ts). The Cayley transform, with M = (γI − A)⁻¹,
 *
 *     A ← M(γI + A),  B ← √(2γ) MB,  Q ← 2γ MᵀQM,  S ← √(2γ) MᵀQMB,  R ← R + BᵀMᵀQMB,
 *
 * makes a discrete equation with the same P, whose modes are those of A with λ ← (γ + λ)/(γ − λ): `dare` solves it by
 * structure-preserving doubling and names what control does not reach or cost does not see. Newton's method on the continuous
 * equation polishes P; what comes out is checked against the original equation. Source of the transform: E. K.-W. Chu, H.-Y. Fan,
 * W.-W. Lin, "A structure-preserving doubling algorithm for continuous-time algebraic Riccati equations", Linear Algebra Appl. 396,
 * 2005; of Newton's method: D. L. Kleinman, "On an iterative technique for Riccati equation computations", IEEE Trans. Automat.
 * Control 13(1), 1968.
 */
import { Matrix } from 'ml-matrix'
import { frobenius, type MatrixLike, maxAbs, solveLinear, symmetrized } from '../linalg/dense.ts'
import { type ComplexArray, eigenvalues, symmetricEigenvalues } from '../linalg/eigenvalues.ts'
import { lyapunov, middleFrequency } from '../linalg/lyapunov.ts'
import { blockwise } from './blockwise.ts'
import { roundingAccuracy } from './accuracy.ts'
import { type Dare, dare } from './dare.ts'
import { failure, isSingular, type Wording } from './dareVerdict.ts'
import type { RiccatiProblem } from './kleinman.ts'
import { type Mode, uncontrolledSpace } from './modes.ts'
import {
  inDescriptorCoordinates,
  type RiccatiArguments,
  type RiccatiOptions,
  riccatiArguments,
  singularE,
} from './riccatiArguments.ts'
import { scaled, stateScaling } from './stateScaling.ts'

/**
 * As of `dare`, of continuous time: eigenvalues of E⁻¹(A − BK) stand by descending real part, and those of modes are rates in 1/s,
 * `magnitude` being |λ|.
 */
export type Care = Dare

const ON_AXIS = 64 * Number.EPSILON // Re λ of the closed loop from here up, relative to the largest |λ|, is not stable
const POLISHES = 8

/**
 * Solves the equation above. A, E [n × n], B, S [n × m], Q [n × n] and R [m × m] symmetric, all real; R must be invertible.
 * Misuse (sizes, entries that are not finite, asymmetric Q or R, complex matrices) throws, naming the matrix and the entry.
 */
export function care(A: MatrixLike, B: MatrixLike, Q: MatrixLike, R: MatrixLike, options: RiccatiOptions = {}): Care {
  const { original, E, standard, ...settings } = riccatiArguments('care', { A, B, Q, R }, options)
  if (!standard) return singularE()
  if (isSingular(original.R))
    return failure('singular-R', 'R is singular: in continuous time every control must carry a cost')
  if (!(symmetricEigenvalues(original.R)[0]! > 0))
    return failure('no-stabilizing-solution', 'R is not positive definite: the cost has no minimum')
  const found =
    (settings.blocks === 'separate' &&
      blockwise(standard, {
        ...settings,
        negligible: { A: 0, B: 0 },
        solve: (part, names) => solveStandard(part, { ...settings, names }),
        residual: (P) => equation(standard, P).relative,
        wording: continuousWording,
      })) ||
    solveStandard(standard, settings)
  if (!E || !found.P) return found
  return inDescriptorCoordinates(found, E, settings.tolerance, (X) => {
    const { P } = polished(original, X, E)
    const { K, relative: residual } = equation(original, P, E)
    return { P, K, residual }
  })
}

type Settings = Pick<RiccatiArguments, 'tolerance' | 'maxIterations' | 'uncosted' | 'names'>

function solveStandard(problem: RiccatiProblem, settings: Settings): Care {
  const { A, B, Q, R, S } = problem
  const RinvBt = solveLinear(R, B.transpose())!
  const RinvSt = solveLinear(R, S.transpose())!
  const reduced = {
    A: Matrix.sub(A, B.mmul(RinvSt)),
    G: symmetrized(B.mmul(RinvBt)),
    Q: symmetrized(Matrix.sub(Q, S.mmul(RinvSt))),
  }
  const { maxIterations, uncosted, names } = settings
  const lost = uncontrolled(reduced, problem.B, names)
  if (lost.length > 0) return { ...failure('unstabilizable', continuousWording.unreached(lost)), unstabilizable: lost }
  const D = stateScaling(reduced.A, reduced.G, reduced.Q)
  const Dinv = D.map((d) => 1 / d)
  const even = { A: scaled(Dinv, reduced.A, D), G: scaled(Dinv, reduced.G, Dinv), Q: scaled(D, reduced.Q, D), R }
  const gamma = frequency(even)
  const discrete = cayley({ ...even, B: scaled(Dinv, B, null) }, gamma)
  if (!discrete) return failure('no-stabilizing-solution', 'the Cayley transform is singular')
  const solved = dare(discrete.A, discrete.B, discrete.Q, discrete.R, {
    blocks: 'together',
    S: discrete.S,
    tolerance: Math.max(1e-6, settings.tolerance), // polished below
    maxIterations,
    uncosted,
    names,
  })
  const result = inContinuousTime(solved, gamma)
  if (!solved.P || (result.result !== 'solved' && result.result !== 'inaccurate')) return result
  return judged(problem, polished(problem, scaled(Dinv, solved.P, Dinv)), result, settings)
}

/**
 * Unstable modes that no control reaches in the units given. Even units would make authority of the rounding errors of A and B; in
 * them only what is on the imaginary axis is looked at.
 */
function uncontrolled(
  reduced: { A: Matrix; G: Matrix; Q: Matrix },
  B: Matrix,
  names: readonly string[],
): readonly Mode[] {
  const gamma = frequency(reduced)
  const discrete = cayley({ ...reduced, B, R: Matrix.zeros(B.columns, B.columns) }, gamma)
  if (!discrete) return []
  const rounding = roundingAccuracy(discrete.A, discrete.B)
  const { modes } = uncontrolledSpace(discrete.A, discrete.B, names, {
    low: 1 + 1e-7,
    negligible: { A: rounding.A, C: rounding.B },
  })
  return modes.map((mode) => slowed(mode, gamma))
}

/** γ in the middle of the frequencies of the closed loop, which are those of the Hamiltonian matrix. */
function frequency({ A, G, Q }: { A: Matrix; G: Matrix; Q: Matrix }): number {
  const n = A.rows
  const H = Matrix.zeros(2 * n, 2 * n)
  H.setSubMatrix(A, 0, 0)
  H.setSubMatrix(Matrix.mul(G, -1), 0, n)
  H.setSubMatrix(Matrix.mul(Q, -1), n, 0)
  H.setSubMatrix(A.transpose().mul(-1), n, n)
  const middle = middleFrequency(eigenvalues(H))
  // γ must keep away from the eigenvalues of A, in which the transform has its poles.
  const { re, im } = eigenvalues(A)
  const apart = (gamma: number) =>
    re.reduce((least, x, k) => Math.min(least, Math.hypot(x - gamma, im[k]!) / (gamma + Math.hypot(x, im[k]!))), 1)
  let best = middle
  for (const factor of [1.25, 0.8, 1.6, 0.6, 2.2, 0.45]) {
    if (apart(best) > 0.05) break
    if (apart(middle * factor) > apart(best)) best = middle * factor
  }
  return best
}

/** The discrete problem with the same solution P; null where γ is an eigenvalue of A. */
function cayley({ A, B, Q, R }: { A: Matrix; B: Matrix; Q: Matrix; R: Matrix }, gamma: number): RiccatiProblem | null {
  const n = A.rows
  const I = Matrix.eye(n, n)
  const M = solveLinear(Matrix.sub(Matrix.mul(I, gamma), A), I)
  if (!M) return null
  const MB = M.mmul(B)
  const QMB = Q.mmul(MB)
  const root = Math.sqrt(2 * gamma)
  return {
    A: Matrix.sub(Matrix.mul(M, 2 * gamma), I),
    B: Matrix.mul(MB, root),
    Q: symmetrized(
      M.transpose()
        .mmul(Q)
        .mmul(M)
        .mul(2 * gamma),
    ),
    R: symmetrized(Matrix.add(R, MB.transpose().mmul(QMB))),
    S: M.transpose().mmul(QMB).mul(root),
  }
}

/** What `dare` found, in the words of continuous time; P is still of its coordinates. */
function inContinuousTime(found: Dare, gamma: number): Care {
  const unstabilizable = found.unstabilizable?.map((mode) => slowed(mode, gamma))
  const undetectable = found.undetectable?.map((mode) => slowed(mode, gamma))
  const leastReached = found.leastReached?.map((mode) => slowed(mode, gamma))
  const { unreached, uncosted, undetectable: undetected } = continuousWording
  const message = (): string => {
    if (unstabilizable) return unreached(unstabilizable)
    if (undetectable) return (found.result === 'solved' ? uncosted : undetected)(undetectable)
    if (found.result === 'max-iterations' || found.result === 'inaccurate')
      return found.message.split(';')[0]! + (leastReached ? `; least in reach of control: ${listed(leastReached)}` : '')
    return 'the equation has no stabilizing solution: the weights (Q, R, S) are not positive enough'
  }
  return {
    ...found,
    result: found.result === 'singular-R' ? 'no-stabilizing-solution' : found.result,
    message: message(),
    ...(unstabilizable && { unstabilizable }),
    ...(undetectable && { undetectable }),
    ...(leastReached && { leastReached }),
    ...(found.result !== 'solved' && found.result !== 'inaccurate' && { P: null, K: null, eigenvalues: null }),
  }
}

const listed = (modes: readonly Mode[]) => modes.map(describeRate).join('; ')
const continuousWording: Wording = {
  ordered: byRealPart,
  stable: ({ re }) => `solved; largest real part of the closed loop ${re[0]!.toPrecision(6)} 1/s`,
  unreached: (modes) => `no control reaches ${listed(modes)}`,
  uncosted: (modes) => `solved; modes without cost stay on the imaginary axis: ${listed(modes)}`,
  undetectable: (modes) =>
    `modes on the imaginary axis carry no cost, so no stabilizing solution exists: ${listed(modes)}`,
}

/** λ ← γ(λ − 1)/(λ + 1) of a mode. */
function slowed(mode: Mode, gamma: number): Mode {
  const { re, im } = mode.eigenvalue
  const below = (re + 1) ** 2 + im * im
  const rate = { re: (gamma * (re * re + im * im - 1)) / below, im: (2 * gamma * im) / below }
  return { ...mode, eigenvalue: rate, magnitude: Math.hypot(rate.re, rate.im) }
}

function describeRate({ eigenvalue: { re, im }, coordinates }: Mode): string {
  const rounded = Math.abs(re) < 1e-9 * Math.abs(im) ? 0 : re
  const lambda = im === 0 ? re.toPrecision(6) : `${rounded.toPrecision(6)} ± ${Math.abs(im).toPrecision(6)}i`
  const where = coordinates.slice(0, 4).map(({ name }) => name)
  return `λ = ${lambda} 1/s: ${where.join(', ')}`
}

/** K = R⁻¹(BᵀP + Sᵀ), and AᵀPE + EᵀPA − Kᵀ(BᵀPE + Sᵀ) + Q with its norm relative to the sum of the terms'. */
function equation({ A, B, Q, R, S }: RiccatiProblem, P: Matrix, E?: Matrix) {
  const PE = E ? P.mmul(E) : P
  const AtPE = A.transpose().mmul(PE)
  const right = Matrix.add(B.transpose().mmul(PE), S.transpose())
  const K = solveLinear(R, right)!
  const gained = symmetrized(K.transpose().mmul(right))
  const residual = Matrix.sub(Matrix.add(Matrix.add(AtPE, AtPE.transpose()), Q), gained)
  const scale = 2 * frobenius(AtPE) + frobenius(gained) + frobenius(Q)
  return { K, residual: symmetrized(residual), relative: scale === 0 ? 0 : frobenius(residual) / scale }
}

/** Newton's method in its correcting form, (A − BK)ᵀΔE + EᵀΔ(A − BK) + residual = 0, as long as it lowers the residual. */
function polished(problem: RiccatiProblem, start: Matrix, E?: Matrix): { P: Matrix; steps: number } {
  const { A, B } = problem
  const byE = (M: Matrix) => (E ? solveLinear(E, M)! : M)
  const byEt = (M: Matrix) => (E ? solveLinear(E.transpose(), M)! : M)
  let P = symmetrized(start)
  let now = equation(problem, P, E)
  for (let steps = 0; ; steps++) {
    const EtDE = steps < POLISHES ? lyapunov(byE(Matrix.sub(A, B.mmul(now.K))), now.residual) : null
    if (!EtDE) return { P, steps }
    const next = symmetrized(Matrix.add(P, byEt(byEt(EtDE).transpose())))
    const then = equation(problem, next, E)
    if (!(maxAbs(then.residual) < maxAbs(now.residual))) return { P, steps }
    P = next
    now = then
  }
}

/** Residual and closed loop of the continuous equation, and the verdict on them. */
function judged(
  problem: RiccatiProblem,
  { P, steps }: { P: Matrix; steps: number },
  found: Care,
  { tolerance, uncosted }: Settings,
): Care {
  const { K, relative } = equation(problem, P)
  const values = byRealPart(eigenvalues(Matrix.sub(problem.A, problem.B.mmul(K))))
  const fastest = values.re.reduce((max, x, k) => Math.max(max, Math.hypot(x, values.im[k]!)), 0)
  const abscissa = values.re[0]!
  const numbers = { P, K, eigenvalues: values, residual: relative, iterations: found.iterations + steps }
  const kept = found.undetectable && uncosted === 'keep'
  if (abscissa >= -ON_AXIS * fastest && !kept)
    return failure(
      'no-stabilizing-solution',
      `no stabilizing solution was found: the closed loop has Re λ = ${abscissa.toExponential(1)} 1/s`,
      numbers.iterations,
    )
  if (relative > tolerance)
    return {
      ...found,
      ...numbers,
      result: 'inaccurate',
      message: `the relative residual ${relative.toExponential(1)} is above the tolerance ${tolerance.toExponential(1)}`,
    }
  const message = kept ? found.message : continuousWording.stable(values)
  const { leastReached: _polished, ...rest } = found
  return { ...rest, ...numbers, result: 'solved', message }
}

function byRealPart({ re, im }: ComplexArray): ComplexArray {
  const order = Array.from(re.keys()).sort((a, b) => re[b]! - re[a]! || im[b]! - im[a]!)
  return { re: Float64Array.from(order, (k) => re[k]!), im: Float64Array.from(order, (k) => im[k]!) }
}
