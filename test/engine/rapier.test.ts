import { Matrix } from 'ml-matrix'
import { describe, expect, it, test } from 'vitest'
import { checkEngine } from '../../src/engine/checkEngine.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { loadRapier, rapierMissing } from '../../src/engine/rapier/loadRapier.ts'
import { rapierEngine } from '../../src/engine/rapier/rapierEngine.ts'
import { tuneSnapshot } from '../../src/engine/rapier/tuneSnapshot.ts'
import { random as seeded } from '../../src/linalg/random.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { InputError } from '../../src/scene/inputError.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { parseScene } from '../../src/scene/parseScene.ts'
import type { Scene } from '../../src/scene/scene.ts'
import { boxes, mixedTree, planarChain } from '../fixtures/scenes.ts'

const NO_CONTROL = new Float64Array(0)

function withIterations(scene: Scene, iterations: number): Scene {
  return { ...scene, engines: { ...scene.engines, rapier: { ...scene.engines.rapier, iterations } } }
}

/** A state near home, and one further away. */
function near(engine: Engine, uniform: () => number, size: number): Float64Array {
  const x = engine.home.x.slice()
  engine.integrate(
    x,
    Float64Array.from({ length: engine.layout.ndx }, () => size * (2 * uniform() - 1)),
    x,
  )
  return x
}

describe('a pile of 12 boxes in Rapier', () => {
  it('is stepped the same bit for bit after detours, which a world that remembers its contacts is not', async () => {
    const engine = await rapierEngine(boxes(12))
    const { uniform } = seeded(3)
    for (let trial = 0; trial < 5; trial++) {
      const x = near(engine, uniform, 0.02)
      const first = x.slice()
      for (let k = 0; k < 3; k++) engine.step(first, NO_CONTROL, first)
      const away = near(engine, uniform, 0.3)
      for (let k = 0; k < 3; k++) engine.step(away, NO_CONTROL, away)
      const second = x.slice()
      for (let k = 0; k < 3; k++) engine.step(second, NO_CONTROL, second)
      expect(second).toEqual(first)
    }
    engine.dispose()
  })
})

describe('contact in Rapier', () => {
  it('brakes a sliding box by μ g, and leaves a box at rest where it stands', async () => {
    const engine = await rapierEngine(boxes(1))
    const { x } = engine.point!({
      positions: { free0: [0, 0, 0.2495, 1, 0, 0, 0] },
      velocities: { free0: [2, 0, 0, 0, 0, 0] },
      controls: {},
    })
    for (let k = 0; k < 20; k++) engine.step(x, NO_CONTROL, x)
    const [, , , , , , , vx, , vz, wx, wy] = x
    expect(vx).toBeCloseTo(2 - 20 * 0.01 * 0.5 * 9.81, 3)
    for (const still of [vz!, wx!, wy!]) expect(Math.abs(still)).toBeLessThan(1e-4)
    for (let k = 0; k < 100; k++) engine.step(x, NO_CONTROL, x)
    const place = x.slice(0, 3)
    for (let k = 0; k < 100; k++) engine.step(x, NO_CONTROL, x)
    for (let c = 0; c < 3; c++) expect(Math.abs(x[c]! - place[c]!)).toBeLessThan(1e-4)
    expect(x[2]).toBeGreaterThan(0.245)
    expect(x[2]).toBeLessThan(0.2501)
    engine.dispose()
  })

  it('pushes an overlap apart and lets a fall reach the floor', async () => {
    const engine = await rapierEngine(boxes(1))
    for (const [from, least, most] of [
      [0.22, 0.24, 0.2501],
      [0.4, 0.245, 0.2501],
    ] as const) {
      const { x } = engine.point!({ positions: { free0: [0, 0, from, 1, 0, 0, 0] }, velocities: {}, controls: {} })
      for (let k = 0; k < 150; k++) engine.step(x, NO_CONTROL, x)
      expect(x[2]).toBeGreaterThan(least)
      expect(x[2]).toBeLessThan(most)
    }
    engine.dispose()
  })

  it('gives restitution back', async () => {
    const engine = await rapierEngine(boxes(1, { contact: { friction: 0.5, restitution: 0.5 } }))
    const { x } = engine.point!({
      positions: { free0: [0, 0, 0.255, 1, 0, 0, 0] },
      velocities: { free0: [0, 0, -2, 0, 0, 0] },
      controls: {},
    })
    engine.step(x, NO_CONTROL, x)
    expect(x[9]).toBeCloseTo(0.5 * 2, 1)
    engine.dispose()
  })
})

describe('nearSwitches of Rapier', () => {
  it('names a contact that is open and within reach, and not one that presses or is far', async () => {
    const engine = await rapierEngine(boxes(1))
    const at = (z: number, vz: number) =>
      engine.nearSwitches!(
        engine.point!({
          positions: { free0: [0, 0, z, 1, 0, 0, 0] },
          velocities: { free0: [0, 0, vz, 0, 0, 0] },
          controls: {},
        }).x,
        NO_CONTROL,
      )
    expect(at(0.2505, 0.1)).toEqual(['contact of box0 with the environment'])
    expect(at(0.249, 0)).toEqual([])
    expect(at(1, 0)).toEqual([])
    engine.dispose()
  })
})

describe('joint limits in Rapier', () => {
  const swing = (type: string, limits: readonly [number, number]) =>
    parseScene({
      name: 'limited',
      dt: 0.01,
      gravity: [0, 0, 0],
      bodies: [{ name: 'arm', mass: 1, inertia: [0.1, 0.1, 0.1] }],
      joints: [{ name: 'joint', type, parent: 'world', child: 'arm', axis: [0, 1, 0], limits }],
      actuators: [{ name: 'motor', joint: 'joint' }],
    })

  it.each([
    ['hinge', [-0.1, 0.15]],
    ['slider', [-0.1, 0.15]],
    ['hinge', [-4, 5]], // beyond half a turn
    ['hinge', [-3.1, 9]],
  ] as const)(
    '%s %j: stops at either limit within one step of motion, rests there and comes back',
    async (type, limits) => {
      const engine = await rapierEngine(swing(type, limits))
      for (const side of [-1, 1]) {
        const limit = limits[side < 0 ? 0 : 1]
        const x = Float64Array.from([limit - side * 0.05, side * 2])
        let furthest = 0
        for (let k = 0; k < 50; k++) {
          engine.step(x, Float64Array.of(side * 3), x)
          furthest = Math.max(furthest, side * (x[0]! - limit))
        }
        expect(furthest).toBeLessThan(0.01 * 3)
        expect([...x]).toEqual([limit, expect.closeTo(0, 6)])
        for (let k = 0; k < 20; k++) engine.step(x, Float64Array.of(-side), x)
        expect(side * (x[0]! - limit)).toBeLessThan(-0.01)
      }
      engine.dispose()
    },
  )
})

describe('memory', () => {
  it('stays flat over 1000 steps in contact, each with worlds of its own, and over engines made and disposed of', async () => {
    const engine = await rapierEngine(boxes(1))
    const x = engine.home.x.slice()
    const run = (steps: number) => {
      for (let k = 0; k < steps; k++) engine.step(engine.home.x, NO_CONTROL, x)
    }
    run(100)
    const before = process.memoryUsage().external // holds the WebAssembly memory, which never shrinks
    run(1000)
    engine.dispose()
    for (let k = 0; k < 30; k++) (await rapierEngine(planarChain(2))).dispose()
    expect(process.memoryUsage().external - before).toBeLessThan(2e6)
  })
})

describe('the rapier engine', () => {
  it('passes every check of checkEngine where nothing touches', async () => {
    const scenes: Scene[] = [await loadScene('cartpole'), await loadScene('quadrotor'), planarChain(6), mixedTree()]
    for (const scene of scenes) {
      const engine = await rapierEngine(scene)
      const { checks } = await checkEngine(engine)
      expect(
        checks.filter(({ passed }) => !passed),
        scene.name,
      ).toEqual([])
      engine.dispose()
    }
  })

  it('needs no more than a few iterations where nothing touches: what they leave of the joints is projected out', async () => {
    const scene = planarChain(10)
    const engine = await rapierEngine(withIterations(scene, 4))
    const { A, quality } = await linearize(engine)
    expect(quality.certified).toBe(true)
    const cannon = await createEngine(scene)
    const exact = (await linearize(cannon)).A
    const apart = A.clone().sub(exact).norm() / exact.clone().sub(Matrix.eye(A.rows, A.rows)).norm()
    expect(apart).toBeLessThan(5e-3)
    engine.dispose()
    cannon.dispose()
  })

  it('says when its iterations were too few for contact, and linearize does not certify that', async () => {
    const scene = await loadScene('hopper')
    const engine = await rapierEngine(withIterations(scene, 4))
    engine.step(engine.home.x, engine.home.u, engine.home.x.slice())
    expect(engine.trouble!()).toMatch(/^4 iterations left [\d.]+ % of what the joints had to do undone$/)
    const { quality } = await linearize(engine)
    expect(quality.certified).toBe(false)
    engine.dispose()
    const enough = await rapierEngine(scene)
    enough.step(enough.home.x, enough.home.u, enough.home.x.slice())
    expect(enough.trouble!()).toBe(null)
    enough.dispose()
  })

  it('refuses by name what single precision can’t hold', async () => {
    const with_ = (mass: number, damping: number) =>
      parseScene(
        {
          name: 'tiny',
          bodies: [{ name: 'dust', mass, inertia: [1, 1, 1] }],
          joints: [{ name: 'hub', type: 'hinge', parent: 'world', child: 'dust', axis: [0, 0, 1], damping }],
        },
        { file: 'tiny.json' },
      )
    await expect(rapierEngine(with_(1e-20, 0))).rejects.toThrow(InputError)
    await expect(rapierEngine(with_(1e-20, 0))).rejects.toThrow(
      /^tiny\.json: mass of body "dust": expected 0 or from 1e-15 to .*single precision.*found 1e-20$/,
    )
    await expect(rapierEngine(with_(1, 1e30))).rejects.toThrow(/^tiny\.json: damping of joint "hub": .*found 1e\+30$/)
  })

  it('is refused maximal coordinates', async () => {
    const scene = await loadScene('cartpole')
    await expect(createEngine(scene, { engine: 'rapier', coordinates: 'maximal' })).rejects.toThrow(
      'coordinates: expected "reduced" for the engine "rapier", found "maximal"',
    )
  })

  it('refuses points that are not finite, and gives NaN for a step from there', async () => {
    const engine = await createEngine(await loadScene('cartpole'), { engine: 'rapier' })
    const x = engine.home.x.slice()
    x[1] = Number.NaN
    expect(() => engine.structure!(x, engine.home.u)).toThrow(/not finite/)
    engine.step(x, engine.home.u, x)
    expect([...x].every(Number.isNaN)).toBe(true)
    engine.dispose()
    engine.dispose() // twice is once
  })
})

test('a snapshot that holds its settings elsewhere is refused, not overwritten', async () => {
  const rapier = await loadRapier()
  const world = new rapier.World({ x: 0, y: 0, z: 0 })
  world.createRigidBody(
    rapier.RigidBodyDesc.dynamic().setAdditionalMassProperties(
      1,
      { x: 1e6, y: 1, z: 0 }, // looks like the softness of a joint
      { x: 1, y: 1, z: 1 },
      { w: 1, x: 0, y: 0, z: 0 },
    ),
  )
  expect(() => tuneSnapshot(world, 10, '0.99')).toThrow(
    /^rapier engine: the softness of 0 joints found \d+ times in a snapshot of Rapier 0\.99/,
  )
  world.free()
})

test('without the optional package, the error names the command that installs it', () => {
  const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
  expect(rapierMissing(missing)).toBeInstanceOf(InputError)
  expect(rapierMissing(missing)).toMatchObject({
    expected: expect.stringContaining('npm install @dimforge/rapier3d-compat'),
  })
  const other = new Error('WebAssembly is switched off')
  expect(rapierMissing(other)).toBe(other)
})
