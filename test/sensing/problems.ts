/** Functions whose Jacobians are known in closed form. */

import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { type Pattern, patternFromEntries } from '../../src/linalg/pattern.ts'
import type { Random } from '../../src/linalg/random.ts'
import { arrowhead, banded, entriesOf, randomPattern } from './patterns.ts'

export interface Problem {
  readonly name: string
  readonly blackbox: Blackbox
  readonly pattern: Pattern // of the nonzeros
  readonly at: Float64Array // [n]
  /** The exact Jacobian at z, [m][n]. */
  jacobian(z: Float64Array): number[][]
}

/** Tridiagonal: y_i = z_i³/3 − sin z_{i−1} + 2 z_i z_{i+1}. */
export function tridiagonal(n: number): Problem {
  const value = (z: Float64Array, i: number) => (i < 0 || i >= n ? 0 : z[i]!)
  return {
    name: `tridiagonal ${n}`,
    pattern: banded(n, n, 1, 1),
    at: Float64Array.from({ length: n }, (_, i) => Math.sin(i + 1)),
    blackbox: {
      inputs: n,
      outputs: n,
      evaluate(z, y) {
        for (let i = 0; i < n; i++) y[i] = z[i]! ** 3 / 3 - Math.sin(value(z, i - 1)) + 2 * z[i]! * value(z, i + 1)
      },
    },
    jacobian: (z) =>
      Array.from({ length: n }, (_, i) =>
        Array.from({ length: n }, (_, j) => {
          if (j === i) return z[i]! ** 2 + 2 * value(z, i + 1)
          if (j === i - 1) return -Math.cos(z[j]!)
          return j === i + 1 ? 2 * z[i]! : 0
        }),
      ),
  }
}

/**
 * The Brusselator on a line of N cells (Hairer and Wanner 1996, Solving Ordinary Differential Equations II, §IV.1; boundary values
 * u = 1, v = 3): u' = 1 + u²v − 4u + a Δu, v' = 3u − u²v + a Δv; unknowns u_1, v_1, u_2, v_2, … Half-bandwidth 2.
 */
export function brusselator(cells: number): Problem {
  const n = 2 * cells
  const a = (cells + 1) ** 2 / 50
  const entries: [number, number][] = []
  for (let k = 0; k < cells; k++) {
    entries.push([2 * k, 2 * k], [2 * k, 2 * k + 1], [2 * k + 1, 2 * k], [2 * k + 1, 2 * k + 1])
    if (k > 0) entries.push([2 * k, 2 * k - 2], [2 * k + 1, 2 * k - 1])
    if (k < cells - 1) entries.push([2 * k, 2 * k + 2], [2 * k + 1, 2 * k + 3])
  }
  return {
    name: `Brusselator ${cells}`,
    pattern: patternFromEntries(n, n, entries),
    at: Float64Array.from({ length: n }, (_, j) => (j % 2 === 0 ? 1 + Math.sin((Math.PI * (j + 2)) / n) : 3)),
    blackbox: {
      inputs: n,
      outputs: n,
      evaluate(z, y) {
        for (let k = 0; k < cells; k++) {
          const u = z[2 * k]!
          const v = z[2 * k + 1]!
          const uLeft = k === 0 ? 1 : z[2 * k - 2]!
          const vLeft = k === 0 ? 3 : z[2 * k - 1]!
          const uRight = k === cells - 1 ? 1 : z[2 * k + 2]!
          const vRight = k === cells - 1 ? 3 : z[2 * k + 3]!
          y[2 * k] = 1 + u * u * v - 4 * u + a * (uLeft - 2 * u + uRight)
          y[2 * k + 1] = 3 * u - u * u * v + a * (vLeft - 2 * v + vRight)
        }
      },
    },
    jacobian(z) {
      const J = Array.from({ length: n }, () => new Array<number>(n).fill(0))
      for (let k = 0; k < cells; k++) {
        const u = z[2 * k]!
        const v = z[2 * k + 1]!
        J[2 * k]![2 * k] = 2 * u * v - 4 - 2 * a
        J[2 * k]![2 * k + 1] = u * u
        J[2 * k + 1]![2 * k] = 3 - 2 * u * v
        J[2 * k + 1]![2 * k + 1] = -u * u - 2 * a
        for (const l of [k - 1, k + 1]) {
          if (l < 0 || l >= cells) continue
          J[2 * k]![2 * l] = a
          J[2 * k + 1]![2 * l + 1] = a
        }
      }
      return J
    },
  }
}

/** y_i = g(Σ_j A_ij z_j) · rowScale_i with g(s) = s + 0.3 s² + 0.1 sin s on a given pattern. */
export function ridge(
  name: string,
  pattern: Pattern,
  source: Random,
  rowScale: (i: number) => number = () => 1,
): Problem {
  const { rows: m, cols: n } = pattern
  const A = Array.from({ length: m }, () => new Float64Array(n))
  // Entries of normal size: between ½ and 1½ in magnitude.
  for (const [i, j] of entriesOf(pattern)) A[i]![j] = source.rademacher() * (0.5 + source.uniform())
  const sums = (z: Float64Array) => A.map((row) => row.reduce((sum, entry, j) => sum + entry * z[j]!, 0))
  return {
    name,
    pattern,
    at: Float64Array.from({ length: n }, () => source.normal()),
    blackbox: {
      inputs: n,
      outputs: m,
      evaluate(z, y) {
        sums(z).forEach((s, i) => {
          y[i] = rowScale(i) * (s + 0.3 * s * s + 0.1 * Math.sin(s))
        })
      },
    },
    jacobian: (z) =>
      sums(z).map((s, i) => Array.from(A[i]!, (entry) => rowScale(i) * (1 + 0.6 * s + 0.1 * Math.cos(s)) * entry)),
  }
}

/** The list that every recovery must pass. */
export function problems(source: Random): Problem[] {
  const empty = (rows: number, cols: number) => patternFromEntries(rows, cols, [])
  const gaps = patternFromEntries(6, 7, [
    [1, 1],
    [1, 3],
    [4, 3],
    [4, 4],
  ])
  return [
    tridiagonal(30),
    tridiagonal(1),
    brusselator(12),
    ridge('arrowhead', arrowhead(10), source),
    ridge('random sparse', randomPattern(source, 25, 40, 0.08), source),
    ridge('tall', randomPattern(source, 60, 9, 0.2), source),
    ridge('empty rows and columns', gaps, source),
    ridge('rows from 1e-9 to 1e9', banded(19, 19, 1, 1), source, (i) => 10 ** (i - 9)),
    ridge('constant', empty(3, 4), source),
    ridge('no outputs', empty(0, 4), source),
    ridge('no inputs', empty(3, 0), source),
  ]
}

/** max_i max_j |J_ij − exact_ij| / (largest exact entry of row i), rows of zeros absolutely. */
export function rowwiseError(J: { get(i: number, j: number): number }, exact: readonly (readonly number[])[]): number {
  let worst = 0
  exact.forEach((row, i) => {
    const size = row.reduce((largest, entry) => Math.max(largest, Math.abs(entry)), 0) || 1
    row.forEach((entry, j) => {
      worst = Math.max(worst, Math.abs(J.get(i, j) - entry) / size)
    })
  })
  return worst
}
