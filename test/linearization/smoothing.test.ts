import { describe, expect, it } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { openEnginePool } from '../../src/experiment/openEnginePool.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { linearizeAlong } from '../../src/linearization/linearizeAlong.ts'
import { certificateSentence } from '../../src/experiment/certificate.ts'
import { parseScene } from '../../src/scene/parseScene.ts'
import { doubleIntegrator } from '../experiment/engines.ts'
import { balls, boxes, planarChain } from '../fixtures/scenes.ts'

const RADIUS = 0.1

/** A 1 kg ball on a vertical rail above a floor, with a jet; home is `gap` above the floor. */
function drop(gap: number, extra: Record<string, unknown> = {}) {
  return parseScene({
    name: 'drop',
    dt: 0.01,
    bodies: [{ name: 'ball', mass: 1, shapes: [{ type: 'sphere', radius: RADIUS }] }],
    joints: [{ name: 'rail', type: 'slider', parent: 'world', child: 'ball', axis: [0, 0, 1] }],
    actuators: [{ name: 'jet', joint: 'rail' }],
    environment: [{ type: 'plane' }],
    home: { positions: { rail: RADIUS + gap } },
    engines: { cannon: { contactStiffness: 1e4 } },
    ...extra,
  })
}

/** A ball in free space, `gap` above the floor. */
function ballAt(gap: number) {
  const engine = cannonEngine(balls(1))
  const point = engine.point!({
    positions: { free0: [0, 0, RADIUS + gap, 1, 0, 0, 0] },
    velocities: {},
    controls: {},
  })
  return { engine, point }
}

function counting(engine: Engine) {
  const count = { steps: 0 }
  const step: Engine['step'] = (x, u, xNext) => {
    count.steps++
    engine.step(x, u, xNext)
  }
  return { engine: { ...engine, step }, count }
}

/** E g(δ) for δ ~ N(0, σ²), by the midpoint rule over ± 8 σ. */
function expectation(g: (delta: number) => number, sigma: number): number {
  const steps = 4000
  let sum = 0
  for (let k = 0; k < steps; k++) {
    const z = -8 + (16 * (k + 0.5)) / steps
    sum += (g(sigma * z) * Math.exp((-z * z) / 2) * 16) / steps
  }
  return sum / Math.sqrt(2 * Math.PI)
}

describe('a ball 1 mm above the floor', () => {
  const MILLIMETRE = 1e-3
  const names = (engine: Engine, rows: readonly number[]) => rows.map((row) => engine.layout.dx[row]!.name)

  it.each(['central', 'forward'] as const)(
    'is flagged by an ordinary linearization (%s), which is right up to the floor: it falls freely',
    async (scheme) => {
      const { engine, point } = ballAt(MILLIMETRE)
      const lin = await linearize(engine, point, { scheme })
      expect(lin.quality.nearSwitches).toEqual(['contact of ball0 with the environment'])
      expect(certificateSentence(lin)).toContain(
        'Within reach of the next period: contact of ball0 with the environment, of which it knows nothing.',
      )
      expect(lin.quality.certified).toBe(true)
      expect(lin.A.get(8, 8)).toBeCloseTo(1, 6)
    },
  )

  it('is not certified, its rows named, with a step that reaches the floor', async () => {
    const { engine, point } = ballAt(MILLIMETRE)
    const { quality } = await linearize(engine, point, { step: 2 * MILLIMETRE })
    expect(names(engine, quality.kinkedRows!)).toEqual(['free0.z', 'free0.vz'])
    expect(quality.certified).toBe(false)
  })

  it.each([MILLIMETRE, { positions: MILLIMETRE }, { 'free0.z': MILLIMETRE }])(
    'is flagged with a cloud that reaches the floor: %j',
    async (smoothing) => {
      const { engine, point } = ballAt(MILLIMETRE)
      const lin = await linearize(engine, point, { smoothing })
      expect(names(engine, lin.quality.kinkedRows!)).toEqual(expect.arrayContaining(['free0.z', 'free0.vz']))
      expect(certificateSentence(lin)).toMatch(/Left and right differ within the cloud in .*free0\.vz/)
    },
  )

  it('high above it, nothing is near; nor is it for a box that rests, which touches already', async () => {
    const { engine, point } = ballAt(0.1)
    expect((await linearize(engine, point)).quality.nearSwitches).toEqual([])
    const { quality } = await linearize(engine, point, { smoothing: { 'free0.z': MILLIMETRE } })
    expect([quality.kinkedRows, quality.certified]).toEqual([[], true])
    expect((await linearize(cannonEngine(boxes(2)))).quality.nearSwitches).toEqual([])
  })

  it('asking for what is near leaves the engine as it was', () => {
    const { engine, point } = ballAt(-MILLIMETRE)
    const [before, after] = [new Float64Array(13), new Float64Array(13)]
    engine.step(point.x, point.u, before)
    engine.nearSwitches!(engine.home.x, engine.home.u)
    engine.nearSwitches!(point.x, point.u)
    engine.step(point.x, point.u, after)
    expect(after).toEqual(before)
  })
})

describe('near switches', () => {
  it('names limits within reach, and bodies of other trees', () => {
    const limited = cannonEngine(
      drop(1, {
        joints: [
          { name: 'rail', type: 'slider', parent: 'world', child: 'ball', axis: [0, 0, 1], limits: [1.0995, 3] },
        ],
      }),
    )
    expect(limited.nearSwitches!(limited.home.x, limited.home.u)).toEqual(['limit of rail'])
    const two = cannonEngine(balls(2))
    const { x, u } = two.point!({ positions: { free1: [0.2005, 0, 0.5, 1, 0, 0, 0] }, velocities: {}, controls: {} })
    expect(two.nearSwitches!(x, u)).toEqual(['contact of ball0 with ball1'])
  })

  it('are named in maximal coordinates too, and are none where joints hold bodies together', () => {
    const maximal = cannonEngine(drop(1e-3), { coordinates: 'maximal' })
    expect(maximal.nearSwitches!(maximal.home.x, maximal.home.u)).toEqual(['contact of ball with the environment'])
    const chain = cannonEngine(planarChain(3))
    expect(chain.nearSwitches!(chain.home.x, chain.home.u)).toEqual([])
  })
})

describe('linearize with smoothing', () => {
  const SIGMA = 1e-3
  const scene = drop(1e-3)
  const engine = cannonEngine(scene)
  const { x, u } = engine.home
  /** The next state when the ball begins `delta` higher. */
  const stepped = (delta: number, entry: number) => {
    const next = new Float64Array(2)
    engine.step(Float64Array.of(x[0]! + delta, x[1]!), u, next)
    return next[entry]!
  }

  it('A and c are the mean slope and the mean step, by quadrature, within their standard errors', async () => {
    const { A, B, c, quality } = await linearize(engine, undefined, { smoothing: { positions: SIGMA } })
    expect(quality.certified).toBe(true)
    for (const i of [0, 1]) {
      // Stein: dE f/dz = E f δ / σ²
      const slope = expectation((delta) => stepped(delta, i) * delta, SIGMA) / SIGMA ** 2
      expect(Math.abs(A.get(i, 0) - slope)).toBeLessThan(3 * quality.standardError!.get(i, 0))
      expect(quality.standardError!.get(i, 0)).toBeLessThan(0.05 * Math.abs(slope))
      const mean = expectation((delta) => stepped(delta, i) - x[i]!, SIGMA)
      expect(Math.abs(c[i]! - mean)).toBeLessThan(3 * quality.smoothing!.valueStandardError[i]!)
    }
    // the jet acts in full aloft, and hardly on the floor
    expect(B.get(1, 0)).toBeGreaterThan(0.005)
    expect(B.get(1, 0)).toBeLessThan(0.0099)
  })

  it('every step is counted, in a pool too, which changes no bit', async () => {
    const { engine: counted, count } = counting(engine)
    const options = { smoothing: { deviations: { positions: SIGMA }, samples: 300 } }
    const lin = await linearize(counted, undefined, options)
    expect(lin.quality.calls).toBe(601)
    expect(count.steps).toBe(601)
    expect(Object.values(lin.quality.callsFor).reduce((sum, calls) => sum + calls, 0)).toBe(601)
    const pool = await openEnginePool(scene, { workers: 2, headStart: 0 })
    try {
      const pooled = await linearize(engine, undefined, { ...options, pool })
      expect(pooled.A.to1DArray()).toEqual(lin.A.to1DArray())
      expect(pooled.quality.standardError).toEqual(lin.quality.standardError)
    } finally {
      await pool.close()
    }
  })

  it('is the ordinary linearization where nothing switches', async () => {
    const linear = doubleIntegrator()
    const ordinary = await linearize(linear)
    const { A, B, c, plan, quality } = await linearize(linear, undefined, { smoothing: 0.3 })
    expect(A.to1DArray()).toEqual(ordinary.A.to1DArray().map((value) => expect.closeTo(value, 12)))
    expect(B.to1DArray()).toEqual(ordinary.B.to1DArray().map((value) => expect.closeTo(value, 12)))
    expect([...c]).toEqual([0, 0].map((value) => expect.closeTo(value, 12)))
    expect([plan, quality.certified, quality.method]).toEqual([null, true, 'smoothed'])
  })

  it('leaves out what no rollout of the cloud lets touch, and nothing that one does', async () => {
    const row = cannonEngine(balls(2))
    const between = async (gap: number) => {
      const point = row.point!({ positions: { free1: [0.2 + gap, 0, 0.5, 1, 0, 0, 0] }, velocities: {}, controls: {} })
      const { A } = await linearize(row, point, { smoothing: { deviations: { 'free0.x': 0.02 }, samples: 400 } })
      return A.get(
        row.layout.dx.findIndex(({ name }) => name === 'free1.vx'),
        0,
      )
    }
    expect(await between(0.2)).toBe(0)
    expect(await between(0.02)).toBeGreaterThan(1) // the second ball is pushed by the first
  })

  it('works along a trajectory, c being the mean defect', async () => {
    const points = [engine.home, { x: Float64Array.of(0.1, -0.1), u }]
    const lins = await linearizeAlong(engine, points, { smoothing: { positions: SIGMA } })
    expect(lins.map(({ quality }) => quality.method)).toEqual(['smoothed', 'smoothed'])
    expect(lins[0]!.xBarNext).toEqual(points[1]!.x)
  })

  it.each<[string, object, string]>([
    [
      'a name that is none',
      { smoothing: { ball: 1 } },
      'smoothing names "ball", which is no coordinate; there are positions',
    ],
    ['a negative one', { smoothing: -1 }, 'smoothing must be a finite standard deviation ≥ 0, got -1'],
    ['a wrong list', { smoothing: [1] }, 'smoothing must have ndx + nu = 3 deviations, got 1'],
    ['zeros', { smoothing: { positions: 0 } }, 'smoothing needs a deviation > 0 of some coordinate'],
    ['a method', { smoothing: 1, method: 'dense', scheme: 'forward' }, "leave out method 'dense', scheme 'forward'"],
    ['detection', { smoothing: 1, structure: { sparsity: 'detect' } }, "leave out structure.sparsity 'detect'"],
  ])('refuses %s before it steps', async (_what, options, message) => {
    const { engine: counted, count } = counting(engine)
    await expect(linearize(counted, undefined, options as never)).rejects.toThrow(message)
    expect(count.steps).toBe(0)
  })
})
