/**
 * Repairs rows that failed the certificate because the sparsity pattern misses some of their entries, or, in compressed sensing,
 * because they have more entries than the directions tell.
 * First a few further random directions: each failing row is solved for the fewest additional entries that explain all
 * measurements, and checked on fresh directions. What cannot be repaired so, within REPAIR_SHARE of the cost of dense differences,
 * is measured densely: one direction per input that no color has already measured alone.
 */

import { transposePattern } from '../linalg/pattern.ts'
import type { Random } from '../linalg/random.ts'
import { misfitOf, rowResidual, unresolvedRows } from './certificate.ts'
import { sharedNote } from './compressed/sharedNote.ts'
import { type SparsestRows, sparsestRowsInto } from './compressed/sparsestRows.ts'
import { correctRow } from './correctRow.ts'
import { heldOutDirections } from './heldOutDirections.ts'
import { perturbedAlone } from './perturbedAlone.ts'
import { spanInto } from './perturb.ts'
import { repairBlocks } from './repairBlocks.ts'
import type { Measurements, Plan } from './plan.ts'
import { callsPerDirection, stencilOf } from './stencil.ts'
import type { Session } from './session.ts'

const REPAIR_SHARE = 0.15
/** Of the inputs, directions in all that compressed sensing may take before measuring densely pays. */
const SENSED_SHARE = 0.5
/** Products with all directions that a row of compressed sensing is taken to need. */
const COMPRESSED_PRODUCTS = 10
/** Directions of the first round, of which CHECKED are kept for checking; each further round doubles. */
const FIRST_ROUND = 6
const CHECKED = 2
/** Repair by further directions is given up when its arithmetic would exceed this many multiplications. */
const MAX_WORK = 2e9

export interface Repair {
  readonly repairedRows: readonly number[] // rows whose entries were replaced
  readonly fallback: string | null // why the dense fallback ran or could not run; null: not needed
  readonly notes: readonly string[] // how rows were told
}

/** Directions measured so far beside the plan's, growing. */
interface Directions {
  readonly D: number[] // [count × n]
  readonly steps: number[] // [count]
  readonly Y: number[] // [count × m]
}

/** Replaces the failed rows of J [m × n] and their residuals [m]; those of rows that still fail stay above the tolerance. */
export async function repairRows(
  session: Session,
  plan: Plan,
  measurements: Measurements,
  state: { J: Float64Array; residuals: Float64Array; floor: Float64Array; failed: readonly number[]; source: Random },
): Promise<Repair> {
  const { J, residuals, floor, failed, source } = state
  const { inputs: n, outputs: m, tolerance } = plan
  const perDirection = callsPerDirection(plan.scheme)
  const step = plan.heldOutSteps[0]!
  const known: Directions = {
    D: [...plan.heldOut],
    steps: [...plan.heldOutSteps],
    Y: [...measurements.heldOutY],
  }

  const spent = Math.ceil(session.calls.repair / perDirection)
  const isCompressed = plan.decoder.method === 'compressed'
  const sparsely = isCompressed ? Math.max(REPAIR_SHARE * n, SENSED_SHARE * n - plan.directions) : REPAIR_SHARE * n
  // a family that does not hold says nothing of where it fails
  const share = plan.decoder.method === 'rainbow' ? 0 : sparsely
  let budget = Math.min(Math.floor(share) - spent, Math.floor(session.remaining() / perDirection))
  let open = failed
  const shared = { given: [] as number[], found: [] as number[] }
  const perRow = isCompressed ? COMPRESSED_PRODUCTS : plan.directions
  const work = failed.length * n * perRow * (plan.directions + FIRST_ROUND)
  for (let round = FIRST_ROUND; open.length > 0 && budget > CHECKED && work <= MAX_WORK; round *= 2) {
    const count = Math.min(round, budget)
    budget -= count
    const D = heldOutDirections(source, n, count)
    const steps = new Array<number>(count).fill(step)
    session.expect(count * perDirection)
    const Y = Array.from(await session.differences('repair', D, steps, count))

    // All but the last few directions join the equations; those check the answer.
    const fitted = count - CHECKED
    append(known, D.slice(0, fitted * n), steps.slice(0, fitted), Y.slice(0, fitted * m))
    const check = { ...measurements, D: D.slice(fitted * n), steps: steps.slice(fitted), Y: Y.slice(fitted * m) }
    const before = J.slice()
    const told = isCompressed ? solveCompressed(J, plan, measurements, known, open, floor) : null
    if (told === null) solveRows(J, plan, measurements, known, open, floor)
    const misfits = misfitOf(J, m, check)
    open = open.filter((i) => {
      const residual = rowResidual(misfits, i, floor, tolerance)
      if (residual <= tolerance) {
        residuals[i] = residual
        return false
      }
      J.set(before.subarray(i * n, (i + 1) * n), i * n)
      return true
    })
    append(known, check.D, check.steps, check.Y)
    for (const how of ['given', 'found'] as const)
      shared[how].push(...(told?.[how] ?? []).filter((i) => !open.includes(i)))
  }
  const notes = sharedNote(shared)
  const doubtful = isCompressed ? hiddenRows(plan, measurements, J, residuals) : []
  const inDoubt = [...new Set([...open, ...doubtful])].sort((a, b) => a - b)
  if (isCompressed && inDoubt.length > 0) {
    const mended = await repairBlocks(session, plan, measurements, { J, residuals, floor, rows: inDoubt })
    if (mended.length > 0) {
      const repairedRows = [...new Set([...failed, ...mended])].sort((a, b) => a - b)
      return { repairedRows, fallback: null, notes }
    }
  }
  const bySparsity = failed.filter((i) => !open.includes(i))
  if (open.length === 0) return { repairedRows: bySparsity, fallback: null, notes }

  const columns = columnsToMeasure(plan)
  const rows = open.length === 1 ? `row ${open[0]}` : `${open.length} rows`
  if (columns.length * perDirection > session.remaining()) {
    const reason = `${rows} need the dense fallback, but maxCalls leaves ${session.remaining()} of ${columns.length * perDirection} evaluations`
    return { repairedRows: bySparsity, fallback: reason, notes }
  }
  await measureColumns(session, J, plan, measurements, columns, inDoubt)
  const misfits = misfitOf(J, m, { ...measurements, ...known })
  for (const i of inDoubt) residuals[i] = rowResidual(misfits, i, floor, tolerance)
  const fallback = `${rows} could not be repaired within ${Math.round((100 * share) / n)} % of the cost of dense differences`
  return { repairedRows: [...new Set([...failed, ...doubtful])].sort((a, b) => a - b), fallback, notes }
}

/** Rows that pass by what rounding may do, and no more. */
function hiddenRows(plan: Plan, measurements: Measurements, J: Float64Array, residuals: Float64Array): number[] {
  const { at, scale, scheme, outputScale, heldOutY: Y } = measurements
  const misfits = misfitOf(J, plan.outputs, { at, scale, scheme, D: plan.heldOut, steps: plan.heldOutSteps, Y })
  return unresolvedRows(misfits, residuals, outputScale, plan.tolerance).map(({ row }) => row)
}

function append(known: Directions, D: readonly number[], steps: readonly number[], Y: readonly number[]): void {
  for (const value of D) known.D.push(value)
  for (const value of steps) known.steps.push(value)
  for (const value of Y) known.Y.push(value)
}

/** Writes into J the sparsest correction of each open row that explains plan and further directions; others stay as they are. */
function solveRows(
  J: Float64Array,
  plan: Plan,
  measurements: Measurements,
  known: Directions,
  open: readonly number[],
  floor: Float64Array,
): void {
  if (!('colPtr' in plan.decoder)) return
  const { inputs: n, outputs: m, directions: k, tolerance, scheme } = plan
  const { at, scale } = measurements
  const q = k + known.steps.length
  const { reach } = stencilOf(scheme)
  // Columns are divided by the nominal span, so that unknowns are output differences of one step each.
  const unit = Float64Array.from(scale, (size) => reach * plan.heldOutSteps[0]! * size)
  const A = new Float64Array(q * n)
  const span = new Float64Array(n)
  const rms = new Float64Array(q)
  for (let e = 0; e < q; e++) {
    const isPlanned = e < k
    const D = isPlanned ? plan.D : known.D
    const t = isPlanned ? e : e - k
    spanInto(span, at, scale, D, t * n, isPlanned ? plan.steps[t]! : known.steps[t]!, scheme)
    for (let j = 0; j < n; j++) {
      A[e * n + j] = span[j]! / unit[j]!
      rms[e]! += A[e * n + j]! ** 2 / n
    }
    rms[e] = Math.sqrt(rms[e]!)
  }

  const { colPtr, rowIdx } = plan.decoder
  const byRow = transposePattern({
    rows: m,
    cols: n,
    colPtr: Int32Array.from(colPtr),
    rowIdx: Int32Array.from(rowIdx),
  })
  const y = new Float64Array(q)
  const accuracy = new Float64Array(q)
  for (const i of open) {
    let largest = 0
    for (let e = 0; e < q; e++) {
      y[e] = e < k ? measurements.Y[e * m + i]! : known.Y[(e - k) * m + i]!
      largest = Math.max(largest, Math.abs(y[e]!))
    }
    // A tenth of what the certificate allows, so that a support that passes here passes there.
    for (let e = 0; e < q; e++) accuracy[e] = 0.1 * tolerance * largest * Math.max(rms[e]!, 1e-3) + floor[i]!
    const support = Array.from(byRow.rowIdx.subarray(byRow.colPtr[i]!, byRow.colPtr[i + 1]!))
    const x = correctRow(A, y, n, support, accuracy)
    if (x !== null) for (let j = 0; j < n; j++) J[i * n + j] = x[j]! / unit[j]!
  }
}

/** The sparsest explanation of each open row by plan and further directions, in J; others stay as they are. */
function solveCompressed(
  J: Float64Array,
  plan: Plan,
  measurements: Measurements,
  known: Directions,
  open: readonly number[],
  floor: Float64Array,
): SparsestRows {
  const { inputs: n, outputs: m, directions: k, tolerance, scheme } = plan
  const { at, scale } = measurements
  const count = k + known.steps.length
  const spans = new Float64Array(count * n)
  for (let e = 0; e < count; e++) {
    const span = spans.subarray(e * n, (e + 1) * n)
    if (e < k) spanInto(span, at, scale, plan.D, e * n, plan.steps[e]!, scheme)
    else spanInto(span, at, scale, known.D, (e - k) * n, known.steps[e - k]!, scheme)
  }
  const Y = [...measurements.Y, ...known.Y]
  const groups = plan.decoder.method === 'compressed' ? plan.decoder.groups : []
  return sparsestRowsInto(J, { spans, Y, count, n, m }, open, { superset: null, groups, tolerance, floor })
}

/** Inputs that no direction of the plan moves alone. */
function columnsToMeasure(plan: Plan): number[] {
  const { inputs: n, decoder } = plan
  const all = Array.from({ length: n }, (_, j) => j)
  if (decoder.method !== 'colored') return all
  const members = new Int32Array(decoder.numColors)
  for (const color of decoder.colors) if (color >= 0) members[color]!++
  return all.filter((j) => decoder.colors[j]! < 0 || members[decoder.colors[j]!] !== 1)
}

/** Writes dense differences into the given rows of J. */
async function measureColumns(
  session: Session,
  J: Float64Array,
  plan: Plan,
  measurements: Measurements,
  columns: readonly number[],
  rows: readonly number[],
): Promise<void> {
  const { inputs: n, outputs: m, scheme, decoder } = plan
  const { at, scale, Y } = measurements
  const span = new Float64Array(n)
  await perturbedAlone(session, plan, measurements, { J, rows, columns, purpose: 'fallback' })

  const isMeasured = new Uint8Array(n)
  for (const j of columns) isMeasured[j] = 1
  for (let j = 0; j < n; j++) {
    if (isMeasured[j] === 1 || decoder.method !== 'colored') continue
    const c = decoder.colors[j]!
    spanInto(span, at, scale, plan.D, c * n, plan.steps[c]!, scheme)
    for (const i of rows) J[i * n + j] = Y[c * m + i]! / span[j]!
  }
}
