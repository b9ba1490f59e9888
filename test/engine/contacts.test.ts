/** Contacts that engines tell of: Newton's second law for each body, whatever the engine's law of contact. */
import { describe, expect, test } from 'vitest'
import { CONTACT, type Contacts, createContacts } from '../../src/engine/contacts.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { parseScene } from '../../src/scene/parseScene.ts'

const G = 9.81

const scene = parseScene({
  name: 'heap',
  dt: 0.002,
  bodies: [
    { name: 'low', mass: 2, shapes: [{ type: 'sphere', radius: 0.2 }] },
    { name: 'high', mass: 1, shapes: [{ type: 'sphere', radius: 0.15 }] },
    { name: 'box', mass: 3, shapes: [{ type: 'box', size: [0.4, 0.4, 0.2] }] },
  ],
  joints: ['low', 'high', 'box'].map((name) => ({ name, type: 'free', parent: 'world', child: name })),
  environment: [{ type: 'plane', color: '#888888' }],
  contact: { friction: 0.8 },
  home: {
    positions: {
      low: [0, 0, 0.199, 1, 0, 0, 0],
      high: [0.1, 0.02, 0.528, 1, 0, 0, 0],
      box: [1, 0, 0.0995, 1, 0, 0, 0],
    },
    velocities: { low: [0.2, 0, 0, 0, 3, 1], high: [0, 0.1, -0.3, 0, 0, 5], box: [0.5, 0.2, 0, 0, 0, 0] },
  },
})

const forceOn = ({ count, bodies, values }: Contacts, body: number): number[] => {
  const sum = [0, 0, 0]
  for (let k = 0; k < count; k++)
    for (let c = 0; c < 3; c++) {
      if (bodies[2 * k] === body) sum[c]! -= values[CONTACT * k + 6 + c]!
      if (bodies[2 * k + 1] === body) sum[c]! += values[CONTACT * k + 6 + c]!
    }
  return sum
}

/** m (v⁺ − v)/h − m g of a free body. */
const pushOn = ({ layout, dt, step }: Engine, x: Float64Array, u: Float64Array, body: number, mass: number) => {
  const xNext = new Float64Array(layout.nx)
  step(x, u, xNext)
  const v = layout.nq + 6 * body
  return [0, 1, 2].map((c) => (mass * (xNext[v + c]! - x[v + c]!)) / dt + (c === 2 ? mass * G : 0))
}

describe.each(['cannon', 'mujoco'])('contacts in %s', (name) => {
  test('balance each body of a heap that slides and rolls, from point to point, and change no step', async () => {
    const engine = await createEngine(scene, { engine: name })
    const { x, u } = engine.home
    const found = createContacts()
    const before = [0, 1, 2].map((body) => pushOn(engine, x, u, body, [2, 1, 3][body]!))
    engine.contacts!(x, u, found)
    const after = [0, 1, 2].map((body) => pushOn(engine, x, u, body, [2, 1, 3][body]!))
    expect(after).toEqual(before)
    for (const [body, push] of before.entries())
      for (const [c, f] of forceOn(found, body).entries()) expect(f).toBeCloseTo(push[c]!, 6)

    const pairs = Array.from({ length: found.count }, (_, k) => [...found.bodies.subarray(2 * k, 2 * k + 2)].join())
    expect(pairs.sort()).toEqual(['-1,0', '-1,2', '-1,2', '-1,2', '-1,2', '0,1'])
    for (let k = 0; k < found.count; k++) {
      const [px, py, pz, nx, ny, nz] = found.values.subarray(CONTACT * k, CONTACT * k + 6)
      expect(Math.hypot(nx!, ny!, nz!)).toBeCloseTo(1, 12)
      if (found.bodies[2 * k] === -1) {
        expect([nx, ny, nz]).toEqual([0, 0, 1])
        expect(Math.abs(pz!)).toBeLessThan(1e-3) // half the depth
      } else
        expect([(px! - 0) / nx!, py! / ny!, (pz! - 0.199) / nz!].every((r) => Math.abs(r - 0.199) < 2e-3)).toBe(true)
    }
    engine.dispose()
  })

  test('a humanoid on one foot: four contacts carry it', async () => {
    const humanoid = await loadScene('humanoid')
    const engine = await createEngine(humanoid, { engine: name })
    const found = createContacts()
    engine.contacts!(engine.home.x, engine.home.u, found)
    const foot = humanoid.bodies.findIndex((body) => body.name === 'right_foot')
    expect([...found.bodies.subarray(0, 2 * found.count)]).toEqual([-1, foot, -1, foot, -1, foot, -1, foot])
    const weight = humanoid.bodies.reduce((sum, { mass }) => sum + mass, 0) * G
    // MuJoCo's own contacts sink in to other depths than those that home is at rest with.
    if (name === 'cannon') expect(forceOn(found, foot)[2]).toBeCloseTo(weight, 6)
    else expect(forceOn(found, foot)[2]).toBeGreaterThan(0)
    engine.dispose()
  })
})

test('contacts in rapier: the same points, and forces along the normals', async () => {
  const engine = await createEngine(scene, { engine: 'rapier' })
  const { x, u } = engine.home
  const found = createContacts()
  const push = [0, 1, 2].map((body) => pushOn(engine, x, u, body, [2, 1, 3][body]!))
  engine.contacts!(x, u, found)
  expect([0, 1, 2].map((body) => pushOn(engine, x, u, body, [2, 1, 3][body]!))).toEqual(push)
  const pairs = Array.from({ length: found.count }, (_, k) => [...found.bodies.subarray(2 * k, 2 * k + 2)].join())
  expect(pairs.sort()).toEqual(['-1,0', '-1,2', '-1,2', '-1,2', '-1,2', '0,1'])
  expect(forceOn(found, 2)[2]).toBeCloseTo(push[2]![2]!, 3) // friction with the floor lifts nothing
  for (let k = 0; k < found.count; k++) {
    const [, , pz, nx, ny, nz, fx, fy, fz] = found.values.subarray(CONTACT * k, CONTACT * (k + 1))
    const along = fx! * nx! + fy! * ny! + fz! * nz!
    expect(along).toBeCloseTo(Math.hypot(fx!, fy!, fz!), 3)
    expect(along).toBeGreaterThan(0)
    if (found.bodies[2 * k] === -1) expect(Math.abs(pz!)).toBeLessThan(1e-3)
  }
  engine.dispose()
})

test('room grows with the contacts', async () => {
  const many = parseScene({
    name: 'many',
    dt: 0.01,
    environment: [{ type: 'plane', color: '#888888' }],
    bodies: Array.from({ length: 20 }, (_, k) => ({
      name: `b${k}`,
      mass: 1,
      shapes: [{ type: 'sphere', radius: 0.1 }],
    })),
    joints: Array.from({ length: 20 }, (_, k) => ({ name: `b${k}`, type: 'free', parent: 'world', child: `b${k}` })),
    home: {
      positions: Object.fromEntries(Array.from({ length: 20 }, (_, k) => [`b${k}`, [k, 0, 0.1 - G / 1e5, 1, 0, 0, 0]])),
    },
  })
  const engine = await createEngine(many)
  const found = createContacts()
  engine.contacts!(engine.home.x, engine.home.u, found)
  expect(found.count).toBe(20)
  for (let k = 0; k < 20; k++) {
    expect(forceOn(found, k)[2]).toBeCloseTo(G, 9)
    expect(found.values[CONTACT * k]).toBeCloseTo(k, 12)
  }
})
