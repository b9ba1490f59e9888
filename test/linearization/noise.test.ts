import { describe, expect, test } from 'vitest'
import { Matrix } from 'ml-matrix'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { withCorruption } from '../../src/blackbox/withCorruption.ts'
import { withNoise } from '../../src/blackbox/withNoise.ts'
import { lqr } from '../../src/control/lqr.ts'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import { taskCost } from '../../src/experiment/taskCost.ts'
import { eigenvalues } from '../../src/linalg/eigenvalues.ts'
import type { Linearization } from '../../src/linearization/linearization.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { loadScene } from '../../src/scene/loadScene.ts'

const sigma = 1e-6 // m, rad, m/s, rad/s in a step's outcome
const noisy = (blackbox: Blackbox, seed: number) => withNoise(blackbox, { sigma, seed })
const spoiled = (blackbox: Blackbox, seed: number) =>
  withCorruption(noisy(blackbox, seed), { fraction: 0.2, size: 1, seed: seed + 100 })

/** The largest error of an entry of A or B beside its row of both. */
function worstError(lin: Linearization, exact: Linearization): number {
  let worst = 0
  for (let i = 0; i < exact.A.rows; i++) {
    const size = Math.hypot(...exact.A.getRow(i), ...exact.B.getRow(i))
    for (const name of ['A', 'B'] as const)
      for (let j = 0; j < exact[name].columns; j++)
        worst = Math.max(worst, Math.abs(lin[name].get(i, j) - exact[name].get(i, j)) / size)
  }
  return worst
}

describe.each(['cartpole', 'quadrotor', 'chains'])('%s', (name) => {
  test.each([
    ['noise of 1e-6', noisy, false, 6],
    ['noise of 1e-6, and a fifth of the values grossly wrong', spoiled, true, 5],
  ] as const)(
    '%s: certified, within tolerance, and the regulator stabilizes the exact system',
    async (_, spoil, robust, least) => {
      const scene = await loadScene(name)
      const engine = cannonEngine(scene)
      const exact = await linearize(engine)
      let certified = 0
      for (let seed = 1; seed <= 6; seed++) {
        let counted = countCalls(noisy({ inputs: 0, outputs: 0, evaluate: () => undefined }, 1))
        const wrap = (blackbox: Blackbox) => {
          counted = countCalls(spoil(blackbox, seed))
          return counted
        }
        const lin = await linearize(engine, engine.home, { wrap, seed, ...(robust && { robust }) })
        expect(lin.quality.calls).toBe(counted.calls + 1)
        if (!lin.quality.certified) continue
        certified++
        expect(lin.quality.method).toBe('rainbow')
        expect(worstError(lin, exact)).toBeLessThan(0.1 * lin.quality.tolerance)
        if (scene.task === null) continue
        const { K, message } = lqr(lin, taskCost(scene.task, engine.layout))
        expect(K, message).not.toBeNull()
        const { re, im } = eigenvalues(Matrix.sub(exact.A, exact.B.mmul(K!)))
        expect(Math.max(...re.map((value, k) => Math.hypot(value, im[k]!)))).toBeLessThan(1)
      }
      expect(certified).toBeGreaterThanOrEqual(least)
    },
  )
})
