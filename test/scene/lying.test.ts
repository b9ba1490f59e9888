/** Robots that have fallen lie on the floor; they don't sink into it. */
import { describe, expect, test } from 'vitest'
import { CONTACT, createContacts } from '../../src/engine/contacts.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import { bodyPoses } from '../../src/scene/bodyPoses.ts'
import { JOINT_COORDINATES } from '../../src/scene/layout.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { placedPoint } from '../../src/scene/pose.ts'

const G = 9.81

describe.each(['humanoid', 'hopper', 'balancer'])('%s, limp and pushed', (name) => {
  test.each(['cannon', 'mujoco'])('comes to lie on the floor in %s, which carries it', async (choice) => {
    const scene = await loadScene(name)
    const engine = await createEngine(scene, { engine: choice })
    const { layout, home, dt } = engine
    const x = home.x.slice()
    x[layout.nq] = 1 // m/s
    const u = new Float64Array(layout.nu)
    for (let k = 0; k < 8 / dt; k++) {
      engine.step(x, u, x)
      expect(engine.trouble?.() ?? null).toBeNull()
    }
    const positions: Record<string, number[]> = {}
    let from = 0
    for (const joint of scene.joints) {
      const { length } = JOINT_COORDINATES[joint.type].positions
      positions[joint.name] = [...x.subarray(from, from + length)]
      from += length
    }
    const heights = bodyPoses(scene, positions).map((pose, b) => placedPoint(pose, scene.bodies[b]!.com)[2])
    expect(Math.min(...heights)).toBeGreaterThan(0.01)
    expect(Math.max(...heights)).toBeLessThan(0.5)

    const found = createContacts()
    engine.contacts!(x, u, found)
    let carried = 0
    for (let k = 0; k < found.count; k++) if (found.bodies[2 * k] === -1) carried += found.values[CONTACT * k + 8]!
    const weight = scene.bodies.reduce((sum, { mass }) => sum + mass, 0) * G
    expect(carried / weight).toBeCloseTo(1, 1)
    engine.dispose()
  })
})
