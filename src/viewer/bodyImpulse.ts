/**
 * What an impulse p at a point of a body does to the rates of the joints: δv = M⁻¹ Jᵀ p, with M = Σ (m Jcᵀ Jc + Jωᵀ I Jω) over the bodies.
 * J, Jc, Jω are from central differences of the forward kinematics, so that any engine in joint coordinates can be pulled.
 */
import { Matrix, solve } from 'ml-matrix'
import { type Pose, placedPoint, turnedVector } from '../scene/pose.ts'
import { rotationMatrix } from '../scene/rotation.ts'
import type { Inertia, Quat, Vec3 } from '../scene/scene.ts'
import type { Robot } from './openRobot.ts'

const STEP = 1e-6 // rad or m

/** The change of the state's tangent, [ndx], for an impulse (N·s, world) at `point` (body frame) of body number `body`. */
export function bodyImpulse(
  { figure: { bodies }, engine, poses }: Robot,
  x: Float64Array,
  { body, point, impulse }: { readonly body: number; readonly point: Vec3; readonly impulse: Vec3 },
): Float64Array {
  const { ndx, nv, nx } = engine.layout
  const M = Matrix.zeros(nv, nv)
  const Jtp = new Float64Array(nv)
  const here = posesAt(poses, x)
  const moved = new Float64Array(nx)
  const step = new Float64Array(ndx)
  const at = (i: number, h: number) => {
    step.fill(0)
    step[i] = h
    engine.integrate(x, step, moved)
    return posesAt(poses, moved)
  }
  // Columns: [bodies] of linear velocities of the centres of mass and angular velocities in the world.
  const columns = Array.from({ length: nv }, (_, i) => {
    const [ahead, behind] = [at(i, STEP), at(i, -STEP)]
    Jtp[i] = dot(rate(placedPoint(ahead[body]!, point), placedPoint(behind[body]!, point)), impulse)
    return bodies.map(({ com }, b) => ({
      linear: rate(placedPoint(ahead[b]!, com), placedPoint(behind[b]!, com)),
      angular: turning(ahead[b]!, behind[b]!),
    }))
  })
  bodies.forEach(({ mass, inertia }, b) => {
    const local = columns.map((column) => turnedVector(inverse(here[b]!.rotation), column[b]!.angular))
    const momenta = local.map((omega) => timesInertia(inertia, omega))
    for (let i = 0; i < nv; i++) {
      const { linear, angular } = columns[i]![b]!
      if (dot(linear, linear) + dot(angular, angular) === 0) continue
      for (let j = 0; j <= i; j++) {
        const value = mass * dot(linear, columns[j]![b]!.linear) + dot(local[i]!, momenta[j]!)
        M.set(i, j, M.get(i, j) + value)
      }
    }
  })
  for (let i = 0; i < nv; i++) for (let j = 0; j < i; j++) M.set(j, i, M.get(i, j))
  const change = new Float64Array(ndx)
  change.set(solve(M, Matrix.columnVector(Jtp), true).to1DArray(), nv)
  return change
}

export function posesAt(poses: Robot['poses'], x: Float64Array): Pose[] {
  const packed = poses(x)
  return Array.from({ length: packed.length / 7 }, (_, b) => ({
    position: [...packed.subarray(7 * b, 7 * b + 3)] as unknown as Vec3,
    rotation: [...packed.subarray(7 * b + 3, 7 * b + 7)] as unknown as Quat,
  }))
}

function rate(ahead: Vec3, behind: Vec3): Vec3 {
  const per = 1 / (2 * STEP)
  return [(ahead[0] - behind[0]) * per, (ahead[1] - behind[1]) * per, (ahead[2] - behind[2]) * per]
}

/** ω in the world from R(h) R(−h)ᵀ ≈ 1 + 2h [ω]×. */
function turning(ahead: Pose, behind: Pose): Vec3 {
  const [a, b] = [rotationMatrix(ahead.rotation), rotationMatrix(behind.rotation)]
  const entry = (i: number, j: number) => dot(a[i]!, b[j]!)
  const per = 1 / (4 * STEP)
  return [(entry(2, 1) - entry(1, 2)) * per, (entry(0, 2) - entry(2, 0)) * per, (entry(1, 0) - entry(0, 1)) * per]
}

function inverse([w, x, y, z]: Pose['rotation']): Pose['rotation'] {
  return [w, -x, -y, -z]
}

function timesInertia([xx, yy, zz, xy, xz, yz]: Inertia, [x, y, z]: Vec3): Vec3 {
  return [xx * x + xy * y + xz * z, xy * x + yy * y + yz * z, xz * x + yz * y + zz * z]
}

function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
