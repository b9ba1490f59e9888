import { expect, test } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import { linearize } from '../../src/linearization/linearize.ts'
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
