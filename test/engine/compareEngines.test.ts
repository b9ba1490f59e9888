import { afterAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/createEngine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { bentStates } from '../../src/experiment/bentStates.ts'
import { compareEngines } from '../../src/linearization/compareEngines.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import type { Scene } from '../../src/scene/scene.ts'
import { doubleIntegrator, linearEngine } from '../experiment/engines.ts'
import { balls, cartsOnRail, NAMED_SCENES } from '../fixtures/scenes.ts'

const engines: Engine[] = []
afterAll(() => {
  for (const engine of engines) engine.dispose()
})
async function open(scene: Scene, name: string): Promise<Engine> {
  const engine = await createEngine(scene, { engine: name })
  engines.push(engine)
  return engine
}

describe.each(NAMED_SCENES)('%s', (name) => {
  it('is the same model in cannon, MuJoCo and Rapier, at home and at bent, moving states', async () => {
    const scene = await loadScene(name)
    const [cannon, mujoco, rapier] = [
      await open(scene, 'cannon'),
      await open(scene, 'mujoco'),
      await open(scene, 'rapier'),
    ]
    const points = [cannon.home, ...bentStates(scene, cannon)]
    const [exact, single] = await compareEngines(cannon, [mujoco, rapier], points)
    expect(exact).toMatchObject({ engines: ['cannon', 'mujoco'], tolerance: 1e-6, agree: true })
    expect(single).toMatchObject({ engines: ['cannon', 'rapier'], tolerance: 5e-3, agree: true })
    for (const { points: compared, tolerance } of [exact!, single!]) {
      expect(compared).toHaveLength(4)
      for (const { relativeA, relativeB, relativeStep } of compared)
        expect(Math.max(relativeA, relativeB, relativeStep)).toBeLessThan(tolerance)
    }
    // A tolerance that single precision cannot meet is not met: the comparison can fail.
    const [strict] = await compareEngines(cannon, [rapier], points.slice(1, 2), { tolerance: 1e-8 })
    expect(strict!.agree).toBe(false)
  })
})

describe('engines that are not of one model', () => {
  const A = [
    [1, 0.1],
    [0, 1],
  ]
  const B = [[0.005], [0.1]]
  const names = ['cart.position', 'cart.velocity']
  const base = linearEngine(A, B, { names })

  it('differ in the entry that differs, by name, with both values', async () => {
    const other = linearEngine([A[0]!, [-0.02, 1]], B, { names })
    const [{ agree, points }] = (await compareEngines(base, [other])) as [Awaited<ReturnType<typeof compareEngines>>[0]]
    expect(agree).toBe(false)
    expect(points[0]!.verdict).toBe('differ')
    expect(points[0]!.worstA).toMatchObject({ row: 'cart.velocity', column: 'cart.position' })
    expect(points[0]!.worstA!.value).toBeCloseTo(0, 9)
    expect(points[0]!.worstA!.reference).toBeCloseTo(-0.02, 9)
    // ‖A − A'‖ = 0.02, ‖A' − I‖ = √(0.1² + 0.02²)
    expect(points[0]!.relativeA).toBeCloseTo(0.02 / Math.hypot(0.1, 0.02), 8)
    expect(points[0]!.relativeB).toBeLessThan(1e-9)
    expect(points[0]!.relativeStep).toBe(0)
  })

  it('differ where one pushes all the time, though A and B are the same', async () => {
    const pushed = linearEngine(A, B, {
      names,
      after: (xNext) => {
        xNext[1]! += 0.03
      },
    })
    const [comparison] = await compareEngines(base, [pushed])
    const [point] = comparison!.points
    expect(point!.verdict).toBe('differ')
    expect(Math.max(point!.relativeA, point!.relativeB)).toBeLessThan(1e-6)
    expect(point!.step[1]).toMatchObject({ name: 'cart.velocity', unit: 'm/s', value: 0 })
    expect(point!.step[1]!.reference).toBeCloseTo(0.03, 12)
    expect(point!.relativeStep).toBeCloseTo(0.03 / 0.1, 9)
  })

  it('can’t be compared where one has a kink, which tells nothing of A', async () => {
    const kinked = linearEngine(A, B, {
      names,
      after: (xNext, x) => {
        xNext[1]! += 0.5 * Math.abs(x[0]!)
      },
    })
    const [comparison] = await compareEngines(base, [kinked])
    expect(comparison!.points[0]!.verdict).toBe('unsure')
    expect(comparison!.agree).toBe(false)
  })
})

describe('coordinates', () => {
  it('are matched by name, not by place', async () => {
    const names = ['a.position', 'b.position', 'a.velocity', 'b.velocity']
    const A = [
      [1, 0, 0.1, 0],
      [0, 1, 0, 0.1],
      [-0.3, 0.1, 0.9, 0],
      [0.2, -0.5, 0, 0.8],
    ]
    const B = [
      [0, 0],
      [0, 0],
      [0.1, 0],
      [0, 0.7],
    ]
    const order = [1, 0, 3, 2]
    const swapped = linearEngine(
      order.map((i) => order.map((j) => A[i]![j]!)),
      order.map((i) => B[i]!),
      { names: order.map((i) => names[i]!) },
    )
    const engine = linearEngine(A, B, { names })
    const x = Float64Array.from([0.3, -0.7, 0.2, 1.1])
    const [comparison] = await compareEngines(engine, [swapped], [{ x, u: Float64Array.from([0.4, -2]) }])
    expect(comparison!.agree).toBe(true)
    expect(Array.from(comparison!.points[0]!.linearizations[1].xBar)).toEqual(Array.from(x))
    expect(comparison!.points[0]!.linearizations[1].A.get(2, 0)).toBeCloseTo(-0.3, 8)
  })

  it.each<[string, () => Promise<Engine> | Engine, RegExp]>([
    [
      'others',
      () => doubleIntegrator({ names: ['car.position', 'car.velocity'] }),
      /engines 'linear' and 'linear' have other coordinates: x entry 'cart\.position' is in one of them alone/,
    ],
    ['another control period', () => doubleIntegrator({ dt: 0.2 }), /control periods of 0\.1 s and 0\.2 s/],
  ])('%s are refused by name', async (_what, make, message) => {
    await expect(compareEngines(doubleIntegrator(), [await make()])).rejects.toThrow(RangeError)
    await expect(compareEngines(doubleIntegrator(), [await make()])).rejects.toThrow(message)
  })

  it('of joints and of bodies are refused', async () => {
    const scene = await loadScene('cartpole')
    const maximal = await createEngine(scene, { coordinates: 'maximal' })
    engines.push(maximal)
    await expect(compareEngines(await open(scene, 'cannon'), [maximal])).rejects.toThrow(
      /have other coordinates: x entry/,
    )
  })

  it('a tolerance of nothing is refused', async () => {
    const engine = doubleIntegrator()
    await expect(compareEngines(engine, [engine], undefined, { tolerance: 0 })).rejects.toThrow(/number > 0, got 0/)
  })
})

describe('contact', () => {
  it('that touches is named, and cannon and MuJoCo differ by it alone', async () => {
    const scene = cartsOnRail()
    const cannon = await open(scene, 'cannon')
    const mujoco = await open(scene, 'mujoco')
    const apart = cannon.point!({ positions: { leftRail: [-1], rightRail: [1] }, velocities: {}, controls: {} })
    const [comparison] = await compareEngines(cannon, [mujoco], [cannon.home, apart])
    const [touching, free] = comparison!.points
    expect(touching!.closedSwitches).toEqual(['contact of left with right'])
    expect(touching!.verdict).not.toBe('agree')
    expect(free).toMatchObject({ closedSwitches: [], nearSwitches: [], verdict: 'agree' })
  })

  it.each([3, 8])('is kept away from bent states of %d balls', async (number) => {
    const scene = balls(number)
    const engine = await open(scene, 'cannon')
    for (const { x, u } of bentStates(scene, engine, { count: 4 }))
      expect([...engine.closedSwitches!(x, u), ...engine.nearSwitches!(x, u)]).toEqual([])
  })
})

describe('bent states', () => {
  it('stay within joint limits and control ranges, off home, and are told by the seed', async () => {
    const scene = await loadScene('arm7')
    const engine = await open(scene, 'cannon')
    const points = bentStates(scene, engine, { count: 5, seed: 7 })
    for (const { x, u } of points) {
      scene.joints.forEach(({ limits }, i) => {
        if (limits === null) return
        expect(x[i]).toBeGreaterThan(limits[0])
        expect(x[i]).toBeLessThan(limits[1])
      })
      engine.layout.u.forEach(({ range }, k) => {
        expect(u[k]).toBeGreaterThanOrEqual(range[0])
        expect(u[k]).toBeLessThanOrEqual(range[1])
      })
      expect(Math.hypot(...x.map((value, i) => value - engine.home.x[i]!))).toBeGreaterThan(0.5)
    }
    expect(bentStates(scene, engine, { count: 2, seed: 7 })).toEqual(points.slice(0, 2))
    expect(bentStates(scene, engine, { count: 1, seed: 8 })[0]).not.toEqual(points[0])
  })

  it('of a robot with closed loops keep them closed', async () => {
    const scene = await loadScene('minitaur')
    const engine = await open(scene, 'cannon')
    const knees = engine.layout.x.flatMap(({ name }, k) => (/knee.*\.angle$/.test(name) ? [k] : []))
    expect(knees).toHaveLength(8)
    for (const { x } of bentStates(scene, engine, { count: 2 }))
      for (let leg = 0; leg < 4; leg++) {
        // The two sides of a leg are alike, hinged on one axis: closed, it is a kite, whose knees bend alike.
        const [left, right] = [x[knees[2 * leg]!]!, x[knees[2 * leg + 1]!]!]
        expect(Math.abs(left + right)).toBeLessThan(1e-3)
        expect(Math.abs(left - engine.home.x[knees[2 * leg]!]!)).toBeGreaterThan(1e-3)
      }
  })
})
