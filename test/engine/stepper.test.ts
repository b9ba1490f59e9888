/** Steps of MuJoCo that leave out what positions and velocities have already told, and end Newton's method when it has converged. */
import { describe, expect, test } from 'vitest'
import { createEngine } from '../../src/engine/createEngine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { compileModel } from '../../src/engine/mujoco/compileModel.ts'
import { loadMujoco } from '../../src/engine/mujoco/loadMujoco.ts'
import { mujocoEngine } from '../../src/engine/mujoco/mujocoEngine.ts'
import { loadScene } from '../../src/scene/loadScene.ts'

/** A box that slides on a floor on soft elliptic contacts, with a damped arm and a filtered motor. */
const xmlOf = (integrator: string, cone: string) => `<mujoco>
  <option integrator="${integrator}" cone="${cone}" timestep="0.005"/>
  <worldbody><geom type="plane" size="5 5 .1"/>
    <body pos="0 0 .099"><freejoint name="box"/><geom type="box" size=".1 .1 .1" mass="1"/>
      <body pos="0 0 .1"><joint name="arm" axis="0 1 0" damping=".1" range="-20 20"/><geom type="capsule" fromto="0 0 0 0 0 .3" size=".02" mass=".1"/></body>
    </body>
    <body pos="1 0 .05"><freejoint name="ball"/><geom size=".05" mass=".2"/></body>
  </worldbody>
  <actuator><general name="motor" joint="arm" dyntype="filter" dynprm=".1" gainprm="1"/></actuator></mujoco>`

const MODELS: readonly (readonly [name: string, make: () => Promise<Engine>])[] = [
  ...['Euler', 'implicit', 'implicitfast', 'RK4'].flatMap((integrator) =>
    ['pyramidal', 'elliptic'].map(
      (cone) => [`${integrator}, ${cone} cones`, () => mujocoEngine(xmlOf(integrator, cone))] as const,
    ),
  ),
  ['humanoid on one foot', async () => createEngine(await loadScene('humanoid'), { engine: 'mujoco' })],
  ['minitaur, two substeps', async () => mujocoEngine(await loadScene('minitaur'), { substeps: 2 })],
]

/** Points near home where positions, velocities, activations or controls alone differ from the point before, or all do. */
function walk({ layout, home }: Engine) {
  const { nq, nv, nx, nu } = layout
  let [x, u] = [home.x.slice(), home.u.slice()]
  const points = [{ x, u }]
  const change = (from: number, to: number, by: number) => {
    x = x.slice()
    for (let k = from; k < to; k++) x[k]! += by * Math.sin(1 + 3 * k + points.length)
    points.push({ x, u })
  }
  for (let round = 0; round < 3; round++) {
    change(nq, nq + nv, 0.1)
    change(nq + nv, nx, 0.1)
    u = u.map((value, k) => value + 0.1 * Math.cos(k + round))
    if (nu > 0) points.push({ x, u })
    change(nq, nq + nv, 1e-6)
    change(0, nq, 1e-4)
    points.push(points[1]!) // once more
  }
  return points
}

describe('steps of MuJoCo', () => {
  test.each(MODELS)('%s: the bits of a step are those of a fresh engine, whatever came before', async (_name, make) => {
    const engine = await make()
    const { layout } = engine
    const [found, expected] = [new Float64Array(layout.nx), new Float64Array(layout.nx)]
    const nowhere = engine.home.x.map(() => Number.NaN)
    for (const [k, { x, u }] of walk(engine).entries()) {
      if (k % 5 === 3) engine.structure!(x, u)
      if (k % 5 === 4) engine.step(nowhere, u, found)
      if (k % 7 === 6 && engine.derivatives)
        engine.derivatives(x, u, new Float64Array(layout.ndx ** 2), new Float64Array(layout.ndx * layout.nu))
      engine.step(x, u, found)
      const fresh = await make()
      fresh.step(x, u, expected)
      fresh.dispose()
      expect(found).toEqual(expected)
    }
    engine.dispose()
  })

  test.each(['Euler', 'implicitfast'])(
    '%s: as mj_step with a hundred iterations of Newton to the end',
    async (integrator) => {
      const mj = await loadMujoco()
      for (const cone of ['pyramidal', 'elliptic']) {
        const xml = xmlOf(integrator, cone)
        const engine = await mujocoEngine(xml)
        const { model, data } = compileModel(mj, xml, new Map(), null)
        const { nq, nv, nx } = engine.layout
        model.opt.tolerance = 0
        model.opt.iterations = 100
        model.opt.disableflags |= mj.mjtDisableBit.mjDSBL_WARMSTART.value
        const found = new Float64Array(nx)
        for (const { x, u } of walk(engine)) {
          data.qpos.set(x.subarray(0, nq))
          data.qvel.set(x.subarray(nq, nq + nv))
          data.act.set(x.subarray(nq + nv))
          data.ctrl.set(u)
          mj.mj_step(model, data)
          engine.step(x, u, found)
          const expected = [...data.qpos, ...data.qvel, ...data.act]
          for (let k = 0; k < nx; k++) expect(Math.abs(found[k]! - expected[k]!)).toBeLessThan(2e-14)
        }
        data.delete()
        model.delete()
        engine.dispose()
      }
    },
  )
})
