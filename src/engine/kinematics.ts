/**
 * Forward kinematics of a kinematic forest: where the bodies are, how they move, and how they would accelerate if no joint did.
 * Recursion from the root outwards (Featherstone, Rigid Body Dynamics Algorithms, 2008, §2.11 and §5.3), in world axes at the
 * centres of mass.
 */
import { rotationMatrixInto } from '../scene/rotation.ts'
import { multiplyQuatsInto } from './rotation.ts'
import type { TreeModel } from './treeModel.ts'

export interface TreeState {
  readonly position: Float64Array // [3n] centres of mass, m
  readonly quat: Float64Array // [4n] inertial frames (w, x, y, z)
  readonly rotation: Float64Array // [9n] the same as matrices, row-major
  readonly axis: Float64Array // [3n] hinge and slider axes in the world
  readonly fromAnchor: Float64Array // [3n] centre of mass minus joint anchor on the child, m
  readonly fromParent: Float64Array // [3n] centre of mass minus the parent's, m
  readonly frame: Float64Array // [9n] body frame axes in the world, row-major (ball and free joints)
  readonly velocity: Float64Array // [6n] linear (of the centre of mass) and angular velocity
  readonly bias: Float64Array // [6n] linear and angular acceleration at zero joint accelerations
}

export function createTreeState(model: TreeModel): TreeState {
  const n = model.numBodies
  return {
    position: new Float64Array(3 * n),
    quat: new Float64Array(4 * n),
    rotation: new Float64Array(9 * n),
    axis: new Float64Array(3 * n),
    fromAnchor: new Float64Array(3 * n),
    fromParent: new Float64Array(3 * n),
    frame: new Float64Array(9 * n),
    velocity: new Float64Array(6 * n),
    bias: new Float64Array(6 * n),
  }
}

/** Returns `place(q)` and `move(v)`, which fill a TreeState from reduced positions and velocities. `move` follows `place`. */
export function createKinematics(
  model: TreeModel,
  state: TreeState,
): { place: (q: Float64Array) => void; move: (v: Float64Array, vStart: number) => void } {
  const { numBodies, type, parent, qIndex, vIndex } = model
  const { position, quat, rotation, axis, fromAnchor, fromParent, frame, velocity, bias } = state
  const jointQuat = new Float64Array(4)
  const frameQuat = new Float64Array(4)

  /** out[o…] = R[9·body] · v[i…], R the inertial frame of `body`. */
  function toWorld(out: Float64Array, o: number, body: number, v: Float64Array, i: number): void {
    const r = 9 * body
    const x = v[i]!
    const y = v[i + 1]!
    const z = v[i + 2]!
    out[o] = rotation[r]! * x + rotation[r + 1]! * y + rotation[r + 2]! * z
    out[o + 1] = rotation[r + 3]! * x + rotation[r + 4]! * y + rotation[r + 5]! * z
    out[o + 2] = rotation[r + 6]! * x + rotation[r + 7]! * y + rotation[r + 8]! * z
  }

  /** frameQuat := the body frame of `body`, inertial frame ⊗ principal*. */
  function bodyFrame(body: number): void {
    const k = 4 * body
    frameQuat[0] = model.principal[k]!
    for (let c = 1; c < 4; c++) frameQuat[c] = -model.principal[k + c]!
    multiplyQuatsInto(frameQuat, 0, quat, k, frameQuat, 0)
    rotationMatrixInto(frame, 9 * body, frameQuat, 0)
  }

  function place(q: Float64Array): void {
    for (let i = 0; i < numBodies; i++) {
      const p = parent[i]!
      const at = qIndex[i]!
      const i3 = 3 * i
      const kind = type[i]!
      if (kind === 'free' || kind === 'ball') {
        // the given quaternion may carry rounding: a rotation needs length one
        const k = kind === 'free' ? at + 3 : at
        const scale = 1 / Math.sqrt(q[k]! ** 2 + q[k + 1]! ** 2 + q[k + 2]! ** 2 + q[k + 3]! ** 2)
        for (let c = 0; c < 4; c++) jointQuat[c] = q[k + c]! * scale
      } else if (kind === 'hinge') {
        const s = Math.sin(q[at]! / 2)
        jointQuat[0] = Math.cos(q[at]! / 2)
        for (let c = 0; c < 3; c++) jointQuat[1 + c] = s * model.axis[i3 + c]!
      } else {
        jointQuat[0] = 1
        jointQuat[1] = jointQuat[2] = jointQuat[3] = 0
      }

      if (kind === 'hinge') {
        // R = R_parent · rotation · principal · turn(axis in the inertial frame)
        multiplyQuatsInto(frameQuat, 0, model.rotation, 4 * i, model.principal, 4 * i)
        multiplyQuatsInto(frameQuat, 0, frameQuat, 0, jointQuat, 0)
      } else {
        // R = R_parent · rotation · joint · principal
        if (kind === 'free') frameQuat.set(jointQuat)
        else multiplyQuatsInto(frameQuat, 0, model.rotation, 4 * i, jointQuat, 0)
        multiplyQuatsInto(frameQuat, 0, frameQuat, 0, model.principal, 4 * i)
      }
      if (p < 0) quat.set(frameQuat, 4 * i)
      else multiplyQuatsInto(quat, 4 * i, quat, 4 * p, frameQuat, 0)
      rotationMatrixInto(rotation, 9 * i, quat, 4 * i)
      if (kind === 'free' || kind === 'ball') bodyFrame(i)

      if (kind === 'free') {
        for (let r = 0; r < 3; r++) {
          const f = 9 * i + 3 * r
          const offset =
            frame[f]! * model.com[i3]! + frame[f + 1]! * model.com[i3 + 1]! + frame[f + 2]! * model.com[i3 + 2]!
          fromAnchor[i3 + r] = offset // from the body frame's origin
          position[i3 + r] = q[at + r]! + offset
          fromParent[i3 + r] = position[i3 + r]!
        }
        continue
      }
      toWorld(fromAnchor, i3, i, model.childAnchor, i3)
      if (kind === 'hinge' || kind === 'slider') toWorld(axis, i3, i, model.axis, i3)
      if (p >= 0) toWorld(fromParent, i3, p, model.parentAnchor, i3)
      const slide = kind === 'slider' ? q[at]! : 0
      for (let c = 0; c < 3; c++) {
        const anchor = p >= 0 ? fromParent[i3 + c]! : model.parentAnchor[i3 + c]!
        fromAnchor[i3 + c] = -fromAnchor[i3 + c]!
        fromParent[i3 + c] = anchor + fromAnchor[i3 + c]! + (slide === 0 ? 0 : slide * axis[i3 + c]!)
        position[i3 + c] = (p >= 0 ? position[3 * p + c]! : 0) + fromParent[i3 + c]!
      }
    }
  }

  function move(v: Float64Array, vStart: number): void {
    for (let i = 0; i < numBodies; i++) {
      const p = parent[i]!
      const at = vStart + vIndex[i]!
      const i3 = 3 * i
      const i6 = 6 * i
      const kind = type[i]!
      // relative angular velocity in the world
      let jx = 0
      let jy = 0
      let jz = 0
      if (kind === 'hinge') {
        jx = v[at]! * axis[i3]!
        jy = v[at]! * axis[i3 + 1]!
        jz = v[at]! * axis[i3 + 2]!
      } else if (kind === 'ball' || kind === 'free') {
        const k = kind === 'free' ? at + 3 : at
        const f = 9 * i
        jx = frame[f]! * v[k]! + frame[f + 1]! * v[k + 1]! + frame[f + 2]! * v[k + 2]!
        jy = frame[f + 3]! * v[k]! + frame[f + 4]! * v[k + 1]! + frame[f + 5]! * v[k + 2]!
        jz = frame[f + 6]! * v[k]! + frame[f + 7]! * v[k + 1]! + frame[f + 8]! * v[k + 2]!
      }
      // parent's motion
      let px = 0
      let py = 0
      let pz = 0
      let pwx = 0
      let pwy = 0
      let pwz = 0
      let pax = 0
      let pay = 0
      let paz = 0
      let plx = 0
      let ply = 0
      let plz = 0
      if (p >= 0) {
        const p6 = 6 * p
        px = velocity[p6]!
        py = velocity[p6 + 1]!
        pz = velocity[p6 + 2]!
        pwx = velocity[p6 + 3]!
        pwy = velocity[p6 + 4]!
        pwz = velocity[p6 + 5]!
        plx = bias[p6]!
        ply = bias[p6 + 1]!
        plz = bias[p6 + 2]!
        pax = bias[p6 + 3]!
        pay = bias[p6 + 4]!
        paz = bias[p6 + 5]!
      }
      const wx = pwx + jx
      const wy = pwy + jy
      const wz = pwz + jz
      // α = α_p + ω_p × (relative angular velocity)
      const ax = pax + pwy * jz - pwz * jy
      const ay = pay + pwz * jx - pwx * jz
      const az = paz + pwx * jy - pwy * jx
      const cx = fromAnchor[i3]!
      const cy = fromAnchor[i3 + 1]!
      const cz = fromAnchor[i3 + 2]!
      // the point of the parent's extended body that coincides with the child's anchor
      const bx = fromParent[i3]! - cx
      const by = fromParent[i3 + 1]! - cy
      const bz = fromParent[i3 + 2]! - cz
      let ux = kind === 'free' ? v[at]! : px + pwy * bz - pwz * by
      let uy = kind === 'free' ? v[at + 1]! : py + pwz * bx - pwx * bz
      let uz = kind === 'free' ? v[at + 2]! : pz + pwx * by - pwy * bx
      let lx = plx
      let ly = ply
      let lz = plz
      if (p >= 0) {
        const ex = pwy * bz - pwz * by
        const ey = pwz * bx - pwx * bz
        const ez = pwx * by - pwy * bx
        lx += pay * bz - paz * by + pwy * ez - pwz * ey
        ly += paz * bx - pax * bz + pwz * ex - pwx * ez
        lz += pax * by - pay * bx + pwx * ey - pwy * ex
      }
      if (kind === 'slider') {
        const sx = v[at]! * axis[i3]!
        const sy = v[at]! * axis[i3 + 1]!
        const sz = v[at]! * axis[i3 + 2]!
        ux += sx
        uy += sy
        uz += sz
        lx += 2 * (pwy * sz - pwz * sy)
        ly += 2 * (pwz * sx - pwx * sz)
        lz += 2 * (pwx * sy - pwy * sx)
      }
      // from the anchor to the centre of mass, on the child
      const dx = wy * cz - wz * cy
      const dy = wz * cx - wx * cz
      const dz = wx * cy - wy * cx
      velocity[i6] = ux + dx
      velocity[i6 + 1] = uy + dy
      velocity[i6 + 2] = uz + dz
      velocity[i6 + 3] = wx
      velocity[i6 + 4] = wy
      velocity[i6 + 5] = wz
      bias[i6] = lx + ay * cz - az * cy + wy * dz - wz * dy
      bias[i6 + 1] = ly + az * cx - ax * cz + wz * dx - wx * dz
      bias[i6 + 2] = lz + ax * cy - ay * cx + wx * dy - wy * dx
      bias[i6 + 3] = ax
      bias[i6 + 4] = ay
      bias[i6 + 5] = az
    }
  }

  return { place, move }
}
