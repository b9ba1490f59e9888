/** MuJoCo as an oracle that no one here wrote: a scene compiled to MJCF, stepped, and linearized by mjd_transitionFD. */
import loadMujoco, { type MainModule } from '@mujoco/mujoco'
import { reducedLayout } from '../../src/scene/layout.ts'
import { sceneToMjcf } from '../../src/engine/mujoco/sceneToMjcf.ts'
import type { Scene } from '../../src/scene/scene.ts'

let module: Promise<MainModule> | undefined

export interface MujocoOracle {
  readonly nx: number
  readonly ndx: number
  readonly nu: number
  step(x: Float64Array, u: Float64Array): Float64Array // xNext [nx]
  /** Row-major A [ndx × ndx] and B [ndx × nu] by centered differences. */
  transitionFD(x: Float64Array, u: Float64Array, eps?: number): { A: Float64Array; B: Float64Array }
  /** Kinetic plus potential energy, J. */
  energy(x: Float64Array): number
  dispose(): void
}

export async function mujocoOracle(scene: Scene, { contact = false } = {}): Promise<MujocoOracle> {
  module ??= loadMujoco()
  const mj = await module
  const model = mj.MjModel.from_xml_string(sceneToMjcf(scene, { contact }))
  if (!model) throw new Error('MuJoCo refused the model')
  const data = new mj.MjData(model)
  const { nq, nv, nu } = model
  const layout = reducedLayout(scene)
  if (layout.nq !== nq || layout.nv !== nv || layout.nu !== nu) throw new Error('layouts differ')

  function load(x: Float64Array, u: Float64Array): void {
    mj.mj_resetData(model, data)
    data.qpos.set(x.subarray(0, nq))
    data.qvel.set(x.subarray(nq))
    if (nu > 0) data.ctrl.set(u)
  }
  return {
    nx: nq + nv,
    ndx: 2 * nv,
    nu,
    step(x, u) {
      load(x, u)
      for (let s = 0; s < scene.engines.cannon.substeps; s++) mj.mj_step(model, data)
      return Float64Array.from([...data.qpos, ...data.qvel])
    },
    transitionFD(x, u, eps = 1e-6) {
      load(x, u)
      const A = new mj.DoubleBuffer(4 * nv * nv)
      const B = new mj.DoubleBuffer(Math.max(1, 2 * nv * nu))
      mj.mjd_transitionFD(model, data, eps, true, A, nu > 0 ? B : null, null, null)
      const result = { A: Float64Array.from(A.GetView()), B: Float64Array.from(B.GetView()).subarray(0, 2 * nv * nu) }
      A.delete()
      B.delete()
      return result
    },
    energy(x) {
      load(x, new Float64Array(nu))
      mj.mj_forward(model, data)
      mj.mj_energyPos(model, data)
      mj.mj_energyVel(model, data)
      return data.energy[0]! + data.energy[1]!
    },
    dispose() {
      data.delete()
      model.delete()
    },
  }
}
