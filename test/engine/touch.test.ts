import { describe, expect, it } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { patternHas } from '../../src/linalg/pattern.ts'
import { parseScene } from '../../src/scene/parseScene.ts'
import { strongJet } from '../fixtures/scenes.ts'

/** Two balls of 0.1 m radius, `gap` apart along x, at rest without gravity. */
const balls = (gap: number, substeps = 1) =>
  parseScene({
    name: 'balls',
    dt: 0.01,
    gravity: [0, 0, 0],
    bodies: ['a', 'b'].map((name) => ({ name, mass: 1, shapes: [{ type: 'sphere', radius: 0.1 }] })),
    joints: ['a', 'b'].map((child) => ({ name: `${child}Free`, type: 'free', parent: 'world', child })),
    home: { positions: { bFree: [0.2 + gap, 0, 0, 1, 0, 0, 0] } },
    engines: { cannon: { substeps, contactStiffness: 1e4 } },
  })

/** Entries that a change of h in each input makes other than zero, and that the structure has not. */
function uncovered(engine: Engine, x: Float64Array, h = 1e-5): { seen: number; missed: number } {
  const { nx, ndx, nu } = engine.layout
  const u = engine.home.u
  const pattern = engine.structure!(x, u)
  const base = new Float64Array(nx)
  const moved = new Float64Array(nx)
  const apart = new Float64Array(ndx)
  engine.step(x, u, base)
  let seen = 0
  let missed = 0
  for (let j = 0; j < ndx + nu; j++)
    for (const sign of [1, -1]) {
      const d = new Float64Array(ndx)
      const control = u.slice()
      if (j < ndx) d[j] = sign * h
      else control[j - ndx]! += sign * h
      engine.integrate(x, d, moved)
      engine.step(moved, control, moved)
      engine.difference(moved, base, apart)
      for (let i = 0; i < ndx; i++) {
        if (Math.abs(apart[i]!) <= 1e-12) continue
        const across = j < ndx && Math.floor((i % (ndx / 2)) / 6) !== Math.floor((j % (ndx / 2)) / 6)
        if (across) seen++
        if (!patternHas(pattern, i, j)) missed++
      }
    }
  return { seen, missed }
}

describe.each(['reduced', 'maximal'] as const)('the structure in %s coordinates', (coordinates) => {
  it('covers two balls that meet within the period', () => {
    const engine = cannonEngine(balls(0.05, 4), { coordinates })
    const { x } = engine.point!({ positions: {}, velocities: { aFree: [10, 0, 0, 0, 0, 0] }, controls: {} })
    const { seen, missed } = uncovered(engine, x)
    expect(seen).toBeGreaterThan(0)
    expect(missed).toBe(0)
  })

  it('covers two balls that a difference step brings together', () => {
    const engine = cannonEngine(balls(5e-6), { coordinates })
    const { seen, missed } = uncovered(engine, engine.home.x)
    expect(seen).toBeGreaterThan(0)
    expect(missed).toBe(0)
  })

  it('keeps balls apart that cannot meet', () => {
    const engine = cannonEngine(balls(0.05, 4), { coordinates })
    expect(engine.structure!(engine.home.x, engine.home.u).rowIdx.length).toBe(2 * 12 * 12)
  })

  it('covers what the control alone brings together: 700 N on 1 kg, from rest', () => {
    const engine = cannonEngine(strongJet(), { coordinates })
    const { seen, missed } = uncovered(engine, engine.home.x)
    expect(seen).toBeGreaterThan(0)
    expect(missed).toBe(0)
    const idle = engine.structure!(engine.home.x, new Float64Array(2))
    const driven = engine.structure!(engine.home.x, engine.home.u)
    expect(driven.rowIdx.length).toBeGreaterThan(idle.rowIdx.length)
  })
})
