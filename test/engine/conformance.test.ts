import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import { checkEngine } from '../../src/engine/checkEngine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { mujocoEngine } from '../../src/engine/mujoco/mujocoEngine.ts'
import { rapierEngine } from '../../src/engine/rapier/rapierEngine.ts'
import { referenceFromScene } from '../../src/engine/reference/referenceFromScene.ts'
import { patternHas } from '../../src/linalg/pattern.ts'
import { random as seeded } from '../../src/linalg/random.ts'
import { listScenes, loadScene } from '../../src/scene/loadScene.ts'
import type { Scene } from '../../src/scene/scene.ts'
import { fiveBars, parallelogram } from '../fixtures/loops.ts'
import { arm3d, boxes, cartsOnRail, mixedTree, planarChain, pressOnFloor, strongJet } from '../fixtures/scenes.ts'

const scenes: [string, Scene][] = [
  ...(await Promise.all(
    // the arena's robots are here one by one
    (
      await listScenes()
    )
      .filter((name) => name !== 'arena')
      .map(async (name): Promise<[string, Scene]> => [name, await loadScene(name)]),
  )),
  ['3-D arm', arm3d()],
  ['mixed tree', mixedTree()],
  ['chain of 6', planarChain(6, { damping: 0.1 })],
  ['pile of 3 boxes', boxes(3)],
  ['carts that touch on a rail', cartsOnRail()],
  [
    'boxes that touch on a rail',
    cartsOnRail({
      bodies: ['left', 'right'].map((name) => ({ name, mass: 1, shapes: [{ type: 'box', size: [0.2, 0.2, 0.2] }] })),
    }),
  ],
  ['press on a floor', pressOnFloor({ type: 'box', size: [0.2, 0.2, 0.2] }, { home: 0.0999, stiffness: 1e5 })],
  ['jet and ram', strongJet()],
  ['a loop between two trees', parallelogram({ angle: 0.4 }).scene],
  ['five-bar legs on a floor', fiveBars({ floor: -0.3 })],
]

/** Every engine, with the scenes it supports. A new engine joins this table. */
const engines: [string, (scene: Scene) => Engine | Promise<Engine>, (scene: Scene) => boolean][] = [
  ['cannon, reduced', (scene) => cannonEngine(scene, { coordinates: 'reduced' }), () => true],
  ['cannon, maximal', (scene) => cannonEngine(scene, { coordinates: 'maximal' }), () => true],
  ['mujoco', (scene) => mujocoEngine(scene), () => true],
  // the humanoid's 27 joints take its solver thousands of iterations a step
  ['rapier', (scene) => rapierEngine(scene), ({ closures, name }) => closures.length === 0 && name !== 'humanoid'],
  ['reference', (scene) => referenceFromScene(scene), ({ name }) => name === 'pendulum' || name === 'cartpole'],
]

const cases = engines.flatMap(([engine, make, supports]) =>
  scenes.filter(([, scene]) => supports(scene)).map(([name, scene]) => [engine, name, make, scene] as const),
)

/** A state near home: bent, moving, controls off their home values. */
function near(engine: Engine, uniform: () => number, size = 0.1): { x: Float64Array; u: Float64Array } {
  const { ndx, nu } = engine.layout
  const x = engine.home.x.slice()
  engine.integrate(
    x,
    Float64Array.from({ length: ndx }, () => size * (2 * uniform() - 1)),
    x,
  )
  return { x, u: Float64Array.from({ length: nu }, (_, k) => engine.home.u[k]! + size * (2 * uniform() - 1)) }
}

describe.each(cases)('%s on %s', (_engine, _scene, make, scene) => {
  it('is pure: the same step is the same bit for bit after detours, even through NaN and infinity', async () => {
    const engine = await make(scene)
    const { uniform } = seeded(17)
    const { nx } = engine.layout
    const saved = Array.from({ length: 10 }, () => {
      const point = near(engine, uniform)
      const xNext = new Float64Array(nx)
      engine.step(point.x, point.u, xNext)
      return { ...point, xNext }
    })
    const scratch = new Float64Array(nx)
    for (const { x, u, xNext } of saved) {
      const detour = near(engine, uniform, 1)
      engine.step(detour.x, detour.u, scratch)
      engine.step(scratch, detour.u, scratch)
      engine.step(new Float64Array(nx).fill(Number.NaN), u, scratch)
      engine.step(x, u, scratch)
      expect(scratch).toEqual(xNext)
      const inPlace = x.slice()
      engine.step(inPlace, u, inPlace)
      expect(inPlace).toEqual(xNext)
      const fresh = await make(scene)
      fresh.step(x, u, scratch)
      fresh.dispose()
      expect(scratch).toEqual(xNext)
    }
    engine.dispose()
  })

  it('obeys the laws of its tangent: x ⊕ (y ⊖ x) = y, (x ⊕ d) ⊖ x = d, x ⊕ 0 = x', async () => {
    const engine = await make(scene)
    const { uniform } = seeded(23)
    const { nx, ndx } = engine.layout
    for (let trial = 0; trial < 20; trial++) {
      const { x } = near(engine, uniform, 0.7)
      const { x: y } = near(engine, uniform, 0.7)
      const d = new Float64Array(ndx)
      const back = new Float64Array(nx)
      const again = new Float64Array(ndx)
      engine.difference(y, x, d)
      engine.integrate(x, d, back)
      engine.difference(back, x, again)
      for (let k = 0; k < ndx; k++) expect(Math.abs(again[k]! - d[k]!)).toBeLessThan(1e-12)
      const apart = new Float64Array(ndx)
      engine.difference(back, y, apart)
      for (let k = 0; k < ndx; k++) expect(Math.abs(apart[k]!)).toBeLessThan(1e-12)
      engine.integrate(x, new Float64Array(ndx), back)
      expect(back).toEqual(x)
    }
  })

  it('has a structure that covers every influence that differences find', async () => {
    const engine = await make(scene)
    const { ndx, nu, nx } = engine.layout
    const { uniform } = seeded(29)
    for (let trial = 0; trial < 3; trial++) {
      const { x, u } = trial === 0 ? engine.home : near(engine, uniform)
      const pattern = engine.structure!(x, u)
      expect([pattern.rows, pattern.cols]).toEqual([ndx, ndx + nu])
      const base = new Float64Array(nx)
      const moved = new Float64Array(nx)
      const apart = new Float64Array(ndx)
      engine.step(x, u, base)
      for (let j = 0; j < ndx + nu; j++) {
        const d = new Float64Array(ndx)
        const uMoved = u.slice()
        if (j < ndx) d[j] = 1e-5
        else uMoved[j - ndx]! += 1e-5
        engine.integrate(x, d, moved)
        engine.step(moved, uMoved, moved)
        engine.difference(moved, base, apart)
        for (let i = 0; i < ndx; i++)
          if (Math.abs(apart[i]!) > 1e-12) expect(patternHas(pattern, i, j), `(${i}, ${j})`).toBe(true)
      }
    }
  })

  it('refuses to step after dispose', async () => {
    const engine = await make(scene)
    engine.dispose()
    expect(() => engine.step(engine.home.x, engine.home.u, new Float64Array(engine.layout.nx))).toThrow(/dispose/)
  })
})

describe('purity with contacts', () => {
  it('1000 random saves, restores, detours and steps differ by exactly 0', () => {
    for (const coordinates of ['reduced', 'maximal'] as const) {
      const engine = cannonEngine(boxes(3), { coordinates })
      const { nx } = engine.layout
      const u = new Float64Array(0)
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: 1, max: 3 }), (seed, length) => {
          const { uniform } = seeded(seed)
          const { x } = near(engine, uniform, 0.05)
          const first = x.slice()
          for (let k = 0; k < length; k++) engine.step(first, u, first)
          const away = near(engine, uniform, 0.5).x
          for (let k = 0; k < length; k++) engine.step(away, u, away)
          const second = x.slice()
          for (let k = 0; k < length; k++) engine.step(second, u, second)
          for (let k = 0; k < nx; k++) expect(Object.is(first[k], second[k])).toBe(true)
        }),
        { numRuns: 500, seed: 1 },
      )
    }
  })
})

describe('checkEngine', () => {
  it('passes every scene of ours in reduced coordinates at home', async () => {
    for (const [name, scene] of scenes.filter(([, { file }]) => file !== null)) {
      const report = await checkEngine(cannonEngine(scene))
      expect(
        report.checks.filter(({ passed }) => !passed),
        name,
      ).toEqual([])
    }
  })
})
