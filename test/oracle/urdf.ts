/** MuJoCo's own reading of a URDF file, by joint name: what our reading has to agree with. */
import loadMujoco, { type MainModule, type MjModel } from '@mujoco/mujoco'

let module: Promise<MainModule> | undefined

/** What a joint carries, in the world. */
export interface Carried {
  readonly mass: number // kg
  readonly com: readonly number[] // m, [3]
  readonly inertia: readonly number[] // kg·m², about com, world axes, [9]
  readonly position: readonly number[] // of the body frame, [3]
  readonly rotation: readonly number[] // of the body frame, row-major, [9]
  readonly anchor: readonly number[] // m, [3]
  readonly axis: readonly number[] // unit, [3]
}

export interface UrdfOracle {
  readonly joints: readonly string[] // in MuJoCo's order
  /** Bodies by the joint above them, at positions q [joints]. */
  bodies(q: ArrayLike<number>): Map<string, Carried>
  /** Positions, then velocities after one step under the joint forces tau [joints]; no contact. */
  step(q: ArrayLike<number>, v: ArrayLike<number>, tau: ArrayLike<number>): Float64Array
  /** A [2n × 2n], row-major, by mjd_transitionFD at these forces. */
  transition(q: ArrayLike<number>, v: ArrayLike<number>, tau: ArrayLike<number>): Float64Array
  dispose(): void
}

/** `dt` in s. Hinges and sliders only; limits and contacts are switched off. */
export async function urdfOracle(xml: string, dt: number): Promise<UrdfOracle> {
  module ??= loadMujoco({ print: () => {}, printErr: () => {} })
  const mj = await module
  const model = mj.MjModel.from_xml_string(xml)
  model.opt.timestep = dt
  model.opt.disableflags |= mj.mjtDisableBit.mjDSBL_CONTACT.value | mj.mjtDisableBit.mjDSBL_LIMIT.value
  const data = new mj.MjData(model)
  const n = model.nv
  const load = (q: ArrayLike<number>, v: ArrayLike<number>, tau: ArrayLike<number>) => {
    mj.mj_resetData(model, data)
    data.qpos.set(q)
    data.qvel.set(v)
    data.qfrc_applied.set(tau)
  }
  const part = (values: Float64Array, k: number, size: number) => Array.from(values.subarray(size * k, size * (k + 1)))
  return {
    joints: Array.from({ length: n }, (_, j) => nameAt(model, model.name_jntadr[j])),
    bodies(q) {
      load(q, new Float64Array(n), new Float64Array(n))
      mj.mj_kinematics(model, data)
      return new Map(
        Array.from({ length: n }, (_, j): [string, Carried] => {
          const b: number = model.jnt_bodyid[j]
          const R = part(data.ximat, b, 9)
          const I = part(model.body_inertia, b, 3)
          const inertia = R.map((_, k) => {
            const [row, col] = [3 * Math.floor(k / 3), 3 * (k % 3)]
            return I.reduce((sum, moment, c) => sum + moment * R[row + c]! * R[col + c]!, 0)
          })
          const carried = {
            mass: model.body_mass[b]!,
            com: part(data.xipos, b, 3),
            inertia,
            position: part(data.xpos, b, 3),
            rotation: part(data.xmat, b, 9),
            anchor: part(data.xanchor, j, 3),
            axis: part(data.xaxis, j, 3),
          }
          return [nameAt(model, model.name_jntadr[j]), carried]
        }),
      )
    },
    step(q, v, tau) {
      load(q, v, tau)
      mj.mj_step(model, data)
      return Float64Array.from([...data.qpos, ...data.qvel])
    },
    transition(q, v, tau) {
      load(q, v, tau)
      const A = new mj.DoubleBuffer(4 * n * n)
      mj.mjd_transitionFD(model, data, 1e-6, true, A, null, null, null)
      const result = Float64Array.from(A.GetView())
      A.delete()
      return result
    },
    dispose() {
      data.delete()
      model.delete()
    },
  }
}

function nameAt(model: MjModel, address: number): string {
  const names = model.names as Int8Array
  return new TextDecoder().decode(Uint8Array.from(names.subarray(address, names.indexOf(0, address))))
}
