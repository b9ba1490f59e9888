/** Patterns with known coloring numbers, and the matrices of the shared data folder where it is there. */

import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parseMatrixMarket } from '../../src/linalg/matrixMarket.ts'
import { type Pattern, patternFromEntries } from '../../src/linalg/pattern.ts'
import { patternFromTriplets } from '../../src/linalg/patternFromTriplets.ts'
import type { Random } from '../../src/linalg/random.ts'

/** Entries with −lower ≤ j − i ≤ upper. */
export function banded(rows: number, cols: number, lower: number, upper: number): Pattern {
  const entries: [number, number][] = []
  for (let i = 0; i < rows; i++)
    for (let j = Math.max(0, i - lower); j <= Math.min(cols - 1, i + upper); j++) entries.push([i, j])
  return patternFromEntries(rows, cols, entries)
}

/** Diagonal, first row and first column. */
export function arrowhead(n: number): Pattern {
  const entries: [number, number][] = []
  for (let k = 0; k < n; k++) entries.push([k, k], [0, k], [k, 0])
  return patternFromEntries(n, n, entries)
}

/** Each entry with the given probability. */
export function randomPattern(source: Random, rows: number, cols: number, density: number): Pattern {
  const entries: [number, number][] = []
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) if (source.uniform() < density) entries.push([i, j])
  return patternFromEntries(rows, cols, entries)
}

/** Each pair of mirrored entries, and each diagonal one, with the given probability. */
export function randomSymmetric(source: Random, n: number, density: number): Pattern {
  const entries: [number, number][] = []
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) if (source.uniform() < density) entries.push([i, j], [j, i])
  return patternFromEntries(n, n, entries)
}

/** All (row, column) pairs. */
export function entriesOf(pattern: Pattern): [number, number][] {
  const entries: [number, number][] = []
  for (let j = 0; j < pattern.cols; j++)
    for (let k = pattern.colPtr[j]!; k < pattern.colPtr[j + 1]!; k++) entries.push([pattern.rowIdx[k]!, j])
  return entries
}

/** A row that holds two columns of one color, or null: slow, and obviously right. */
export function findConflict(pattern: Pattern, colors: ArrayLike<number>): string | null {
  const seen = new Map<string, number>()
  for (const [i, j] of entriesOf(pattern)) {
    const key = `${i} ${colors[j]}`
    if (seen.has(key)) return `row ${i} holds columns ${seen.get(key)} and ${j} of color ${colors[j]}`
    seen.set(key, j)
  }
  return null
}

/**
 * What makes a star or acyclic coloring of a symmetric pattern invalid, or null: two neighbours of one color; a path on four
 * vertices (star), or a cycle (acyclic), of two colors. Each pair of colors is looked at on its own: slow, and obviously right.
 */
export function findSymmetricConflict(
  pattern: Pattern,
  colors: ArrayLike<number>,
  problem: 'star' | 'acyclic',
): string | null {
  const edges = entriesOf(pattern).filter(([i, j]) => i < j)
  for (const [i, j] of edges) if (colors[i] === colors[j]) return `neighbours ${i} and ${j} have color ${colors[i]}`
  const byPair = new Map<string, [number, number][]>()
  for (const [i, j] of edges) {
    const pair = [colors[i]!, colors[j]!].sort((a, b) => a - b).join(' and ')
    byPair.set(pair, [...(byPair.get(pair) ?? []), [i, j]])
  }
  for (const [pair, two] of byPair) {
    const neighbours = new Map<number, number[]>()
    for (const [i, j] of two)
      for (const [v, w] of [
        [i, j],
        [j, i],
      ] as const)
        neighbours.set(v, [...(neighbours.get(v) ?? []), w])
    if (problem === 'star') {
      // The middle edge of a path on four vertices joins two vertices that both have another neighbour.
      const middle = two.find(([i, j]) => neighbours.get(i)!.length > 1 && neighbours.get(j)!.length > 1)
      if (middle !== undefined) return `colors ${pair} meet on a path through ${middle}`
    } else {
      // Taking leaves away for as long as there are any leaves nothing but cycles.
      const leaves = [...neighbours.keys()].filter((v) => neighbours.get(v)!.length === 1)
      for (let v = leaves.pop(); v !== undefined; v = leaves.pop())
        for (const w of neighbours.get(v)!) {
          const others = neighbours.get(w)!.filter((x) => x !== v)
          neighbours.set(w, others)
          neighbours.set(v, [])
          if (others.length === 1) leaves.push(w)
        }
      if ([...neighbours.values()].some((others) => others.length > 0)) return `colors ${pair} meet on a cycle`
    }
  }
  return null
}

type ByOrder = Readonly<Record<'N' | 'LF' | 'SL' | 'ID' | 'DLF', number>>

export interface ExpectedColors {
  readonly name: string
  readonly file: string
  readonly m: number
  readonly n: number
  readonly nnz: number
  readonly symmetric_pattern: boolean
  readonly colors: {
    readonly column: ByOrder
    readonly star_2005_alg41?: ByOrder // the symmetric ones only, these three
    readonly star_2007?: ByOrder
    readonly acyclic_2007?: ByOrder
  }
}

const folder = new URL('../../../shared/data/matrices/', import.meta.url)
export const hasMatrices = existsSync(folder)

/** Published color counts; empty where the folder is absent. */
export function expectedColors(): ExpectedColors[] {
  return hasMatrices ? JSON.parse(readFileSync(new URL('expected_colors.json', folder), 'utf8')) : []
}

/** The pattern of a matrix of the folder, with the parser's opinion on its symmetry (null for .patd files). */
export function readMatrix(file: string): { pattern: Pattern; symmetric: boolean | null } {
  const bytes = readFileSync(new URL(file, folder))
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return file.endsWith('.patd.gz') ? { pattern: parsePatternDelta(text), symmetric: null } : parseMatrixMarket(text)
}

/** A comment line, 'm n nnz', then per column its row indices, the first absolute and the others as differences. */
function parsePatternDelta(text: string): Pattern {
  const lines = text.split('\n').filter((line) => !line.startsWith('%'))
  const [m, n] = lines[0]!.split(' ').map(Number) as [number, number]
  const I: number[] = []
  const J: number[] = []
  for (let j = 0; j < n; j++) {
    let row = 0
    for (const token of (lines[j + 1] ?? '').split(' ')) {
      if (token === '') continue
      row += Number(token)
      I.push(row)
      J.push(j)
    }
  }
  return patternFromTriplets(m, n, I, J)
}
