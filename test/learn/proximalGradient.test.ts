import { inverse, Matrix, pseudoInverse } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { fromFlat } from '../../src/linalg/dense.ts'
import { random } from '../../src/linalg/random.ts'
import { proximalGradient, type ProximalOptions } from '../../src/learn/proximalGradient.ts'
import { relativeError } from './known.ts'

/** Inputs, errors at the outputs, and the gradient that they make. */
function layer(r: number, p: number, q: number, seed = 1) {
  const { normal } = random(seed)
  const A = Float64Array.from({ length: r * p }, normal)
  const D = Float64Array.from({ length: r * q }, normal)
  const G = fromFlat(A, r, p)
    .transpose()
    .mmul(fromFlat(D, r, q))
  return { A, D, G: Float64Array.from(G.to1DArray()) }
}

/** θ_old − θ⁺ by the definition: the least-squares problem [A; I/√τ] δ = [D; 0]. */
function closedForm(A: Float64Array, D: Float64Array, r: number, p: number, q: number, tau: number): number[] {
  const rows = Matrix.zeros(r + p, p)
  rows.setSubMatrix(fromFlat(A, r, p), 0, 0)
  for (let i = 0; i < p; i++) rows.set(r + i, i, 1 / Math.sqrt(tau))
  const right = Matrix.zeros(r + p, q)
  right.setSubMatrix(fromFlat(D, r, q), 0, 0)
  return pseudoInverse(rows).mmul(right).to1DArray()
}

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, entry, k) => sum + entry * b[k]!, 0)

describe('an exact proximal gradient', () => {
  it.each([
    [30, 6, 4],
    [6, 30, 4],
    [7, 7, 1],
    [1, 5, 3],
    [120, 40, 20],
    [40, 120, 20],
  ])('is the minimizer of its problem to 1e-10: A [%d × %d], %d outputs', (r, p, q) => {
    for (const tau of [1e-4, 0.05, 1, 100, 1e4]) {
      const { A, D } = layer(r, p, q)
      const { result, direction, residual } = proximalGradient(A, D, r, { tau })
      expect(result).toBe('solved')
      expect(residual).toBeLessThan(1e-10)
      expect(relativeError([direction!], [closedForm(A, D, r, p, q, tau)])).toBeLessThan(1e-10)
    }
  })

  it.each([
    [5, 8, 3],
    [8, 5, 3],
  ])('is (AᵀA + I/τ)⁻¹ (AᵀD + E) with a penalty whose gradient is E: A [%d × %d]', (r, p, q) => {
    const { A, D, G } = layer(r, p, q)
    const { normal } = random(4)
    const penalty = Float64Array.from({ length: p * q }, normal)
    const M = Matrix.add(
      fromFlat(A, r, p)
        .transpose()
        .mmul(fromFlat(A, r, p)),
      Matrix.eye(p).mul(0.5),
    )
    const sum = G.map((entry, k) => entry + penalty[k]!)
    const expected = inverse(M)
      .mmul(fromFlat(sum, p, q))
      .to1DArray()
    for (const options of [{}, { solve: 'conjugate-gradients', maxIterations: 50, tolerance: 0 }] as const) {
      const { direction } = proximalGradient(A, D, r, { ...options, tau: 2, penalty })
      expect(relativeError([direction!], [expected])).toBeLessThan(1e-10)
    }
  })

  it('becomes τ G for small τ, and the least-squares step of the layer for large τ', () => {
    for (const [r, p] of [
      [40, 5],
      [5, 40],
    ] as const) {
      const { A, D, G } = layer(r, p, 2)
      const small = proximalGradient(A, D, r, { tau: 1e-12 }).direction!
      expect(relativeError([small], [G.map((entry) => 1e-12 * entry)])).toBeLessThan(1e-9)
      const large = proximalGradient(A, D, r, { tau: 1e9 }).direction!
      const step = pseudoInverse(fromFlat(A, r, p))
        .mmul(fromFlat(D, r, 2))
        .to1DArray()
      expect(relativeError([large], [step])).toBeLessThan(1e-6)
    }
  })

  it('takes the mean over rows for what the sum is with τ/r: a τ means the same for the batch twice', () => {
    for (const solve of ['exact', 'conjugate-gradients'] as const) {
      const [r, p, q] = [12, 4, 2]
      const { A, D } = layer(r, p, q)
      const options = { tau: 3, over: 'mean', solve } as const
      const once = proximalGradient(A, D, r, options).direction!
      // a mean loss over both halves: each has half of the errors
      const halves = D.map((entry) => entry / 2)
      const twice = proximalGradient(Float64Array.of(...A, ...A), Float64Array.of(...halves, ...halves), 2 * r, options)
      expect(relativeError([twice.direction!], [once])).toBeLessThan(1e-12)
      const whole = D.map((entry) => r * entry) // of the loss summed
      const sum = proximalGradient(A, whole, r, { tau: 3 / r, solve }).direction!
      expect(relativeError([sum], [once])).toBeLessThan(1e-12)
    }
  })

  it('has no direction where τ‖A‖² is beyond double precision, or numbers are not finite', () => {
    const A = Float64Array.of(1, 1, 1, 1, 1, 1)
    const { result, direction } = proximalGradient(A, Float64Array.of(1, 1, 1), 3, { tau: 1e20 })
    expect([result, direction]).toEqual(['singular', null])
    expect(proximalGradient(A, Float64Array.of(1, Number.NaN, 1), 3).result).toBe('not-finite')
  })
})

describe('descent', () => {
  it.each<[string, ProximalOptions]>([
    ['exact', {}],
    ['conjugate gradients', { solve: 'conjugate-gradients' }],
    ['one conjugate gradient', { solve: 'conjugate-gradients', maxIterations: 1 }],
  ])('a direction of descent in 1000 of 1000 random layers: %s', (_, options) => {
    const { integer, normal } = random(11)
    let descents = 0
    for (let k = 0; k < 1000; k++) {
      const [r, p, q] = [1 + integer(20), 1 + integer(20), 1 + integer(5)]
      const { A, D, G } = layer(r, p, q, k)
      const { direction } = proximalGradient(A, D, r, { ...options, tau: 10 ** (2 * normal()) })
      if (dot(direction!, G) > 0) descents++
    }
    expect(descents).toBe(1000)
  })
})

describe('conjugate gradients', () => {
  it.each([
    [30, 10, 4],
    [10, 30, 4],
  ])('converge to the exact direction, in min(r, p) + 1 iterations at most: A [%d × %d]', (r, p, q) => {
    const { A, D } = layer(r, p, q)
    for (const tau of [0.01, 1, 100]) {
      const exact = proximalGradient(A, D, r, { tau }).direction!
      const errors = [1, 3, 6, Math.min(r, p) + 1].map((maxIterations) => {
        const options = { tau, solve: 'conjugate-gradients', maxIterations, tolerance: 0 } as const
        return energy(A, p, tau, proximalGradient(A, D, r, options).direction!, exact)
      })
      for (let k = 1; k < errors.length; k++) expect(errors[k]!).toBeLessThan(errors[k - 1]! + 1e-12)
      expect(errors.at(-1)!).toBeLessThan(1e-8)
    }
  })

  it('stop at the tolerance of every output, and tell what is left', () => {
    const [r, p, q] = [50, 20, 6]
    const { A, D } = layer(r, p, q)
    const told = proximalGradient(A, D, r, { solve: 'conjugate-gradients', maxIterations: 50 })
    expect(told.result).toBe('solved')
    expect(told.residual).toBeLessThanOrEqual(1e-2)
    expect(told.iterations).toBeLessThan(20)
    const short = proximalGradient(A, D, r, { solve: 'conjugate-gradients', maxIterations: 2 })
    expect([short.result, short.iterations]).toEqual(['max-iterations', 2])
    expect(short.residual).toBeGreaterThan(1e-2)
  })

  it('give 0 for a gradient of 0', () => {
    const { A } = layer(5, 3, 2)
    const { direction, residual, iterations } = proximalGradient(A, new Float64Array(10), 5, {
      solve: 'conjugate-gradients',
    })
    expect([[...direction!], residual, iterations]).toEqual([[0, 0, 0, 0, 0, 0], 0, 0])
  })
})

it.each<[ProximalOptions, number, string]>([
  [{ tau: 0 }, 5, 'tau must be a finite number > 0, got 0'],
  [{ maxIterations: 0 }, 5, 'maxIterations must be an integer ≥ 1'],
  [{ tolerance: 1 }, 5, 'tolerance must be at least 0 and less than 1'],
  [{ solve: 'newton' as 'exact' }, 5, "solve must be 'exact' or 'conjugate-gradients', got newton"],
  [{ over: 'all' as 'sum' }, 5, "over must be 'sum' or 'mean', got all"],
  [{}, 4, 'multiples of r = 4'],
  [{ penalty: new Float64Array(5) }, 5, 'penalty must be [p × q] = [3 × 2], got 5 numbers'],
])('misuse throws: %o', (options, r, message) => {
  const { A, D } = layer(5, 3, 2)
  expect(() => proximalGradient(A, D, r, options)).toThrow(message)
})

/** Error in the norm of M = AᵀA + I/τ, in which conjugate gradients get nearer with each iteration. */
function energy(A: Float64Array, p: number, tau: number, x: Float64Array, exact: Float64Array): number {
  const M = (v: Float64Array) => {
    const Av = fromFlat(A, A.length / p, p).mmul(fromFlat(v, p, v.length / p))
    const sum = Av.to1DArray().reduce((total, entry) => total + entry * entry, 0)
    return Math.sqrt(sum + dot(v, v) / tau)
  }
  return M(x.map((entry, k) => entry - exact[k]!)) / M(exact)
}
