/**
 * What an impulse p at a point of a body does to the rates of the joints: δv = M⁻¹ Jᵀ p, with M = Σ (m Jcᵀ Jc + Jωᵀ I Jω) over the bodies.
 * J, Jc, Jω are from central differences of the forward kinematics, so that any engine in joint coordinates can be pulled.
 */
import { CholeskyDecomposition, Matrix, solve } from 'ml-matrix'
import { type Pose, turnedVector } from '../scene/pose.ts'
import type { Inertia, Vec3 } from '../scene/scene.ts'
import type { Robot } from './openRobot.ts'

const STEP = 1e-6 // rad or m

export interface Impulse {
  readonly body: number // index in figure.bodies
  readonly point: Vec3 // m, body frame
  readonly impulse: Vec3 // N·s, world
}

/** The change of the state's tangent, [ndx], that an impulse makes at x. Only what hangs together with the body is differenced. */
export function bodyImpulse({
  figure: { bodies },
  engine,
  poses,
}: Robot): (x: Float64Array, push: Impulse) => Float64Array {
  const { ndx, nv, nx } = engine.layout
  const moved = new Float64Array(nx)
  const step = new Float64Array(ndx)
  const at = (x: Float64Array, i: number, h: number) => {
    step.fill(0)
    step[i] = h
    engine.integrate(x, step, moved)
    return poses(moved)
  }
  let movedBy: boolean[][] | null = null // [nv][bodies]
  /** The coordinates whose rates an impulse on `body` may change: they move a body in common with it, or with one that does. */
  const reachedFrom = (body: number): number[] => {
    movedBy ??= Array.from({ length: nv }, (_, i) => {
      const home = poses(engine.home.x)
      const away = at(engine.home.x, i, 0.1)
      return bodies.map((_, b) => isElsewhere(home, away, 7 * b))
    })
    const reached = new Set<number>()
    const open = [body]
    const seen = new Set(open)
    for (let next = open.pop(); next !== undefined; next = open.pop())
      movedBy.forEach((moves, i) => {
        if (!moves[next] || reached.has(i)) return
        reached.add(i)
        moves.forEach((does, b) => {
          if (does && !seen.has(b)) open.push(b)
          if (does) seen.add(b)
        })
      })
    return [...reached].sort((a, b) => a - b)
  }
  const known = new Map<number, { readonly coordinates: readonly number[]; readonly carried: readonly number[] }>()
  const prepared = (body: number) => {
    if (!known.has(body)) {
      const coordinates = reachedFrom(body)
      const carried = bodies.map((_, b) => b).filter((b) => coordinates.some((i) => movedBy![i]![b]))
      known.set(body, { coordinates, carried })
    }
    return known.get(body)!
  }

  return (x, { body, point, impulse }) => {
    const { coordinates, carried } = prepared(body)
    const change = new Float64Array(ndx)
    if (coordinates.length === 0) return change
    const here = poses(x)
    const k6 = 6 * carried.length
    const Jtp: number[] = []
    // For each coordinate: linear velocities of the centres of mass in the world and angular ones in each body, and their momenta.
    const moves = coordinates.map((i) => {
      const [ahead, behind] = [at(x, i, STEP), at(x, i, -STEP)]
      const [velocity, momentum] = [new Float64Array(k6), new Float64Array(k6)]
      let along = 0 // the impulse: a row of Jᵀp
      for (const [k, b] of carried.entries()) {
        if (!isElsewhere(ahead, behind, 7 * b)) continue
        const { com, mass, inertia } = bodies[b]!
        const angular = turning(ahead, behind, 7 * b)
        const { rotation } = poseOf(here, b)
        const origin = rate(ahead, behind, 7 * b)
        const linear = plus(origin, turnedVector(rotation, cross(angular, com)))
        velocity.set(linear, 6 * k)
        velocity.set(angular, 6 * k + 3)
        for (let c = 0; c < 3; c++) momentum[6 * k + c] = mass * linear[c]!
        momentum.set(timesInertia(inertia, angular), 6 * k + 3)
        if (b === body) along = dot(plus(origin, turnedVector(rotation, cross(angular, point))), impulse)
      }
      Jtp.push(along)
      return { velocity, momentum }
    })
    const M = Matrix.zeros(coordinates.length, coordinates.length)
    moves.forEach(({ velocity }, i) => {
      for (let j = 0; j <= i; j++) {
        const { momentum } = moves[j]!
        let value = 0
        for (let c = 0; c < k6; c++) value += velocity[c]! * momentum[c]!
        M.set(i, j, value)
        M.set(j, i, value)
      }
    })
    const rates = velocities(M, Matrix.columnVector(Jtp))
    coordinates.forEach((i, k) => {
      change[nv + i] = rates[k]!
    })
    return change
  }
}

/** M⁻¹ Jᵀp; of least norm where bodies without mass leave it open. */
function velocities(M: Matrix, Jtp: Matrix): number[] {
  const cholesky = new CholeskyDecomposition(M)
  return (cholesky.isPositiveDefinite() ? cholesky.solve(Jtp) : solve(M, Jtp, true)).to1DArray()
}

/** Whether the seven numbers of a pose differ by more than rounding. */
function isElsewhere(a: Float64Array, b: Float64Array, from: number): boolean {
  for (let k = from; k < from + 7; k++) if (Math.abs(a[k]! - b[k]!) > 1e-12) return true
  return false
}

/** One of [7 bodies]. */
export function poseOf(poses: Float64Array, body: number): Pose {
  const [x, y, z, qw, qx, qy, qz] = poses.subarray(7 * body, 7 * body + 7)
  return { position: [x!, y!, z!], rotation: [qw!, qx!, qy!, qz!] }
}

/** The velocity of the origin of a pose, in the world. */
function rate(ahead: Float64Array, behind: Float64Array, o: number): Vec3 {
  const per = 1 / (2 * STEP)
  return [
    (ahead[o]! - behind[o]!) * per,
    (ahead[o + 1]! - behind[o + 1]!) * per,
    (ahead[o + 2]! - behind[o + 2]!) * per,
  ]
}

/** ω in the body, from behind* ⊗ ahead ≈ (1, h ω). */
function turning(ahead: Float64Array, behind: Float64Array, o: number): Vec3 {
  const [w, x, y, z] = [behind[o + 3]!, behind[o + 4]!, behind[o + 5]!, behind[o + 6]!]
  const [v, a, b, c] = [ahead[o + 3]!, ahead[o + 4]!, ahead[o + 5]!, ahead[o + 6]!]
  const per = Math.sign(w * v + x * a + y * b + z * c) / STEP
  return [
    (w * a - v * x - (y * c - z * b)) * per,
    (w * b - v * y - (z * a - x * c)) * per,
    (w * c - v * z - (x * b - y * a)) * per,
  ]
}

function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

function plus(a: Vec3, b: Vec3): Vec3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

function timesInertia([xx, yy, zz, xy, xz, yz]: Inertia, [x, y, z]: Vec3): Vec3 {
  return [xx * x + xy * y + xz * z, xy * x + yy * y + yz * z, xz * x + yz * y + zz * z]
}

function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
