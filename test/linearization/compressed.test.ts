import { expect, test } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { rowGroups } from '../../src/linearization/rowGroups.ts'
import { loadScene } from '../../src/scene/loadScene.ts'

test('compressed: A and B of the chains as dense differences give them, from half the steps, without the structure of the engine', async () => {
  const engine = cannonEngine(await loadScene('chains'))
  const sensed = await linearize(engine, engine.home, { method: 'compressed' })
  const dense = await linearize(engine, engine.home, { method: 'dense' })
  expect(sensed.quality).toMatchObject({ method: 'compressed', certified: true, repairedRows: [], fallback: null })
  expect(sensed.quality.calls).toBeLessThan(dense.quality.calls / 2)
  expect(sensed.A.clone().sub(dense.A).norm()).toBeLessThan(1e-8 * dense.A.norm())
  expect(sensed.B.clone().sub(dense.B).norm()).toBeLessThan(1e-8 * dense.B.norm() + 1e-12)
})

test('compressed: in maximal coordinates, rows of one body are told together, from an eighth of the steps of dense differences', async () => {
  const engine = cannonEngine(await loadScene('chains'), { coordinates: 'maximal' })
  const sensed = await linearize(engine, engine.home, { method: 'compressed' })
  const dense = await linearize(engine, engine.home, { method: 'dense' })
  expect(sensed.quality).toMatchObject({ method: 'compressed', certified: true, fallback: null })
  expect(sensed.quality.notes.join('\n')).toMatch(/told together, .* with their group/)
  expect(sensed.quality.calls).toBeLessThan(dense.quality.calls / 8)
  expect(sensed.A.clone().sub(dense.A).norm()).toBeLessThan(1e-7 * dense.A.norm())
  expect(sensed.B.clone().sub(dense.B).norm()).toBeLessThan(1e-7 * dense.B.norm() + 1e-12)
})

test('rows of one joint or body are a group: positions and velocities of the same name', async () => {
  const dx = (coordinates: 'reduced' | 'maximal') => cannonEngine(scene, { coordinates }).layout.dx
  const scene = await loadScene('double-cartpole')
  const names = (coordinates: 'reduced' | 'maximal') =>
    rowGroups({ dx: dx(coordinates) }).map((rows) => rows.map((i) => dx(coordinates)[i]!.name))
  for (const group of names('reduced')) expect(group.length).toBe(2)
  for (const group of names('maximal')) {
    expect(group.length).toBe(12)
    expect(new Set(group.map((name) => name.split('.')[0])).size).toBe(1)
  }
  expect(names('maximal').length).toBe(scene.bodies.length)
  expect(
    rowGroups({
      dx: [
        { name: 'x', unit: '' },
        { name: 'y', unit: '' },
      ],
    }),
  ).toEqual([])
})
