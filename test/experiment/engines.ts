/** Small engines with closed forms, for tests of what runs on engines. */
import type { Engine, Layout } from '../../src/engine/engine.ts'

interface LinearEngineOptions {
  readonly dt?: number
  readonly names?: readonly string[]
  readonly range?: readonly [number, number]
  /** Called after each step: may spoil xNext. */
  readonly after?: (xNext: Float64Array, x: Float64Array, u: Float64Array) => void
}

/** x⁺ = A x + B u on a Euclidean space. */
export function linearEngine(A: number[][], B: number[][], options: LinearEngineOptions = {}): Engine {
  const { dt = 0.1, range = [-Infinity, Infinity], after } = options
  const nx = A.length
  const nu = B[0]?.length ?? 0
  const x = Array.from({ length: nx }, (_, i) => ({
    name: options.names?.[i] ?? `x${i}`,
    unit: i < nx / 2 ? 'm' : 'm/s',
  }))
  const u = Array.from({ length: nu }, (_, i) => ({ name: `u${i}`, unit: 'N', range }))
  const layout: Layout = { nq: nx / 2, nv: nx / 2, nx, ndx: nx, nu, x, dx: x, u }
  return {
    name: 'linear',
    layout,
    dt,
    home: { x: new Float64Array(nx), u: new Float64Array(nu) },
    step(state, control, xNext) {
      const from = state.slice()
      for (let i = 0; i < nx; i++) {
        let sum = 0
        for (let j = 0; j < nx; j++) sum += A[i]![j]! * from[j]!
        for (let j = 0; j < nu; j++) sum += B[i]![j]! * control[j]!
        xNext[i] = sum
      }
      after?.(xNext, from, control)
    },
    integrate(state, dx, out) {
      for (let i = 0; i < nx; i++) out[i] = state[i]! + dx[i]!
    },
    difference(x1, x0, out) {
      for (let i = 0; i < nx; i++) out[i] = x1[i]! - x0[i]!
    },
    dispose() {},
  }
}

/** A 1 kg mass pushed along a line, position then velocity, semi-implicit Euler. */
export function doubleIntegrator(options: LinearEngineOptions = {}): Engine {
  const { dt = 0.1 } = options
  return linearEngine(
    [
      [1, dt],
      [0, 1],
    ],
    [[dt * dt], [dt]],
    { names: ['cart.position', 'cart.velocity'], ...options },
  )
}
