/** The few rotations that reading a scene takes. */
import type { Quat, Vec3 } from './scene.ts'

/** Roll about x, then pitch about y, then yaw about z, all about fixed axes: q = q_z(yaw) q_y(pitch) q_x(roll) (URDF). */
export function quatFromRpy([roll, pitch, yaw]: Vec3): Quat {
  const [cr, sr] = [Math.cos(roll / 2), Math.sin(roll / 2)]
  const [cp, sp] = [Math.cos(pitch / 2), Math.sin(pitch / 2)]
  const [cy, sy] = [Math.cos(yaw / 2), Math.sin(yaw / 2)]
  return [
    cr * cp * cy + sr * sp * sy,
    sr * cp * cy - cr * sp * sy,
    cr * sp * cy + sr * cp * sy,
    cr * cp * sy - sr * sp * cy,
  ]
}

/** The rotation matrix of a unit quaternion, rows first: v_parent = R v_child. */
export function rotationMatrix(q: Quat): readonly [Vec3, Vec3, Vec3] {
  const R = new Float64Array(9)
  rotationMatrixInto(R, 0, q, 0)
  return [
    [R[0]!, R[1]!, R[2]!],
    [R[3]!, R[4]!, R[5]!],
    [R[6]!, R[7]!, R[8]!],
  ]
}

/** out[o…o+8] = the rotation matrix of the unit quaternion q[i…], row-major. */
export function rotationMatrixInto(out: Float64Array, o: number, q: Float64Array | readonly number[], i: number): void {
  const w = q[i]!
  const x = q[i + 1]!
  const y = q[i + 2]!
  const z = q[i + 3]!
  out[o] = 1 - 2 * (y * y + z * z)
  out[o + 1] = 2 * (x * y - w * z)
  out[o + 2] = 2 * (x * z + w * y)
  out[o + 3] = 2 * (x * y + w * z)
  out[o + 4] = 1 - 2 * (x * x + z * z)
  out[o + 5] = 2 * (y * z - w * x)
  out[o + 6] = 2 * (x * z - w * y)
  out[o + 7] = 2 * (y * z + w * x)
  out[o + 8] = 1 - 2 * (x * x + y * y)
}
