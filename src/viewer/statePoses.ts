/** Where the bodies stand in a state of joint coordinates. */
import { bodyPoses } from '../scene/bodyPoses.ts'
import { JOINT_COORDINATES } from '../scene/layout.ts'
import type { Pose } from '../scene/pose.ts'
import type { Scene } from '../scene/scene.ts'

/** Frames of the bodies in the world for the state x [nx], reduced coordinates. */
export function statePoses(scene: Scene, x: Float64Array): Pose[] {
  const positions: Record<string, number[]> = {}
  let from = 0
  for (const { name, type } of scene.joints) {
    const { length } = JOINT_COORDINATES[type].positions
    positions[name] = Array.from(x.subarray(from, from + length))
    from += length
  }
  return bodyPoses(scene, positions)
}

/** The same as one array, x y z w x y z of each body, [7 bodies]: what the page draws. */
export function packedPoses(scene: Scene, x: Float64Array): Float64Array {
  const packed = new Float64Array(7 * scene.bodies.length)
  statePoses(scene, x).forEach(({ position, rotation }, b) => {
    packed.set(position, 7 * b)
    packed.set(rotation, 7 * b + 3)
  })
  return packed
}
