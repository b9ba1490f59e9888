/** The main job end to end on our robots: linearize, certify, design, balance; held against MuJoCo and known numbers. */
import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { controlVector } from '../src/scene/stateVector.ts'
import {
  createEngine,
  type Engine,
  linearize,
  loadScene,
  lqr,
  lqrController,
  pointFromNames,
  simulate,
  taskCost,
} from '../src/index.ts'
import { mujocoOracle } from './oracle/mujoco.ts'

/** Counts what the engine really steps. */
function counted(engine: Engine): { engine: Engine; steps: () => number } {
  let steps = 0
  return {
    engine: {
      ...engine,
      step(x, u, xNext) {
        steps++
        engine.step(x, u, xNext)
      },
    },
    steps: () => steps,
  }
}

describe('the cart-pole', () => {
  it('has A − I and B within 1e-6 of mjd_transitionFD, certified', async () => {
    const scene = await loadScene('cartpole')
    const { A, B, c, quality } = await linearize(await createEngine(scene))
    const oracle = await mujocoOracle(scene)
    const home = new Float64Array(4)
    const reference = oracle.transitionFD(home, new Float64Array(1), 1e-5)
    oracle.dispose()
    const eye = Matrix.eye(4)
    const distance = (a: Matrix, b: Matrix) => Matrix.sub(a, b).norm('frobenius') / b.norm('frobenius')
    const expectedA = Matrix.sub(Matrix.from1DArray(4, 4, reference.A), eye)
    expect(distance(Matrix.sub(A, eye), expectedA)).toBeLessThan(1e-6)
    expect(distance(B, Matrix.from1DArray(4, 1, reference.B))).toBeLessThan(1e-6)
    expect([...c]).toEqual([0, 0, 0, 0])
    expect(quality.certified).toBe(true)
  })

  it('has the known gain for Q = diag(1, 10, 1, 1), R = 0.1', async () => {
    const lin = await linearize(await createEngine(await loadScene('cartpole')))
    const { K, eigenvalues } = lqr(lin, { Q: Matrix.diag([1, 10, 1, 1]), R: [[0.1]] })
    const known = [-2.9105, -41.7, -5.1643, -8.3949]
    for (let k = 0; k < 4; k++) expect(Math.abs(K!.get(0, k) / known[k]! - 1)).toBeLessThan(0.01)
    const magnitudes = [...eigenvalues!.re].map((re, k) => Math.hypot(re, eigenvalues!.im[k]!)).sort()
    for (const [k, value] of [0.903, 0.9666, 0.9825, 0.9878].entries()) expect(magnitudes[k]).toBeCloseTo(value, 3)
  })
})

describe.each([
  ['chains', 288, 36, 12],
  ['spheres', 192, 12, 8],
])('%s in maximal coordinates at home', (name, columns, fromStructure, detected) => {
  it(`needs at most ${fromStructure} colors from the structure and ${detected} once the fine pattern is known, counted exactly`, async () => {
    const scene = await loadScene(name)
    for (const scheme of ['forward', 'central'] as const) {
      for (const refine of [false, true]) {
        const { engine, steps } = counted(await createEngine(scene, { coordinates: 'maximal' }))
        expect(engine.layout.ndx + engine.layout.nu).toBe(columns)
        const { quality } = await linearize(engine, engine.home, { scheme, structure: { refine } })
        expect(quality.method).toBe('colored')
        expect(quality.certified, quality.notes.join('; ')).toBe(true)
        expect(quality.colors).toBeLessThanOrEqual(refine ? detected : fromStructure)
        const perDirection = scheme === 'forward' ? 1 : 2
        expect(quality.callsFor.directions).toBe(perDirection * quality.colors!)
        expect(quality.callsFor.repair + quality.callsFor.fallback).toBe(0)
        expect(quality.callsFor.detection > 0).toBe(refine)
        expect(quality.callsFor.base).toBe(scheme === 'forward' ? 1 : 0)
        expect(quality.calls).toBe(Object.values(quality.callsFor).reduce((sum, calls) => sum + calls, 0))
        expect(quality.calls).toBe(steps())
      }
    }
  })
})

describe('LQR on the sensed linearization', () => {
  it.each([
    ['cartpole', { 'pole.angle': 0.4 }],
    ['double-cartpole', { 'lower.angle': 0.1 }],
    ['quadrotor', { 'base.x': 0.5, 'base.ry': 0.3 }],
  ] as const)('holds the %s for 30 s', async (name, offset) => {
    const scene = await loadScene(name)
    const engine = await createEngine(scene)
    const lin = await linearize(engine)
    const { K } = lqr(lin, taskCost(scene.task!, engine.layout))
    const dx = new Float64Array(engine.layout.ndx)
    for (const [coordinate, value] of Object.entries(offset)) {
      const k = engine.layout.dx.findIndex((entry) => entry.name === coordinate)
      expect(k, coordinate).toBeGreaterThanOrEqual(0)
      dx[k] = value
    }
    const x0 = engine.home.x.slice()
    engine.integrate(x0, dx, x0)
    const run = await simulate(engine, lqrController(lin, K!, engine.difference), { x0, duration: 30 })
    expect(run.result).toBe('completed')
    const { ndx } = engine.layout
    const last = run.dX.subarray(run.steps * ndx)
    for (const value of last) expect(Math.abs(value)).toBeLessThan(1e-6)
  })

  it('brings the cart-pole from 0.4 rad to within 0.01 rad of upright after 6 s, and it stays', async () => {
    const scene = await loadScene('cartpole')
    const engine = await createEngine(scene)
    const lin = await linearize(engine)
    const { K } = lqr(lin, taskCost(scene.task!, engine.layout))
    const { x } = pointFromNames(engine, scene.task!.initial)
    expect(x[1]).toBe(0.4)
    const run = await simulate(engine, lqrController(lin, K!, engine.difference), { x0: x, duration: 8 })
    for (let k = 600; k <= run.steps; k++) expect(Math.abs(run.dX[4 * k + 1]!)).toBeLessThan(0.01)
    expect(controlVector(scene, scene.home)).toEqual(Float64Array.of(0))
  })
})

describe('an engine that gives NaN', () => {
  it('stops the run and names step and coordinate', async () => {
    const scene = await loadScene('cartpole')
    const engine = await createEngine(scene)
    const broken: Engine = {
      ...engine,
      step(x, u, xNext) {
        engine.step(x, u, xNext)
        if (x[0]! > 0.1) xNext[3] = Number.NaN
      },
    }
    const run = await simulate(broken, { name: 'push', control: (_x, _t, u) => u.fill(1) }, { duration: 5 })
    expect(run.result).toBe('diverged')
    expect(run.stoppedAt?.coordinate).toBe('pole.velocity')
    expect(run.message).toContain('pole.velocity')
    expect([...run.X].every(Number.isFinite)).toBe(true)
  })
})
