import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { createEngine } from '../../src/engine/createEngine.ts'
import { JOINT_COORDINATES, reducedLayout } from '../../src/scene/layout.ts'
import { listScenes, loadScene } from '../../src/scene/loadScene.ts'
import { controlVector, reducedState } from '../../src/scene/stateVector.ts'

const FOLDER = new URL('../../scenes/', import.meta.url)
const NAMES = await listScenes()

test('every folder in scenes/ is a scene', async () => {
  const folders = (await readdir(FOLDER, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  expect(folders.map(({ name }) => name).sort()).toEqual(NAMES)
  expect(NAMES.length).toBeGreaterThan(6)
})

describe.each(NAMES)('scene %s', (name) => {
  test('loads, carries its name, a description, and the schema for editors', async () => {
    const scene = await loadScene(name)
    expect(scene.name).toBe(name)
    expect(scene.description.length).toBeGreaterThan(20)
    const file: Record<string, unknown> = JSON.parse(await readFile(new URL(`${name}/scene.json`, FOLDER), 'utf8'))
    expect(Object.entries(file)[0]).toEqual(['$schema', '../scene.schema.json'])
  })

  test('its home and task make vectors of the right size and finite', async () => {
    const scene = await loadScene(name)
    const layout = reducedLayout(scene)
    const x = reducedState(scene, scene.home)
    const u = controlVector(scene, scene.home)
    expect([x.length, u.length]).toEqual([layout.nx, layout.nu])
    expect([...x, ...u].every(Number.isFinite)).toBe(true)
    if (scene.task) {
      expect(reducedState(scene, scene.task.initial, x)).not.toEqual(x)
      expect(layout.nu).toBeGreaterThan(0)
    }
  })

  test('home names every joint that moves, at rest', async () => {
    const scene = await loadScene(name)
    const moving = scene.joints.filter(({ type }) => JOINT_COORDINATES[type].positions.length > 0)
    expect(Object.keys(scene.home.positions).sort()).toEqual(moving.map((joint) => joint.name).sort())
    expect(scene.home.velocities).toEqual({})
  })

  test('home is an equilibrium: the engine stays there', async () => {
    const engine = await createEngine(await loadScene(name))
    const { x, u } = engine.home
    const xNext = new Float64Array(engine.layout.nx)
    const dx = new Float64Array(engine.layout.ndx)
    engine.step(x, u, xNext)
    engine.difference(xNext, x, dx)
    engine.dispose()
    expect(Math.max(...dx.map(Math.abs))).toBeLessThan(1e-12)
  })
})

describe('what single scenes promise', () => {
  test('cartpole: linearized by hand, it has the A and B that MuJoCo gives', async () => {
    const scene = await loadScene('cartpole')
    const [cart, pole] = scene.bodies as [(typeof scene.bodies)[0], (typeof scene.bodies)[0]]
    expect(scene.joints.map(({ name, type }) => [name, type])).toEqual([
      ['slide', 'slider'],
      ['pole', 'hinge'],
    ])
    const [m, g, l, dt] = [pole.mass, -scene.gravity[2], pole.com[2], scene.dt]
    // M q̈ = f around the upright pole, with q = (slide, pole): the pole tips towards +x for a positive angle about +y.
    const [m11, m12, m22] = [cart.mass + m, m * l, m * l * l + pole.inertia[1]]
    const det = m11 * m22 - m12 * m12
    const numbers = [(-m12 * m * g * l * dt) / det, (m11 * m * g * l * dt) / det, (m22 * dt) / det, (-m12 * dt) / det]
    // mjd_transitionFD on the same cart-pole: ∂v/∂θ, ∂ω/∂θ, ∂v/∂u, ∂ω/∂u
    ;[-0.00712, 0.2612, 9.751e-3, -2.421e-2].forEach((expected, k) => {
      expect(Math.abs(numbers[k]! / expected - 1)).toBeLessThan(1e-3)
    })
  })

  test('quadrotor: hovers, and its rotors reach every axis', async () => {
    const { bodies, thrusters, home, gravity } = await loadScene('quadrotor')
    const thrust = thrusters.reduce((sum, { name, gear }) => sum + gear * home.controls[name]!, 0)
    expect(thrust).toBeCloseTo(-bodies[0]!.mass * gravity[2], 12)
    const turning = (k: (t: (typeof thrusters)[0]) => number) => thrusters.reduce((sum, t) => sum + k(t), 0)
    expect(turning((t) => t.position[0])).toBeCloseTo(0, 12)
    expect(turning((t) => t.position[1])).toBeCloseTo(0, 12)
    expect(turning((t) => t.reactionTorque)).toBeCloseTo(0, 12)
    // Rows (thrust, roll, pitch, yaw) are orthogonal patterns of signs: each moment can be had without the others.
    const rows = [thrusters.map(() => 1), ...[0, 1].map((k) => thrusters.map((t) => Math.sign(t.position[k]!)))]
    rows.push(thrusters.map((t) => Math.sign(t.reactionTorque)))
    rows.forEach((row, i) => {
      rows.forEach((other, j) => {
        expect(row.reduce((sum, sign, k) => sum + sign * other[k]!, 0)).toBe(i === j ? 4 : 0)
      })
    })
  })

  test('spheres: each sinks in by m·g/k, and none touches another', async () => {
    const { bodies, joints, home, gravity, engines } = await loadScene('spheres')
    expect(bodies.length).toBe(16)
    const places = joints.map(({ name }) => home.positions[name]!)
    places.forEach((place, i) => {
      const [shape] = bodies[i]!.shapes
      const radius = shape!.type === 'sphere' ? shape!.radius : 0
      expect(place[2]).toBeCloseTo(radius - (bodies[i]!.mass * -gravity[2]) / engines.cannon.contactStiffness, 12)
      for (const other of places.slice(0, i))
        expect(Math.hypot(place[0]! - other[0]!, place[1]! - other[1]!)).toBeGreaterThan(4 * radius)
    })
  })

  test('chains: eight trees of three links each, out of each other’s reach', async () => {
    const { joints } = await loadScene('chains')
    expect(joints.map(({ parent }) => parent)).toEqual([0, 3, 6, 9, 12, 15, 18, 21].flatMap((k) => [-1, k, k + 1]))
    const roots = joints.filter(({ parent }) => parent === -1).map(({ parentAnchor }) => parentAnchor[1])
    for (let k = 1; k < 8; k++) expect(roots[k]! - roots[k - 1]!).toBeCloseTo(0.25, 12)
    expect(joints.every(({ axis }) => axis[1] === 1)).toBe(true) // they swing in planes of constant y
  })
})
