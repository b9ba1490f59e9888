/** Maps with fixed points that are known or easy to check. */
import { SVD } from 'ml-matrix'
import type { FixedPointMap } from '../../src/learn/fixedPoint.ts'
import { fromFlat } from '../../src/linalg/dense.ts'
import { random } from '../../src/linalg/random.ts'

/** u = γ tanh(W u + d), W [n × n] of norm 1. */
export function tanhMap(n: number, gamma: number, seed: number): FixedPointMap {
  const { normal } = random(seed)
  const raw = Float64Array.from({ length: n * n }, normal)
  const size = new SVD(fromFlat(raw, n, n)).diagonal[0]!
  const W = raw.map((entry) => entry / size)
  const inner = (u: Float64Array, d: Float64Array, i: number) =>
    u.reduce((sum, entry, j) => sum + W[i * n + j]! * entry, d[i]!)
  return {
    size: n,
    parameters: n,
    apply(u, d, uOut) {
      for (let i = 0; i < n; i++) uOut[i] = gamma * Math.tanh(inner(u, d, i))
    },
    pullBack(u, d, w, ofU, ofD) {
      ofU.fill(0)
      for (let i = 0; i < n; i++) {
        ofD[i] = gamma * (1 - Math.tanh(inner(u, d, i)) ** 2) * w[i]!
        for (let j = 0; j < n; j++) ofU[j]! += W[i * n + j]! * ofD[i]!
      }
    },
  }
}

/** Central differences of Σ w_i u*_i by d, from `solve`. */
export function differences(
  solve: (d: Float64Array) => Float64Array,
  d: Float64Array,
  w: Float64Array,
  h = 1e-5,
): Float64Array {
  const value = (e: number, step: number) => {
    const moved = d.slice()
    moved[e]! += step
    return solve(moved).reduce((sum, entry, i) => sum + w[i]! * entry, 0)
  }
  return d.map((_, e) => (value(e, h) - value(e, -h)) / (2 * h))
}

/** A of n boxes that stand on each other, and b of them falling at once: impulses between neighbours. Masses [n], kg. */
export function stack(masses: readonly number[]): { A: number[][]; b: Float64Array } {
  const n = masses.length
  const inverse = masses.map((m) => 1 / m)
  const A = masses.map((_, i) =>
    masses.map((_, j) => {
      if (i === j) return inverse[i]! + (i > 0 ? inverse[i - 1]! : 0)
      return Math.abs(i - j) === 1 ? -inverse[Math.min(i, j)]! : 0
    }),
  )
  return { A, b: Float64Array.from({ length: n }, (_, i) => (i === 0 ? -0.1 : 0)) }
}
