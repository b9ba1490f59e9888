import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import { type ReferenceModel, referenceEngine } from '../../src/engine/reference/referenceEngine.ts'
import { referenceFromScene } from '../../src/engine/reference/referenceFromScene.ts'
import { multiplyQuats, rotate } from '../../src/engine/rotation.ts'
import { patternHas } from '../../src/linalg/pattern.ts'
import { InputError } from '../../src/scene/inputError.ts'
import type { Body, Joint, Quat, Scene, Vec3 } from '../../src/scene/scene.ts'

const PENDULUM: ReferenceModel = { type: 'pendulum', mass: 0.7, inertia: 0.02, length: 0.4, damping: 0.05 }
const CART_POLE: ReferenceModel = {
  type: 'cart-pole',
  cartMass: 1,
  poleMass: 0.1,
  poleInertia: 0.003,
  length: 0.3,
  cartDamping: 0.2,
  poleDamping: 0.01,
}
const DRONE: ReferenceModel = {
  type: 'free-bodies',
  bodies: [
    { mass: 0.8, inertia: [0.005, 0.007, 0.01] },
    { mass: 2, inertia: [0.1, 0.2, 0.25] },
  ],
  thrusters: [
    { body: 0, position: [0.2, 0.1, 0], direction: [0, 0, 1], reactionTorque: 0.02 },
    { body: 0, position: [-0.2, 0, 0.1], direction: [0, 0.6, 0.8], reactionTorque: -0.02 },
    { body: 1, direction: [1, 0, 0] },
  ],
}
const MODELS = { pendulum: PENDULUM, cartPole: CART_POLE, drone: DRONE }

/** A point away from home: coordinates drawn from the seed, quaternions normalized by ⊕. */
function pointOf(engine: Engine, values: readonly number[]): { x: Float64Array; u: Float64Array } {
  const { ndx, nu } = engine.layout
  const x = engine.home.x.slice()
  engine.integrate(
    x,
    Float64Array.from({ length: ndx }, (_, k) => values[k % values.length]! * (1 + (k % 3))),
    x,
  )
  return { x, u: Float64Array.from({ length: nu }, (_, k) => 2 * values[(k + 5) % values.length]!) }
}
const numbers = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 11, maxLength: 11 })

test('a quaternion of any length means the same orientation', () => {
  const engine = referenceEngine(DRONE, { dt: 0.02 })
  const { x, u } = pointOf(engine, [0.3, -0.2, 0.5, 0.1])
  const long = x.map((value, k) => ((k >= 3 && k < 7) || (k >= 10 && k < 14) ? 1.7 * value : value))
  const [next, same] = [new Float64Array(engine.layout.nx), new Float64Array(engine.layout.nx)]
  engine.step(x, u, next)
  engine.step(long, u, same)
  for (let k = 0; k < next.length; k++) expect(Math.abs(same[k]! - next[k]!)).toBeLessThan(1e-13)
  const size = engine.layout.ndx ** 2
  const [A, again] = [new Float64Array(size), new Float64Array(size)]
  const B = new Float64Array(engine.layout.ndx * engine.layout.nu)
  engine.derivatives!(x, u, A, B)
  engine.derivatives!(long, u, again, B)
  for (let k = 0; k < size; k++) expect(Math.abs(again[k]! - A[k]!)).toBeLessThan(1e-13)
})

describe.each(Object.entries(MODELS))('reference engine: %s', (_, model) => {
  test.each([1, 3])('derivatives are those of the step (%i substeps)', (substeps) => {
    const engine = referenceEngine(model, { dt: 0.02, substeps })
    const { nx, ndx, nu } = engine.layout
    fc.assert(
      fc.property(numbers, (values) => {
        const { x, u } = pointOf(engine, values)
        const A = new Float64Array(ndx * ndx)
        const B = new Float64Array(ndx * nu)
        engine.derivatives!(x, u, A, B)
        const pattern = engine.structure!(x, u)
        const [plus, minus, moved] = [new Float64Array(nx), new Float64Array(nx), new Float64Array(nx)]
        const [dx, dy] = [new Float64Array(ndx), new Float64Array(ndx)]
        const h = 1e-5
        for (let j = 0; j < ndx + nu; j++) {
          for (const [sign, out] of [
            [1, plus],
            [-1, minus],
          ] as const) {
            const control = u.slice()
            dx.fill(0)
            if (j < ndx) dx[j] = sign * h
            else control[j - ndx]! += sign * h
            engine.integrate(x, dx, moved)
            engine.step(moved, control, out)
          }
          engine.difference(plus, minus, dy)
          for (let i = 0; i < ndx; i++) {
            const exact = j < ndx ? A[i * ndx + j]! : B[i * nu + j - ndx]!
            expect(Math.abs(dy[i]! / (2 * h) - exact)).toBeLessThan(1e-8)
            if (!patternHas(pattern, i, j)) expect(exact).toBe(0)
          }
        }
      }),
      { seed: 1, numRuns: 8 },
    )
  })

  test('steps are pure, may write onto their input, and end with dispose', () => {
    const engine = referenceEngine(model, { dt: 0.01, substeps: 2 })
    const { x, u } = pointOf(engine, [0.3, -0.2, 0.5, 0.1])
    const [first, again] = [new Float64Array(x.length), x.slice()]
    engine.step(x, u, first)
    engine.step(engine.home.x, u, new Float64Array(x.length))
    engine.step(again, u, again)
    expect(again).toEqual(first)
    engine.dispose()
    expect(() => engine.step(x, u, first)).toThrow('dispose')
  })
})

describe('reference engine, closed forms', () => {
  test('the pendulum takes the step of its equation', () => {
    const engine = referenceEngine(PENDULUM, { dt: 0.01 })
    const [m, I, l, g, d, h] = [0.7, 0.02 + 0.7 * 0.16, 0.4, 9.81, 0.05, 0.01]
    const next = new Float64Array(2)
    engine.step(Float64Array.of(0.8, -1.5), Float64Array.of(0.3), next)
    const v = (I * -1.5 + h * (0.3 - m * g * l * Math.sin(0.8))) / (I + h * d) // damping taken implicitly
    expect(next[1]).toBeCloseTo(v, 14)
    expect(next[0]).toBeCloseTo(0.8 + h * v, 14)
    expect(engine.layout.dx.map(({ name }) => name)).toEqual(['pendulum.angle', 'pendulum.velocity'])
  })

  test('the cart-pole at the top has the published derivatives of a .6 m pole', () => {
    // Inertia of a .6 × .1 × .1 m box; published: A[v,θ] −.00712, A[ω,θ] .2612, B (9.75e-5, −2.42e-4, 9.751e-3, −2.421e-2).
    const poleInertia = (0.1 * (0.36 + 0.01)) / 12
    const engine = referenceEngine(
      { type: 'cart-pole', cartMass: 1, poleMass: 0.1, poleInertia, length: 0.3 },
      { dt: 0.01 },
    )
    const [A, B] = [new Float64Array(16), new Float64Array(4)]
    engine.derivatives!(engine.home.x, engine.home.u, A, B)
    expect(A[2 * 4 + 1]).toBeCloseTo(-0.00712, 5)
    expect(A[3 * 4 + 1]).toBeCloseTo(0.2612, 4)
    for (const [k, b] of [9.75e-5, -2.42e-4, 9.751e-3, -2.421e-2].entries())
      expect(Math.abs(B[k]! / b - 1)).toBeLessThan(2e-3)
  })

  test('without damping the cart-pole keeps its energy and its momentum along the rail, to first order in the step', () => {
    const model = { ...CART_POLE, cartDamping: 0, poleDamping: 0 }
    const energyOf = ([, th, v, w]: Float64Array) =>
      0.5 * 1.1 * v! * v! + 0.03 * Math.cos(th!) * v! * w! + 0.5 * 0.012 * w! * w! + 0.1 * 9.81 * 0.3 * Math.cos(th!)
    const drift = (dt: number) => {
      const engine = referenceEngine(model, { dt })
      const x = Float64Array.of(0, 1, 0.2, 0)
      const start = energyOf(x)
      const momentum = 1.1 * x[2]! + 0.03 * Math.cos(x[1]!) * x[3]!
      for (let k = 0; k < 0.5 / dt; k++) engine.step(x, Float64Array.of(0), x)
      expect(Math.abs(1.1 * x[2]! + 0.03 * Math.cos(x[1]!) * x[3]! - momentum)).toBeLessThan(dt)
      return Math.abs(energyOf(x) - start)
    }
    expect(drift(1e-4)).toBeLessThan(2e-4)
    expect(drift(1e-3) / drift(1e-4)).toBeGreaterThan(7)
  })

  test('a free body keeps its angular momentum in the world, falls freely, and spins about a principal axis for ever', () => {
    const engine = referenceEngine({ type: 'free-bodies', bodies: [{ mass: 2, inertia: [1, 2, 3] }] }, { dt: 1e-4 })
    const momentum = (x: Float64Array) => rotate([x[3]!, x[4]!, x[5]!, x[6]!], [x[10]!, 2 * x[11]!, 3 * x[12]!] as Vec3)
    const x = engine.home.x.slice()
    x.set([1, 2, 3, 0.4, -0.6, 0.5], 7)
    const before = momentum(x)
    for (let k = 0; k < 5000; k++) engine.step(x, new Float64Array(0), x)
    for (let i = 0; i < 3; i++) expect(momentum(x)[i]).toBeCloseTo(before[i]!, 3)
    expect(x[0]).toBeCloseTo(0.5, 12)
    expect(x[9]).toBeCloseTo(3 - 9.81 * 0.5, 9)
  })

  test('thrusters push at their place: force, lever and reaction', () => {
    const engine = referenceEngine(DRONE, { dt: 0.1 })
    const next = new Float64Array(26)
    engine.step(engine.home.x, Float64Array.of(5, 0, 0), next)
    expect(next[14 + 2]).toBeCloseTo(0.1 * (5 / 0.8 - 9.81), 13)
    // r × F = (.2, .1, 0) × (0, 0, 5) = (.5, −1, 0); reaction .02 · 5 about z.
    expect(next[14 + 3]).toBeCloseTo((0.1 * 0.5) / 0.005, 12)
    expect(next[14 + 4]).toBeCloseTo((0.1 * -1) / 0.007, 12)
    expect(next[14 + 5]).toBeCloseTo((0.1 * 0.1) / 0.01, 12)
  })
})

describe('reference engine from a scene', () => {
  const identity: Quat = [1, 0, 0, 0]
  const joint = (fields: Partial<Joint>): Joint => ({
    name: 'j',
    type: 'hinge',
    parent: -1,
    child: 0,
    parentAnchor: [0, 0, 0],
    rotation: identity,
    childAnchor: [0, 0, 0],
    axis: [0, 1, 0],
    damping: 0,
    limits: null,
    ...fields,
  })
  const body = (fields: Partial<Body>): Body => ({
    name: 'b',
    mass: 1,
    com: [0, 0, 0],
    inertia: [0.1, 0.2, 0.3, 0.01, 0.02, 0.03],
    shapes: [],
    ...fields,
  })
  const scene = (fields: Partial<Scene>): Scene => ({
    name: 'test',
    description: '',
    file: 'test.json',
    gravity: [0, 0, -9.81],
    dt: 0.01,
    bodies: [],
    joints: [],
    actuators: [],
    thrusters: [],
    closures: [],
    environment: [],
    contact: { enabled: true, restitution: 0 },
    home: { positions: {}, velocities: {}, controls: {} },
    task: null,
    engines: {
      cannon: { coordinates: 'reduced', substeps: 1, iterations: 50, contactStiffness: 1e5, contactRelaxation: 3 },
      rapier: { substeps: 1, iterations: null, contactFrequency: 30 },
    },
    ...fields,
  })
  const cartAndPole = (turn: Quat, slide: Quat, hinge: Quat) =>
    scene({
      gravity: rotate(turn, [0.3, -0.5, -9.81]),
      bodies: [body({ name: 'cart' }), body({ name: 'pole', mass: 0.3, com: [0.1, 0.05, 0.4] })],
      joints: [
        joint({ name: 'slide', type: 'slider', rotation: multiplyQuats(turn, slide), axis: [0.6, 0, 0.8] }),
        joint({
          name: 'pole',
          parent: 0,
          child: 1,
          rotation: hinge,
          axis: [0.36, 0.48, 0.8],
          childAnchor: [0.02, 0, -0.1],
        }),
      ],
      actuators: [{ name: 'motor', joint: 0, gear: 2, range: [-1, 1] }],
    })

  test('turning the whole world changes nothing', () => {
    const unit = (q: Quat): Quat => {
      const size = Math.hypot(...q)
      return [q[0] / size, q[1] / size, q[2] / size, q[3] / size]
    }
    const quaternions = fc
      .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 })
      .filter((q) => Math.hypot(...q) > 0.1)
      .map((q) => unit(q as unknown as Quat))
    fc.assert(
      fc.property(quaternions, quaternions, quaternions, numbers, (turn, slide, hinge, values) => {
        const [a, b] = [cartAndPole(identity, slide, hinge), cartAndPole(turn, slide, hinge)].map((s) => {
          const engine = referenceFromScene(s)
          const { x, u } = pointOf(engine, values)
          engine.step(x, u, x)
          return x
        })
        for (let k = 0; k < 4; k++) expect(b![k]).toBeCloseTo(a![k]!, 11)
      }),
      { seed: 2, numRuns: 30 },
    )
  })

  test('a hinge with its centre of mass along gravity has the period of the physical pendulum', () => {
    // Small swings: T = 2π √(I/(m g l)); the zero crossings after one period at fine steps.
    const engine = referenceFromScene(scene({ dt: 1e-4, bodies: [body({ com: [0, 0, -0.5] })], joints: [joint({})] }))
    const x = Float64Array.of(1e-3, 0)
    const period = 2 * Math.PI * Math.sqrt((0.2 + 0.25) / (9.81 * 0.5))
    for (let k = 0; k < Math.round(period / 1e-4); k++) engine.step(x, new Float64Array(0), x)
    expect(x[0]).toBeCloseTo(1e-3, 6)
  })

  test('separate mechanisms in one scene do not touch each other', () => {
    const engine = referenceFromScene(
      scene({
        bodies: [body({ name: 'a', com: [0, 0, -1] }), body({ name: 'b' }), body({ name: 'c', com: [0, 0, -1] })],
        joints: [joint({ name: 'a' }), joint({ name: 'b', type: 'free', child: 1 }), joint({ name: 'c', child: 2 })],
        actuators: [{ name: 'motor', joint: 2, gear: 1, range: [-1, 1] }],
      }),
    )
    const { nx, ndx } = engine.layout
    expect([nx, ndx]).toEqual([17, 16])
    const [A, B] = [new Float64Array(ndx * ndx), new Float64Array(ndx)]
    const { x, u } = pointOf(engine, [0.2, 0.4, -0.3])
    engine.derivatives!(x, u, A, B)
    for (let j = 1; j < ndx; j++) if (j !== 8) expect(A[j]! + A[8 * ndx + j]!).toBe(0)
    expect(Array.from(B).filter((value) => value !== 0)).toHaveLength(2)
  })

  const plate = {
    type: 'box' as const,
    size: [1, 1, 1] as Vec3,
    position: [0, 0, 0] as Vec3,
    rotation: identity,
    color: null,
    collide: true,
    friction: 0.5,
  }
  const refusals: [string, Partial<Scene>, string][] = [
    ['a ball joint', { bodies: [body({})], joints: [joint({ type: 'ball' })] }, 'joints[0]'],
    [
      'a double pendulum',
      { bodies: [body({}), body({})], joints: [joint({}), joint({ name: 'k', parent: 0, child: 1 })] },
      'joints[0]',
    ],
    ['joint limits', { bodies: [body({})], joints: [joint({ limits: [-1, 1] })] }, 'joints[0].limits'],
    ['contact', { bodies: [body({ shapes: [plate] })], joints: [joint({})], environment: [plate] }, 'environment'],
    [
      'contact of two bodies',
      { bodies: [body({ shapes: [plate] }), body({ shapes: [plate] })], joints: [joint({}), joint({ child: 1 })] },
      'bodies[1].shapes',
    ],
    [
      'a free body off its origin',
      { bodies: [body({ com: [0, 0, 1] })], joints: [joint({ type: 'free' })] },
      'bodies[0].com',
    ],
    ['a damped free joint', { bodies: [body({})], joints: [joint({ type: 'free', damping: 1 })] }, 'joints[0].damping'],
    [
      'a thruster on a hinge',
      {
        bodies: [body({})],
        joints: [joint({})],
        thrusters: [
          { name: 't', body: 0, position: [0, 0, 0], direction: [1, 0, 0], gear: 1, reactionTorque: 0, range: [0, 1] },
        ],
      },
      'thrusters[0]',
    ],
  ]
  test.each(refusals)('refuses %s by name', (_, fields, path) => {
    try {
      referenceFromScene(scene(fields))
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(InputError)
      expect((error as InputError).path).toBe(path)
      expect((error as InputError).file).toBe('test.json')
    }
  })

  test('refuses impossible steps', () => {
    expect(() => referenceFromScene(scene({}), { substeps: 0 })).toThrow('substeps')
    expect(() => referenceEngine(PENDULUM, { dt: 0 })).toThrow('dt')
  })
})
