import { afterAll, describe, expect, it } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { random as seeded } from '../../src/linalg/random.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import type { Scene } from '../../src/scene/scene.ts'
import { arm3d, mixedTree, NAMED_SCENES, planarChain } from '../fixtures/scenes.ts'
import { type MujocoOracle, mujocoOracle } from '../oracle/mujoco.ts'

const scenes: [string, () => Promise<Scene> | Scene][] = [
  ...NAMED_SCENES.map((name): [string, () => Promise<Scene>] => [name, () => loadScene(name)]),
  ['3-D arm of 5 hinges', () => arm3d()],
  ['16-link chain', () => planarChain(16)],
  ['16-link chain with damping', () => planarChain(16, { damping: 0.3 })],
  ['free, ball, slider and fixed joints', () => mixedTree()],
]
const NUM_STATES = 20
const STEP = 1e-5

describe.each(scenes)('%s against MuJoCo', (_, make) => {
  let oracle: MujocoOracle | undefined
  afterAll(() => oracle?.dispose())

  it('steps to the same state and has the same A − I and B at rest and at 20 bent, moving states', async () => {
    const scene = await make()
    const engine = cannonEngine(scene)
    oracle = await mujocoOracle(scene)
    const { uniform } = seeded(11)
    const between = (low: number, high: number) => low + (high - low) * uniform()
    const { nx, ndx, nu, nq } = engine.layout
    for (let trial = 0; trial <= NUM_STATES; trial++) {
      const x = engine.home.x.slice()
      const u = engine.home.u.slice()
      if (trial > 0) {
        engine.integrate(
          x,
          Float64Array.from({ length: ndx }, () => between(-1, 1)),
          x,
        )
        for (let k = nq; k < nx; k++) x[k] = between(-2, 2)
        for (let k = 0; k < nu; k++) u[k] = u[k]! + between(-1, 1)
      }
      const ours = new Float64Array(nx)
      const apart = new Float64Array(ndx)
      engine.step(x, u, ours)
      engine.difference(ours, oracle.step(x, u), apart)
      expect(Math.max(...apart.map(Math.abs)), 'one step').toBeLessThan(1e-10)

      const { A, B } = centralDifferences(engine, x, u)
      const reference = oracle.transitionFD(x, u, STEP)
      for (let i = 0; i < ndx; i++) {
        A[i * ndx + i]! -= 1
        reference.A[i * ndx + i]! -= 1
      }
      expect(relativeDistance(A, reference.A), `A − I, state ${trial}`).toBeLessThan(1e-6)
      if (nu > 0) expect(relativeDistance(B, reference.B), `B, state ${trial}`).toBeLessThan(1e-6)
    }
  })
})

describe('a swinging frictionless double pendulum', () => {
  it('follows MuJoCo’s Euler integrator for 2 s and drifts in energy as much', async () => {
    const base = await loadScene('acrobot')
    const scene: Scene = {
      ...base,
      dt: 0.001,
      joints: base.joints.map((joint) => ({ ...joint, damping: 0, limits: null })),
    }
    const engine = cannonEngine(scene)
    const oracle = await mujocoOracle(scene)
    const u = new Float64Array(1)
    const x = Float64Array.from([Math.PI - 1.2, 0.9, 0.5, -1])
    let y = x.slice()
    const start = oracle.energy(x)
    let worst = 0
    for (let k = 0; k < 2000; k++) {
      engine.step(x, u, x)
      y = oracle.step(y, u) as typeof y
      worst = Math.max(worst, Math.abs(x[0]! - y[0]!), Math.abs(x[1]! - y[1]!))
    }
    expect(worst).toBeLessThan(1e-4)
    const drift = Math.abs(oracle.energy(x) - start)
    const theirs = Math.abs(oracle.energy(y) - start)
    expect(theirs).toBeGreaterThan(0)
    expect(drift).toBeLessThan(theirs * (1 + 1e-3))
    oracle.dispose()
  })
})

function centralDifferences(engine: Engine, x: Float64Array, u: Float64Array): { A: Float64Array; B: Float64Array } {
  const { nx, ndx, nu } = engine.layout
  const A = new Float64Array(ndx * ndx)
  const B = new Float64Array(ndx * nu)
  const moved = new Float64Array(nx)
  const plus = new Float64Array(nx)
  const minus = new Float64Array(nx)
  const d = new Float64Array(ndx)
  const apart = new Float64Array(ndx)
  for (let j = 0; j < ndx + nu; j++) {
    for (const [sign, out] of [
      [1, plus],
      [-1, minus],
    ] as const) {
      d.fill(0)
      const uMoved = u.slice()
      if (j < ndx) d[j] = sign * STEP
      else uMoved[j - ndx]! += sign * STEP
      engine.integrate(x, d, moved)
      engine.step(moved, uMoved, out)
    }
    engine.difference(plus, minus, apart)
    for (let i = 0; i < ndx; i++) {
      if (j < ndx) A[i * ndx + j] = apart[i]! / (2 * STEP)
      else B[i * nu + j - ndx] = apart[i]! / (2 * STEP)
    }
  }
  return { A, B }
}

/** ‖a − b‖ / ‖b‖, Frobenius. */
function relativeDistance(a: Float64Array, b: Float64Array): number {
  let apart = 0
  let size = 0
  for (let k = 0; k < a.length; k++) {
    apart += (a[k]! - b[k]!) ** 2
    size += b[k]! ** 2
  }
  return Math.sqrt(apart / size)
}
