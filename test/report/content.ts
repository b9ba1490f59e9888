/** Report contents for tests: the cart-pole of the reference numbers, and a wide system. */
import { Matrix } from 'ml-matrix'
import type { Engine } from '../../src/engine/engine.ts'
import { measureRun } from '../../src/experiment/metrics.ts'
import { type Disturbance, simulate } from '../../src/experiment/simulate.ts'
import type { Linearization } from '../../src/linearization/linearization.ts'
import type { ReportContent } from '../../src/report/content.ts'
import type { Quality } from '../../src/sensing/quality.ts'
import { linearEngine } from '../experiment/engines.ts'

export const quality: Quality = {
  method: 'colored',
  scheme: 'central',
  calls: 14,
  callsFor: { base: 0, directions: 10, heldOut: 4, detection: 0, repair: 0, fallback: 0 },
  directions: 5,
  colors: 5,
  stepRange: [6e-6, 6e-6],
  noiseLevel: null,
  standardError: null,
  grossErrors: null,
  heldOutDirections: 2,
  heldOutResidual: 3.1e-11,
  heldOutResidualByRow: Float64Array.of(1e-12, 3.1e-11, 0, Number.NaN),
  tolerance: 1e-6,
  kinkedRows: [],
  flatRows: [],
  unresolvedRows: [],
  failedRows: [],
  repairedRows: [],
  fallback: null,
  certified: true,
  notes: ['colored: 5 colors for 5 columns.'],
  seed: 1,
}

export function linearizationOf(engine: Engine, A: number[][], B: number[][]): Linearization {
  return {
    A: new Matrix(A),
    B: new Matrix(B),
    c: new Float64Array(A.length),
    xBar: engine.home.x,
    uBar: engine.home.u,
    xBarNext: engine.home.x,
    dt: engine.dt,
    layout: engine.layout,
    engine: engine.name,
    quality,
    plan: null,
  }
}

/** x⁺ = A x + B u with the cart-pole's reference linearization; K is its reference LQR gain. */
export async function cartpoleContent(disturbances: Disturbance[] = []): Promise<ReportContent> {
  const dt = 0.01
  const A = [
    [1, -7.12e-5, dt, 0],
    [0, 1.002612, 0, dt],
    [0, -0.00712, 1, 0],
    [0, 0.2612, 0, 1],
  ]
  const B = [[9.75e-5], [-2.42e-4], [9.751e-3], [-2.421e-2]]
  const K = [-2.9105, -41.7, -5.1643, -8.3949]
  const units = ['m', 'rad', 'm/s', 'rad/s']
  const plain = linearEngine(A, B, { dt, range: [-8, 8] })
  const dx = ['slide.position', 'pole.angle', 'slide.velocity', 'pole.velocity'].map((name, i) => ({
    name,
    unit: units[i]!,
  }))
  const layout = { ...plain.layout, x: dx, dx, u: [{ name: 'motor', unit: 'N', range: [-8, 8] as const }] }
  const engine: Engine = { ...plain, layout }
  const control = (x: Float64Array, _t: number, u: Float64Array) =>
    void u.fill(-K.reduce((sum, gain, i) => sum + gain * x[i]!, 0))
  const trajectory = await simulate(
    engine,
    { name: 'lqr', control },
    { duration: 6, x0: Float64Array.of(0, 0.4, 0, 0), disturbances },
  )
  return {
    scene: 'cartpole',
    description: 'A pole on a cart.',
    linearization: linearizationOf(engine, A, B),
    openLoop: [
      { re: 1.0524, im: 0, coordinate: 'pole.velocity' },
      { re: 1, im: 0 },
      { re: 1, im: 0 },
      { re: 0.9502, im: 0 },
    ],
    closedLoop: [
      { re: 0.903, im: 0 },
      { re: 0.9666, im: 0 },
      { re: 0.9852, im: 0.004 },
      { re: 0.9852, im: -0.004 },
    ],
    K: new Matrix([K]),
    trajectory,
    metrics: measureRun(trajectory, { Q: Matrix.diag([1, 10, 1, 1]), R: [[0.1]] }),
    versions: { jacsense: '0.1.0', node: '20.19.0' },
    command: 'jacsense run cartpole --controller lqr',
  }
}

/** n masses in a row, tied to their neighbours: many coordinates, a banded A. */
export async function wideContent(n: number): Promise<ReportContent> {
  const dt = 0.02
  const A = Array.from({ length: 2 * n }, (_, i) =>
    Array.from({ length: 2 * n }, (_, j) => {
      const stiffness = (row: number, column: number) => (row === column ? -2 : Math.abs(row - column) === 1 ? 1 : 0)
      if (i < n) return (i === j ? 1 : 0) + (j - n === i ? dt : 0)
      return (i === j ? 1 : 0) + (j < n ? 20 * dt * stiffness(i - n, j) : 0)
    }),
  )
  const B = Array.from({ length: 2 * n }, (_, i) => [i === n ? dt : 0])
  const names = Array.from({ length: 2 * n }, (_, i) => `mass${(i % n) + 1}.${i < n ? 'position' : 'velocity'}`)
  const engine = linearEngine(A, B, { dt, names })
  const x0 = new Float64Array(2 * n)
  x0[0] = 0.1
  const trajectory = await simulate(
    engine,
    { name: 'none', control: (_x, _t, u) => void u.fill(0) },
    { duration: 4, x0 },
  )
  return {
    scene: 'masses',
    linearization: linearizationOf(engine, A, B),
    trajectory,
    metrics: measureRun(trajectory),
  }
}
