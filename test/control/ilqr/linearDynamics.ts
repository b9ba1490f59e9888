/** x⁺ = A x + B u with its exact derivatives, as dynamics for tests. */
import { Matrix, solve } from 'ml-matrix'
import { random } from '../../../src/linalg/random.ts'
import type { Dynamics } from '../../../src/linearization/trajectory/dynamics.ts'

export function linearDynamics(A: number[][], B: number[][], range: readonly [number, number]): Dynamics {
  const [n, m] = [A.length, B[0]!.length]
  const dx = Array.from({ length: n }, (_, i) => ({ name: `x${i}`, unit: '' }))
  return {
    layout: {
      nq: n,
      nv: n,
      nx: n,
      ndx: n,
      nu: m,
      x: dx,
      dx,
      u: Array.from({ length: m }, (_, a) => ({ name: `u${a}`, unit: '', range })),
    },
    dt: 0.1,
    step(x, u, xNext) {
      const next = A.map((row, i) => dot(row, x) + dot(B[i]!, u))
      xNext.set(next)
    },
    integrate: (x, d, out) => {
      for (let i = 0; i < n; i++) out[i] = x[i]! + d[i]!
    },
    difference: (x1, x0, out) => {
      for (let i = 0; i < n; i++) out[i] = x1[i]! - x0[i]!
    },
    differenceJacobian: (_x1, _x0, E) => E.set(Matrix.eye(n).to1DArray()),
    async linearizeInto(As, Bs, { N }) {
      for (let k = 0; k < N; k++) {
        As.set(A.flat(), k * n * n)
        Bs.set(B.flat(), k * n * m)
      }
      const none = {
        measured: N,
        interpolated: 0,
        checked: 0,
        certified: 0,
        worstResidual: 0,
        isRandom: false,
        notes: [],
      }
      return { calls: 0, callsFor: { directions: 0, heldOut: 0, repair: 0 }, denseCalls: 0, ...none }
    },
  }
}

/** A random stable-ish problem with positive definite weights. */
export function randomProblem(n: number, m: number, seed: number) {
  const source = random(seed)
  const entries = (rows: number, columns: number, size: number) =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => size * source.normal()))
  const A = entries(n, n, 0.3).map((row, i) => row.map((value, j) => value + (i === j ? 0.9 : 0)))
  const B = entries(n, m, 1)
  const positive = (size: number) => {
    const M = new Matrix(entries(size, size, 1))
    return Matrix.add(M.mmul(M.transpose()), Matrix.eye(size)).to2DArray()
  }
  return {
    A,
    B,
    Q: positive(n),
    R: positive(m),
    Qf: positive(n),
    x0: Float64Array.from(entries(1, n, 1)[0]!),
    xGoal: Float64Array.from(entries(1, n, 1)[0]!),
    uGoal: Float64Array.from(entries(1, m, 1)[0]!),
  }
}

/**
 * The same as a quadratic program in all controls, ½ UᵀHU + gᵀU + constant, states eliminated: x_k = A^k x0 + Σ_j A^{k−1−j} B u_j.
 */
export function condensed({ A, B, Q, R, Qf, x0, xGoal, uGoal }: ReturnType<typeof randomProblem>, N: number) {
  const [n, m] = [A.length, B[0]!.length]
  const [a, b] = [new Matrix(A), new Matrix(B)]
  let free = Matrix.columnVector(Array.from(x0))
  let M = Matrix.zeros(n, N * m)
  const goal = Matrix.columnVector(Array.from(xGoal))
  let H = Matrix.zeros(N * m, N * m)
  let g = Matrix.zeros(N * m, 1)
  const add = (W: Matrix) => {
    H = Matrix.add(H, M.transpose().mmul(W).mmul(M).mul(2))
    g = Matrix.add(g, M.transpose().mmul(W).mmul(Matrix.sub(free, goal)).mul(2))
  }
  for (let k = 0; k < N; k++) {
    add(new Matrix(Q))
    for (let i = 0; i < m; i++)
      for (let j = 0; j < m; j++) {
        H.set(k * m + i, k * m + j, H.get(k * m + i, k * m + j) + 2 * R[i]![j]!)
        g.set(k * m + i, 0, g.get(k * m + i, 0) - 2 * R[i]![j]! * uGoal[j]!)
      }
    M = a.mmul(M)
    M.setSubMatrix(b, 0, k * m)
    free = a.mmul(free)
  }
  add(new Matrix(Qf))
  return { H, g, solveFree: () => solve(H, Matrix.mul(g, -1)).to1DArray() }
}

function dot(row: readonly number[], x: Float64Array): number {
  return row.reduce((sum, value, j) => sum + value * x[j]!, 0)
}
