import { Matrix } from 'ml-matrix'
import { afterAll, describe, expect, it } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import { rapierEngine } from '../../src/engine/rapier/rapierEngine.ts'
import { bentStates } from '../../src/experiment/bentStates.ts'
import { random as seeded } from '../../src/linalg/random.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import type { Scene } from '../../src/scene/scene.ts'
import { arm3d, mixedTree, NAMED_SCENES, planarChain } from '../fixtures/scenes.ts'
import { type MujocoOracle, mujocoOracle } from '../oracle/mujoco.ts'

const scenes: [string, () => Promise<Scene> | Scene][] = [
  ...NAMED_SCENES.map((name): [string, () => Promise<Scene>] => [name, () => loadScene(name)]),
  ['3-D arm of 5 hinges', () => arm3d()],
  ['chain of 10 links', () => planarChain(10)],
  ['chain of 6 links with damping', () => planarChain(6, { damping: 0.3 })],
]
const BENT_STATES = 4
const STEP = 1e-5
const CLOSE = 5e-3

describe.each(scenes)('%s in Rapier against MuJoCo', (_, make) => {
  let oracle: MujocoOracle | undefined
  afterAll(() => oracle?.dispose())

  it('steps to the same state to 5e-5, and without tuning has A − I and B to 5e-3, certified', async () => {
    const scene = await make()
    const engine = await rapierEngine(scene)
    oracle = await mujocoOracle(scene)
    for (const { x, u } of states(engine)) {
      const next = new Float64Array(engine.layout.nx)
      const apart = new Float64Array(engine.layout.ndx)
      engine.step(x, u, next)
      engine.difference(next, oracle.step(x, u), apart)
      expect(Math.max(...apart.map(Math.abs)), 'one step').toBeLessThan(5e-5)
      const lin = await linearize(engine, { x, u })
      const reference = oracle.transitionFD(x, u, STEP)
      const { ndx, nu } = engine.layout
      for (let i = 0; i < ndx; i++) reference.A[i * ndx + i]! -= 1
      const A = lin.A.clone()
      for (let i = 0; i < ndx; i++) A.set(i, i, A.get(i, i) - 1)
      expect(relativeDistance(A.to1DArray(), reference.A), 'A − I').toBeLessThan(CLOSE)
      if (nu > 0) expect(relativeDistance(lin.B.to1DArray(), reference.B), 'B').toBeLessThan(CLOSE)
      expect(lin.quality.certified).toBe(true)
    }
    engine.dispose()
  })
})

describe('free, ball, slider and fixed joints in Rapier', () => {
  it('step as MuJoCo steps them, at bent and moving states', async () => {
    const scene = mixedTree()
    const engine = await rapierEngine(scene)
    const oracle = await mujocoOracle(scene)
    for (const { x, u } of states(engine)) {
      const next = new Float64Array(engine.layout.nx)
      const apart = new Float64Array(engine.layout.ndx)
      engine.step(x, u, next)
      engine.difference(next, oracle.step(x, u), apart)
      expect(Math.max(...apart.map(Math.abs))).toBeLessThan(5e-5)
    }
    engine.dispose()
    oracle.dispose()
  })
})

describe.each([
  ['arm7', 1], // a step takes 5 ms or more
  ['balancer', 3],
  ['acrobot', 7],
  ['double-cartpole', 7],
  ['hopper', 3],
] as const)('%s in Rapier against cannon', (name, count) => {
  it('at bent, moving states within the limits: what is certified has A − I to 1e-2, most of it to 5e-3', async () => {
    const scene = await loadScene(name)
    const [rapier, cannon] = [await rapierEngine(scene), cannonEngine(scene)]
    let close = 0
    const points = bentStates(scene, cannon, { count, seed: 3 })
    for (const point of points) {
      const [found, exact] = [await linearize(rapier, point), await linearize(cannon, point)]
      if (!found.quality.certified) continue
      const still = Matrix.eye(exact.A.rows, exact.A.rows)
      const [A, expected] = [Matrix.sub(found.A, still), Matrix.sub(exact.A, still)]
      const apart = relativeDistance(A.to1DArray(), expected.to1DArray())
      expect(apart).toBeLessThan(2 * CLOSE) // what single precision is certified to
      if (apart < CLOSE) close++
    }
    expect(close).toBeGreaterThanOrEqual(Math.max(1, points.length - 1))
    rapier.dispose()
    cannon.dispose()
  })
})

/** Home, and bent and moving states with controls off their home values. */
function states({ home, layout, integrate }: Awaited<ReturnType<typeof rapierEngine>>) {
  const { ndx, nx, nq, nu } = layout
  const { uniform } = seeded(11)
  const between = (low: number, high: number) => low + (high - low) * uniform()
  return Array.from({ length: BENT_STATES + 1 }, (_, k) => {
    const x = home.x.slice()
    const u = home.u.slice()
    if (k === 0) return { x, u }
    integrate(
      x,
      Float64Array.from({ length: ndx }, () => between(-1, 1)),
      x,
    )
    for (let i = nq; i < nx; i++) x[i] = between(-2, 2)
    for (let i = 0; i < nu; i++) u[i] = u[i]! + between(-1, 1)
    return { x, u }
  })
}

/** ‖a − b‖ / ‖b‖, Frobenius. */
function relativeDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let apart = 0
  let size = 0
  for (let k = 0; k < a.length; k++) {
    apart += (a[k]! - b[k]!) ** 2
    size += b[k]! ** 2
  }
  return Math.sqrt(apart / size)
}
