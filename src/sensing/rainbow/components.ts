/**
 * Which parameters of a family have to be found together. Two that are moved in the same equation (one output along one direction)
 * belong to one component; components are solved alone. With a proper coloring, every parameter of a sparse Jacobian is one.
 */
import type { Family } from '../family.ts'

export interface Component {
  readonly parameters: readonly number[]
  readonly rows: readonly number[] // of J, whose equations hold them; a row may serve several components
  /** Components with the same key have the same equations, in other rows. null: like no other. */
  readonly key: string | null
}

/** D [k × n]: which columns each direction moves. */
export function componentsOf(family: Family, D: ArrayLike<number>, k: number): Component[] {
  const { rows: m, cols: n, parameters: d, parameter, termPtr } = family
  const byRow = entriesByRow(family)
  const parent = Int32Array.from({ length: d }, (_, p) => p)
  const find = (p: number): number => {
    let root = p
    while (parent[root] !== root) root = parent[root]!
    while (parent[p] !== root) {
      const next = parent[p]!
      parent[p] = root
      p = next
    }
    return root
  }
  const isMoved = new Uint8Array(d)
  for (let i = 0; i < m; i++)
    for (let t = 0; t < k; t++) {
      let first = -1
      for (let a = byRow.ptr[i]!; a < byRow.ptr[i + 1]!; a++) {
        if (D[t * n + byRow.column[a]!] === 0) continue
        const e = byRow.entry[a]!
        for (let s = termPtr[e]!; s < termPtr[e + 1]!; s++) {
          const p = parameter[s]!
          isMoved[p] = 1
          if (first < 0) first = find(p)
          else parent[find(p)] = first
        }
      }
    }

  const members = new Map<number, { parameters: number[]; rows: number[]; columns: number[] }>()
  for (let p = 0; p < d; p++) {
    const root = find(p)
    const component = members.get(root) ?? { parameters: [], rows: [], columns: [] }
    component.parameters.push(p)
    members.set(root, component)
  }
  for (let i = 0; i < m; i++)
    for (let a = byRow.ptr[i]!; a < byRow.ptr[i + 1]!; a++) {
      const e = byRow.entry[a]!
      for (let s = termPtr[e]!; s < termPtr[e + 1]!; s++) {
        const { rows, columns } = members.get(find(parameter[s]!))!
        if (rows.at(-1) !== i) rows.push(i)
        columns.push(byRow.column[a]!)
      }
    }
  return [...members.values()].map(({ parameters, rows, columns }) => {
    // parameters of one row, one an entry, in the order of their columns
    const isPlain = rows.length === 1 && columns.length === parameters.length
    const ordered = isPlain ? inColumnOrder(family, byRow, rows[0]!, parameters) : null
    return ordered === null ? { parameters, rows, key: null } : { parameters: ordered, rows, key: columns.join() }
  })
}

/** The entries of a family row by row: those of row i from ptr[i] to ptr[i + 1] − 1, by ascending column. */
export interface EntriesByRow {
  readonly ptr: Int32Array // [m + 1]
  readonly entry: Int32Array // [nnz]
  readonly column: Int32Array // [nnz]
}

export function entriesByRow({ rows: m, cols: n, colPtr, rowIdx }: Family): EntriesByRow {
  const ptr = new Int32Array(m + 1)
  for (const i of rowIdx) ptr[i + 1]!++
  for (let i = 0; i < m; i++) ptr[i + 1]! += ptr[i]!
  const next = ptr.slice(0, m)
  const entry = new Int32Array(rowIdx.length)
  const column = new Int32Array(rowIdx.length)
  for (let j = 0; j < n; j++)
    for (let e = colPtr[j]!; e < colPtr[j + 1]!; e++) {
      const a = next[rowIdx[e]!]!++
      entry[a] = e
      column[a] = j
    }
  return { ptr, entry, column }
}

/** null where a parameter comes with a factor. */
function inColumnOrder(
  { termPtr, parameter, factor }: Family,
  byRow: EntriesByRow,
  i: number,
  parameters: readonly number[],
): number[] | null {
  const wanted = new Set(parameters)
  const ordered: number[] = []
  for (let a = byRow.ptr[i]!; a < byRow.ptr[i + 1]!; a++) {
    const e = byRow.entry[a]!
    for (let s = termPtr[e]!; s < termPtr[e + 1]!; s++)
      if (wanted.has(parameter[s]!) && factor[s] === 1) ordered.push(parameter[s]!)
  }
  return ordered.length === parameters.length ? ordered : null
}
