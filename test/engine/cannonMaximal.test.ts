import * as CANNON from 'cannon-es'
import { describe, expect, it } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import { parseScene } from '../../src/scene/parseScene.ts'
import { boxes, mixedTree } from '../fixtures/scenes.ts'

const noControl = new Float64Array(0)

describe('maximal coordinates', () => {
  it('do what a user’s own cannon-es world of a hinged bar does, bit for bit', () => {
    const scene = parseScene({
      name: 'bar',
      dt: 0.01,
      bodies: [{ name: 'bar', mass: 2, inertia: [0.03, 0.05, 0.02] }],
      joints: [
        {
          name: 'pivot',
          type: 'hinge',
          parent: 'world',
          child: 'bar',
          anchors: { child: [0, 0, 0.5] },
          axis: [0, 1, 0],
        },
      ],
      engines: { cannon: { coordinates: 'maximal', iterations: 30 } },
    })
    const engine = cannonEngine(scene)

    const world = new CANNON.World({ gravity: new CANNON.Vec3(0, 0, -9.81) })
    const bar = new CANNON.Body({ mass: 2, position: new CANNON.Vec3(0, 0, -0.5), linearDamping: 0, angularDamping: 0 })
    bar.inertia.set(0.03, 0.05, 0.02)
    bar.invInertia.set(1 / 0.03, 1 / 0.05, 1 / 0.02)
    bar.angularVelocity.set(0, 3, 0)
    bar.velocity.set(-1.5, 0, 0)
    bar.updateInertiaWorld(true)
    const ground = new CANNON.Body({ mass: 0 })
    world.addBody(bar)
    world.addBody(ground)
    const hinge = new CANNON.HingeConstraint(ground, bar, {
      pivotA: new CANNON.Vec3(0, 0, 0),
      pivotB: new CANNON.Vec3(0, 0, 0.5),
      axisA: new CANNON.Vec3(0, 1, 0),
      axisB: new CANNON.Vec3(0, 1, 0),
    })
    for (const equation of hinge.equations) equation.setSpookParams(1e7, 4, 0.01)
    world.addConstraint(hinge)
    const solver = world.solver as CANNON.GSSolver
    solver.iterations = 30
    solver.tolerance = 0

    const x = Float64Array.of(0, 0, -0.5, 1, 0, 0, 0, -1.5, 0, 0, 0, 3, 0)
    for (let k = 0; k < 100; k++) {
      engine.step(x, noControl, x)
      world.step(0.01)
      expect(Math.abs(x[0]! - bar.position.x)).toBeLessThan(1e-12)
      expect(Math.abs(x[2]! - bar.position.z)).toBeLessThan(1e-12)
      expect(Math.abs(x[11]! - bar.angularVelocity.y)).toBeLessThan(1e-11)
    }
    // it swings
    expect(Math.abs(x[0]!)).toBeGreaterThan(1e-3)
  })

  it('agree with reduced ones on a free body: same place, speed and spin', () => {
    const scene = boxes(1, { home: { positions: { free0: [0, 0, 5, 1, 0, 0, 0] } } })
    const [maximal, reduced] = [cannonEngine(scene, { coordinates: 'maximal' }), cannonEngine(scene)]
    const x = maximal.home.x.slice()
    x.set([1, 2, 3, 0.4, 0.5, 0.6], 7)
    const y = x.slice()
    for (let k = 0; k < 20; k++) {
      maximal.step(x, noControl, x)
      reduced.step(y, noControl, y)
    }
    // cannon-es turns quaternions to first order, reduced coordinates exactly: O(h²) a step
    for (let k = 0; k < 13; k++) expect(Math.abs(x[k]! - y[k]!)).toBeLessThan(2e-4)
  })

  it('hold every joint type together for a second of free fall and spin', () => {
    const scene = mixedTree()
    const engine = cannonEngine(scene, { coordinates: 'maximal' })
    const named = { positions: { rail: [0.1] }, velocities: { shoulder: [1, 0.5, -1], rail: [0.3] }, controls: {} }
    const { x, u } = engine.point!(named)
    const reduced = cannonEngine(scene)
    const y = reduced.point!(named)
    for (let k = 0; k < 20; k++) {
      engine.step(x, u, x)
      reduced.step(y.x, y.u, y.x)
    }
    // every body is near where the joint-coordinate engine has it
    const there = engine.point!({
      positions: {
        root: [...y.x.subarray(0, 7)],
        shoulder: [...y.x.subarray(7, 11)],
        rail: [y.x[11]!],
      },
      velocities: {},
      controls: {},
    }).x
    for (let body = 0; body < 4; body++)
      for (let c = 0; c < 3; c++) expect(Math.abs(x[7 * body + c]! - there[7 * body + c]!)).toBeLessThan(0.01)
  })

  it('stop hinge and slider at their limits', () => {
    for (const type of ['hinge', 'slider'] as const) {
      const scene = parseScene({
        name: type,
        dt: 0.01,
        gravity: [0, 0, 0],
        bodies: [{ name: 'a', mass: 1, inertia: [0.1, 0.1, 0.1] }],
        joints: [{ name: 'j', type, parent: 'world', child: 'a', axis: [0, 0, 1], limits: [-0.3, 0.2] }],
        engines: { cannon: { coordinates: 'maximal' } },
      })
      const engine = cannonEngine(scene)
      for (const [speed, limit] of [
        [3, 0.2],
        [-3, -0.3],
      ] as const) {
        const { x } = engine.point!({ positions: {}, velocities: { j: [speed] }, controls: {} })
        for (let k = 0; k < 50; k++) engine.step(x, noControl, x)
        const at = type === 'slider' ? x[2]! : 2 * Math.atan2(x[6]!, x[3]!)
        expect(Math.abs(at - limit)).toBeLessThan(1e-4)
      }
    }
  })

  it('damp joints: a driven slider reaches u/d', () => {
    const scene = parseScene({
      name: 'damped',
      dt: 0.01,
      bodies: [{ name: 'a', mass: 1, inertia: [0.1, 0.1, 0.1] }],
      joints: [{ name: 'j', type: 'slider', parent: 'world', child: 'a', axis: [1, 0, 0], damping: 5 }],
      actuators: [{ name: 'm', joint: 'j', gear: 2 }],
    })
    for (const coordinates of ['maximal', 'reduced'] as const) {
      const engine = cannonEngine(scene, { coordinates })
      const x = engine.home.x.slice()
      for (let k = 0; k < 400; k++) engine.step(x, Float64Array.of(3), x)
      const speed = coordinates === 'maximal' ? x[7]! : x[1]!
      expect(speed).toBeCloseTo((2 * 3) / 5, 3)
    }
  })
})
