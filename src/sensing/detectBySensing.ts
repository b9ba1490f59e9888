/**
 * Finds a sparsity pattern that nobody knows from fewer directions than there are inputs: random directions shared by all rows,
 * each row solved for the fewest entries that explain them, checked on directions that the solution has not seen; about
 * 2 s ln(n/s) directions for rows of s entries. Directions are doubled for the rows that do not pass. Where too many would be
 * needed, the rest is measured input by input; the random directions then stand in for as many inputs, so that all together
 * never takes more than n directions and the last two checks.
 */

import { Matrix } from 'ml-matrix'
import { solveLinear } from '../linalg/dense.ts'
import { type Pattern, patternFromColumns } from '../linalg/pattern.ts'
import { random } from '../linalg/random.ts'
import { misfitOf, roundingFloor, rowResidual } from './certificate.ts'
import { sparsestRowsInto } from './compressed/sparsestRows.ts'
import { heldOutDirections } from './heldOutDirections.ts'
import { spanInto } from './perturb.ts'
import { pivotColumns } from './pivotColumns.ts'
import { callsPerDirection, stencilOf } from './stencil.ts'
import type { Session } from './session.ts'
import { defaultStep, defaultTolerance, expectedError } from './steps.ts'

const CHECKED = 2 // directions of each round that only check
const MAX_SHARE = 0.5 // of the inputs, as random directions, before the rest is measured input by input
const MAX_WORK = 1e9 // multiplications of one round
const STREAM = 2 // of the seed; held-out directions of plans are stream 0, those of repair stream 1
/** Entries below this many times the expected error of the differences, relative to the largest of their row, are dirt. */
const ERROR_UNITS = 10
/** The same for entries solved from random directions, which amplify errors. */
const SOLVED_UNITS = 1000

export interface SensedPattern {
  readonly pattern: Pattern
  readonly directions: number // measured in all
  readonly dense: boolean // true where the rest had to be measured input by input
}

/** Calls: 1 forward (without a known base) and one per direction, or 2 per direction central, counted as detection. */
export async function detectBySensing(
  session: Session,
  { step = defaultStep(session.scheme), seed = 1 }: { step?: number | undefined; seed?: number | undefined } = {},
): Promise<SensedPattern> {
  const { blackbox, scheme, at, scale } = session
  const { inputs: n, outputs: m } = blackbox
  const source = random(seed, STREAM)
  const sides = callsPerDirection(scheme)
  const tolerance = defaultTolerance(scheme, step)
  const unit = Float64Array.from(scale, (size) => stencilOf(scheme).reach * step * size)
  const X = new Float64Array(m * n) // output differences of one step of each input
  const D: number[] = [] // [q × n] random directions so far
  const Y: number[] = [] // [q × m] their differences
  let open = Array.from({ length: m }, (_, i) => i) // rows without an explanation that passes

  for (let fitted = 8 + Math.ceil(2 * Math.log2(n + 1)); open.length > 0; fitted *= 2) {
    if (fitted + CHECKED > MAX_SHARE * n || open.length * fitted * fitted * n > MAX_WORK) break
    const more = fitted - D.length / n
    const fresh = heldOutDirections(source, n, more + CHECKED)
    const answers = await measure(fresh, more + CHECKED)
    append(fresh.slice(0, more * n), answers.subarray(0, more * m))
    open = explainRows(fresh.slice(more * n), answers.subarray(more * m))
    append(fresh.slice(more * n), answers.subarray(more * m))
  }
  const solved = open.length > 0 ? await measureRest() : 0
  const relative = (solved > 0 ? SOLVED_UNITS : ERROR_UNITS) * expectedError(scheme, step)
  return {
    pattern: patternOf(X, n, roundingFloor(session.outputScale), relative),
    directions: session.calls.detection / sides,
    dense: open.length > 0,
  }

  async function measure(directions: readonly number[] | Float64Array, count: number): Promise<Float64Array> {
    session.expect(count * sides)
    await session.ensureBase()
    return session.differences('detection', directions, new Float64Array(count).fill(step), count)
  }

  function append(directions: readonly number[], answers: Float64Array): void {
    for (const value of directions) D.push(value)
    for (const value of answers) Y.push(value)
  }

  /** Directions as multiples of one step of each input, [q × n]. */
  function equations(directions: readonly number[] | Float64Array): Float64Array {
    const A = new Float64Array(directions.length)
    const span = new Float64Array(n)
    for (let e = 0; e * n < A.length; e++) {
      spanInto(span, at, scale, directions, e * n, step, scheme)
      for (let j = 0; j < n; j++) A[e * n + j] = span[j]! / unit[j]!
    }
    return A
  }

  /** Solves the open rows for their sparsest explanation; returns those that have none or fail on the checks. */
  function explainRows(checkD: readonly number[], checkY: Float64Array): number[] {
    const count = D.length / n
    const spans = new Float64Array(D.length)
    for (let e = 0; e < count; e++) spanInto(spans.subarray(e * n, (e + 1) * n), at, scale, D, e * n, step, scheme)
    const J = Float64Array.from(X, (value, k) => value / unit[k % n]!)
    const floor = roundingFloor(session.outputScale)
    const options = { superset: null, groups: blackbox.rowGroups ?? [], tolerance, floor }
    const unexplained = new Set(sparsestRowsInto(J, { spans, Y, count, n, m }, open, options).unexplained)
    for (const i of open) for (let j = 0; j < n; j++) X[i * n + j] = J[i * n + j]! * unit[j]!
    const steps = new Array<number>(CHECKED).fill(step)
    const misfits = misfitOf(J, m, { at, scale, scheme, D: checkD, steps, Y: checkY })
    return open.filter((i) => unexplained.has(i) || rowResidual(misfits, i, floor, tolerance) > tolerance)
  }

  /** The open rows in full: unit directions but for inputs that the random directions can be solved for; returns how many. */
  async function measureRest(): Promise<number> {
    const q = D.length / n
    const A = equations(D)
    const solvedFor = pivotColumns(A, q, n)
    const isSolvedFor = new Uint8Array(n)
    for (const j of solvedFor) isSolvedFor[j] = 1
    const rest = Array.from({ length: n }, (_, j) => j).filter((j) => isSolvedFor[j] === 0)
    const units = new Float64Array(rest.length * n)
    for (let t = 0; t < rest.length; t++) units[t * n + rest[t]!] = 1
    const answers = await measure(units, rest.length)
    const spans = equations(units)
    for (const i of open)
      for (let t = 0; t < rest.length; t++) X[i * n + rest[t]!] = answers[t * m + i]! / spans[t * n + rest[t]!]!

    const k = solvedFor.length
    if (k === 0) return 0
    const square = new Matrix(k, k)
    const right = new Matrix(k, open.length)
    for (let e = 0; e < k; e++) {
      for (let c = 0; c < k; c++) square.set(e, c, A[e * n + solvedFor[c]!]!)
      open.forEach((i, r) => {
        let value = Y[e * m + i]!
        for (const j of rest) value -= A[e * n + j]! * X[i * n + j]!
        right.set(e, r, value)
      })
    }
    const solution = solveLinear(square, right)
    if (solution === null)
      throw new RangeError('sensing: the random directions do not determine the inputs left to them')
    open.forEach((i, r) => {
      for (let c = 0; c < k; c++) X[i * n + solvedFor[c]!] = solution.get(c, r)
    })
    return k
  }
}

/** Entries of X that stand out from rounding and from dirt. */
function patternOf(X: Float64Array, n: number, floor: Float64Array, relative: number): Pattern {
  const columns: number[][] = Array.from({ length: n }, () => [])
  floor.forEach((rounding, i) => {
    let largest = 0
    for (let j = 0; j < n; j++) largest = Math.max(largest, Math.abs(X[i * n + j]!))
    const threshold = Math.max(rounding, relative * largest)
    for (let j = 0; j < n; j++) if (Math.abs(X[i * n + j]!) > threshold) columns[j]!.push(i)
  })
  return patternFromColumns(floor.length, columns)
}
