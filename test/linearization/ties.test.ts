import { describe, expect, it } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import { compareLinearizations } from '../../src/linearization/compareLinearizations.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { listScenes, loadScene } from '../../src/scene/loadScene.ts'
import { parseScene } from '../../src/scene/parseScene.ts'
import { mixedTree } from '../fixtures/scenes.ts'

/** A fully driven arm of 7 joints with damping, the first about the vertical. */
function arm7() {
  const axes = [
    [0, 0, 1],
    [0, 1, 0],
    [0, 0, 1],
    [0, 1, 0],
    [0, 0, 1],
    [0, 1, 0],
    [1, 0, 0],
  ] as const
  const each = <T>(make: (i: number) => T): T[] => Array.from({ length: 7 }, (_, i) => make(i))
  return parseScene({
    name: 'arm-7',
    dt: 0.005,
    bodies: each((i) => ({ name: `link${i}`, mass: 3 - 0.3 * i, com: [0, 0.02, 0.1], inertia: [0.02, 0.02, 0.005] })),
    joints: each((i) => ({
      name: `joint${i}`,
      type: 'hinge',
      parent: i === 0 ? 'world' : `link${i - 1}`,
      child: `link${i}`,
      anchors: { parent: [0, 0, i === 0 ? 0 : 0.25] },
      axis: axes[i],
      damping: 0.5,
    })),
    actuators: each((i) => ({ name: `motor${i}`, joint: `joint${i}`, gear: 1 + 0.5 * i })),
    home: { positions: Object.fromEntries(each((i) => [`joint${i}`, 0.3 * (i + 1)])) },
  })
}

describe('ties of the engine', () => {
  it('of a driven arm of 7 joints at rest: at most 14 directions for 21 columns, certified, the same as dense', async () => {
    const engine = cannonEngine(arm7())
    const lin = await linearize(engine)
    expect(lin.quality.certified).toBe(true)
    expect(lin.quality.directions).toBeLessThanOrEqual(14)
    const dense = await linearize(engine, engine.home, { method: 'dense' })
    expect(dense.quality.directions).toBe(21)
    const { relativeA, relativeB } = compareLinearizations(lin, dense)
    expect(Math.max(relativeA, relativeB)).toBeLessThan(1e-8)
  })

  it('are stated anew in motion; ties of rest are refused there by the certificate, and the result is right', async () => {
    const engine = cannonEngine(arm7())
    const { xNext } = (() => {
      const next = engine.home.x.slice()
      engine.step(engine.home.x, engine.home.u, next)
      return { xNext: next }
    })()
    const atRest = engine.ties!(engine.home.x, engine.home.u, xNext)
    const moving = { x: engine.home.x.map((value, k) => (k < 7 ? value : 1 - 0.2 * k)), u: engine.home.u }
    const dense = await linearize(engine, moving, { method: 'dense' })
    const own = await linearize(engine, moving)
    expect(own.quality.certified).toBe(true)
    expect(own.quality.callsFor.repair).toBe(0)
    const forced = await linearize(engine, moving, { structure: { ties: atRest } })
    expect(forced.quality.certified).toBe(true)
    expect(forced.quality.repairedRows.length).toBeGreaterThan(0)
    expect(forced.quality.notes.join(' ')).toContain('does not hold here')
    // the very plan made at rest
    const { plan } = await linearize(engine)
    const reused = await linearize(engine, moving, { plan: plan! })
    expect(reused.quality.certified).toBe(true)
    expect(reused.quality.callsFor.repair).toBeGreaterThan(0)
    for (const lin of [own, forced, reused]) {
      const { relativeA, relativeB } = compareLinearizations(lin, dense)
      expect(Math.max(relativeA, relativeB)).toBeLessThan(1e-8)
    }
  })

  it('never change A and B, on any scene, and never cost more calls', async () => {
    const scenes = [...(await Promise.all((await listScenes()).map((name) => loadScene(name)))), mixedTree()]
    for (const scene of scenes) {
      const engine = cannonEngine(scene)
      const tied = await linearize(engine)
      const plain = await linearize(engine, engine.home, { structure: { ties: 'none' } })
      expect(tied.quality.certified, scene.name).toBe(true)
      expect(tied.quality.calls, scene.name).toBeLessThanOrEqual(plain.quality.calls)
      const { relativeA, relativeB } = compareLinearizations(tied, plain)
      expect(relativeA, scene.name).toBeLessThan(1e-7)
      if (engine.layout.nu > 0) expect(relativeB, scene.name).toBeLessThan(1e-7)
    }
  })

  it('leave a cart-pole upright two directions, a hovering quadrotor six, 16 resting spheres nine', async () => {
    for (const [name, directions] of [
      ['cartpole', 2],
      ['quadrotor', 6],
      ['chains', 3],
      ['spheres', 9],
    ] as const) {
      const { quality } = await linearize(cannonEngine(await loadScene(name)))
      expect(quality.directions, name).toBe(directions)
      expect(quality.calls, name).toBe(2 * directions + 5)
    }
  })
})
