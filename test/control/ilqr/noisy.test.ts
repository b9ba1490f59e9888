/** Swing-ups where the steps for derivatives are noisy and one in ten is grossly wrong. */
import { Matrix } from 'ml-matrix'
import { expect, test } from 'vitest'
import { withCorruption } from '../../../src/blackbox/withCorruption.ts'
import { withNoise } from '../../../src/blackbox/withNoise.ts'
import { ilqr } from '../../../src/control/ilqr/ilqr.ts'
import { quadraticTracking } from '../../../src/control/ilqr/quadraticTracking.ts'
import { createEngine } from '../../../src/engine/createEngine.ts'
import { type SensedDynamicsOptions, sensedDynamics } from '../../../src/linearization/trajectory/sensedDynamics.ts'
import { loadScene } from '../../../src/scene/loadScene.ts'

const N = 120
const engine = await createEngine(await loadScene('pendulum'))

async function swing(options: SensedDynamicsOptions) {
  const dynamics = sensedDynamics(engine, options)
  const upright = Float64Array.of(Math.PI, 0)
  const weights = { Q: Matrix.diag([1, 0.1]), R: [[0.1]], Qf: Matrix.diag([500, 50]), xGoal: upright }
  const cost = quadraticTracking(dynamics, { ...weights, per: 'second' })
  const limits = { low: Float64Array.of(-1.5), high: Float64Array.of(1.5) } // holding the bar level takes 2.5
  const guess = { U: new Float64Array(N).fill(0.1) }
  return ilqr(dynamics, { x0: engine.home.x, cost, N, guess, limits }, { tolerance: 1e-4 })
}

test.each([1, 2, 3, 4])(
  'sensed over many knots they succeed, central differences with as many calls do not (seed %i)',
  async (seed) => {
    const clean = await swing({})
    const wrap: SensedDynamicsOptions['wrap'] = (blackbox) =>
      withCorruption(withNoise(blackbox, { sigma: 1e-4, seed }), {
        fraction: 0.1,
        size: 1,
        seed: seed + 9,
        of: 'calls',
      })
    const found = await swing({ noise: 1e-4, robust: true, wrap, seed })
    expect(Math.abs(found.X[2 * N]! - Math.PI)).toBeLessThan(0.2)
    expect(found.cost).toBeLessThan(1.1 * clean.cost)
    const plain = await swing({ method: 'dense', scheme: 'central', checks: 0, wrap })
    expect(plain.cost).toBeGreaterThan(2 * clean.cost)
    const each = ({ calls }: typeof found) => calls.derivatives / calls.denseDerivatives
    expect([each(found), each(plain)]).toEqual([1, 1]) // as many a pass
  },
)
