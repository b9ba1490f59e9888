/** Applies controls to bodies: joint actuators as equal and opposite torques or forces, thrusters with their reaction torque. */
import type { Scene } from '../scene/scene.ts'
import { rotateByInverse } from './rotation.ts'
import { JOINT_ROW, jointRowInto } from './jointRow.ts'
import type { TreeState } from './kinematics.ts'
import type { TreeModel } from './treeModel.ts'

/** A vector that is added to. */
export interface Vector {
  x: number
  y: number
  z: number
}

/** What acts on a body at its centre of mass, in world axes. */
export interface Loaded {
  readonly force: Vector // N
  readonly torque: Vector // N·m
}

/** Returns `actuate(u)`, which adds the forces of u [nu] to the bodies as the TreeState has placed them. */
export function createActuation(
  scene: Scene,
  model: TreeModel,
  state: TreeState,
  bodies: readonly Loaded[],
): (u: Float64Array) => void {
  const { rotation } = state
  const motors = scene.actuators.map(({ joint, gear }) => ({ child: joint, parent: model.parent[joint]!, gear }))
  const row = new Float64Array(JOINT_ROW)
  const thrusters = scene.thrusters.map(({ body, position, direction, gear, reactionTorque }) => {
    const principal = model.principal.subarray(4 * body, 4 * body + 4)
    const frame = [principal[0]!, principal[1]!, principal[2]!, principal[3]!] as const
    const com = scene.bodies[body]!.com
    const arm = rotateByInverse(frame, [position[0] - com[0], position[1] - com[1], position[2] - com[2]])
    const push = rotateByInverse(frame, direction)
    // force and torque in the inertial frame for u = 1
    const force = push.map((value) => gear * value)
    const torque = [
      arm[1] * force[2]! - arm[2] * force[1]! + reactionTorque * force[0]!,
      arm[2] * force[0]! - arm[0] * force[2]! + reactionTorque * force[1]!,
      arm[0] * force[1]! - arm[1] * force[0]! + reactionTorque * force[2]!,
    ]
    return { body, force: Float64Array.from(force), torque: Float64Array.from(torque) }
  })

  return (u) => {
    for (let k = 0; k < motors.length; k++) {
      const { child, parent, gear } = motors[k]!
      jointRowInto(row, 0, model, state, child)
      addJointForce(row, gear * u[k]!, bodies[child]!, parent < 0 ? null : bodies[parent]!)
    }
    for (let k = 0; k < thrusters.length; k++) {
      const { body, force, torque } = thrusters[k]!
      const size = u[motors.length + k]!
      addRotated(bodies[body]!.force, rotation, 9 * body, force, size)
      addRotated(bodies[body]!.torque, rotation, 9 * body, torque, size)
    }
  }
}

/** Adds Jᵀ f of a joint row [12] to the forces and torques of the two bodies; the world, null, takes none. */
export function addJointForce(J: Float64Array, f: number, child: Loaded, parent: Loaded | null): void {
  addTo(child.force, J, 0, f)
  addTo(child.torque, J, 3, f)
  if (!parent) return
  addTo(parent.force, J, 6, f)
  addTo(parent.torque, J, 9, f)
}

function addTo(v: Vector, J: Float64Array, k: number, f: number): void {
  v.x += f * J[k]!
  v.y += f * J[k + 1]!
  v.z += f * J[k + 2]!
}

function addRotated(v: Vector, R: Float64Array, r: number, local: Float64Array, size: number): void {
  const x = size * local[0]!
  const y = size * local[1]!
  const z = size * local[2]!
  v.x += R[r]! * x + R[r + 1]! * y + R[r + 2]! * z
  v.y += R[r + 3]! * x + R[r + 4]! * y + R[r + 5]! * z
  v.z += R[r + 6]! * x + R[r + 7]! * y + R[r + 8]! * z
}
