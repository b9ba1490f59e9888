import { describe, expect, it } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import { parseScene } from '../../src/scene/parseScene.ts'
import { boxes } from '../fixtures/scenes.ts'

const g = 9.81
const MU = 0.5

/** Runs `steps` periods from the engine's home with some entries of x set; returns the last state. */
function roll(
  engine: ReturnType<typeof cannonEngine>,
  steps: number,
  set: Record<number, number> = {},
  u = [] as number[],
) {
  const x = engine.home.x.slice()
  for (const [k, value] of Object.entries(set)) x[Number(k)] = value
  for (let k = 0; k < steps; k++) engine.step(x, Float64Array.from(u), x)
  return x
}

describe.each([
  ['reduced', 1],
  // cannon-es gives each of the four corners a bound of μ m g, whatever it carries
  ['maximal', 4],
] as const)('a box on a floor in %s coordinates', (coordinates, shares) => {
  it.each([0.2, 1, 30])(`of mass %d kg slides with deceleration ${shares} μ g`, (mass) => {
    const slippery = 0.1
    const engine = cannonEngine(
      boxes(1, { contact: { friction: slippery }, engines: { cannon: { contactStiffness: 1e4 * mass } } }, mass),
      { coordinates },
    )
    const x = roll(engine, 300)
    x[7] = 5
    for (let k = 0; k < 20; k++) engine.step(x, new Float64Array(0), x)
    expect(Math.abs(x[7]! - (5 - shares * slippery * g * 0.2))).toBeLessThan(0.02 * shares)
  })
})

describe('reduced coordinates', () => {
  it('hold a resting box still: the equilibrium of floor and weight, to 1e-9', () => {
    const engine = cannonEngine(boxes(1))
    const rest = roll(engine, 1000)
    const next = rest.slice()
    engine.step(rest, new Float64Array(0), next)
    const apart = new Float64Array(12)
    engine.difference(next, rest, apart)
    expect(Math.max(...apart.map(Math.abs))).toBeLessThan(1e-9)
    // weight over four springs of 1e4 N/m
    expect(0.25 - rest[2]!).toBeCloseTo(g / 4e4, 6)
  })

  it('hold a box on a slope below the friction angle and let it go above, with acceleration g (sin α − μ cos α)', () => {
    for (const [angle, slides] of [
      [0.4, false],
      [0.6, true],
    ] as const) {
      const tilted = [g * Math.sin(angle), 0, -g * Math.cos(angle)]
      const engine = cannonEngine(boxes(1, { gravity: tilted }))
      const settled = roll(engine, 100)
      const x = settled.slice()
      for (let k = 0; k < 50; k++) engine.step(x, new Float64Array(0), x)
      const gained = x[7]! - settled[7]!
      const expected = slides ? g * (Math.sin(angle) - MU * Math.cos(angle)) * 0.5 : 0
      expect(Math.abs(gained - expected)).toBeLessThan(slides ? 0.05 : 1e-6)
    }
  })

  it('take friction from the normal force, also without gravity', () => {
    const scene = boxes(1, {
      gravity: [0, 0, 0],
      thrusters: [{ name: 'press', body: 'box0', direction: [0, 0, -1] }],
    })
    const engine = cannonEngine(scene)
    const press = 20
    const settled = roll(engine, 200, {}, [press])
    settled[7] = 3
    const x = settled.slice()
    for (let k = 0; k < 20; k++) engine.step(x, Float64Array.of(press), x)
    expect(x[7]!).toBeCloseTo(3 - MU * press * 0.2, 1)
    // and no braking where nothing presses
    const freed = settled.slice()
    freed[2] = 1
    freed[9] = 0
    for (let k = 0; k < 20; k++) engine.step(freed, Float64Array.of(0), freed)
    expect(freed[7]).toBeCloseTo(3, 12)
  })

  it('stop a hinge and a slider at their limits, exactly and from both sides', () => {
    for (const type of ['hinge', 'slider'] as const) {
      const scene = parseScene({
        name: type,
        dt: 0.01,
        gravity: [0, 0, 0],
        bodies: [
          { name: 'a', mass: 1, inertia: [0.1, 0.1, 0.1] },
          { name: 'b', mass: 1, com: [0.1, 0, 0], inertia: [0.1, 0.1, 0.1] },
        ],
        joints: [
          { name: 'first', type: 'hinge', parent: 'world', child: 'a', axis: [0, 0, 1] },
          { name: 'second', type, parent: 'a', child: 'b', axis: [0, 0, 1], limits: [-0.3, 0.2] },
        ],
      })
      const engine = cannonEngine(scene)
      for (const [speed, limit] of [
        [5, 0.2],
        [-5, -0.3],
      ] as const) {
        const x = Float64Array.of(0, 0, 1, speed)
        for (let k = 0; k < 100; k++) {
          engine.step(x, new Float64Array(0), x)
          expect(x[1]! * Math.sign(speed)).toBeLessThan(Math.abs(limit) + 1e-12)
        }
        expect(x[1]).toBeCloseTo(limit, 10)
        expect(x[3]).toBeCloseTo(0, 9)
      }
    }
  })

  it('let a ball fall freely: no damping, no contact, v = −g t', () => {
    const engine = cannonEngine(boxes(1, { home: { positions: { free0: [0, 0, 50, 1, 0, 0, 0] } } }))
    const x = roll(engine, 100, { 10: 1, 11: 2, 12: 3 })
    expect(x[9]).toBeCloseTo(-g, 9)
    expect(x[2]).toBeCloseTo(50 - g * 0.01 * 0.01 * ((100 * 101) / 2), 9)
  })
})
