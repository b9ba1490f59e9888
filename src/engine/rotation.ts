/** Unit quaternions (w, x, y, z) on flat arrays: products, rotation of vectors, exponential and logarithm. */
import type { Quat, Vec3 } from '../scene/scene.ts'

/** a ⊗ b. */
export function multiplyQuats(a: Quat, b: Quat): Quat {
  const out = new Float64Array(4)
  multiplyQuatsInto(out, 0, a, 0, b, 0)
  return [out[0]!, out[1]!, out[2]!, out[3]!]
}

/** q v q*. */
export function rotate(q: Quat, v: Vec3): Vec3 {
  const [w, x, y, z] = q
  const tx = 2 * (y * v[2] - z * v[1])
  const ty = 2 * (z * v[0] - x * v[2])
  const tz = 2 * (x * v[1] - y * v[0])
  return [v[0] + w * tx + y * tz - z * ty, v[1] + w * ty + z * tx - x * tz, v[2] + w * tz + x * ty - y * tx]
}

/** q* v q. */
export function rotateByInverse(q: Quat, v: Vec3): Vec3 {
  return rotate([q[0], -q[1], -q[2], -q[3]], v)
}

type Numbers = Float64Array | readonly number[]

/** out[o…] = a[i…] ⊗ b[j…]; out may be a or b. */
export function multiplyQuatsInto(out: Float64Array, o: number, a: Numbers, i: number, b: Numbers, j: number): void {
  const aw = a[i]!
  const ax = a[i + 1]!
  const ay = a[i + 2]!
  const az = a[i + 3]!
  const bw = b[j]!
  const bx = b[j + 1]!
  const by = b[j + 2]!
  const bz = b[j + 3]!
  out[o] = aw * bw - ax * bx - ay * by - az * bz
  out[o + 1] = aw * bx + ax * bw + ay * bz - az * by
  out[o + 2] = aw * by - ax * bz + ay * bw + az * bx
  out[o + 3] = aw * bz + ax * by - ay * bx + az * bw
}

/** out[o…] = q[i…] ⊗ exp(r/2), normalized; r [rad] is a rotation vector in the moved frame. out may be q. */
export function turnQuatInto(
  out: Float64Array,
  o: number,
  q: Numbers,
  i: number,
  rx: number,
  ry: number,
  rz: number,
): void {
  const angle = Math.sqrt(rx * rx + ry * ry + rz * rz)
  // sin(angle/2)/angle by its series where the quotient loses digits
  const factor = angle > 1e-4 ? Math.sin(angle / 2) / angle : 0.5 - (angle * angle) / 48
  const c = Math.cos(angle / 2)
  const sx = factor * rx
  const sy = factor * ry
  const sz = factor * rz
  const qw = q[i]!
  const qx = q[i + 1]!
  const qy = q[i + 2]!
  const qz = q[i + 3]!
  const w = qw * c - qx * sx - qy * sy - qz * sz
  const x = qw * sx + qx * c + qy * sz - qz * sy
  const y = qw * sy - qx * sz + qy * c + qz * sx
  const z = qw * sz + qx * sy - qy * sx + qz * c
  const scale = 1 / Math.sqrt(w * w + x * x + y * y + z * z)
  out[o] = w * scale
  out[o + 1] = x * scale
  out[o + 2] = y * scale
  out[o + 3] = z * scale
}

/** out[o…o+2] = 2 log(q0* ⊗ q1), the rotation vector [rad] of length ≤ π with q0 ⊗ exp(r/2) = ±q1. */
export function quatDifferenceInto(out: Float64Array, o: number, q1: Numbers, i: number, q0: Numbers, j: number): void {
  const aw = q0[j]!
  const ax = -q0[j + 1]!
  const ay = -q0[j + 2]!
  const az = -q0[j + 3]!
  const bw = q1[i]!
  const bx = q1[i + 1]!
  const by = q1[i + 2]!
  const bz = q1[i + 3]!
  const w = aw * bw - ax * bx - ay * by - az * bz
  const x = aw * bx + ax * bw + ay * bz - az * by
  const y = aw * by - ax * bz + ay * bw + az * bx
  const z = aw * bz + ax * by - ay * bx + az * bw
  const sine = Math.sqrt(x * x + y * y + z * z)
  // angle/sine; near zero atan2(s, w)/s → 1/w
  const factor = sine > 1e-12 ? (2 * Math.atan2(w < 0 ? -sine : sine, w < 0 ? -w : w)) / sine : 2 / w
  out[o] = factor * x
  out[o + 1] = factor * y
  out[o + 2] = factor * z
}

/**
 * out[o…o+2] = R diag(d[k…k+2]) Rᵀ w, R the matrix at r (row-major): angular momentum of w = (x, y, z) where d are the principal
 * moments and R their axes.
 */
export function momentumInto(
  out: Float64Array,
  o: number,
  R: Float64Array,
  r: number,
  d: Float64Array,
  k: number,
  x: number,
  y: number,
  z: number,
): void {
  const lx = d[k]! * (R[r]! * x + R[r + 3]! * y + R[r + 6]! * z)
  const ly = d[k + 1]! * (R[r + 1]! * x + R[r + 4]! * y + R[r + 7]! * z)
  const lz = d[k + 2]! * (R[r + 2]! * x + R[r + 5]! * y + R[r + 8]! * z)
  out[o] = R[r]! * lx + R[r + 1]! * ly + R[r + 2]! * lz
  out[o + 1] = R[r + 3]! * lx + R[r + 4]! * ly + R[r + 5]! * lz
  out[o + 2] = R[r + 6]! * lx + R[r + 7]! * ly + R[r + 8]! * lz
}

/**
 * exp(−[r]×) into `back` and the right Jacobian J_r(r) into `jacobian`, both [9], row-major:
 * q ⊗ exp((r + δr)/2) = q ⊗ exp(r/2) ⊗ exp(J_r δr/2) to first order. Solà, Deray, Atchuthan 2018, arXiv 1812.01537, eq. 143.
 */
export function rightJacobianInto(back: Float64Array, jacobian: Float64Array, r: ArrayLike<number>): void {
  const [x, y, z] = [r[0]!, r[1]!, r[2]!]
  const angle2 = x * x + y * y + z * z
  const angle = Math.sqrt(angle2)
  const small = angle2 < 1e-4
  const angle4 = angle2 * angle2
  const sinc = small ? 1 - angle2 / 6 + angle4 / 120 : Math.sin(angle) / angle
  const versine = small ? 0.5 - angle2 / 24 + angle4 / 720 : (1 - Math.cos(angle)) / angle2
  const cubic = small ? 1 / 6 - angle2 / 120 + angle4 / 5040 : (angle - Math.sin(angle)) / (angle2 * angle)
  const K = [0, -z, y, z, 0, -x, -y, x, 0] // [r]×
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      const k = 3 * i + j
      const one = i === j ? 1 : 0
      const K2 = r[i]! * r[j]! - one * angle2 // ([r]×)²
      back[k] = one - sinc * K[k]! + versine * K2
      jacobian[k] = one - versine * K[k]! + cubic * K2
    }
}

/**
 * J_r(r)⁻¹ into `out`, [9], row-major: log(exp(r/2) ⊗ exp(δ/2)) = (r + J_r⁻¹ δ)/2 to first order, for |r| ≤ π. Solà, Deray, Atchuthan
 * 2018, arXiv 1812.01537, eq. 144.
 */
export function inverseRightJacobianInto(out: Float64Array, r: ArrayLike<number>): void {
  const [x, y, z] = [r[0]!, r[1]!, r[2]!]
  const angle2 = x * x + y * y + z * z
  const half = Math.sqrt(angle2) / 2
  // (1 − a cot a)/(4a²), a the half angle: finite at a half turn, where eq. 144 has 0/0
  const factor = angle2 < 1e-4 ? 1 / 12 + angle2 / 720 : (1 - half / Math.tan(half)) / angle2
  const K = [0, -z, y, z, 0, -x, -y, x, 0] // [r]×
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      const one = i === j ? 1 : 0
      const K2 = r[i]! * r[j]! - one * angle2 // ([r]×)²
      out[3 * i + j] = one + K[3 * i + j]! / 2 + factor * K2
    }
}
