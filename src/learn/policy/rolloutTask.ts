/** What a policy is trained for: the cost of closed-loop runs of a simulator, as a function of its parameters. */
import { BlackboxError } from '../../blackbox/blackboxError.ts'
import { type MatrixLike, toFlat, toSizedMatrix } from '../../linalg/dense.ts'
import type { Policy } from './policies.ts'

/** What is needed of a simulator; `sensedDynamics(engine)` has it. */
export interface PolicyDynamics {
  readonly layout: {
    readonly nx: number
    readonly ndx: number
    readonly nu: number
    readonly u: readonly { readonly name: string; readonly range: readonly [number, number] }[]
    readonly x: readonly { readonly name: string }[]
  }
  readonly dt: number // s
  step(x: Float64Array, u: Float64Array, xNext: Float64Array): void
  difference(x1: Float64Array, x0: Float64Array, dxOut: Float64Array): void
  differenceJacobian(x1: Float64Array, x0: Float64Array, E: Float64Array): void
  linearizeInto(
    A: Float64Array,
    B: Float64Array,
    knots: { readonly N: number; readonly X: Float64Array; readonly U: Float64Array; readonly F: Float64Array },
    signal?: AbortSignal,
  ): Promise<{ readonly calls: number; readonly certified: number; readonly checked: number }>
}

/** ½ Σ dt (δxᵀQδx + δuᵀRδu) + ½ δx_NᵀQ_Nδx_N, with δx = x ⊖ xGoal and δu = u − uGoal; the mean over the starts. */
export interface PolicyTask {
  readonly xGoal: Float64Array // [nx]
  readonly uGoal: Float64Array // [nu]
  readonly Q: MatrixLike // [ndx × ndx], per second
  readonly R: MatrixLike // [nu × nu], per second
  readonly terminal?: MatrixLike | undefined // Q_N [ndx × ndx], default: Q
  readonly horizon: number // steps
}

/** One closed-loop run from each of several starts. */
export interface Rollouts {
  readonly cost: number // mean; Infinity where a run left the numbers
  readonly failed: string | null // which coordinate did, and when; of gradients also in a step beside the run
  readonly steps: number // of the simulator
}

export interface RolloutCost {
  readonly parameters: number
  /** Runs from the starts, each [nx]. */
  cost(theta: Float64Array, starts: readonly Float64Array[]): Rollouts
  /** The same with the gradient by backpropagation through time over A and B of every step: written into `gradient` [p]. */
  gradient(
    theta: Float64Array,
    starts: readonly Float64Array[],
    gradient: Float64Array,
    signal?: AbortSignal,
  ): Promise<Rollouts & { readonly certified: number; readonly checked: number }>
  /** u = π(θ, x ⊖ xGoal) within the ranges of the controls. */
  control(theta: Float64Array, x: Float64Array, uOut: Float64Array): void
}

/**
 * Controls with a range are squashed into it smoothly, u = middle + half tanh(raw / half): a clamp would have no slope beyond.
 * Throws RangeError where sizes of policy, weights and simulator differ.
 */
export function rolloutCost(dynamics: PolicyDynamics, policy: Policy, task: PolicyTask): RolloutCost {
  const { layout, dt } = dynamics
  const { nx, ndx, nu } = layout
  const { horizon: N, xGoal, uGoal } = task
  if (policy.inputs !== ndx || policy.outputs !== nu)
    throw new RangeError(
      `rolloutCost: the policy takes ${policy.inputs} and gives ${policy.outputs}, the simulator has ndx = ${ndx} and nu = ${nu}`,
    )
  if (!(Number.isSafeInteger(N) && N >= 1))
    throw new RangeError(`rolloutCost: horizon must be an integer ≥ 1, got ${N}`)
  const weight = (M: MatrixLike, name: string, size: number, symbols: string) =>
    toFlat(toSizedMatrix(M, 'rolloutCost', name, { rows: size, columns: size, symbols }))
  const Q = weight(task.Q, 'Q', ndx, 'ndx × ndx')
  const R = weight(task.R, 'R', nu, 'nu × nu')
  const QN = weight(task.terminal ?? task.Q, 'terminal', ndx, 'ndx × ndx')

  const X = new Float64Array((N + 1) * nx)
  const U = new Float64Array(N * nu)
  const F = new Float64Array(N * nx)
  const slopes = new Float64Array(N * nu) // of the squashing
  const dX = new Float64Array((N + 1) * ndx)
  const raw = new Float64Array(nu)
  const du = new Float64Array(nu)
  let A: Float64Array | null = null
  let B: Float64Array | null = null

  const squash = (u: Float64Array, slope: Float64Array | null) => {
    for (let i = 0; i < nu; i++) {
      const [low, high] = layout.u[i]!.range
      if (!(Number.isFinite(low) && Number.isFinite(high))) {
        u[i] = Math.min(high, Math.max(low, uGoal[i]! + raw[i]!))
        if (slope) slope[i] = u[i] === uGoal[i]! + raw[i]! ? 1 : 0
        continue
      }
      const [middle, half] = [(low + high) / 2, (high - low) / 2]
      const t = Math.tanh((uGoal[i]! - middle + raw[i]!) / half)
      u[i] = middle + half * t
      if (slope) slope[i] = 1 - t * t
    }
  }

  /** One run into X, U, F, slopes, dX: the cost, or where it ended. */
  const run = (theta: Float64Array, start: Float64Array): Rollouts => {
    X.set(start)
    let cost = 0
    for (let k = 0; k < N; k++) {
      const x = X.subarray(k * nx, (k + 1) * nx)
      const u = U.subarray(k * nu, (k + 1) * nu)
      const dx = dX.subarray(k * ndx, (k + 1) * ndx)
      dynamics.difference(x, xGoal, dx)
      policy.act(theta, dx, raw)
      squash(u, slopes.subarray(k * nu, (k + 1) * nu))
      for (let i = 0; i < nu; i++) du[i] = u[i]! - uGoal[i]!
      cost += 0.5 * dt * (quadratic(Q, dx) + quadratic(R, du))
      const next = F.subarray(k * nx, (k + 1) * nx)
      dynamics.step(x, u, next)
      const bad = next.findIndex((value) => !Number.isFinite(value))
      if (bad >= 0 || !Number.isFinite(cost)) {
        const failed = `${layout.x[Math.max(0, bad)]!.name} is ${next[Math.max(0, bad)]} after ${((k + 1) * dt).toFixed(3)} s`
        return { cost: Number.POSITIVE_INFINITY, failed, steps: k + 1 }
      }
      X.set(next, (k + 1) * nx)
    }
    const last = dX.subarray(N * ndx)
    dynamics.difference(X.subarray(N * nx), xGoal, last)
    return { cost: cost + 0.5 * quadratic(QN, last), failed: null, steps: N }
  }

  /** Adds the gradient of the run that X, U, F hold; A and B are those of its steps. */
  const back = (theta: Float64Array, gradient: Float64Array) => {
    const E = new Float64Array(ndx * ndx)
    const adjoint = new Float64Array(ndx)
    const gDx = new Float64Array(ndx)
    const gu = new Float64Array(nu)
    const pulled = (k: number) => dynamics.differenceJacobian(X.subarray(k * nx, (k + 1) * nx), xGoal, E)
    times(QN, dX.subarray(N * ndx), gDx)
    pulled(N)
    transposedTimes(E, gDx, adjoint, ndx)
    for (let k = N - 1; k >= 0; k--) {
      const dx = dX.subarray(k * ndx, (k + 1) * ndx)
      for (let i = 0; i < nu; i++) du[i] = U[k * nu + i]! - uGoal[i]!
      times(R, du, gu)
      for (let i = 0; i < nu; i++) {
        let sum = dt * gu[i]!
        for (let j = 0; j < ndx; j++) sum += B![(k * ndx + j) * nu + i]! * adjoint[j]!
        gu[i] = sum * slopes[k * nu + i]!
      }
      times(Q, dx, gDx)
      for (let j = 0; j < ndx; j++) gDx[j]! *= dt
      policy.pullback(theta, dx, gu, gradient, gDx)
      const carried = adjoint.slice()
      pulled(k)
      transposedTimes(E, gDx, adjoint, ndx)
      for (let j = 0; j < ndx; j++) {
        let sum = 0
        for (let i = 0; i < ndx; i++) sum += A![(k * ndx + i) * ndx + j]! * carried[i]!
        adjoint[j]! += sum
      }
    }
  }

  return {
    parameters: policy.parameters,
    cost(theta, starts) {
      let [cost, steps] = [0, 0]
      let failed: string | null = null
      for (const start of starts) {
        const one = run(theta, start)
        cost += one.cost / starts.length
        steps += one.steps
        failed ??= one.failed
      }
      return { cost, failed, steps }
    },
    async gradient(theta, starts, gradient, signal) {
      A ??= new Float64Array(N * ndx * ndx)
      B ??= new Float64Array(N * ndx * nu)
      gradient.fill(0)
      let [cost, steps, certified, checked] = [0, 0, 0, 0]
      let failed: string | null = null
      for (const start of starts) {
        signal?.throwIfAborted()
        const one = run(theta, start)
        steps += one.steps
        cost += one.cost / starts.length
        failed ??= one.failed
        if (one.failed !== null) continue
        const report = await dynamics.linearizeInto(A, B, { N, X, U, F }, signal).catch((error: unknown) => {
          if (!(error instanceof BlackboxError)) throw error
          failed ??= error.message // a step beside the run left the numbers
          steps += error.evaluation + 1
          return null
        })
        if (report === null) continue
        steps += report.calls
        certified += report.certified
        checked += report.checked
        back(theta, gradient)
      }
      for (let k = 0; k < gradient.length; k++) gradient[k]! /= starts.length
      return { cost, failed, steps, certified, checked }
    },
    control(theta, x, uOut) {
      const dx = dX.subarray(0, ndx)
      dynamics.difference(x, xGoal, dx)
      policy.act(theta, dx, raw)
      squash(uOut, null)
    },
  }
}

function quadratic(M: Float64Array, v: Float64Array): number {
  const n = v.length
  let sum = 0
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sum += v[i]! * M[i * n + j]! * v[j]!
  return sum
}

/** out = ½ (M + Mᵀ) v, the gradient of ½ vᵀMv. */
function times(M: Float64Array, v: Float64Array, out: Float64Array): void {
  const n = v.length
  for (let i = 0; i < n; i++) {
    let sum = 0
    for (let j = 0; j < n; j++) sum += 0.5 * (M[i * n + j]! + M[j * n + i]!) * v[j]!
    out[i] = sum
  }
}

/** out = Eᵀ v, E [n × n]. */
function transposedTimes(E: Float64Array, v: Float64Array, out: Float64Array, n: number): void {
  for (let j = 0; j < n; j++) {
    let sum = 0
    for (let i = 0; i < n; i++) sum += E[i * n + j]! * v[i]!
    out[j] = sum
  }
}
