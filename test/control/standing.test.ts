/** Robots that stand on one foot or four, balanced with sensed A and B. */
import { existsSync } from 'node:fs'
import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { lqr } from '../../src/control/lqr.ts'
import { lqrController } from '../../src/control/lqrController.ts'
import { openLoop } from '../../src/control/openLoop.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import type { Engine, Point } from '../../src/engine/engine.ts'
import { loadMjcf } from '../../src/engine/mujoco/loadMjcf.ts'
import { mujocoEngine } from '../../src/engine/mujoco/mujocoEngine.ts'
import { type Kick, simulate, type Trajectory } from '../../src/experiment/simulate.ts'
import { findEquilibrium } from '../../src/linearization/findEquilibrium.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { loadScene } from '../../src/scene/loadScene.ts'

const HUMANOID = new URL('../../../shared/data/models/mujoco/humanoid.xml', import.meta.url).pathname

async function balanced(engine: Engine, start: Point = engine.home) {
  const { result, x, u } = await findEquilibrium(engine, start)
  expect(result).toBe('solved')
  const lin = await linearize(engine, { x, u }, { method: 'dense' })
  expect(lin.quality.certified).toBe(true)
  expect(lin.quality.method).toBe('dense')
  const [Q, R] = [Matrix.eye(lin.A.rows, lin.A.rows), Matrix.eye(u.length, u.length)]
  const design = lqr(lin, { Q, R }, { unreached: 'keep' })
  expect(design.result).toBe('solved')
  const run = (K: Matrix | null, duration: number, disturbances: readonly Kick[]) =>
    simulate(engine, K ? lqrController(lin, K, engine.difference) : openLoop(u), {
      x0: x,
      xBar: x,
      uBar: u,
      duration,
      disturbances,
    })
  return { lin, design, run, height: x[2]! }
}

/** When the free joint is first below four fifths of `height`, s; Infinity where it never is. */
function fallOf({ X, steps, dt, layout }: Trajectory, height: number): number {
  for (let k = 0; k <= steps; k++) if (!(X[k * layout.nx + 2]! > 0.8 * height)) return k * dt
  return Number.POSITIVE_INFINITY
}

const kick = (coordinate: string, amount: number): Kick => ({ time: 0.1, coordinate, amount })

describe('standing robots', () => {
  test.each(['mujoco', 'cannon'])(
    'our humanoid on one foot in %s stands for 30 s and survives 1 rad/s',
    async (name) => {
      const engine = await createEngine(await loadScene('humanoid'), { engine: name })
      const { design, run, height } = await balanced(engine)
      // What stays: place and heading of the foot.
      expect(design.unreached).toHaveLength(3)
      expect(fallOf(await run(null, 3, [kick('abdomen_z.velocity', 1)]), height)).toBeLessThan(1.5)
      const kicked = await run(design.K, 30, [kick('abdomen_z.velocity', 1)])
      expect(kicked.result).toBe('completed')
      expect(kicked.steps * kicked.dt).toBeCloseTo(30, 9)
      expect(fallOf(kicked, height)).toBe(Number.POSITIVE_INFINITY)
      engine.dispose()
    },
  )

  test.each(['mujoco', 'cannon'])(
    'the minitaur in %s stands on torques, which without feedback tip it over',
    async (name) => {
      const engine = await createEngine(await loadScene('minitaur'), { engine: name })
      const { design, run, height } = await balanced(engine)
      const push = [kick('motor_front_left_fore.velocity', 1)]
      expect(fallOf(await run(null, 5, push), height)).toBeLessThan(5)
      expect(fallOf(await run(design.K, 30, push), height)).toBe(Number.POSITIVE_INFINITY)
      engine.dispose()
    },
  )

  test.skipIf(!existsSync(HUMANOID))("MuJoCo's humanoid, as in its LQR tutorial", async () => {
    const engine = await mujocoEngine(await loadMjcf(HUMANOID))
    const { lin, design, run, height } = await balanced(engine, engine.keyframes!.get('stand_on_left_leg'))
    expect(lin.quality.calls).toBe(155)
    // Published: max |eig A| = 1.056, at the pose of the keyframe; falls at 0.925 s, from there.
    const { re, im } = design.openLoopEigenvalues
    expect(Math.hypot(re[0]!, im[0]!)).toBeCloseTo(1.056, 2)
    expect(fallOf(await run(null, 3, [kick('abdomen_z.velocity', 1)]), height)).toBeLessThan(1.5)
    expect(fallOf(await run(design.K, 30, []), height)).toBe(Number.POSITIVE_INFINITY)
    expect(fallOf(await run(design.K, 30, [kick('abdomen_z.velocity', 1)]), height)).toBe(Number.POSITIVE_INFINITY)
    expect(fallOf(await run(design.K, 5, [kick('abdomen_z.velocity', 2)]), height)).toBeLessThan(5)
    engine.dispose()
  })
})
