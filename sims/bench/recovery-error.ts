/**
 * What do fewer directions cost in accuracy? Coloring against the row-wise recovery of Newsam and Ramsdell on random patterns, and
 * column, star and acyclic colorings on symmetric ones; errors relative to the largest entry of each row, against exact Jacobians.
 */
import { type Benchmark, type Blackbox, type Pattern, patternFromEntries, type SenseOptions, sense } from 'jacsense'

export interface Row {
  readonly pattern: string
  readonly method: string
  readonly directions: number
  readonly calls: number
  readonly 'median error': number
  readonly 'largest error': number
  readonly certified: string
}

const METHODS: readonly (readonly [string, Omit<SenseOptions, 'at'>])[] = [
  ['column coloring', { method: 'colored' }],
  ['newsam-ramsdell', { method: 'newsam-ramsdell' }],
]
const SYMMETRIC_METHODS: readonly (readonly [string, Omit<SenseOptions, 'at'>])[] = [
  ['column coloring', { method: 'colored' }],
  ['star coloring', { method: 'colored', reading: 'direct', structure: { symmetric: true } }],
  ['acyclic coloring', { method: 'colored', reading: 'substitution', structure: { symmetric: true } }],
]

/** `budget` matrices of each kind. */
export const run: Benchmark<Row> = async ({ budget = 5, signal, onProgress } = {}) => {
  const kinds = [
    { name: 'random 120², 5 %', n: 120, density: 0.05, isSymmetric: false },
    { name: 'random 300², 2 %', n: 300, density: 0.02, isSymmetric: false },
    { name: 'symmetric band, 300², ±3', n: 300, density: 0, isSymmetric: true },
    { name: 'symmetric random, 120², 4 %', n: 120, density: 0.04, isSymmetric: true },
  ]
  const rows: Row[] = []
  for (const [k, { name, n, density, isSymmetric }] of kinds.entries()) {
    for (const [method, options] of isSymmetric ? SYMMETRIC_METHODS : METHODS) {
      const errors: number[] = []
      let directions = 0
      let calls = 0
      let numCertified = 0
      for (let seed = 0; seed < budget; seed++) {
        signal?.throwIfAborted()
        const { blackbox, at, pattern, exact } = problem(n, density, isSymmetric, seed)
        const structure = { sparsity: pattern, ...options.structure }
        const { J, quality, result } = await sense(blackbox, { at, ...options, structure })
        directions += quality.directions / budget
        calls += quality.calls / budget
        if (result === 'certified') numCertified++
        for (let i = 0; i < n; i++) {
          const size = exact[i]!.reduce((largest, entry) => Math.max(largest, Math.abs(entry)), 0)
          for (let j = 0; j < n; j++) if (exact[i]![j] !== 0) errors.push(Math.abs(J.get(i, j) - exact[i]![j]!) / size)
        }
      }
      errors.sort((a, b) => a - b)
      rows.push({
        pattern: name,
        method,
        directions: rounded(directions),
        calls: rounded(calls),
        'median error': rounded(errors[errors.length >> 1]!),
        'largest error': rounded(errors.at(-1)!),
        certified: `${numCertified} of ${budget}`,
      })
    }
    onProgress?.(k + 1, kinds.length)
  }
  return {
    rows,
    notes: [`means over ${budget} matrices each; central differences, two held-out directions`],
    seeds: `matrices: 1 … ${budget}`,
  }
}

/**
 * y_i = Σ_j a_ij g(z_j), or for a symmetric Jacobian the forces y_i = a_ii g(z_i) + Σ_j a_ij g(z_i − z_j) of springs between
 * neighbours, g(s) = s + 0.3 sin s.
 */
function problem(
  n: number,
  density: number,
  isSymmetric: boolean,
  seed: number,
): { blackbox: Blackbox; at: Float64Array; pattern: Pattern; exact: number[][] } {
  const uniform = generator(seed + 1)
  const terms: [number, number, number][] = [] // i, j, a_ij
  for (let i = 0; i < n; i++)
    for (let j = 0; j < (isSymmetric ? i + 1 : n); j++) {
      const isEntry = density === 0 ? Math.abs(i - j) <= 3 : uniform() < density || (isSymmetric && i === j)
      if (!isEntry) continue
      const a = (uniform() < 0.5 ? -1 : 1) * (0.5 + uniform())
      terms.push([i, j, a])
      if (isSymmetric && i !== j) terms.push([j, i, a])
    }
  const isSpring = (i: number, j: number) => isSymmetric && i !== j
  const blackbox: Blackbox = {
    inputs: n,
    outputs: n,
    evaluate(z, y) {
      y.fill(0)
      for (const [i, j, a] of terms) {
        const s = isSpring(i, j) ? z[i]! - z[j]! : z[j]!
        y[i]! += a * (s + 0.3 * Math.sin(s))
      }
    },
  }
  const at = Float64Array.from({ length: n }, () => 4 * uniform() - 2)
  const exact = Array.from({ length: n }, () => new Array<number>(n).fill(0))
  for (const [i, j, a] of terms) {
    const slope = a * (1 + 0.3 * Math.cos(isSpring(i, j) ? at[i]! - at[j]! : at[j]!))
    exact[i]![j]! += isSpring(i, j) ? -slope : slope
    if (isSpring(i, j)) exact[i]![i]! += slope
  }
  const entries = terms.map(([i, j]): [number, number] => [i, j])
  return { blackbox, at, pattern: patternFromEntries(n, n, entries), exact }
}

/** Uniform numbers in [0, 1) from a seed (mulberry32, Ettinger). */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const rounded = (value: number): number => Number(value.toPrecision(3))
