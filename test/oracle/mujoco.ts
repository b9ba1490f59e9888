/** MuJoCo as an oracle that no one here wrote: a scene compiled to MJCF, stepped, and linearized by mjd_transitionFD. */
import loadMujoco, { type MainModule } from '@mujoco/mujoco'
import { reducedLayout } from '../../src/scene/layout.ts'
import type { Quat, Scene, Vec3 } from '../../src/scene/scene.ts'

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
  const model = mj.MjModel.from_xml_string(sceneToMjcf(scene, contact))
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

/** MJCF of a scene: joints, inertias and actuators; shapes only with `contact`. */
function sceneToMjcf(scene: Scene, contact = false): string {
  const children = (parent: number): number[] =>
    scene.joints.flatMap((joint, i) => (joint.parent === parent ? [i] : []))
  const bodyXml = (i: number): string => {
    const body = scene.bodies[i]!
    const joint = scene.joints[i]!
    const turned = rotate(joint.rotation, joint.childAnchor)
    const pos = joint.parentAnchor.map((value, k) => value - turned[k]!)
    const [xx, yy, zz, xy, xz, yz] = body.inertia
    const limits = joint.limits ? ` limited="true" range="${join(joint.limits)}"` : ''
    const jointXml = {
      free: `<freejoint name="${joint.name}"/>`,
      ball: `<joint type="ball" name="${joint.name}" pos="${join(joint.childAnchor)}" damping="${joint.damping}"/>`,
      hinge: `<joint type="hinge" name="${joint.name}" pos="${join(joint.childAnchor)}" axis="${join(joint.axis)}" damping="${joint.damping}"${limits}/>`,
      slider: `<joint type="slide" name="${joint.name}" axis="${join(joint.axis)}" damping="${joint.damping}"${limits}/>`,
      fixed: '',
    }[joint.type]
    const sites = scene.thrusters
      .filter((thruster) => thruster.body === i)
      .map(
        ({ name, position, direction }) => `<site name="${name}" pos="${join(position)}" zaxis="${join(direction)}"/>`,
      )
    return `<body name="${body.name}" pos="${join(pos)}" quat="${join(joint.rotation)}">
<inertial pos="${join(body.com)}" mass="${body.mass}" fullinertia="${join([xx, yy, zz, xy, xz, yz])}"/>${jointXml}${sites.join('')}
${children(i).map(bodyXml).join('\n')}</body>`
  }
  const motors = scene.actuators.map(
    ({ name, joint, gear }) => `<motor name="${name}" joint="${scene.joints[joint]!.name}" gear="${gear}"/>`,
  )
  const thrusters = scene.thrusters.map(
    ({ name, gear, reactionTorque }) =>
      `<general name="${name}" site="${name}" gear="0 0 ${gear} 0 0 ${gear * reactionTorque}"/>`,
  )
  const h = scene.dt / scene.engines.cannon.substeps
  return `<mujoco><compiler angle="radian" autolimits="false"/>
<option timestep="${h}" gravity="${join(scene.gravity)}" integrator="Euler"><flag contact="${contact ? 'enable' : 'disable'}" energy="enable"/></option>
<worldbody>${children(-1).map(bodyXml).join('\n')}</worldbody>
<actuator>${[...motors, ...thrusters].join('')}</actuator></mujoco>`
}

const join = (numbers: readonly number[]): string => numbers.join(' ')

function rotate([w, x, y, z]: Quat, v: Vec3): Vec3 {
  const t = [2 * (y * v[2] - z * v[1]), 2 * (z * v[0] - x * v[2]), 2 * (x * v[1] - y * v[0])] as const
  return [
    v[0] + w * t[0] + y * t[2] - z * t[1],
    v[1] + w * t[1] + z * t[0] - x * t[2],
    v[2] + w * t[2] + x * t[1] - y * t[0],
  ]
}
