/**
 * The row J of a hinge or slider, [12] = (child, parent), six numbers each (linear, angular, world axes, at the centres of mass):
 * J V is the joint's rate when the bodies move with V, and Jᵀ f are the forces and torques that a joint force f (N or N·m) puts on
 * the two bodies: equal, opposite, and without a moment in sum.
 */
import type { TreeState } from './kinematics.ts'
import type { TreeModel } from './treeModel.ts'

export const JOINT_ROW = 12

/** J[at…] of `body`'s hinge or slider, from `axis` and `fromParent` of the state. A parent of −1 has its six numbers too. */
export function jointRowInto(J: Float64Array, at: number, model: TreeModel, state: TreeState, body: number): void {
  const { axis, fromParent } = state
  const i = 3 * body
  const x = axis[i]!
  const y = axis[i + 1]!
  const z = axis[i + 2]!
  if (model.type[body] === 'hinge') {
    J[at] = J[at + 1] = J[at + 2] = J[at + 6] = J[at + 7] = J[at + 8] = 0
    J[at + 3] = x
    J[at + 4] = y
    J[at + 5] = z
    J[at + 9] = -x
    J[at + 10] = -y
    J[at + 11] = -z
    return
  }
  // a slider's forces act at the child's centre of mass, r away from the parent's: the parent feels −r × f
  const rx = fromParent[i]!
  const ry = fromParent[i + 1]!
  const rz = fromParent[i + 2]!
  J[at] = x
  J[at + 1] = y
  J[at + 2] = z
  J[at + 3] = J[at + 4] = J[at + 5] = 0
  J[at + 6] = -x
  J[at + 7] = -y
  J[at + 8] = -z
  J[at + 9] = -(ry * z - rz * y)
  J[at + 10] = -(rz * x - rx * z)
  J[at + 11] = -(rx * y - ry * x)
}

/** J V, the rate (rad/s or m/s) of a row between `child` and `parent` (−1: the world, at rest); V [6n]. */
export function jointRate(J: Float64Array, at: number, V: Float64Array, child: number, parent: number): number {
  let rate = 0
  for (let c = 0; c < 6; c++) rate += J[at + c]! * V[6 * child + c]!
  if (parent >= 0) for (let c = 0; c < 6; c++) rate += J[at + 6 + c]! * V[6 * parent + c]!
  return rate
}
