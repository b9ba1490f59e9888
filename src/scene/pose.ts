/** Frames placed in frames: a point of the inner frame stands at position + rotation · point in the outer one. */
import { rotationMatrix } from './rotation.ts'
import type { Inertia, Quat, Vec3 } from './scene.ts'

export interface Pose {
  readonly position: Vec3 // m
  readonly rotation: Quat
}

export const IDENTITY: Pose = { position: [0, 0, 0], rotation: [1, 0, 0, 0] }

/** `inner`, given in the frame that `outer` places, as seen from the frame around that. */
export function composePoses(outer: Pose, inner: Pose): Pose {
  const [w, x, y, z] = outer.rotation
  const [a, b, c, d] = inner.rotation
  const rotation: Quat = [
    w * a - x * b - y * c - z * d,
    w * b + x * a + y * d - z * c,
    w * c - x * d + y * a + z * b,
    w * d + x * c - y * b + z * a,
  ]
  const length = Math.hypot(...rotation)
  return {
    position: placedPoint(outer, inner.position),
    rotation: length === 1 ? rotation : (rotation.map((value) => value / length) as unknown as Quat),
  }
}

/** A point of the placed frame, in the frame around it. */
export function placedPoint(pose: Pose, point: Vec3): Vec3 {
  const turned = turnedVector(pose.rotation, point)
  return [pose.position[0] + turned[0], pose.position[1] + turned[1], pose.position[2] + turned[2]]
}

/** R v. */
export function turnedVector(rotation: Quat, v: Vec3): Vec3 {
  const row = ([x, y, z]: Vec3): number => x * v[0] + y * v[1] + z * v[2]
  const [x, y, z] = rotationMatrix(rotation)
  return [row(x), row(y), row(z)]
}

/** R I Rᵀ, the tensor of the placed frame along the axes around it. */
export function turnedInertia(rotation: Quat, [xx, yy, zz, xy, xz, yz]: Inertia): Inertia {
  const R = rotationMatrix(rotation)
  const I: readonly Vec3[] = [
    [xx, xy, xz],
    [xy, yy, yz],
    [xz, yz, zz],
  ]
  const entry = (i: 0 | 1 | 2, j: 0 | 1 | 2): number => {
    let sum = 0
    for (let k = 0; k < 3; k++) for (let l = 0; l < 3; l++) sum += R[i][k]! * I[k]![l]! * R[j][l]!
    return sum
  }
  return [entry(0, 0), entry(1, 1), entry(2, 2), entry(0, 1), entry(0, 2), entry(1, 2)]
}
