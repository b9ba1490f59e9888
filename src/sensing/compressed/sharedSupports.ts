/**
 * Rows that their own differences do not tell, by what they share with others. In this order, each row held against all of its
 * equations, so that rows which share nothing only stay as they are:
 *
 * 1. within each group that is said to share its support: the entries of the rows that are explained already; the support that the
 *    rows show together (jointPursuit.ts); the same with the entries of the explained rows to begin with; and, where a group is in
 *    truth several, rows whose own pursuits took the same columns first;
 * 2. without being told: the entries of any explained row, or of several that overlap; these to begin with, where they are a clear part
 *    of the row; and again rows whose own pursuits took the same columns first, or each by itself: residuals are formed here, so that
 *    small entries beside large ones show.
 */
import { fitSupport } from './fitSupport.ts'
import { jointPursuit, MAX_ROWS } from './jointPursuit.ts'

/** A right-hand side among others. */
export interface SharedRow {
  readonly y: Float64Array // [q]
  readonly accuracy: Float64Array // [q], what each equation need only hold to
  readonly candidates: readonly number[] | null // the only columns that may be nonzero; null: all
  readonly picks: readonly number[] // columns that a pursuit of its own took, in order
  x: Float64Array | null // [n], null while it is not explained
  /** What explains it: its own equations, rows of a group that was given, or rows that nobody named. */
  by: 'itself' | 'group' | 'others'
}

/** Equations beyond the entries that an explanation must fit, too: two do not hold by chance, at the accuracy of differences. */
const SPARE = 2
/**
 * Share of the equations that a pursuit's choice of columns leaves over, of all its rows together: the best of many columns fit somewhat.
 */
const LEFT = 0.4
/** Of the columns that a pursuit may take, those looked at for likeness: the first ones are the surest. */
const FIRST_PICKS = 0.25
/** Rows are alike that have this share of them in common. */
const ALIKE = 0.4
/** Rows tried together at most. */
const TOGETHER = 16
/** Supports of explained rows that are tried on every other. */
const MAX_SUPPORTS = 48
/** A support is a clear part of a row where what it leaves is this share of what a random one of its size would, squared. */
const CLEAR = 0.5
/** Supports are taken for one where the smaller has this share in the larger. */
const OVERLAP = 0.5
/** Multiplications after which no further rows are tried together. */
const MAX_WORK = 1e9

/** Explains rows of A x = y, A [q × n], by what they share: writes `x` of those that are. `groups`: places in `rows`. */
export function explainShared(
  A: Float64Array,
  q: number,
  n: number,
  rows: readonly SharedRow[],
  groups: readonly (readonly number[])[],
): void {
  let pursue: ReturnType<typeof jointPursuit> | undefined
  const most = q - SPARE
  let work = 0

  /** Fits the row on a support; whether that explains it. */
  const explains = (row: SharedRow, support: readonly number[], by: SharedRow['by']): boolean => {
    const { candidates } = row
    const allowed = candidates === null ? null : new Set(candidates)
    const own = allowed === null ? support : support.filter((j) => allowed.has(j))
    if (own.length > most) return false
    work += q * own.length * (own.length + 1)
    row.x = fitSupport(A, row.y, n, own, row.accuracy)
    if (row.x !== null) row.by = by
    return row.x !== null
  }

  /** Looks for the support that rows have in common, from `start` on; returns how many it explains. */
  const tryTogether = (members: readonly SharedRow[], start: readonly number[], by: SharedRow['by']): number => {
    if (members.every(({ x }) => x !== null) || start.length >= most || work > MAX_WORK) return 0
    pursue ??= jointPursuit(A, q, n)
    const Y = members.map(({ y }) => y)
    const norms = members.map(({ accuracy }) => 0.5 * Math.hypot(...accuracy))
    const largest = Math.min(most, Math.floor(q * (1 - LEFT / members.length)))
    const { support, explainedBy } = pursue(Y, norms, largest, { start, candidates: unionOf(members) })
    work += support.length * (q * n + Math.min(MAX_ROWS, members.length) ** 2 * (q + n))
    return members.filter(
      (row, r) => row.x === null && explainedBy[r]! >= 0 && explains(row, support.slice(0, explainedBy[r]), by),
    ).length
  }

  /** Rows of `members` that are open, with those whose own pursuits began like theirs; alone where none did. */
  const tryAlike = (members: readonly SharedRow[], by: SharedRow['by']): number => {
    let explained = 0
    const open = members.filter(({ x }) => x === null)
    const first = open.map(({ picks }) => new Set(picks.slice(0, Math.ceil(FIRST_PICKS * most))))
    const isTried = new Uint8Array(open.length)
    for (const [r, own] of first.entries()) {
      if (isTried[r] === 1 || open[r]!.x !== null || work > MAX_WORK) continue
      const alike = open
        .map((_, other) => ({ other, share: shared(own, first[other]!) / Math.max(1, own.size) }))
        .filter(({ other, share }) => other !== r && open[other]!.x === null && share >= ALIKE)
        .sort((a, b) => b.share - a.share || a.other - b.other)
        .slice(0, TOGETHER - 1)
      isTried[r] = 1
      for (const { other } of alike) isTried[other] = 1
      explained += tryTogether(
        [open[r]!, ...alike.map(({ other }) => open[other]!)],
        [],
        alike.length === 0 ? 'itself' : by,
      )
    }
    return explained
  }

  const tried = new Map<readonly number[], string>()
  const tryGroup = (group: readonly number[]): number => {
    const members = group.map((place) => rows[place]!)
    const isOpen = ({ x }: SharedRow) => x === null
    if (members.length < 2 || !members.some(isOpen)) return 0
    // nothing new since the last time
    const state = members.map((row) => (isOpen(row) ? 1 : 0)).join()
    if (tried.get(group) === state) return 0
    tried.set(group, state)
    const known = [...new Set(members.flatMap(({ x }) => (x === null ? [] : supportOf(x))))].sort((a, b) => a - b)
    let explained =
      known.length === 0 ? 0 : members.filter((row) => isOpen(row) && explains(row, known, 'group')).length
    explained += tryTogether(members, [], 'group')
    if (known.length > 0) explained += tryTogether(members.filter(isOpen), known, 'group')
    if (members.length > 2) explained += tryAlike(members, 'group')
    return explained
  }

  /** Supports of explained rows on rows that are open. */
  const tryNeighbours = (): number => {
    let explained = 0
    const starts = new Map<string, { support: readonly number[]; members: SharedRow[] }>()
    const best = new Map<SharedRow, { key: string; left: number }>()
    for (const support of supportsOf(rows, most)) {
      if (work > MAX_WORK) break
      const basis = orthonormal(A, q, n, support)
      work += q * support.length ** 2
      const key = support.join()
      for (const row of rows) {
        if (row.x !== null) continue
        work += q * support.length
        const left = shareLeft(row.y, basis)
        const floor = Math.hypot(...row.accuracy) / Math.hypot(...row.y)
        if (Math.sqrt(left) <= floor && explains(row, support, 'others')) {
          explained++
          continue
        }
        const isClear = left < CLEAR * (1 - support.length / q)
        if (isClear && left < (best.get(row)?.left ?? Number.POSITIVE_INFINITY)) {
          best.set(row, { key, left })
          if (!starts.has(key)) starts.set(key, { support, members: [] })
        }
      }
    }
    for (const [row, { key }] of best) if (row.x === null) starts.get(key)!.members.push(row)
    for (const { support, members } of starts.values())
      for (let from = 0; from < members.length; from += TOGETHER)
        explained += tryTogether(members.slice(from, from + TOGETHER), support, 'others')
    return explained
  }

  for (let progress = 1; progress > 0 && work <= MAX_WORK && rows.some(({ x }) => x === null); ) {
    progress = 0
    for (const group of groups) progress += tryGroup(group)
    progress += tryNeighbours()
    progress += tryAlike(rows, 'others')
  }
}

function supportOf(x: Float64Array): number[] {
  const support: number[] = []
  for (let j = 0; j < x.length; j++) if (x[j] !== 0) support.push(j)
  return support
}

/** Columns that some member may have; null: all. */
function unionOf(members: readonly SharedRow[]): number[] | null {
  const all = new Set<number>()
  for (const { candidates } of members) {
    if (candidates === null) return null
    for (const j of candidates) all.add(j)
  }
  return [...all].sort((a, b) => a - b)
}

function shared(one: ReadonlySet<number>, other: ReadonlySet<number>): number {
  let count = 0
  for (const j of one) if (other.has(j)) count++
  return count
}

/** Unions of the supports of explained rows that overlap, then the supports themselves: the largest first, none twice. */
function supportsOf(rows: readonly SharedRow[], most: number): number[][] {
  const own = new Map<string, number[]>()
  for (const { x } of rows) {
    if (x === null) continue
    const support = supportOf(x)
    if (support.length > 0 && support.length <= most) own.set(support.join(), support)
  }
  const single = [...own.values()].sort((a, b) => b.length - a.length)
  const unions: Set<number>[] = []
  for (const support of single) {
    const near = unions.find((union) => shared(new Set(support), union) >= OVERLAP * support.length)
    if (near === undefined) unions.push(new Set(support))
    else if (near.size + support.length <= most) for (const j of support) near.add(j)
  }
  const all = new Map(unions.map((union) => [...union].sort((a, b) => a - b)).map((union) => [union.join(), union]))
  for (const support of single) all.set(support.join(), support)
  return [...all.values()].slice(0, MAX_SUPPORTS)
}

/** Orthonormal basis of columns of A, by Gram–Schmidt, twice; those that depend on others left out. */
function orthonormal(A: Float64Array, q: number, n: number, support: readonly number[]): Float64Array[] {
  const basis: Float64Array[] = []
  for (const j of support) {
    const v = Float64Array.from({ length: q }, (_, e) => A[e * n + j]!)
    const size = Math.hypot(...v)
    for (let pass = 0; pass < 2; pass++)
      for (const other of basis) {
        let part = 0
        for (let e = 0; e < q; e++) part += v[e]! * other[e]!
        for (let e = 0; e < q; e++) v[e]! -= part * other[e]!
      }
    const left = Math.hypot(...v)
    if (!(left > 1e-10 * size)) continue
    for (let e = 0; e < q; e++) v[e]! /= left
    basis.push(v)
  }
  return basis
}

/** |y − QQᵀy|² / |y|² */
function shareLeft(y: Float64Array, basis: readonly Float64Array[]): number {
  const rest = y.slice()
  for (const v of basis) {
    let part = 0
    for (let e = 0; e < rest.length; e++) part += rest[e]! * v[e]!
    for (let e = 0; e < rest.length; e++) rest[e]! -= part * v[e]!
  }
  let left = 0
  let whole = 0
  for (let e = 0; e < rest.length; e++) {
    left += rest[e]! ** 2
    whole += y[e]! ** 2
  }
  return whole === 0 ? 0 : left / whole
}
