/**
 * Closures as rows on the velocities of bodies, three for each, along the axes of the world.
 *
 * The gap of a closure is what its first body A sees of it, φ = Rᵀ(p_A − p_B) with R the frame of A, and R φ̇ = C V. So C is taken at
 * one point on both bodies, and the impulses Cᵀλ leave momentum and angular momentum as they are; and rows that the joints satisfy by
 * themselves (out of the plane of a planar loop) stay so however wide the gap is and however the robot turns. Of the differences
 * p_A − p_B along the axes of the world neither holds: with a gap, they would keep a robot from turning.
 */
import type { Quat, Scene } from '../scene/scene.ts'
import type { TreeState } from './kinematics.ts'
import { rotateByInverse } from './rotation.ts'
import type { TreeModel } from './treeModel.ts'

const CLOSING = 0.2 // share of a gap that one step closes

export interface ClosureRows {
  /** Reads the TreeState; h [s] is the step to come. */
  load(h: number): void
  /** C V that a row is to have at the end of the step: −0.2 φ/h − h Ċ V, Ċ V at joint rates that don't change. */
  readonly target: Float64Array // [3 · closures]
  /** C V of a row; V has 6 numbers a body from `start` on. */
  speed(row: number, V: Float64Array, start: number): number
  /** b += Cᵀ of a row. */
  addImpulse(row: number, b: Float64Array): void
}

/** A point of a body, and how it moves while its joints keep their rates. World axes; `w` and `alpha` are the body's. */
interface Motion {
  readonly p: Float64Array // [3] m
  readonly v: Float64Array // [3] m/s
  readonly a: Float64Array // [3] m/s²
  readonly w: Float64Array // [3] rad/s
  readonly alpha: Float64Array // [3] rad/s²
}

export function createClosureRows(scene: Scene, model: TreeModel, state: TreeState): ClosureRows {
  const { closures } = scene
  const { position, rotation, velocity, bias } = state
  const ends = Int32Array.from(closures.flatMap(({ bodies }) => bodies)) // body of each end, −1 for the world
  const arms = new Float64Array(3 * ends.length) // from the centre of mass, in the inertial frame; a point of the world where there is no body
  const r = new Float64Array(3 * ends.length) // from the centre of mass to the second anchor, world axes
  const target = new Float64Array(3 * closures.length)
  const [first, second] = [createMotion(), createMotion()]
  const arm = new Float64Array(3)
  const d = new Float64Array(3) // gap
  const rate = new Float64Array(3) // of the gap, seen from the first body
  const acceleration = new Float64Array(3)
  closures.forEach(({ bodies, anchors }, k) => {
    bodies.forEach((body, e) => {
      const [x, y, z] = anchors[e]!
      const [cx, cy, cz] = body < 0 ? [0, 0, 0] : scene.bodies[body]!.com
      const frame = [0, 1, 2, 3].map((c) => (body < 0 ? +(c === 0) : model.principal[4 * body + c]!)) as unknown as Quat
      arms.set(rotateByInverse(frame, [x - cx, y - cy, z - cz]), 6 * k + 3 * e)
    })
  })

  function follow({ p, v, a, w, alpha }: Motion, end: number): void {
    const body = ends[end]!
    if (body < 0) {
      for (let c = 0; c < 3; c++) p[c] = arms[3 * end + c]!
      for (const vector of [v, a, w, alpha]) vector.fill(0)
      return
    }
    for (let c = 0; c < 3; c++) {
      const R = 9 * body + 3 * c
      const at = 3 * end
      arm[c] = rotation[R]! * arms[at]! + rotation[R + 1]! * arms[at + 1]! + rotation[R + 2]! * arms[at + 2]!
      p[c] = position[3 * body + c]! + arm[c]!
      v[c] = velocity[6 * body + c]!
      a[c] = bias[6 * body + c]!
      w[c] = velocity[6 * body + 3 + c]!
      alpha[c] = bias[6 * body + 3 + c]!
    }
    // v = v_com + ω × r, a = a_com + α × r + ω × (ω × r)
    const vx = w[1]! * arm[2]! - w[2]! * arm[1]!
    const vy = w[2]! * arm[0]! - w[0]! * arm[2]!
    const vz = w[0]! * arm[1]! - w[1]! * arm[0]!
    v[0]! += vx
    v[1]! += vy
    v[2]! += vz
    a[0]! += w[1]! * vz - w[2]! * vy
    a[1]! += w[2]! * vx - w[0]! * vz
    a[2]! += w[0]! * vy - w[1]! * vx
    addCross(a, 1, alpha, arm)
  }

  function load(h: number): void {
    for (let k = 0; k < closures.length; k++) {
      follow(first, 2 * k)
      follow(second, 2 * k + 1)
      const { w, alpha } = first
      for (let c = 0; c < 3; c++) {
        d[c] = first.p[c]! - second.p[c]!
        rate[c] = first.v[c]! - second.v[c]!
        acceleration[c] = first.a[c]! - second.a[c]!
        for (let end = 2 * k; end < 2 * k + 2; end++)
          if (ends[end]! >= 0) r[3 * end + c] = second.p[c]! - position[3 * ends[end]! + c]!
      }
      // R φ̇ = ḋ − ω × d,  R φ̈ = d̈ − α × d − ω × ḋ − ω × R φ̇
      addCross(acceleration, -1, alpha, d)
      addCross(acceleration, -1, w, rate)
      addCross(rate, -1, w, d)
      addCross(acceleration, -1, w, rate)
      for (let c = 0; c < 3; c++) target[3 * k + c] = (-CLOSING * d[c]!) / h - h * acceleration[c]!
    }
  }

  function speed(row: number, V: Float64Array, start: number): number {
    const c = row % 3
    const i = (c + 1) % 3
    const j = (c + 2) % 3
    const end = 2 * ((row - c) / 3)
    let sum = 0
    for (let e = 0; e < 2; e++) {
      const body = ends[end + e]!
      if (body < 0) continue
      const v = start + 6 * body
      const at = 3 * (end + e)
      const point = V[v + c]! + V[v + 3 + i]! * r[at + j]! - V[v + 3 + j]! * r[at + i]!
      sum += e === 0 ? point : -point
    }
    return sum
  }

  function addImpulse(row: number, b: Float64Array): void {
    const c = row % 3
    const i = (c + 1) % 3
    const j = (c + 2) % 3
    const end = 2 * ((row - c) / 3)
    for (let e = 0; e < 2; e++) {
      const body = ends[end + e]!
      if (body < 0) continue
      const at = 3 * (end + e)
      const sign = e === 0 ? 1 : -1
      b[6 * body + c]! += sign
      b[6 * body + 3 + i]! += sign * r[at + j]!
      b[6 * body + 3 + j]! -= sign * r[at + i]!
    }
  }

  return { load, target, speed, addImpulse }
}

function createMotion(): Motion {
  const vector = () => new Float64Array(3)
  return { p: vector(), v: vector(), a: vector(), w: vector(), alpha: vector() }
}

/** out += sign · x × y; out is neither. */
function addCross(out: Float64Array, sign: number, x: Float64Array, y: Float64Array): void {
  out[0]! += sign * (x[1]! * y[2]! - x[2]! * y[1]!)
  out[1]! += sign * (x[2]! * y[0]! - x[0]! * y[2]!)
  out[2]! += sign * (x[0]! * y[1]! - x[1]! * y[0]!)
}
