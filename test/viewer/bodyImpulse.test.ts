/** What an impulse does to the rates of joints, against Newton and Euler. */
import { afterAll, describe, expect, test } from 'vitest'
import { readSceneTexts } from '../../src/scene/loadScene.ts'
import { placedPoint } from '../../src/scene/pose.ts'
import { bodyImpulse, poseOf } from '../../src/viewer/bodyImpulse.ts'
import { openRobot, type Robot } from '../../src/viewer/openRobot.ts'

describe('an impulse on a body', () => {
  const opened: Robot[] = []
  afterAll(() => {
    for (const robot of opened) robot.dispose()
  })
  const robotOf = async (name: string) => {
    const robot = await openRobot({ texts: await readSceneTexts(name), engine: 'cannon' })
    opened.push(robot)
    return robot
  }

  test('gives a free sphere p/m and I⁻¹(r × p), and the fifteen others nothing', async () => {
    const robot = await robotOf('spheres')
    const { engine, figure } = robot
    const { nv } = engine.layout
    const { mass, inertia } = figure.bodies[6]!
    const change = bodyImpulse(robot)(engine.home.x, { body: 6, point: [0, 0, 0.1], impulse: [0.3, 0, 0.2] })
    const wanted = new Float64Array(2 * nv)
    wanted.set([0.3 / mass, 0, 0.2 / mass, 0, (0.1 * 0.3) / inertia[1], 0], nv + 6 * 6)
    for (const [i, value] of change.entries()) expect(value, `entry ${i}`).toBeCloseTo(wanted[i]!, 7)
  })

  test.each(['humanoid', 'quadrotor'])('%s, which nothing holds: all of its momentum is p', async (name) => {
    const robot = await robotOf(name)
    const { engine, figure, poses } = robot
    const { nx, ndx, nv } = engine.layout
    const impulse = [0.5, -0.3, 0.7] as const
    const body = figure.bodies.length - 1
    const change = bodyImpulse(robot)(engine.home.x, { body, point: figure.bodies[body]!.com, impulse })
    const h = 1e-4 // s
    const middle = (sign: 1 | -1) => {
      const x = new Float64Array(nx)
      const moved = Float64Array.from({ length: ndx }, (_, i) => (i < nv ? sign * h * change[nv + i]! : 0))
      engine.integrate(engine.home.x, moved, x)
      const there = poses(x)
      const weighted = figure.bodies.map(({ mass, com }, b) =>
        placedPoint(poseOf(there, b), com).map((value) => mass * value),
      )
      return [0, 1, 2].map((k) => weighted.reduce((sum, one) => sum + one[k]!, 0))
    }
    const [ahead, behind] = [middle(1), middle(-1)]
    for (const [k, p] of impulse.entries()) expect((ahead[k]! - behind[k]!) / (2 * h)).toBeCloseTo(p, 5)
  })
})
