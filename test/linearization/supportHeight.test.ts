/** Equilibria of what stands on a floor, searched from the air and from below it. */
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createEngine } from '../../src/engine/createEngine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { loadMjcf } from '../../src/engine/mujoco/loadMjcf.ts'
import { mujocoEngine } from '../../src/engine/mujoco/mujocoEngine.ts'
import { findEquilibrium } from '../../src/linearization/findEquilibrium.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { parseScene } from '../../src/scene/parseScene.ts'

const HUMANOID = new URL('../../../shared/data/models/mujoco/humanoid.xml', import.meta.url).pathname

const ball = parseScene({
  name: 'ball',
  dt: 0.01,
  bodies: [{ name: 'ball', mass: 2, shapes: [{ type: 'sphere', radius: 0.3 }] }],
  joints: [{ name: 'ball', type: 'free', parent: 'world', child: 'ball' }],
  environment: [{ type: 'plane', color: '#888888' }],
  home: { positions: { ball: [0.4, -0.2, 0.3, 1, 0, 0, 0] } },
})

/** Home with the first free joint `height` higher. */
function lifted(engine: Engine, height: number) {
  const x = engine.home.x.slice()
  x[engine.layout.x.findIndex(({ name }) => name.endsWith('.z'))]! += height
  return { x, u: engine.home.u }
}

describe('equilibria on the floor', () => {
  test.each([0.05, 1, 7])(
    'a ball %d m above the floor is put on it, right below, as deep as its weight presses it',
    async (height) => {
      const engine = await createEngine(ball)
      const found = await findEquilibrium(engine, lifted(engine, height))
      expect(found.result).toBe('solved')
      expect(found.x[0]).toBeCloseTo(0.4, 12)
      expect(found.x[1]).toBeCloseTo(-0.2, 12)
      expect(found.x[2]).toBeCloseTo(0.3 - (2 * 9.81) / 1e5, 8) // m g over the stiffness of contacts
    },
  )

  test('places that may not move stay, and what falls is named', async () => {
    const engine = await createEngine(ball)
    const stays = await findEquilibrium(engine, lifted(engine, 0.5), { free: ['ball.x', 'ball.y'] })
    expect(stays.result).toBe('least-squares')
    expect(stays.unbalanced[0]!.name).toBe('ball.vz')
    expect(stays.unbalanced[0]!.value).toBeCloseTo(-9.81, 9)
    const sinks = await findEquilibrium(engine, lifted(engine, 0.5), { free: ['ball.z'] })
    expect(sinks.result).toBe('solved')
  })

  test.each([
    ['humanoid', 'mujoco'],
    ['humanoid', 'cannon'],
    ['minitaur', 'mujoco'],
    ['minitaur', 'cannon'],
    ['hopper', 'cannon'],
  ])('%s in %s, dropped from 10 cm, stands, with knees that carry it', async (name, engineName) => {
    const engine = await createEngine(await loadScene(name), { engine: engineName })
    const start = lifted(engine, 0.1)
    start.u = new Float64Array(engine.layout.nu) // limp
    const found = await findEquilibrium(engine, start)
    expect(found.result).toBe('solved')
    const { nx, ndx } = engine.layout
    const [xNext, moved] = [new Float64Array(nx), new Float64Array(ndx)]
    engine.step(found.x, found.u, xNext)
    engine.difference(xNext, found.x, moved)
    expect(Math.max(...moved.map(Math.abs)) / engine.dt).toBeLessThanOrEqual(1e-8)
    engine.dispose()
  })

  test.skipIf(!existsSync(HUMANOID))(
    "MuJoCo's humanoid on one foot: the height of its LQR tutorial, 0.507 mm below the keyframe, from wherever",
    async () => {
      const engine = await mujocoEngine(await loadMjcf(HUMANOID))
      const key = engine.keyframes!.get('stand_on_left_leg')!
      for (const height of [0, 0.3, -0.02]) {
        const x = key.x.slice()
        x[2]! += height
        // The pose is held; sideways it is out of balance by a little, as in the tutorial.
        const held = await findEquilibrium(engine, { x, u: key.u }, { free: ['root.z', 'controls'] })
        expect(held.residual).toBeLessThan(0.2)
        expect(Math.abs(held.x[2]! - key.x[2]! - -5.07e-4)).toBeLessThan(2e-5)
        const balanced = await findEquilibrium(engine, { x, u: key.u })
        expect(balanced.result).toBe('solved')
      }
      engine.dispose()
    },
  )
})
