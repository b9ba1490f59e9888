/** Where a scene's bodies are, by the flat kinematics of the engines: a frame asks once, a pull some fifty times. */
import { createKinematics, createTreeState } from '../engine/kinematics.ts'
import { multiplyQuatsInto } from '../engine/rotation.ts'
import { createTreeModel } from '../engine/treeModel.ts'
import type { Scene } from '../scene/scene.ts'
import { rotationMatrixInto } from '../scene/rotation.ts'

/** x [nx] in joint coordinates to x y z (m) and w x y z of each body frame in the world, [7 bodies]. */
export function scenePoses(scene: Scene): (x: Float64Array) => Float64Array {
  const model = createTreeModel(scene)
  const state = createTreeState(model)
  const { place } = createKinematics(model, state)
  const toFrame = model.principal.map((value, k) => (k % 4 === 0 ? value : -value)) // from inertial to body frames
  const turn = new Float64Array(4)
  const R = new Float64Array(9)
  return (x) => {
    place(x)
    const poses = new Float64Array(7 * model.numBodies)
    for (let b = 0; b < model.numBodies; b++) {
      multiplyQuatsInto(turn, 0, state.quat, 4 * b, toFrame, 4 * b)
      rotationMatrixInto(R, 0, turn, 0)
      const { com } = model
      for (let r = 0; r < 3; r++) {
        const offset = R[3 * r]! * com[3 * b]! + R[3 * r + 1]! * com[3 * b + 1]! + R[3 * r + 2]! * com[3 * b + 2]!
        poses[7 * b + r] = state.position[3 * b + r]! - offset
      }
      poses.set(turn, 7 * b + 3)
    }
    return poses
  }
}
