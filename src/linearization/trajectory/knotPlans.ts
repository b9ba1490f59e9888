/** The plan with which each knot of a trajectory is measured: few of them serve all, as structure changes with contacts only. */
import type { Engine } from '../../engine/engine.ts'
import { densePattern, type Pattern, patternFromColumns } from '../../linalg/pattern.ts'
import type { Ties } from '../../linalg/ties.ts'
import { prepareSensing } from '../../sensing/prepareSensing.ts'
import { defaultStep } from '../../sensing/steps.ts'
import type { Knots } from './dynamics.ts'
import { spreadKnots } from './spreadKnots.ts'

/** Columns that move together, and where their differences belong. Shared by knots of the same structure. */
export interface KnotPlan {
  readonly directions: number
  readonly D: Float64Array // [directions × n]
  readonly colors: Int32Array // [n], −1: not measured
  readonly colPtr: Int32Array // [n + 1]
  readonly rowIdx: Int32Array
  readonly isDense: boolean // every column moves alone, nothing is known beforehand
}

export interface Planned {
  readonly plan: KnotPlan
  readonly ties: Ties | null
}

export interface KnotPlans {
  /** The plan of each knot: one for all where that costs few calls more than each knot's own. */
  of(knots: Knots): readonly Planned[]
  /** One plan for all knots, of what holds at each of them. */
  common(knots: Knots): Planned
  readonly dense: Planned
  /** What was said of structure proved wrong: everything is measured from now on. */
  distrust(): void
}

/** What an engine says at one knot. */
interface Answer {
  readonly structure: Pattern | undefined
  readonly ties: Ties | undefined
}

/** What held at all knots of one pass is asked for again at one of so many of the next, other ones each time, and at two at least. */
const ASKED_OF = 25
/** What was common may prove less so often, as when a robot begins to move; after that every knot is asked. */
const PATIENCE = 2
/** One plan for all may take so many times the directions of each knot's own: asking takes time, too. */
const WORTH = 1.15

/** `method` 'dense': nothing is asked of the engine. */
export function knotPlans(engine: Engine, method: 'auto' | 'dense'): KnotPlans {
  const { nx, ndx, nu } = engine.layout
  const n = ndx + nu
  const dense: Planned = { plan: densePlan(n, ndx), ties: null }
  const known: { readonly answer: Answer; readonly plan: KnotPlan }[] = []
  let isDense = method === 'dense' || (engine.structure === undefined && engine.ties === undefined)
  let common: { readonly answer: Answer; readonly planned: Planned } | null = null
  let isShared = false // by all knots
  let changes = false // contacts come and go: every knot is asked, always
  let failures = 0
  let pass = 0

  const plannedFor = (answer: Answer): Planned => {
    const ties = answer.ties ?? null
    const found = known.find(
      (one) => samePattern(one.answer.structure, answer.structure) && sameIndices(one.answer.ties, answer.ties),
    )
    if (found) return { plan: found.plan, ties }
    const plan = planOf(n, ndx, answer)
    known.push({ answer, plan })
    return { plan, ties }
  }
  const ask = ({ X, U, F }: Knots, k: number): Answer => {
    const x = X.subarray(k * nx, (k + 1) * nx)
    const u = U.subarray(k * nu, (k + 1) * nu)
    return {
      structure: engine.structure?.(x, u),
      ties: engine.ties?.(x, u, F.subarray(k * nx, (k + 1) * nx)),
    }
  }
  /** Whether what was common before still is, as far as some knots tell. */
  const stillHolds = (knots: Knots): boolean => {
    if (common === null) return false
    const { answer } = common
    const count = changes ? knots.N : Math.max(2, Math.ceil(knots.N / ASKED_OF))
    const holds = spreadKnots(knots.N, count, pass++).every((k) => includes(ask(knots, k), answer))
    if (!holds) failures++
    changes ||= failures > PATIENCE
    return holds
  }
  const askAll = (knots: Knots): Answer[] => {
    const answers = Array.from({ length: knots.N }, (_, k) => ask(knots, k))
    const answer = commonAnswer(answers)
    changes ||= answers.some(({ structure }) => !samePattern(structure, answers[0]!.structure))
    common = { answer, planned: plannedFor(answer) }
    return answers
  }

  return {
    dense,
    distrust() {
      isDense = true
    },
    common(knots) {
      if (isDense) return dense
      if (!stillHolds(knots)) askAll(knots)
      return common!.planned
    },
    of(knots) {
      const { N } = knots
      if (isDense) return Array.from({ length: N }, () => dense)
      if (!(isShared && stillHolds(knots))) {
        const own = askAll(knots).map(plannedFor)
        const directions = own.reduce((sum, { plan }) => sum + plan.directions, 0)
        isShared = N * common!.planned.plan.directions <= WORTH * directions
        if (!isShared) return own
      }
      return Array.from({ length: N }, () => common!.planned)
    },
  }
}

/** Every column alone. */
function densePlan(n: number, ndx: number): KnotPlan {
  const { colPtr, rowIdx } = densePattern(ndx, n)
  return {
    directions: n,
    D: Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0)),
    colors: Int32Array.from({ length: n }, (_, j) => j),
    colPtr,
    rowIdx,
    isDense: true,
  }
}

function planOf(n: number, ndx: number, { structure, ties }: Answer): KnotPlan {
  const { decoder, directions, D } = prepareSensing(
    { inputs: n, outputs: ndx, sparsity: structure ?? densePattern(ndx, n), ties },
    { method: 'colored', scheme: 'central', step: defaultStep('central'), heldOut: 0 },
  )
  if (decoder.method !== 'colored') throw new RangeError(`knotPlans: a ${decoder.method} decoder of a colored plan`)
  return {
    directions,
    D: Float64Array.from(D),
    colors: Int32Array.from(decoder.colors),
    colPtr: Int32Array.from(decoder.colPtr),
    rowIdx: Int32Array.from(decoder.rowIdx),
    isDense: false,
  }
}

function samePattern(one: Pattern | undefined, other: Pattern | undefined): boolean {
  if (one === undefined || other === undefined || one === other) return one === other
  return sameNumbers(one.colPtr, other.colPtr) && sameNumbers(one.rowIdx, other.rowIdx)
}

function sameNumbers(one: Int32Array, other: Int32Array): boolean {
  if (one.length !== other.length) return false
  for (let k = 0; k < one.length; k++) if (one[k] !== other[k]) return false
  return true
}

/** The same columns and rows are tied: what coloring asks. */
function sameIndices(one: Ties | undefined, other: Ties | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  const { tiedColumns, tiedRows } = one
  return (
    tiedColumns.length === other.tiedColumns.length &&
    tiedRows.length === other.tiedRows.length &&
    tiedColumns.every(({ column }, k) => column === other.tiedColumns[k]!.column) &&
    tiedRows.every(({ row }, k) => row === other.tiedRows[k]!.row)
  )
}

type Tied = Pick<Ties['tiedRows'][number], 'from' | 'known'>

function sameTerms(one: Tied, other: Tied): boolean {
  return (['from', 'known'] as const).every(
    (part) =>
      one[part].length === other[part].length &&
      one[part].every(({ index, value }, k) => index === other[part][k]!.index && value === other[part][k]!.value),
  )
}

/** Whether the pattern lies within that of `common`, and all of its ties hold. */
function includes({ structure, ties }: Answer, common: Answer): boolean {
  if (common.structure !== undefined && (structure === undefined || !isWithin(structure, common.structure)))
    return false
  const { tiedColumns = [], tiedRows = [] } = common.ties ?? {}
  return tiedColumns.every((tied) => hasColumn(ties, tied)) && tiedRows.every((tied) => hasRow(ties, tied))
}

function hasColumn(ties: Ties | undefined, tied: Ties['tiedColumns'][number]): boolean {
  const found = ties?.tiedColumns.find(({ column }) => column === tied.column)
  return found !== undefined && sameTerms(found, tied)
}

function hasRow(ties: Ties | undefined, tied: Ties['tiedRows'][number]): boolean {
  const found = ties?.tiedRows.find(({ row }) => row === tied.row)
  return found !== undefined && sameTerms(found, tied)
}

function isWithin(pattern: Pattern, superset: Pattern): boolean {
  if (samePattern(pattern, superset)) return true
  for (let j = 0; j < pattern.cols; j++) {
    const rows = new Set(superset.rowIdx.subarray(superset.colPtr[j]!, superset.colPtr[j + 1]!))
    for (let e = pattern.colPtr[j]!; e < pattern.colPtr[j + 1]!; e++) if (!rows.has(pattern.rowIdx[e]!)) return false
  }
  return true
}

/** What holds at every knot: the union of the patterns, and ties with the same numbers everywhere. */
function commonAnswer(answers: readonly Answer[]): Answer {
  const [first, ...others] = answers as [Answer, ...Answer[]]
  let structure = first.structure
  for (const { structure: one } of others) {
    if (structure === undefined || one === undefined) structure = undefined
    else if (!isWithin(one, structure)) structure = union(structure, one)
  }
  const ties = first.ties && {
    ...first.ties,
    tiedColumns: first.ties.tiedColumns.filter((tied) => others.every((one) => hasColumn(one.ties, tied))),
    tiedRows: first.ties.tiedRows.filter((tied) => others.every((one) => hasRow(one.ties, tied))),
  }
  return { structure, ties }
}

function union(one: Pattern, other: Pattern): Pattern {
  const columns = Array.from({ length: one.cols }, (_, j) =>
    [one, other].flatMap(({ colPtr, rowIdx }) => Array.from(rowIdx.subarray(colPtr[j]!, colPtr[j + 1]!))),
  )
  return patternFromColumns(
    one.rows,
    columns.map((rows) => [...new Set(rows)].sort((a, b) => a - b)),
  )
}
