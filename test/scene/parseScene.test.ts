import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { reducedLayout } from '../../src/scene/layout.ts'
import { parseScene } from '../../src/scene/parseScene.ts'
import { minimalScene, withValue } from './minimal.ts'

describe('parseScene', () => {
  test('the substeps of rapier are those of cannon, unless it has its own', () => {
    const engines = { cannon: { substeps: 4 } }
    const scene = { ...(minimalScene() as object), engines }
    expect(parseScene(scene).engines.rapier.substeps).toBe(4)
    expect(parseScene({ ...scene, engines: { ...engines, rapier: { iterations: 9 } } }).engines.rapier).toEqual({
      substeps: 4,
      iterations: 9,
      contactFrequency: 30,
    })
    expect(parseScene({ ...scene, engines: { ...engines, rapier: { substeps: 2 } } }).engines.rapier.substeps).toBe(2)
  })

  test('fills in the documented defaults', () => {
    const scene = parseScene(minimalScene())
    expect(scene).toMatchObject({
      file: null,
      description: '',
      gravity: [0, 0, -9.81],
      dt: 0.01,
      contact: { enabled: true, restitution: 0 },
      engines: {
        cannon: { coordinates: 'reduced', substeps: 1, iterations: 50, contactStiffness: 1e5, contactRelaxation: 3 },
        rapier: { substeps: 1, iterations: null, contactFrequency: 30 },
      },
    })
    expect(scene.bodies[0]).toMatchObject({ com: [0, 0, 0], inertia: [0.1, 0.1, 0.1, 0, 0, 0], shapes: [] })
    expect(scene.joints[1]).toEqual({
      name: 'hinge',
      type: 'hinge',
      parent: 0,
      child: 1,
      parentAnchor: [0, 0, 0],
      rotation: [1, 0, 0, 0],
      childAnchor: [0, 0, 0],
      axis: [0, 1, 0],
      damping: 0,
      limits: null,
    })
    expect(scene.actuators).toEqual([{ name: 'motor', joint: 0, gear: 1, range: [-10, 10] }])
    expect(scene.thrusters).toEqual([
      {
        name: 'rotor',
        body: 2,
        position: [0, 0, 0],
        direction: [0, 0, 1],
        gear: 1,
        reactionTorque: 0,
        range: [0, Infinity],
      },
    ])
    expect(scene.environment[0]).toMatchObject({ type: 'plane', color: null, collide: true, friction: 0.5 })
    expect(scene.home).toEqual({
      positions: { slide: [0.5], flight: [0, 0, 1, 1, 0, 0, 0] },
      velocities: {},
      controls: { rotor: 19.62 },
    })
    expect(scene.task).toMatchObject({ Q: { 'hinge.angle': 10 }, R: 0.1, duration: 5 })
  })

  test('friction of a shape is its own, else that of the contact settings', () => {
    const value = withValue(withValue(minimalScene(), 'contact.friction', 0.8), 'environment', [
      { type: 'plane' },
      { type: 'sphere', radius: 1, friction: 0 },
    ])
    expect(parseScene(value).environment.map(({ friction }) => friction)).toEqual([0.8, 0])
  })

  test('axes and directions come out with length one', () => {
    const scene = parseScene(
      withValue(withValue(minimalScene(), 'joints[1].axis', [0, 3, 4]), 'thrusters[0].direction', [0, 0, -2]),
    )
    expect(scene.joints[1]!.axis).toEqual([0, 0.6, 0.8])
    expect(scene.thrusters[0]!.direction).toEqual([0, 0, -1])
  })

  test('the value that is read stays as it is', () => {
    const value = minimalScene()
    parseScene(value)
    expect(value).toEqual(minimalScene())
  })

  test('task weights may name maximal coordinates where the scene asks for them', () => {
    const maximal = withValue(minimalScene(), 'engines.cannon', { coordinates: 'maximal' })
    expect(parseScene(withValue(maximal, 'task.Q', { 'pole.rx': 1 })).task?.Q).toEqual({ 'pole.rx': 1 })
    expect(() => parseScene(maximal)).toThrow('task.Q["hinge.angle"]')
  })

  test('a deep chain is no trouble, and quick', () => {
    const links = Array.from({ length: 20_000 }, (_, k) => k).reverse()
    const scene = parseScene({
      name: 'deep',
      bodies: links.map((k) => ({ name: `b${k}`, mass: 1, inertia: [1, 1, 1] })),
      joints: links.map((k) => ({
        name: `j${k}`,
        type: 'hinge',
        parent: k === 0 ? 'world' : `b${k - 1}`,
        child: `b${k}`,
        axis: [0, 0, 1],
      })),
    })
    expect(scene.bodies[19_999]!.name).toBe('b19999')
  })
})

describe('tree order', () => {
  /** A random forest as parents by index (−1: the world), and an order to write its bodies in. */
  const forests = fc.integer({ min: 1, max: 12 }).chain((n) =>
    fc.record({
      parents: fc.tuple(...Array.from({ length: n }, (_, k) => fc.integer({ min: -1, max: k - 1 }))),
      written: fc.shuffledSubarray(
        Array.from({ length: n }, (_, k) => k),
        { minLength: n },
      ),
      jointsWritten: fc.shuffledSubarray(
        Array.from({ length: n }, (_, k) => k),
        { minLength: n },
      ),
    }),
  )
  const read = (parents: readonly number[], written: readonly number[], jointsWritten: readonly number[]) =>
    parseScene({
      name: 'forest',
      bodies: written.map((k) => ({ name: `b${k}`, mass: k + 1, inertia: [1, 1, 1] })),
      joints: jointsWritten.map((k) => ({
        name: `j${k}`,
        type: 'hinge',
        parent: parents[k] === -1 ? 'world' : `b${parents[k]}`,
        child: `b${k}`,
        axis: [0, 0, 1],
        damping: k,
      })),
      actuators: jointsWritten.map((k) => ({ name: `u${k}`, joint: `j${k}` })),
    })

  test('parents come first, trees stay together, and every name still means the same', () => {
    fc.assert(
      fc.property(forests, ({ parents, written, jointsWritten }) => {
        const { bodies, joints, actuators } = read(parents, written, jointsWritten)
        const tree: number[] = []
        bodies.forEach((body, i) => {
          const k = body.mass - 1
          const joint = joints[i]!
          expect([body.name, joint.name, joint.damping, joint.child]).toEqual([`b${k}`, `j${k}`, k, i])
          expect(joint.parent).toBeLessThan(i)
          expect(joint.parent < 0 ? -1 : bodies[joint.parent]!.mass - 1).toBe(parents[k])
          tree.push(joint.parent < 0 ? i : tree[joint.parent]!)
        })
        expect(tree).toEqual([...tree].sort((a, b) => a - b))
        for (const { name, joint } of actuators) expect(joints[joint]!.name).toBe(name.replace('u', 'j'))
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  test('an order that serves already is kept', () => {
    fc.assert(
      fc.property(forests, ({ parents, written, jointsWritten }) => {
        const once = read(parents, written, jointsWritten).bodies.map(({ mass }) => mass - 1)
        const twice = read(parents, once, jointsWritten).bodies.map(({ mass }) => mass - 1)
        expect(twice).toEqual(once)
      }),
      { seed: 2, numRuns: 200 },
    )
  })

  test('coordinates follow the bodies', () => {
    const scene = read([-1, 0, -1, 0], [3, 2, 1, 0], [0, 1, 2, 3])
    expect(scene.bodies.map(({ name }) => name)).toEqual(['b0', 'b3', 'b1', 'b2'])
    expect(
      reducedLayout(scene)
        .dx.slice(0, 4)
        .map(({ name }) => name),
    ).toEqual(['j0.angle', 'j3.angle', 'j1.angle', 'j2.angle'])
  })
})
