/**
 * Finds a sparsity pattern that nobody knows from fewer directions than there are inputs: random directions shared by all rows,
 * each row solved for the fewest entries that explain them, checked on directions that the solution has not seen; about
 * 2 s ln(n/s) directions for rows of s entries. Directions are doubled for the rows that do not pass. Where too many would be
 * needed, the rest is measured input by input; the random directions then stand in for as many inputs, so that no row costs
 * more than dense differences and the checks.
 */

import { Matrix } from 'ml-matrix'
import { solveLinear } from '../linalg/dense.ts'
import { type Pattern, patternFromColumns } from '../linalg/pattern.ts'
import { random } from '../linalg/random.ts'
import { misfitOf, roundingFloor, rowResidual } from './certificate.ts'
import { correctRow } from './correctRow.ts'
import { heldOutDirections } from './heldOutDirections.ts'
import { spanInto } from './perturb.ts'
import { pivotColumns } from './pivotColumns.ts'
import { callsPerDirection } from './plan.ts'
import type { Session } from './session.ts'
import { defaultStep, defaultTolerance } from './steps.ts'

const CHECKED = 2 // directions of each round that only check
const MAX_SHARE = 0.5 // of the inputs, as random directions, before the rest is measured input by input
const MAX_WORK = 1e9 // multiplications of one round
const DIRT = 1e-8 // entries below this share of their row's largest are not kept
const STREAM = 2 // of the seed; held-out directions of plans are stream 0, those of repair stream 1

export interface SensedPattern {
  readonly pattern: Pattern
  readonly directions: number // measured in all
  readonly dense: boolean // true where the rest had to be measured input by input
}

/** Calls: 1 forward (without a known base) + directions, or 2 · directions central, counted as detection. */
export async function detectBySensing(
  session: Session,
  { step = defaultStep(session.scheme), seed = 1 }: { step?: number | undefined; seed?: number | undefined } = {},
): Promise<SensedPattern> {
  const { blackbox, scheme, at, scale } = session
  const { inputs: n, outputs: m } = blackbox
  const source = random(seed, STREAM)
  const sides = callsPerDirection(scheme)
  const unit = Float64Array.from(scale, (size) => sides * step * size)
  const X = new Float64Array(m * n) // J · unit: output differences of one step of each input
  let D: number[] = []
  let Y: number[] = []
  let open = Array.from({ length: m }, (_, i) => i)

  const measure = async (rows: readonly number[] | Float64Array, count: number): Promise<Float64Array> => {
    session.expect(count * sides)
    await session.ensureBase()
    return session.differences('detection', rows, new Float64Array(count).fill(step), count)
  }

  for (let fitted = Math.min(n, 8 + Math.ceil(2 * Math.log2(n + 1))); open.length > 0; fitted *= 2) {
    const used = D.length / n
    const more = fitted - used
    if (fitted + CHECKED > MAX_SHARE * n || open.length * fitted * fitted * n > MAX_WORK) break
    const fresh = heldOutDirections(source, n, more + CHECKED)
    const answers = await measure(fresh, more + CHECKED)
    const check = { D: fresh.slice(more * n), Y: answers.subarray(more * m) }
    D = D.concat(fresh.slice(0, more * n))
    Y = Y.concat(Array.from(answers.subarray(0, more * m)))
    const floor = roundingFloor(session.outputScale)
    open = solveOpenRows({ X, D, Y, unit, open, floor, step }, check, session)
    D = D.concat(check.D)
    Y = Y.concat(Array.from(check.Y))
  }

  if (open.length > 0) await measureRest({ X, D, Y, unit, open, step }, session, measure)
  return {
    pattern: patternOf(X, m, n, roundingFloor(session.outputScale)),
    directions: session.calls.detection / sides,
    dense: open.length > 0,
  }

  /** Rows that the sparsest explanation does not fit. */
  function solveOpenRows(
    state: { X: Float64Array; D: number[]; Y: number[]; unit: Float64Array; open: number[]; floor: Float64Array; step: number },
    check: { D: number[]; Y: Float64Array },
    { at, scale, scheme }: Session,
  ): number[] {
    const q = state.D.length / n
    const A = equations(state.D, q)
    const tolerance = defaultTolerance(scheme, step)
    const rms = Float64Array.from({ length: q }, (_, e) => {
      let sum = 0
      for (let j = 0; j < n; j++) sum += A[e * n + j]! ** 2
      return Math.sqrt(sum / n)
    })
    const y = new Float64Array(q)
    const accuracy = new Float64Array(q)
    const solved = new Set<number>()
    for (const i of state.open) {
      let largest = 0
      for (let e = 0; e < q; e++) {
        y[e] = state.Y[e * m + i]!
        largest = Math.max(largest, Math.abs(y[e]!))
      }
      for (let e = 0; e < q; e++) accuracy[e] = 0.1 * tolerance * largest * Math.max(rms[e]!, 1e-3) + state.floor[i]!
      const x = correctRow(A, y, n, [], accuracy)
      if (x === null) continue
      X.set(x, i * n)
      solved.add(i)
    }
    const J = Float64Array.from(X, (value, k) => value / unit[k % n]!)
    const steps = new Array<number>(CHECKED).fill(step)
    const misfits = misfitOf(J, m, { at, scale, scheme, D: check.D, steps, Y: check.Y })
    return state.open.filter((i) => !solved.has(i) || rowResidual(misfits, i, state.floor, tolerance) > tolerance)
  }

  /** Directions as multiples of one step of each input, [q × n]. */
  function equations(directions: readonly number[], q: number): Float64Array {
    const A = new Float64Array(q * n)
    const span = new Float64Array(n)
    for (let e = 0; e < q; e++) {
      spanInto(span, at, scale, directions, e * n, step, scheme)
      for (let j = 0; j < n; j++) A[e * n + j] = span[j]! / unit[j]!
    }
    return A
  }

  /** The open rows in full: unit directions for all inputs but those that the random directions can be solved for. */
  async function measureRest(
    state: { X: Float64Array; D: number[]; Y: number[]; unit: Float64Array; open: number[]; step: number },
    _session: Session,
    ask: (rows: Float64Array, count: number) => Promise<Float64Array>,
  ): Promise<void> {
    const q = Math.min(n, state.D.length / n)
    const A = equations(state.D, q)
    const solvedFor = pivotColumns(A, q, n)
    const isSolvedFor = new Uint8Array(n)
    for (const j of solvedFor) isSolvedFor[j] = 1
    const rest = Array.from({ length: n }, (_, j) => j).filter((j) => isSolvedFor[j] === 0)
    const units = new Float64Array(rest.length * n)
    for (let t = 0; t < rest.length; t++) units[t * n + rest[t]!] = 1
    const answers = await ask(units, rest.length)
    const U = equations(Array.from(units), rest.length)
    for (const i of state.open)
      for (let t = 0; t < rest.length; t++) X[i * n + rest[t]!] = answers[t * m + i]! / U[t * n + rest[t]!]!
    if (solvedFor.length === 0) return
    const square = new Matrix(solvedFor.length, solvedFor.length)
    for (let e = 0; e < solvedFor.length; e++)
      for (let k = 0; k < solvedFor.length; k++) square.set(e, k, A[e * n + solvedFor[k]!]!)
    const right = new Matrix(solvedFor.length, state.open.length)
    for (let e = 0; e < solvedFor.length; e++)
      for (let r = 0; r < state.open.length; r++) {
        const i = state.open[r]!
        let value = state.Y[e * m + i]!
        for (const j of rest) value -= A[e * n + j]! * X[i * n + j]!
        right.set(e, r, value)
      }
    const solution = solveLinear(square, right)
    if (solution === null) throw new RangeError('sensing: the random directions do not determine the inputs left to them')
    for (let r = 0; r < state.open.length; r++)
      for (let k = 0; k < solvedFor.length; k++) X[state.open[r]! * n + solvedFor[k]!] = solution.get(k, r)
  }
}

/** Entries that stand out from rounding and from dirt. */
function patternOf(X: Float64Array, m: number, n: number, floor: Float64Array): Pattern {
  const columns: number[][] = Array.from({ length: n }, () => [])
  for (let i = 0; i < m; i++) {
    let largest = 0
    for (let j = 0; j < n; j++) largest = Math.max(largest, Math.abs(X[i * n + j]!))
    const threshold = Math.max(floor[i]!, DIRT * largest)
    for (let j = 0; j < n; j++) if (Math.abs(X[i * n + j]!) > threshold) columns[j]!.push(i)
  }
  return patternFromColumns(m, columns)
}
