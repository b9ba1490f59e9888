/**
 * Families of Jacobians J = J₀ + Σ_l θ_l B_l: what is known of J leaves d parameters θ to find. Sparse: one parameter an entry;
 * symmetric: one for an entry and its mirror image; Toeplitz, Hankel and circulant: one a diagonal; groups of tied entries; known
 * entries have none. Intersections of these: a parameter that one of them fixes is fixed for all.
 */
import { densePattern, type Pattern } from '../linalg/pattern.ts'
import { patternFromTriplets } from '../linalg/patternFromTriplets.ts'
import { findTwins, type Symmetry } from './symmetricBlocks.ts'

export interface KnownEntry {
  readonly row: number
  readonly column: number
  readonly value: number // outputs per input
}

/** J[row, column] = factor · θ of its group, plus factor · θ of other groups that hold it too. */
export interface TiedEntry {
  readonly row: number
  readonly column: number
  readonly factor?: number | undefined // default 1
}

/**
 * 'toeplitz': J[i, j] depends on i − j alone; 'hankel': on i + j; 'circulant': on i − j modulo n, of a square Jacobian. Or groups of
 * entries: each group is one B_l, so that entries outside of all groups keep a parameter of their own.
 */
export type Tied = 'toeplitz' | 'hankel' | 'circulant' | readonly (readonly TiedEntry[])[]

/** Plain, and part of a plan. Entries are those that may be nonzero, numbered by their place in rowIdx. */
export interface Family {
  readonly rows: number // m
  readonly cols: number // n
  readonly parameters: number // d
  readonly colPtr: readonly number[] // [n + 1]
  readonly rowIdx: readonly number[] // [nnz]
  readonly known: readonly number[] // [nnz], J₀
  /** Entry e is known[e] + Σ factor[t] · θ[parameter[t]] for t from termPtr[e] to termPtr[e + 1] − 1. */
  readonly termPtr: readonly number[] // [nnz + 1]
  readonly parameter: readonly number[] // [terms]
  readonly factor: readonly number[] // [terms]
}

export interface FamilyStructure {
  readonly sparsity: Pattern | null // superset of the nonzeros; null: all entries
  readonly symmetric?: Symmetry | null | undefined
  readonly known?: readonly KnownEntry[] | undefined
  readonly tied?: Tied | undefined
}

const NAMED = ['toeplitz', 'hankel', 'circulant'] as const

/** The family of [m × n] Jacobians. Throws RangeError, naming the entry, on what lies outside or contradicts itself. */
export function familyOf(
  who: string,
  m: number,
  n: number,
  { sparsity, symmetric, known, tied }: FamilyStructure,
): Family {
  const pattern = withEntries(who, sparsity ?? densePattern(m, n), known ?? [], Array.isArray(tied) ? tied.flat() : [])
  const { colPtr, rowIdx } = pattern
  const nnz = rowIdx.length
  const at = placeFinder(pattern)

  // Parameters before merging, and the terms of each entry.
  const terms: (readonly [parameter: number, factor: number][])[] = new Array(nnz)
  let count = 0
  const fixed = new Map<number, number>() // parameter → value
  const named = new Map<number, string>() // parameter → the entry that says so
  if (typeof tied === 'string') {
    count = nameParameters(who, tied, pattern, terms, fixed)
  } else {
    const grouped = new Map<number, [number, number][]>()
    for (const [g, group] of (tied ?? []).entries()) {
      for (const { row, column, factor = 1 } of group) {
        if (!Number.isFinite(factor))
          throw new RangeError(`${who}: the factor of entry (${row}, ${column}) in group ${g} is ${factor}`)
        const entry = at(row, column)
        grouped.set(entry, [...(grouped.get(entry) ?? []), [g, factor]])
      }
      count = g + 1
    }
    for (let e = 0; e < nnz; e++) terms[e] = grouped.get(e) ?? [[count++, 1]]
  }

  const classes = mergeable(count)
  if (symmetric !== undefined && symmetric !== null) {
    const { twin } = findTwins(who, pattern, symmetric)
    for (let e = 0; e < nnz; e++)
      if (twin[e]! > e) mergeTerms(who, classes, terms[e]!, terms[twin[e]!]!, () => nameOf(pattern, e))
  }
  for (const { row, column, value } of known ?? []) {
    if (!Number.isFinite(value)) throw new RangeError(`${who}: the known entry (${row}, ${column}) is ${value}`)
    const entry = terms[at(row, column)]!
    if (entry.length !== 1)
      throw new RangeError(`${who}: entry (${row}, ${column}) is known, and a sum of ${entry.length} parameters`)
    const [p, factor] = entry[0]!
    if (factor === 0) {
      if (value === 0) continue
      throw new RangeError(`${who}: entry (${row}, ${column}) is known as ${value}, and its factor is 0`)
    }
    fixValue(who, fixed, p, value / factor, `entry (${row}, ${column})`)
    named.set(p, `entry (${row}, ${column})`)
  }

  // What is fixed of one member of a class is fixed of all.
  const fixedAt = new Map<number, number>() // of roots
  for (const [parameter, value] of fixed) {
    const [root, factor] = classes.find(parameter)
    const name = () =>
      nameOf(
        pattern,
        terms.findIndex((entry) => entry.some(([p]) => p === parameter)),
      )
    fixValue(who, fixedAt, root, value / factor, named.get(parameter) ?? name())
  }
  const numberOf = new Map<number, number>()
  const termPtr: number[] = [0]
  const parameter: number[] = []
  const factor: number[] = []
  const values: number[] = []
  for (let e = 0; e < nnz; e++) {
    let sum = 0
    for (const [p, f] of terms[e]!) {
      const [root, ratio] = classes.find(p)
      const value = fixedAt.get(root)
      if (value !== undefined) {
        sum += f * ratio * value
        continue
      }
      if (!numberOf.has(root)) numberOf.set(root, numberOf.size)
      parameter.push(numberOf.get(root)!)
      factor.push(f * ratio)
    }
    termPtr.push(parameter.length)
    values.push(sum)
  }
  return {
    rows: m,
    cols: n,
    parameters: numberOf.size,
    colPtr: Array.from(colPtr),
    rowIdx: Array.from(rowIdx),
    known: values,
    termPtr,
    parameter,
    factor,
  }
}

/** Writes the member of the family with parameters θ into J [m × n, row-major]. */
export function familyInto(J: Float64Array, family: Family, theta: ArrayLike<number>): void {
  const { cols: n, colPtr, rowIdx, known, termPtr, parameter, factor } = family
  J.fill(0)
  for (let j = 0; j < n; j++)
    for (let e = colPtr[j]!; e < colPtr[j + 1]!; e++) {
      let value = known[e]!
      for (let t = termPtr[e]!; t < termPtr[e + 1]!; t++) value += factor[t]! * theta[parameter[t]!]!
      J[rowIdx[e]! * n + j] = value
    }
}

/** True where every entry has a parameter to itself: nothing is known but where zeros are. */
export function isPlainlySparse({ parameters, rowIdx, parameter, termPtr }: Family): boolean {
  return parameters === rowIdx.length && parameter.length === parameters && termPtr[parameters] === parameters
}

/** The largest number of entries in a row. */
export function densestRow({ rows, rowIdx }: Family): number {
  const counts = new Int32Array(rows)
  let most = 0
  for (const i of rowIdx) most = Math.max(most, ++counts[i]!)
  return most
}

/** Terms of a named family; diagonals with an entry outside of the pattern are zero. Returns the number of parameters. */
function nameParameters(
  who: string,
  tied: string,
  { rows: m, cols: n, colPtr, rowIdx }: Pattern,
  terms: (readonly [number, number][])[],
  fixed: Map<number, number>,
): number {
  if (!(NAMED as readonly string[]).includes(tied))
    throw new RangeError(`${who}: tied must be one of ${NAMED.join(', ')}, or groups of entries; got ${tied}`)
  if (tied === 'circulant' && m !== n)
    throw new RangeError(`${who}: a circulant Jacobian must be square, got [${m} × ${n}]`)
  const diagonal = (i: number, j: number): number => {
    if (tied === 'circulant') return (i - j + n) % n
    return tied === 'hankel' ? i + j : i - j + n - 1
  }
  const count = tied === 'circulant' ? n : Math.max(0, m + n - 1)
  const inPattern = new Int32Array(count)
  const inAll = new Int32Array(count)
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) inAll[diagonal(i, j)]!++
  for (let j = 0; j < n; j++)
    for (let e = colPtr[j]!; e < colPtr[j + 1]!; e++) {
      const p = diagonal(rowIdx[e]!, j)
      terms[e] = [[p, 1]]
      inPattern[p]!++
    }
  for (let p = 0; p < count; p++) if (inPattern[p]! < inAll[p]!) fixed.set(p, 0)
  return count
}

/** The pattern with the entries that are named one by one. Throws RangeError on an entry outside of the matrix. */
function withEntries(
  who: string,
  pattern: Pattern,
  ...lists: readonly (readonly { readonly row: number; readonly column: number }[])[]
): Pattern {
  const { rows: m, cols: n, colPtr, rowIdx } = pattern
  const named = lists.flat()
  for (const { row, column } of named)
    if (!(Number.isInteger(row) && Number.isInteger(column) && row >= 0 && row < m && column >= 0 && column < n))
      throw new RangeError(`${who}: entry (${row}, ${column}) lies outside [${m} × ${n}]`)
  if (named.length === 0) return pattern
  const columnOf: number[] = []
  for (let j = 0; j < n; j++) for (let e = colPtr[j]!; e < colPtr[j + 1]!; e++) columnOf.push(j)
  const I = [...rowIdx, ...named.map(({ row }) => row)]
  return patternFromTriplets(m, n, I, [...columnOf, ...named.map(({ column }) => column)])
}

function placeFinder({ colPtr, rowIdx }: Pattern): (i: number, j: number) => number {
  return (i, j) => {
    let low = colPtr[j]!
    let high = colPtr[j + 1]! - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (rowIdx[middle]! < i) low = middle + 1
      else high = middle
    }
    return low
  }
}

function nameOf({ colPtr, rowIdx }: Pattern, e: number): string {
  let j = 0
  while (colPtr[j + 1]! <= e) j++
  return `entry (${rowIdx[e]}, ${j})`
}

function fixValue(who: string, fixed: Map<number, number>, key: number, value: number, name: string): void {
  const before = fixed.get(key)
  if (before !== undefined && Math.abs(before - value) > 1e-12 * Math.max(Math.abs(before), Math.abs(value)))
    throw new RangeError(`${who}: ${name} is known as ${value}, and through what it is tied to as ${before}`)
  fixed.set(key, value)
}

/** Parameters in classes of multiples of each other (union-find). */
interface Mergeable {
  /** θ_p = factor · θ_root. */
  find(p: number): [root: number, factor: number]
  /** Says that θ_q = ratio · θ_p; false where another ratio is known. */
  merge(p: number, q: number, ratio: number): boolean
}

function mergeable(count: number): Mergeable {
  const parent = Int32Array.from({ length: count }, (_, p) => p)
  const multiple = new Float64Array(count).fill(1) // of the parent
  const find = (p: number): [number, number] => {
    let root = p
    let factor = 1
    while (parent[root] !== root) {
      factor *= multiple[root]!
      root = parent[root]!
    }
    if (root !== p) {
      parent[p] = root
      multiple[p] = factor
    }
    return [root, factor]
  }
  return {
    find,
    merge(p, q, ratio) {
      const [a, fa] = find(p)
      const [b, fb] = find(q)
      if (a === b) return Math.abs(fb - ratio * fa) <= 1e-12 * Math.abs(fb)
      parent[b] = a
      multiple[b] = (ratio * fa) / fb
      return true
    },
  }
}

/** Makes an entry and its mirror image equal. */
function mergeTerms(
  who: string,
  classes: Mergeable,
  a: readonly (readonly [number, number])[],
  b: readonly (readonly [number, number])[],
  name: () => string,
): void {
  if (a.length === 1 && b.length === 1) {
    const [[p, fp], [q, fq]] = [a[0]!, b[0]!]
    if (fp !== 0 && fq !== 0 && classes.merge(p, q, fp / fq)) return
    throw new RangeError(`${who}: ${name()} and its mirror image are tied with different factors`)
  }
  const isSame = a.length === b.length && a.every(([p, f]) => b.some(([q, g]) => p === q && f === g))
  if (!isSame) throw new RangeError(`${who}: ${name()} and its mirror image belong to different groups`)
}
