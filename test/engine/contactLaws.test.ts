import { describe, expect, it } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { parseScene } from '../../src/scene/parseScene.ts'
import { boxes, cartsOnRail, heavyTop, pressOnFloor } from '../fixtures/scenes.ts'

const g = 9.81
const BOTH = ['reduced', 'maximal'] as const
const none = new Float64Array(0)

function run(engine: Engine, x: Float64Array, steps: number, u = engine.home.u): Float64Array {
  for (let k = 0; k < steps; k++) engine.step(x, u, x)
  return x
}

describe.each(BOTH)('bodies that joints guide, in %s coordinates', (coordinates) => {
  it.each([
    ['level', [1, 0, 0]],
    ['oblique', [1, 0.3, 0.2]],
  ])('two carts that meet on a %s rail keep their momentum, and leave each other alone after', (_, axis) => {
    const scene = cartsOnRail({
      gravity: [0, 0, 0],
      joints: ['left', 'right'].map((child) => ({
        name: `${child}Rail`,
        type: 'slider',
        parent: 'world',
        child,
        axis,
      })),
    })
    const engine = cannonEngine(scene, { coordinates })
    const { x } = engine.point!({ positions: {}, velocities: { leftRail: [1], rightRail: [-0.2] }, controls: {} })
    for (let k = 0; k < 40; k++) {
      engine.step(x, engine.home.u, x)
      expect(engine.trouble?.() ?? null).toBeNull()
    }
    const along = (v: number) =>
      coordinates === 'reduced' ? 0 : Math.hypot(x[v]!, x[v + 1]!, x[v + 2]!) * Math.sign(x[v]!)
    const [left, right] = coordinates === 'reduced' ? [x[2]!, x[3]!] : [along(14), along(20)]
    expect(1 * left + 2 * right).toBeCloseTo(1 * 1 + 2 * -0.2, 6)
    expect(right).toBeGreaterThanOrEqual(left - 1e-9)
  })

  it.each([
    ['a mount fixed to the world', false],
    ['the world itself', true],
  ])('what slides on %s stops on the floor, at m g / stiffness below it', (_, direct) => {
    const stiffness = 1e4
    const scene = pressOnFloor({ type: 'sphere', radius: 0.1 }, { mass: 2, home: 0.2, stiffness, damping: 20, direct })
    const engine = cannonEngine(scene, { coordinates })
    const x = run(engine, engine.home.x.slice(), 400)
    const height = coordinates === 'reduced' ? x[0]! : x[9]!
    expect(height).toBeCloseTo(0.1 - (2 * g) / stiffness, 5)
  })

  it('come back from beyond a limit by a fifth of the way in a step, however fast they went', () => {
    for (const type of ['hinge', 'slider'] as const) {
      const scene = parseScene({
        name: 'limit',
        dt: 0.01,
        gravity: [0, 0, 0],
        bodies: [{ name: 'a', mass: 1, inertia: [0.1, 0.1, 0.1] }],
        joints: [{ name: 'j', type, parent: 'world', child: 'a', axis: [0, 0, 1], limits: [-0.3, 0.2] }],
      })
      const engine = cannonEngine(scene, { coordinates })
      for (const [limit, beyond] of [
        [0.2, 0.05],
        [-0.3, -0.05],
      ] as const) {
        for (const rate of [0, 2 * Math.sign(beyond)]) {
          const { x } = engine.point!({ positions: { j: [limit + beyond] }, velocities: { j: [rate] }, controls: {} })
          engine.step(x, none, x)
          const at = coordinates === 'reduced' ? x[0]! : type === 'slider' ? x[2]! : 2 * Math.atan2(x[6]!, x[3]!)
          expect(at - limit).toBeCloseTo(0.8 * beyond, 4)
        }
      }
    }
  })

  it('with friction of 0.05 on one and 0.6 on the other shape stay on a slope of 0.4 rad: the larger counts', () => {
    for (const [own, ground] of [
      [0.05, 0.6],
      [0.6, 0.05],
    ] as const) {
      const scene = boxes(1, {
        gravity: [g * Math.sin(0.4), 0, -g * Math.cos(0.4)],
        bodies: [{ name: 'box0', mass: 1, shapes: [{ type: 'box', size: [0.5, 0.5, 0.5], friction: own }] }],
        environment: [{ type: 'plane', friction: ground }],
      })
      const engine = cannonEngine(scene, { coordinates })
      const x = run(engine, engine.home.x.slice(), 100)
      expect(Math.abs(x[7]!)).toBeLessThan(0.02)
    }
  })
})

describe('friction in reduced coordinates', () => {
  it('lets a held box creep by no more than a few 1e-5 of the speed that a step of its weight gives', () => {
    const engine = cannonEngine(boxes(1, { gravity: [g * Math.sin(0.4), 0, -g * Math.cos(0.4)] }))
    const x = run(engine, engine.home.x.slice(), 200)
    expect(Math.abs(x[7]!)).toBeLessThan(5e-5 * g * Math.sin(0.4) * 0.01)
    expect(Math.abs(x[7]!)).toBeGreaterThan(0)
  })

  it('is found in piles of redundant contacts under heavy bodies, step after step', () => {
    for (const scene of [heavyTop(2, 100, 0.8), heavyTop(3, 10, 0.8), boxes(5)]) {
      const engine = cannonEngine(scene)
      const x = engine.home.x.slice()
      for (let k = 0; k < 40; k++) {
        engine.step(x, none, x)
        expect(engine.trouble!()).toBeNull()
      }
    }
  })
})

describe('restitution in reduced coordinates', () => {
  const ball = (dt: number, restitution: number, home: number) =>
    cannonEngine(
      parseScene({
        name: 'ball',
        dt,
        bodies: [{ name: 'ball', mass: 1, shapes: [{ type: 'sphere', radius: 0.1 }] }],
        joints: [{ name: 'j', type: 'free', parent: 'world', child: 'ball' }],
        environment: [{ type: 'plane' }],
        contact: { restitution },
        home: { positions: { j: [0, 0, 0.1 + home, 1, 0, 0, 0] } },
      }),
    )

  /** Square root of rebound over drop height. */
  function rebound(engine: Engine, drop: number): number {
    const x = engine.home.x.slice()
    let top = 0
    let risen = false
    for (let k = 0; k < 1.6 / engine.dt; k++) {
      engine.step(x, none, x)
      risen ||= x[9]! > 0
      if (risen) top = Math.max(top, x[2]! - 0.1)
    }
    return Math.sqrt(top / drop)
  }

  it.each([0.001, 0.002, 0.005, 0.01])('of e makes a ball come back to e² of its height, at dt = %d', (dt) => {
    for (const e of [0.5, 0.8, 1]) {
      const ratio = rebound(ball(dt, e, 2), 2)
      expect(Math.abs(ratio - e), `e = ${e}`).toBeLessThan(0.02)
    }
  })

  it('of 0 never gives back more than the soft contact, whose own share falls with the step', () => {
    expect(rebound(ball(0.001, 0, 1), 1)).toBeLessThan(0.4)
    expect(rebound(ball(0.01, 0, 1), 1)).toBeLessThan(0.15)
  })

  it('leaves a resting ball at rest', () => {
    const engine = ball(0.01, 0.8, -9.81e-5)
    const x = run(engine, engine.home.x.slice(), 20, none)
    expect(Math.abs(x[9]!)).toBeLessThan(1e-9)
  })
})

describe('maximal coordinates', () => {
  it('keep angular momentum while a slider’s damping acts off its bodies’ centres', () => {
    const scene = parseScene({
      name: 'dumbbell',
      dt: 0.005,
      gravity: [0, 0, 0],
      bodies: [
        { name: 'a', mass: 1, inertia: [0.1, 0.1, 0.1] },
        { name: 'b', mass: 2, inertia: [0.1, 0.1, 0.1] },
      ],
      joints: [
        { name: 'root', type: 'free', parent: 'world', child: 'a' },
        {
          name: 'rail',
          type: 'slider',
          parent: 'a',
          child: 'b',
          anchors: { parent: [0, 0.4, 0] },
          axis: [1, 0, 0],
          damping: 3,
        },
      ],
      engines: { cannon: { coordinates: 'maximal' } },
    })
    const engine = cannonEngine(scene)
    const { x } = engine.point!({ positions: {}, velocities: { rail: [2] }, controls: {} })
    const before = spinAboutZ(x)
    run(engine, x, 100, none)
    // the damping has acted
    expect(Math.hypot(x[20]! - x[14]!, x[21]! - x[15]!)).toBeLessThan(1)
    expect(Math.abs(spinAboutZ(x) - before)).toBeLessThan(1e-6 * Math.abs(before))
  })
})

/** Σ m (r × v)_z + I ω_z of the dumbbell, whose inertias are round. */
function spinAboutZ(x: Float64Array): number {
  return [1, 2].reduce((sum, mass, i) => {
    const [px, py] = [x[7 * i]!, x[7 * i + 1]!]
    const v = 14 + 6 * i
    return sum + mass * (px * x[v + 1]! - py * x[v]!) + 0.1 * x[v + 5]!
  }, 0)
}
